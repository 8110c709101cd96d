"""Cron means what cronsim says, in every zone and across every change of clocks, from wherever one begins to look."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim
from hypothesis import given
from hypothesis import strategies as st

from monitor.schedule.rhythm import Cron, Every, between, next_moment

ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Pacific/Apia",
    "Asia/Kathmandu",
)
CRONS = (
    "* * * * *",
    "*/15 * * * *",
    "30 * * * *",
    "0 0 * * *",
    "0 1 * * *",
    "30 1 * * *",
    "0 2 * * *",
    "15 2 * * *",
    "30 2 * * *",
    "0 3 * * *",
    "59 23 * * *",
    "0 6 * * 1-5",
    "0 0 1 * *",
    "0 0 L * *",
    "30 2 * * 0",
    "15,45 1-3 * * *",
    "0 */2 * * *",
    "*/10 2 * * *",
    "0 12 1 1 *",
    "5 4 29 2 *",
)


def oracle(expression: str, zone: str, year: int, years: int) -> list[datetime]:
    """Count from far before: what cronsim yields, in UTC, each moment once."""
    begin = datetime(year - 1, 6, 1, tzinfo=UTC if zone == "UTC" else ZoneInfo(zone))
    first, last = datetime(year, 1, 1, tzinfo=UTC), datetime(year + years, 1, 1, tzinfo=UTC)
    found: set[datetime] = set()
    for local in CronSim(expression, begin):
        moment = local.astimezone(UTC)
        if moment >= last:
            break
        if moment >= first:
            found.add(moment)
    return sorted(found)


def changes(zone: str, year: int) -> Iterator[datetime]:
    """Yield the hours of a year around which the clock of a zone changes."""
    local = ZoneInfo(zone)
    hours = [datetime(year, 1, 1, tzinfo=UTC) + timedelta(hours=hour) for hour in range(366 * 24)]
    yield from (
        after
        for before, after in pairwise(hours)
        if before.astimezone(local).utcoffset() != after.astimezone(local).utcoffset()
    )


def assert_as_cronsim_counts(zone: str, expressions: Sequence[str], years: int) -> None:
    first, last = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026 + years, 1, 1, tzinfo=UTC)
    for expression in expressions:
        found = list(between(Cron(expression=expression, zone=zone), first - timedelta(microseconds=1), last))
        assert [moment for moment in found if moment < last] == oracle(expression, zone, 2026, years), expression


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Australia/Lord_Howe"])
def test_a_year_of_moments_is_what_cronsim_counts(zone: str) -> None:
    assert_as_cronsim_counts(zone, CRONS[3:], 1)


@pytest.mark.soak
@pytest.mark.parametrize("zone", ZONES)
def test_three_years_of_moments_are_what_cronsim_counts(zone: str) -> None:
    assert_as_cronsim_counts(zone, CRONS, 3)


@pytest.mark.parametrize("zone", [zone for zone in ZONES if zone not in {"UTC", "Asia/Kathmandu", "Pacific/Apia"}])
def test_looking_again_and_again_around_a_change_of_clocks_finds_each_moment_once(zone: str) -> None:
    for change in changes(zone, 2026):
        begin, end = change - timedelta(hours=4), change + timedelta(hours=4)
        for expression in CRONS:
            rhythm = Cron(expression=expression, zone=zone)
            whole = list(between(rhythm, begin, end))
            pieces: list[datetime] = []
            mark = begin
            while mark < end:
                step = min(mark + timedelta(minutes=7), end)
                pieces += between(rhythm, mark, step)
                mark = step
            assert pieces == whole, expression


@given(
    expression=st.sampled_from(CRONS),
    zone=st.sampled_from(ZONES),
    start=st.datetimes(datetime(2011, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_the_next_moment_is_later_and_nothing_lies_between(expression: str, zone: str, start: datetime) -> None:
    rhythm = Cron(expression=expression, zone=zone)
    found = next_moment(rhythm, start)
    assert found is not None
    assert found > start
    assert list(between(rhythm, start, found)) == [found]
    assert next_moment(rhythm, found - timedelta(microseconds=1)) == found


def test_a_daily_slot_in_the_hour_that_spring_leaves_out_is_not_lost() -> None:
    berlin = Cron(expression="30 2 * * *", zone="Europe/Berlin")
    days = list(between(berlin, datetime(2026, 3, 28, tzinfo=UTC), datetime(2026, 3, 31, tzinfo=UTC)))
    assert [day.day for day in days] == [28, 29, 30]


def test_a_daily_slot_in_the_hour_that_autumn_repeats_comes_once() -> None:
    berlin = Cron(expression="30 2 * * *", zone="Europe/Berlin")
    days = list(between(berlin, datetime(2026, 10, 24, tzinfo=UTC), datetime(2026, 10, 27, tzinfo=UTC)))
    assert [day.day for day in days] == [24, 25, 26]


def test_every_so_many_seconds_is_the_same_for_whoever_begins_to_look() -> None:
    quarter = Every(seconds=900)
    begin = datetime(2026, 11, 23, 2, 0, 14, tzinfo=UTC)
    found = list(between(quarter, begin, begin + timedelta(hours=1)))
    assert [(moment.hour, moment.minute) for moment in found] == [(2, 15), (2, 30), (2, 45), (3, 0)]
    assert next_moment(quarter, found[0]) == found[1]
