"""Files of all kinds in a folder, written by DuckDB itself."""

from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from monitor.domain.scan import CheckResult
from monitor.engines.process import Nursery
from monitor.engines.soda import SodaEngine
from monitor.engines.warm import soda_nursery
from monitor.settings import ServerSettings
from tests.contracts import by_id, contract, scan

Verify = Callable[..., dict[str, CheckResult]]


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    warm = soda_nursery()
    yield warm
    warm.close()


@pytest.fixture
def verify(nursery: Nursery, tmp_path: Path) -> Verify:
    """Verify a contract (its text from `schema:` on) on a server of files; return the results by check."""

    def run(
        body: str, path: Path | str, *, samples: int = 0, api: str = "v3.2.0", **more: object
    ) -> dict[str, CheckResult]:
        server = ServerSettings(name="files", type="duckdb", path=str(path), **{"statement_timeout": 20.0, **more})
        return by_id(scan(SodaEngine(server, nursery), contract(tmp_path, body, api=api), samples=samples))

    return run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "data"
    made.mkdir()
    return made


def write(query: str, file: Path, options: str = "") -> None:
    """Write the rows of a query to a file, in the format of its ending."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as opened:
        opened.execute(f"COPY ({query}) TO '{file}' {options}")
