"""The table of kinds in docs/checks.md names every kind that exists, and tests that exist."""

import re

from monitor.domain.check import CheckKind
from tests.unit.checks.regenerate import ROOT

SHORT = {
    "columns": "kinds/test_columns.py",
    "metrics": "kinds/test_metrics.py",
    "levels": "kinds/test_service_levels.py",
}


def rows() -> list[list[str]]:
    """Return the cells of the rows that tell of a kind."""
    text = (ROOT / "docs" / "checks.md").read_text(encoding="utf-8")
    _, _, table = text.partition("| kind | declared by |")
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table.splitlines() if line[:3] == "| `"]


def test_every_kind_stands_in_the_table_and_no_other() -> None:
    assert {row[0].strip("` |") for row in rows()} == set(CheckKind)


def test_every_row_names_tests_that_exist() -> None:
    for row in rows():
        named = re.findall(r"`([^`]+)`", row[4])
        assert named, row
        for name in named:
            file = SHORT.get(name, name)
            places = [ROOT / "tests" / "integration" / file, ROOT / "tests" / "unit" / "checks" / file]
            assert any(place.exists() for place in places), (row[0], file)


def test_every_row_says_what_becomes_of_it_on_duckdb() -> None:
    """What is the same is held by the same tests, which run on both; what is not is told."""
    for row in rows():
        assert row[-1].strip("| ").startswith(("the same", "unsupported")), row
