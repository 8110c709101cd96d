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


def compiled(path: Path) -> str:
    """Compile a golden contract; the working directory has to be the root of the repository."""
    return compiled_file(compile_plan(load(path), "postgres"))


def beside(path: Path) -> Path:
    """Return the file with the compiled text of a golden contract."""
    return path.with_name(path.name.removesuffix(".odcs.yaml") + ".postgres.yml")


if __name__ == "__main__":
    for each in contracts():
        beside(each).write_text(compiled(each), encoding="utf-8")
