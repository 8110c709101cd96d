"""Lengths of time, exactly as a service level states them."""

from decimal import Decimal

import pytest

from monitor.domain.duration import Duration, DurationProblem, Scalar, ambiguous_unit, parse_duration


def seconds(number: str | int) -> Duration:
    return Duration(seconds=Decimal(number))


@pytest.mark.parametrize(
    ("value", "unit", "duration"),
    [
        (90, "s", seconds(90)),
        (Decimal("0.5"), "h", seconds(1800)),
        ("4", "Days", seconds(345_600)),
        (2, "weeks", seconds(1_209_600)),
        (3, "mo", Duration(months=3)),
        (1, "quarter", Duration(months=3)),
        (Decimal("1.5"), "y", Duration(months=18)),
        (Decimal("1.5"), "month", Duration(months=1, seconds=Decimal(15 * 86_400))),
        (0, "d", Duration()),
        ("PT90M", None, seconds(5400)),
        ("P1Y2M3DT4H5M6.5S", "ISO", Duration(months=14, seconds=Decimal("273906.5"))),
        ("p2w", "iso", seconds(1_209_600)),
        ("36 h", None, seconds(129_600)),
        ("daily", None, seconds(86_400)),
        ("Monthly", None, Duration(months=1)),
    ],
)
def test_value_and_unit_make_a_duration(value: Scalar, unit: str | None, duration: Duration) -> None:
    assert parse_duration(value, unit, "latency") == duration


@pytest.mark.parametrize(
    ("value", "unit"),
    [
        (None, "d"),
        (True, "d"),
        ("soon", "d"),
        ("P", None),
        ("PT", None),
        ("P1.2.3D", None),
        (5, "ISO"),
        (5, "lightyears"),
        (-1, "d"),
        (10**90, "y"),
        (10**90, "s"),
        ("9" * 1000, "d"),
        ("1e5", "d"),
    ],
)
def test_what_is_no_length_of_time_says_so(value: Scalar, unit: str | None) -> None:
    found = parse_duration(value, unit, "latency")
    assert isinstance(found, DurationProblem)
    assert not found.is_missing_unit


def test_a_number_without_unit_is_a_gap_not_nonsense() -> None:
    found = parse_duration(5, None, "latency")
    assert isinstance(found, DurationProblem)
    assert found.is_missing_unit


def test_m_is_minutes_but_months_for_retention() -> None:
    assert parse_duration(2, "m", "freshness") == seconds(120)
    assert parse_duration(2, "M", "retention") == Duration(months=2)
    assert ambiguous_unit("m", "latency") is not None
    assert ambiguous_unit("min", "latency") is None


@pytest.mark.parametrize(
    ("duration", "words"),
    [
        (seconds(3600), "1 hour"),
        (seconds(172_800), "2 days"),
        (seconds("1.5"), "1.5 seconds"),
        (seconds(5400), "90 minutes"),
        (Duration(months=14), "1 year 2 months"),
        (Duration(), "0 seconds"),
    ],
)
def test_a_duration_reads_like_words(duration: Duration, words: str) -> None:
    assert str(duration) == words
