"""For how long the other side asks to wait."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from monitor.notifiers.wire import retry_after


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("30", 30.0),
        ("0.5", 0.5),
        ("-3", 0.0),
        ("1e12", 86_400.0),
        ("inf", None),
        ("nan", None),
        ("soon", None),
        ("", None),
    ],
)
def test_a_wait_is_a_number_of_seconds_of_at_most_a_day(value: str, seconds: float | None) -> None:
    assert retry_after({"Retry-After": value}) == seconds


def test_a_wait_may_be_a_date() -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    found = retry_after({"retry-after": later})
    assert found is not None
    assert 80 < found < 91
    assert retry_after({"retry-after": "Mon, 04 May 2020 12:00:00 GMT"}) == 0
    assert retry_after({}) is None
