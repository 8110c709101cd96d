# Everything a newcomer or a developer runs. `make demo` and `make test` need only Python 3.11+, pip, venv and make.

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: help demo screenshots test lint format bench bench-store bench-report bench-daemon soak test-import test-connectors test-mysql test-spark audit lock wheel-test clean

help:           ## Show what there is to make
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 22

demo: $(VENV)/.demo  ## Verify real data in an embedded PostgreSQL
	$(BIN)/pactwatch demo

test: $(VENV)/.dev  ## Run the whole test suite on a real PostgreSQL
	$(BIN)/python -m pytest -n 2 --dist loadgroup

lint: $(VENV)/.dev  ## Style, types, layers; compiled checks and help texts in step
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pactwatch lint contracts
	$(BIN)/pactwatch compile --check
	$(BIN)/python tools/command_help.py --check

format: $(VENV)/.dev  ## Mend what can be mended by itself
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/pactwatch compile
	$(BIN)/python tools/command_help.py

screenshots: demo $(VENV)/.dev  ## One picture of each page of the demo's report, in docs/screenshots
	$(BIN)/python tools/screenshots.py

bench: $(VENV)/.dev  ## Measure against hand-written SQL and plain soda-core, side by side (minutes)
	$(BIN)/python -m tests.bench.verify
	$(BIN)/python -m tests.bench.lint
	$(BIN)/python -m tests.bench.web

bench-store: $(VENV)/.dev  ## Measure the store at 17 million results in PostgreSQL (ten minutes, 8 GB)
	$(BIN)/python -m tests.bench.store

bench-report: $(VENV)/.dev  ## Measure the report site at 1,000 contracts, 90 daily runs (five minutes, 3 GB)
	$(BIN)/python -m tests.bench.report

bench-daemon: $(VENV)/.dev  ## Measure the daemon: runs per second, CPU per run, lag at 10,000 contracts; many workers (six minutes)
	$(BIN)/python -m tests.bench.daemon
	$(BIN)/python -m tests.bench.workers

soak: $(VENV)/.dev  ## Long property-based campaigns (half an hour)
	$(BIN)/python -m pytest -m soak -p no:cacheprovider

test-import: $(VENV)/.dev build/import-venv/.done build/gx-0-venv/.done  ## Run dbt, Great Expectations and Soda beside imported contracts (five minutes)
	$(BIN)/python -m tests.imports.side_by_side build/import-venv/bin build/gx-0-venv/bin

build/import-venv/.done: tests/imports/requirements.txt
build/gx-0-venv/.done: tests/imports/requirements-gx-0.txt
build/%-venv/.done:
	rm -rf $(@D) && python3 -m venv $(@D)
	$(@D)/bin/python -m pip --disable-pip-version-check --quiet install --requirement $<
	touch $@

test-connectors: build/connectors-venv/.done  ## Run a connector's whole way, Soda's Redshift on PostgreSQL, in an environment of its own
	build/connectors-venv/bin/python -m pytest -m connectors tests/connectors -p no:cacheprovider

build/connectors-venv/.done: tests/connectors/requirements.txt constraints.txt
	rm -rf build/connectors-venv && python3 -m venv build/connectors-venv
	PIP_CONSTRAINT=constraints.txt build/connectors-venv/bin/python -m pip --disable-pip-version-check --quiet install --editable '.[demo,dev,distributed,duckdb]'
	build/connectors-venv/bin/python -m pip --disable-pip-version-check --quiet install --no-deps --requirement tests/connectors/requirements.txt
	touch $@

test-mysql: build/mysql-venv/.done  ## Verify on a MariaDB, as far as one is installed: apt-get install mariadb-server (five minutes)
	build/mysql-venv/bin/python -m pytest -m mysql

build/mysql-venv/.done: pyproject.toml constraints.txt
	rm -rf build/mysql-venv && python3 -m venv build/mysql-venv
	PIP_CONSTRAINT=constraints.txt build/mysql-venv/bin/python -m pip --disable-pip-version-check --quiet install --editable '.[demo,dev,distributed,duckdb]'
	build/mysql-venv/bin/python -m pip --disable-pip-version-check --quiet install --no-deps --requirement tests/integration/mysql/requirements.txt
	touch $@

test-spark: build/spark-venv/.done  ## Run every kind of check on a real Spark (needs Java; six minutes, 1 GB)
	build/spark-venv/bin/python -m pytest -m spark tests/spark

build/spark-venv/.done: tests/spark/requirements.txt pyproject.toml
	rm -rf build/spark-venv && python3 -m venv build/spark-venv
	PIP_CONSTRAINT=constraints.txt build/spark-venv/bin/python -m pip --disable-pip-version-check --quiet install \
	  --editable '.[demo,dev,duckdb]' --requirement tests/spark/requirements.txt
	touch $@

audit: $(VENV)/.dev  ## Look for known vulnerabilities in the locked dependencies
	$(BIN)/pip-audit --strict --requirement constraints.txt --no-deps --disable-pip

lock: $(VENV)/.dev  ## Write the versions of this environment to constraints.txt
	$(BIN)/python -m pip freeze --exclude-editable > constraints.txt

wheel-test: $(VENV)/.dev  ## Build the wheel and use it in an empty environment
	rm -rf dist build && $(BIN)/python -m build --wheel --outdir dist . > /dev/null
	rm -rf build/wheel-venv && python3 -m venv build/wheel-venv
	build/wheel-venv/bin/python -m pip --disable-pip-version-check --quiet install -c constraints.txt dist/*.whl
	cd build && wheel-venv/bin/pactwatch --help > /dev/null && wheel-venv/bin/pactwatch lint ../contracts
	cd build && wheel-venv/bin/python -c "from monitor.reports.html import _style; print(_style()[1])"

clean:          ## Remove what was installed and built, and the demo; what was recorded stays
	rm -rf $(VENV) build dist *.egg-info .pactwatch/demo .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(VENV)/.demo: pyproject.toml constraints.txt
	test -x $(BIN)/python || python3 -m venv $(VENV)
	PIP_CONSTRAINT=constraints.txt $(PIP) install --editable '.[demo]'
	touch $@

$(VENV)/.dev: $(VENV)/.demo
	PIP_CONSTRAINT=constraints.txt $(PIP) install --editable '.[demo,dev,distributed,duckdb]'
	touch $@
