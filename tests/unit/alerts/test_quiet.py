"""Nobody is disturbed at night; the morning comes exactly once, also when clocks are turned."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.alerts.quiet import quiet_until
from monitor.settings import QuietHours

NIGHT = QuietHours(start=time(22), end=time(7), timezone="Europe/Berlin")
WEEKEND = QuietHours(start=time(22), end=time(7), timezone="Europe/Berlin", weekends=True)
BERLIN = ZoneInfo("Europe/Berlin")


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


@pytest.mark.parametrize(
    ("quiet", "now", "end"),
    [
        (None, "2026-11-23T03:00", None),
        (NIGHT, "2026-11-23T21:59", None),
        (NIGHT, "2026-11-23T22:00", "2026-11-24T07:00"),
        (NIGHT, "2026-11-24T06:59", "2026-11-24T07:00"),
        (NIGHT, "2026-11-24T07:00", None),
        (QuietHours(start=time(12), end=time(13, 30)), "2026-11-24T13:30", "2026-11-24T14:30"),
        (NIGHT, "2026-03-28T23:00", "2026-03-29T07:00"),  # the night that is an hour shorter
        (NIGHT, "2026-10-24T23:00", "2026-10-25T07:00"),  # and the one that is longer
        (WEEKEND, "2026-11-20T23:00", "2026-11-23T07:00"),  # from Friday night until Monday morning
        (WEEKEND, "2026-11-21T12:00", "2026-11-23T07:00"),
        (WEEKEND, "2026-11-23T12:00", None),
        (QuietHours(start=time(0), end=time(0), weekends=True), "2026-11-22T23:30", "2026-11-23T01:00"),
        (QuietHours(start=time(0), end=time(0), weekends=True), "2026-11-23T03:00", None),
    ],
)
def test_what_waits_is_told_when_the_quiet_is_over(quiet: QuietHours | None, now: str, end: str | None) -> None:
    assert quiet_until(quiet, berlin(now)) == (None if end is None else berlin(end))


TIMES = st.times().map(lambda at: at.replace(second=0, microsecond=0))
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)).map(lambda at: at.replace(tzinfo=UTC))  # noqa: DTZ001


@given(
    start=TIMES,
    end=TIMES,
    weekends=st.booleans(),
    now=MOMENTS,
    name=st.sampled_from(["UTC", "Europe/Berlin", "Australia/Lord_Howe", "America/St_Johns"]),
)
def test_after_the_quiet_nobody_minds_and_it_is_never_long(
    start: time, end: time, weekends: bool, now: datetime, name: str
) -> None:
    quiet = QuietHours(start=start, end=end, timezone=name, weekends=weekends)
    until = quiet_until(quiet, now)
    assert until is None or now < until <= now + timedelta(days=4)
    assert until is None or quiet_until(quiet, until) is None
