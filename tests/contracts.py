"""Contracts as tests write them: the part that matters, in YAML, with the rest filled in."""

import textwrap
from pathlib import Path

from monitor.checks.plan import compile_plan
from monitor.contracts.reading import load
from monitor.domain.contract import Contract
from monitor.domain.scan import CheckResult, Scan
from monitor.engines.base import Engine, Wishes
from monitor.settings import SampleSettings

HEAD = """\
apiVersion: {api}
kind: DataContract
id: test
version: 1.0.0
status: active
"""


def contract(folder: Path, body: str, *, api: str = "v3.2.0") -> Contract:
    """Read a contract whose text begins with `schema:` (or any other top-level keys)."""
    path = folder / "test.odcs.yaml"
    path.write_text(HEAD.format(api=api) + textwrap.dedent(body), encoding="utf-8")
    return load(path)


def scan(engine: Engine, promised: Contract, *, samples: int = 0) -> Scan:
    """Compile and scan a contract; every column may be shown."""
    shown = frozenset((dataset.name, column.name) for dataset, column in promised.columns())
    plan = compile_plan(promised, engine._server.type)
    return engine.scan(plan, Wishes(samples=SampleSettings(rows=samples), shown=shown))


def by_id(found: Scan) -> dict[str, CheckResult]:
    """Return the results by check id."""
    return {result.check.id: result for result in found.results}
