from monitor.domain.check import Check, CheckPlan, SodaBlock, TableName
from monitor.domain.scan import TableSeen
from monitor.engines.messages import metric_of
from monitor.engines.split import sub_plans
from tests.plans import aggregate, check, plan, query


def seen(plan: CheckPlan, **rows: int) -> dict[TableName, TableSeen]:
    return {
        table: TableSeen(
            kind="table", schema="public", readable=True, estimated_rows=rows.get(table.name, 0), columns=()
        )
        for table in plan.tables()
    }


def ids(groups: tuple[tuple[Check, ...], ...]) -> list[list[str]]:
    return [[metric_of(part, probe) for part in group for probe in part.probes] for group in groups]


CHECKS = plan(
    aggregate("t.a", "1"),
    query("t.q1", "1"),
    aggregate("t.b", "1"),
    query("t.q2", "1"),
    check("t.block", SodaBlock(sodacl="")),
    aggregate("u.a", "1"),
)


def test_small_tables_are_one_scan() -> None:
    (groups,) = sub_plans(CHECKS, CHECKS.checks, seen(CHECKS, t=1000, u=1000), 4)

    assert ids(groups) == [["t.a", "t.b", "u.a", "t.q1", "t.q2", "t.block#soda"]]


def test_large_tables_are_spread_and_one_pass_stays_one_pass() -> None:
    lanes = sub_plans(CHECKS, CHECKS.checks, seen(CHECKS, t=1_000_000, u=10), 2)

    assert [ids(groups) for groups in lanes] == [
        [["t.a", "t.b"], ["t.block#soda"]],
        [["u.a"], ["t.q1"], ["t.q2"]],
    ]


def test_one_connection_runs_everything_in_turn() -> None:
    (groups,) = sub_plans(CHECKS, CHECKS.checks, seen(CHECKS, t=1_000_000), 1)

    assert sorted(metric for group in ids(groups) for metric in group) == sorted(
        metric_of(each, probe) for each in CHECKS.checks for probe in each.probes
    )


def test_nothing_to_measure_needs_no_child() -> None:
    assert sub_plans(CHECKS, [], seen(CHECKS), 4) == ()
