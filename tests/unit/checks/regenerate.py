"""Compile every golden contract anew: `python -m tests.unit.checks.regenerate`, then read what git says has changed."""

from pathlib import Path

from monitor.checks.plan import compile_plan
from monitor.checks.sodacl import compiled_file
from monitor.contracts.reading import load

ROOT = Path(__file__).parents[3]
GOLDEN = Path("tests/unit/checks/golden")
"""From the root of the repository: the compiled text names its source."""


def contracts() -> list[Path]:
    """Return the golden contracts, one for each kind of check."""
    return [GOLDEN / path.name for path in sorted((ROOT / GOLDEN).glob("*.odcs.yaml"))]


DIALECTS = ("postgres", "duckdb", "mysql", "spark")


def compiled(path: Path, dialect: str = "postgres") -> str:
    """Compile a golden contract; the working directory has to be the root of the repository."""
    return compiled_file(compile_plan(load(path), dialect))


def beside(path: Path, dialect: str = "postgres") -> Path:
    """Return the file with the compiled text of a golden contract."""
    return path.with_name(f"{path.name.removesuffix('.odcs.yaml')}.{dialect}.yml")


if __name__ == "__main__":
    for each in contracts():
        for dialect in DIALECTS:
            beside(each, dialect).write_text(compiled(each, dialect), encoding="utf-8")
