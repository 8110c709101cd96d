from datetime import date, timedelta
from decimal import Decimal

from monitor.domain.scan import Outcome
from monitor.reports import charts
from monitor.store.pages import DayPoint

LAST = date(2026, 11, 23)


def point(before: int, value: int | None, worst: Outcome = Outcome.PASS) -> DayPoint:
    number = None if value is None else Decimal(value)
    return DayPoint(LAST - timedelta(days=before), worst, number, number, number)


def drawn(*points: DayPoint, limits: tuple[Decimal, ...] = (), length: int = 5) -> charts.Chart:
    found = charts.chart(points, limits, until=LAST, length=length, height=100)
    assert found is not None
    return found


def test_a_strip_says_in_words_what_it_draws() -> None:
    days = {LAST: Outcome.FAIL, LAST - timedelta(days=1): Outcome.PASS, LAST - timedelta(days=2): Outcome.BLOCKED}
    strip = charts.strip(days, until=LAST, length=5, size=4)
    assert strip.title == "5 days to 23 Nov: 1 kept, 1 broken, 1 not verified, 2 without a run"
    assert (strip.first, strip.last, strip.width) == (date(2026, 11, 19), LAST, 20)


def test_no_two_outcomes_look_alike_in_a_strip_even_without_colour() -> None:
    shapes = set()
    for outcome in (None, Outcome.PASS, Outcome.WARN, Outcome.FAIL, Outcome.ERROR):
        days = {} if outcome is None else {LAST: outcome}
        (piece,) = charts.strip(days, until=LAST, length=1, size=4).pieces
        shapes.add(piece.path)
    assert len(shapes) == 5


def test_days_on_end_are_one_piece_of_a_strip_unless_each_is_to_be_seen() -> None:
    days = {LAST - timedelta(days=before): Outcome.PASS for before in range(30)}
    (whole,) = charts.strip(days, until=LAST, length=30, size=4).pieces
    (parts,) = charts.strip(days, until=LAST, length=30, size=4, gap=1).pieces
    assert whole.path.count("M") == 1
    assert parts.path.count("M") == 30


def test_a_chart_holds_its_values_and_its_limits() -> None:
    chart = drawn(point(2, 10), point(1, 20), point(0, 30), limits=(Decimal(0), Decimal(40)))
    assert chart.limits == (0, 100)
    assert chart.line == "M2 75h0L3 50L4 25"
    assert (chart.least, chart.greatest, chart.first) == (10, 30, date(2026, 11, 19))


def test_a_line_breaks_where_nothing_was_measured_and_keeps_level_stretches_short() -> None:
    chart = drawn(*(point(before, 0) for before in (9, 8, 7, 6, 4, 3)), point(0, 5), length=10)
    assert chart.line == "M0 100h0H3M5 100h0H6M9 0h0"


def test_what_is_not_as_promised_is_marked_and_what_is_not_known_has_a_sign_of_its_own() -> None:
    chart = drawn(point(2, 0), point(1, 7, Outcome.FAIL), point(0, None, Outcome.ERROR))
    assert [(mark.outcome, mark.path) for mark in chart.marks] == [("fail", "M3 0h0")]
    assert chart.unknown == "M4 100v-16"


def test_a_day_of_many_values_is_drawn_from_the_least_to_the_greatest() -> None:
    wide = DayPoint(LAST, Outcome.PASS, Decimal(0), Decimal(10), Decimal(5))
    assert drawn(wide).band == "M4 100V0"


def test_huge_and_tiny_and_equal_numbers_are_drawn_too() -> None:
    assert drawn(point(1, 10**40), point(0, -(10**40))).line == "M3 0h0L4 100"
    assert drawn(point(1, 7), point(0, 7)).line == "M3 50h0H4"
    assert drawn(point(0, 0)).line == "M4 100h0"


def test_nothing_measured_is_no_chart() -> None:
    assert charts.chart([point(0, None, Outcome.BLOCKED)], (Decimal(1),), until=LAST, length=5) is None
    assert charts.spark([], until=LAST, length=5) is None


def test_periods_tell_the_same_as_the_chart() -> None:
    found = charts.periods([point(3, 0), point(2, 0), point(1, 4, Outcome.FAIL), point(0, 9, Outcome.FAIL)])
    assert [(period.outcome, period.first, period.last, period.least, period.greatest) for period in found] == [
        (Outcome.FAIL, LAST - timedelta(days=1), LAST, 4, 9),
        (Outcome.PASS, LAST - timedelta(days=3), LAST - timedelta(days=2), 0, 0),
    ]
