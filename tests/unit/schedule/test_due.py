"""What is due: each part at its moment, what was missed by the rule of catch_up, and nothing passed over in silence."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.schedule.cadences import ALL, CONTRACT, SCHEMA, Cadence
from monitor.schedule.due import Slot, due, spread
from monitor.schedule.rhythm import Cron, Every, between
from monitor.settings import CatchUp, ScheduleSettings

NOW = datetime(2026, 11, 23, 6, 0, 5, tzinfo=UTC)
DAILY = Cadence(part=CONTRACT, rhythm=Cron(expression="0 6 * * *"))
HOURLY = Cadence(part="own 0 * * * *", rhythm=Cron(expression="0 * * * *"))
SCHEMAS = Cadence(part=SCHEMA, rhythm=Every(seconds=900))
LATEST = ScheduleSettings()


def instants(slots: tuple[Slot, ...], *, skipped: bool) -> list[str]:
    return [f"{slot.instant:%d %H:%M}" for slot in slots if (slot.skipped is not None) is skipped]


def test_a_slot_is_the_union_of_the_parts_that_are_due_then() -> None:
    (slot,) = due([DAILY, HOURLY, SCHEMAS], NOW - timedelta(minutes=1), NOW, LATEST)
    assert slot == Slot(instant=NOW.replace(second=0), parts=(CONTRACT, "own 0 * * * *", SCHEMA))


def test_nothing_is_due_twice() -> None:
    assert due([DAILY, HOURLY], NOW.replace(second=0), NOW, LATEST) == ()


def test_what_nobody_has_watched_is_due_at_once_with_all_its_parts() -> None:
    (slot,) = due([DAILY, HOURLY], None, NOW + timedelta(hours=3), LATEST)
    assert slot == Slot(instant=NOW.replace(second=0) + timedelta(hours=3), parts=(ALL,))


@pytest.mark.parametrize(
    ("expression", "last"),
    [
        ("0 6 * * 1", "2026-11-16"),
        ("0 6 1 * *", "2026-11-01"),
        ("0 6 24 12 *", "2025-12-24"),
        ("0 6 29 2 *", "2024-02-29"),
    ],
)
def test_what_nobody_has_watched_is_due_at_once_however_seldom_it_is(expression: str, last: str) -> None:
    seldom = Cadence(part=CONTRACT, rhythm=Cron(expression=expression))
    (slot,) = due([seldom], None, NOW - timedelta(hours=1), LATEST)
    assert (f"{slot.instant:%Y-%m-%d %H}", slot.parts) == (f"{last} 06", (ALL,))


def test_latest_keeps_the_last_missed_moment_of_each_part_and_shows_the_others() -> None:
    slots = due([DAILY, HOURLY], NOW - timedelta(hours=3), NOW + timedelta(hours=2, minutes=30), LATEST)
    assert instants(slots, skipped=False) == ["23 06:00", "23 08:00"]
    assert instants(slots, skipped=True) == ["23 04:00", "23 05:00", "23 07:00"]
    assert {slot.skipped for slot in slots if slot.skipped} == {"nobody was there to run it; catch_up = latest"}


def test_all_keeps_each_missed_moment() -> None:
    slots = due([HOURLY], NOW - timedelta(hours=3), NOW, ScheduleSettings(catch_up=CatchUp.ALL))
    assert instants(slots, skipped=False) == ["23 04:00", "23 05:00", "23 06:00"]


def test_skip_keeps_only_what_is_due_now() -> None:
    settings = ScheduleSettings(catch_up=CatchUp.SKIP)
    slots = due([HOURLY], NOW - timedelta(hours=3), NOW, settings)
    assert instants(slots, skipped=False) == ["23 06:00"]
    later = due([HOURLY], NOW - timedelta(hours=3), NOW + timedelta(minutes=2), settings)
    assert instants(later, skipped=False) == []
    assert instants(later, skipped=True) == ["23 04:00", "23 05:00", "23 06:00"]
    assert due([HOURLY], None, NOW, settings) == ()


@pytest.mark.parametrize("catch_up", list(CatchUp))
def test_what_lies_before_the_window_is_one_slot_that_counts_all(catch_up: CatchUp) -> None:
    slots = due([HOURLY], NOW - timedelta(days=10), NOW, ScheduleSettings(catch_up=catch_up))
    assert slots[0].skipped == "missed before the window of catch_up, with all 216 since 2026-11-13 06:00 UTC"
    assert slots[0].instant == NOW.replace(second=0) - timedelta(days=1)
    assert len(slots) == 25


def test_years_of_minutes_are_counted_no_further_than_is_of_use() -> None:
    minutely = Cadence(part=CONTRACT, rhythm=Cron(expression="* * * * *"))
    slots = due([minutely], NOW - timedelta(days=900), NOW, LATEST)
    assert "more than 10,000" in str(slots[0].skipped)


@given(
    catch_up=st.sampled_from(CatchUp),
    steps=st.lists(st.integers(1, 40 * 3600), max_size=30),
)
def test_however_often_one_looks_every_moment_is_in_exactly_one_slot(catch_up: CatchUp, steps: list[int]) -> None:
    settings = ScheduleSettings(catch_up=catch_up, window=100 * 86_400.0)
    begin = mark = NOW - timedelta(days=60)
    found: list[Slot] = []
    for step in steps:
        found += due([DAILY, HOURLY], mark, mark + timedelta(seconds=step), settings)
        mark += timedelta(seconds=step)
    expected = sorted({*between(DAILY.rhythm, begin, mark), *between(HOURLY.rhythm, begin, mark)})
    assert [slot.instant for slot in found] == expected
    if catch_up is CatchUp.ALL:
        assert all(slot.skipped is None for slot in found)


def test_work_is_spread_evenly_and_always_alike() -> None:
    starts = [spread(f"contract-{number}", 30.0) for number in range(1000)]
    assert starts == [spread(f"contract-{number}", 30.0) for number in range(1000)]
    assert all(timedelta(0) <= start < timedelta(seconds=30) for start in starts)
    assert 400 < sum(start < timedelta(seconds=15) for start in starts) < 600
