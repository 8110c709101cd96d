"""The ledger of drift as people read it: each change once."""

from dataclasses import replace

from monitor.cli.drift_command import render
from monitor.cli.layout import plain
from monitor.domain.drift import DriftEvent, DriftKind, Hurt
from monitor.store.values import Against, DriftRecord
from tests.incidents import START, TARGET

GONE = DriftEvent(kind=DriftKind.REMOVED, hurts=Hurt.CONSUMERS, table="flights", column="dest", before="text not null")
ONCE = DriftRecord(target=TARGET, run_id="r1", at=START, against=Against.LAST_TIME, event=GONE)
PROMISED = replace(ONCE, against=Against.CONTRACT)


def lines(*events: DriftRecord, limit: int | None = None) -> list[str]:
    return [each.strip() for each in plain(render(events, width=120, limit=limit)).splitlines()]


def test_what_differs_from_last_time_and_from_the_contract_is_one_change() -> None:
    told = lines(PROMISED, ONCE)
    assert len(told) == 2
    assert told[0].startswith("flights.dest is gone (was text not null)")
    assert told[1] == (
        "may break who reads it; against last time and against the contract, nyc-flights 1 on warehouse, run r1"
    )


def test_where_the_contract_says_something_else_both_are_told() -> None:
    other = replace(PROMISED, event=replace(GONE, before="varchar"))
    _, told = lines(other, ONCE)
    assert "against last time and against the contract (varchar), nyc" in told


def test_changes_that_are_not_the_same_stay_apart_and_are_counted_as_people_see_them() -> None:
    later = replace(ONCE, run_id="r2")
    harmless = replace(ONCE, event=replace(GONE, hurts=Hurt.NOBODY))
    assert len(lines(PROMISED, ONCE, later, harmless)) == 6
    assert len(lines(PROMISED, later, harmless, ONCE, limit=2)) == 4
