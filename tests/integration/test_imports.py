"""Contracts that were imported find what the other tool finds, counted by hand; `make test-import` asks the tools."""

from collections.abc import Iterator, Mapping

import pytest

from monitor.drafting import dbt_tests, from_gx, from_sodacl
from tests.conftest import Postgres
from tests.imports.expected import BROKEN, DBT, GX, SODA, UNDECIDED, Case, rows
from tests.imports.side_by_side import differences
from tests.imports.taken_over import SHOPS, Said, imported, said, shops

CASES = (*DBT, *GX, *SODA)


@pytest.fixture(scope="module")
def found(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Mapping[str, Said]]]:
    with shops(postgres, built=True) as warehouses:
        program = imported(tmp_path_factory.mktemp("imported"), warehouses)
        yield {shop: said(program, shop) for shop in SHOPS}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.test)
def test_an_imported_promise_breaks_where_the_tool_says_so(case: Case, found: Mapping[str, Mapping[str, Said]]) -> None:
    for shop in SHOPS:
        told, expected = found[shop][case.check], case.found[shop]
        assert told.verdict == ("kept" if not expected else "warned" if case.warns else "broken"), shop
        if expected != BROKEN and told.count is not None and case.told[shop] is not None:
            assert told.count == expected, shop


def test_no_check_comes_from_nowhere(found: Mapping[str, Mapping[str, Said]]) -> None:
    """Beside the cases, a table has its columns, and they the types that an enforced contract gives them."""
    known = {case.check for case in CASES} | {UNDECIDED[1]}
    rest = {check for check in found["kept"] if not check.endswith((".schema", ".column-type"))} - known
    assert rest == set()
    assert {found[shop][UNDECIDED[1]].verdict for shop in ("nulls", "empty")} == {"undecided"}


def test_every_mapping_is_kept_once_and_broken_once() -> None:
    broken = {case.test.partition(" ")[2] for case in CASES if any(case.found.values())}
    assert set(dbt_tests.CARRIED) - broken == set()
    assert {name.removeprefix("expect_").removeprefix("column_") for name in from_gx.CARRIED} - broken == set()
    metrics = {word.partition("(")[0].partition(" ")[0] for word in broken}
    assert set(from_sodacl.METRICS) - metrics == set()


@pytest.mark.parametrize(
    ("tool", "ours", "differ"),
    [
        (Said("broken", 2), Said("broken", 2), 0),
        (Said("broken", None), Said("broken", 2), 0),
        (Said("broken", 3), Said("broken", 2), 1),
        (Said("broken", 2), Said("broken", 3), 1),
        (Said("broken", 2), Said("kept", 0), 2),
        (Said("kept", 0), Said("kept", 0), 3),
        (Said("warned", 2), Said("broken", 2), 1),
    ],
)
def test_the_comparison_with_the_tools_sees_what_differs(tool: Said, ours: Said, differ: int) -> None:
    assert len(list(differences(rows("t", "c", 2), "broken", {"t": tool}, {"c": ours}))) == differ
