"""Times of day are read as people and the standard write them, and nothing else is."""

import pytest

from monitor.domain.clock import TimeOfDay, time_of_day


@pytest.mark.parametrize(
    ("text", "found", "cron"),
    [
        ("09:00", TimeOfDay(minutes=540), "CRON_TZ=Europe/Berlin 0 9 * * *"),
        (" 9:05 ", TimeOfDay(minutes=545), "CRON_TZ=Europe/Berlin 5 9 * * *"),
        ("17:30:00Z", TimeOfDay(minutes=1050, offset=0), "CRON_TZ=UTC 30 17 * * *"),
        ("09:00-08:00", TimeOfDay(minutes=540, offset=-480), "CRON_TZ=UTC 0 17 * * *"),
        ("01:15+0530", TimeOfDay(minutes=75, offset=330), "CRON_TZ=UTC 45 19 * * *"),
        ("23:00-02", TimeOfDay(minutes=1380, offset=-120), "CRON_TZ=UTC 0 1 * * *"),
    ],
)
def test_a_time_of_day_is_a_moment_of_every_day(text: str, found: TimeOfDay, cron: str) -> None:
    assert time_of_day(text) == found
    assert found.cron("Europe/Berlin") == cron


@pytest.mark.parametrize("text", ["", "24:00", "9", "09:60", "09:00:30", "09:00+25:00", "morning", None, 900, True])
def test_what_is_no_time_of_day_is_none(text: object) -> None:
    assert time_of_day(text) is None


def test_it_reads_as_people_write_it() -> None:
    assert str(time_of_day("09:00-08:00")) == "09:00 UTC-08:00"
    assert str(time_of_day("9:05")) == "09:05"
