"""What keeps a check from running comes with the statement or the place that mends it."""

from monitor.checks.mending import way_out
from monitor.checks.schema import judge
from monitor.domain.check import Catalogue, CheckKind
from monitor.domain.scan import ColumnSeen, Seen, TableSeen
from tests.plans import aggregate, check, plan
from tests.unit.checks.test_schema import T, seen

NEEDS_N = aggregate("t.n", "1", needs=("n",))


def closed(*, usable: bool = True, readable: frozenset[str] = frozenset()) -> Seen:
    columns = tuple(
        ColumnSeen(name=name, type="text", nullable=True, position=1, readable=name in readable) for name in ("n", "m")
    )
    table = TableSeen(kind="table", schema='va"ult', readable=False, usable=usable, estimated_rows=0, columns=columns)
    return {T: table}


def test_a_missing_privilege_is_granted_by_a_statement_with_quoted_names() -> None:
    whole = 'GRANT SELECT ON "va""ult"."t" TO "reader"'
    assert way_out(NEEDS_N, closed(), "reader") == whole
    assert way_out(NEEDS_N, closed(usable=False), "reader") == f'GRANT USAGE ON SCHEMA "va""ult" TO "reader"; {whole}'
    part = closed(readable=frozenset({"m"}))
    assert way_out(NEEDS_N, part, "reader") == 'GRANT SELECT ("n") ON "va""ult"."t" TO "reader"'
    assert way_out(NEEDS_N, closed(readable=frozenset({"n"})), "reader") is None


def test_what_is_not_there_is_brought_back_or_named_rightly() -> None:
    assert way_out(NEEDS_N, {}, "reader") == "create or load t, or correct its name in the contract"
    assert way_out(NEEDS_N, seen("m"), "reader") == "bring n back to t, or correct the name in the contract"


def test_a_column_that_differs_only_in_case_is_renamed_and_the_table_not_rebuilt() -> None:
    step = 'write physicalName: N in the contract, or rename the column: ALTER TABLE "t" RENAME COLUMN "N" TO "n"'
    shape = check("t.schema", Catalogue(columns=("n", "m")), kind=CheckKind.SCHEMA)

    assert way_out(NEEDS_N, seen("N"), "reader") == step
    assert judge(shape, plan(shape), seen("N", "m")).remedy == step
    assert judge(shape, plan(shape), seen("N")).remedy is None
