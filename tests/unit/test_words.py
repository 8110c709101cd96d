from dataclasses import replace
from decimal import Decimal

import pytest

from monitor import words
from monitor.domain.check import Catalogue, CheckKind, Operator, Threshold
from monitor.domain.scan import Outcome, Run
from tests.runs import BROKEN, DEAD, EVERYTHING, FOREIGN_KEY, HOSTILE, KEPT, check, result

RANGE = CheckKind.RANGE


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (7602, "7,602"),
        (-1234567, "-1,234,567"),
        (Decimal("1234.50"), "1,234.5"),
        (Decimal("-0.25"), "-0.25"),
        (Decimal("9007199254740993.0000001"), "9,007,199,254,740,993.0000001"),
        (Decimal("1E+6"), "1,000,000"),
        (Decimal("1E+5000"), "1E+5000"),
        (Decimal("NaN"), "NaN"),
    ],
)
def test_numbers_are_exact_with_thousands_separators(value: int | Decimal, written: str) -> None:
    assert words.number(value) == written


@pytest.mark.parametrize(
    ("count", "written"),
    [(999, "999"), (1_000, "1 k"), (12_345, "12 k"), (1_200_000, "1.2 M"), (120_000_000, "120 M"), (2 * 10**9, "2 G")],
)
def test_what_is_not_known_exactly_has_two_digits(count: int, written: str) -> None:
    assert words.about(count) == written


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (0, "0 s"),
        (59, "59 s"),
        (3600, "1 h"),
        (Decimal("21600.3"), "6 h 0.3 s"),
        (90061, "1 d 1 h 1 min 1 s"),
        (-300, "-5 min"),
        (86_400 * 4000, "4,000 d"),
    ],
)
def test_ages_are_told_in_people_units_and_still_exact(seconds: int | Decimal, written: str) -> None:
    assert words.duration(seconds) == written


@pytest.mark.parametrize(
    ("part", "whole", "written"),
    [
        (7602, 336_776, "2.26 %"),
        (1, 1_000_000, "< 0.01 %"),
        (999_999, 1_000_000, "> 99.99 %"),
        (5, 5, "100 %"),
        (1, 2, "50 %"),
    ],
)
def test_a_share_never_rounds_to_nothing_or_to_all(part: int, whole: int, written: str) -> None:
    assert words.share_of(part, whole) == written


@pytest.mark.parametrize(
    ("expected", "unit", "written"),
    [
        ("= 0", "rows", "0"),
        ("!= 0", "rows", "not 0"),
        (">= 300000", "rows", "at least 300,000"),
        ("< 5.50", "percent", "less than 5.5 %"),
        ("<= 21600", "seconds", "at most 6 h"),
        ("between 1 and 5000", None, "between 1 and 5,000"),
        ("not between -1 and 1", "percent", "not between -1 % and 1 %"),
        ("varchar(3)", None, "varchar(3)"),
        ("at most\x1b 6 hours", "seconds", r"at most\x1b 6 hours"),
    ],
)
def test_what_was_promised_reads_as_words(expected: str, unit: str | None, written: str) -> None:
    assert words.expected(check("a.b.c", "n", RANGE, expected=expected, unit=unit)) == written


def test_every_threshold_a_contract_can_have_reads_as_words() -> None:
    for operator in Operator:
        upper = Decimal(9) if "between" in operator else None
        text = str(Threshold(operator=operator, value=Decimal(-1), upper=upper))
        assert words.expected(check("a.b.c", "n", RANGE, expected=text, unit="seconds")) != text


@pytest.mark.parametrize(
    ("kind", "unit", "measured", "rows", "written"),
    [
        (RANGE, "rows", 7602, 336_776, "7,602 of 336,776 rows (2.26 %)"),
        (RANGE, "rows", 0, 1, "0 of 1 row"),
        (RANGE, "rows", 0, 0, "0 of 0 rows"),
        (RANGE, "rows", 3, None, "3"),
        (RANGE, "rows", 9, 3, "9 in 3 rows"),
        (RANGE, "percent", Decimal("2.5"), 40, "2.5 % of 40 rows"),
        (RANGE, "percent", Decimal("33.33333333333333"), 3, "33.33… % of 3 rows"),
        (RANGE, "percent", Decimal("0.0000123"), 8_000_000, "< 0.01 % of 8,000,000 rows"),
        (RANGE, "percent", Decimal("99.99999"), None, "> 99.99 %"),
        (CheckKind.ROW_COUNT, "rows", 1458, 1458, "1,458 rows"),
        (CheckKind.DUPLICATE_VALUES, "keys", 1, 336_776, "1 key in 336,776 rows"),
        (CheckKind.FRESHNESS, "seconds", 32_591, 336_776, "9 h 3 min 11 s"),
        (CheckKind.FRESHNESS, "seconds", Decimal("32591.25"), 336_776, "9 h 3 min 11 s"),
        (CheckKind.FRESHNESS, "seconds", Decimal("59.25"), 3, "59.25 s"),
        (CheckKind.FRESHNESS, "seconds", -900, 3, "15 min in the future"),
        (CheckKind.FRESHNESS, "seconds", Decimal("-900.5"), 3, "15 min in the future"),
        (CheckKind.LATENCY, "seconds", -900, 3, "-15 min"),
        (CheckKind.SQL, "rows", 12, 336_776, "12"),
    ],
)
def test_a_measured_value_says_what_it_is_a_number_of(
    kind: CheckKind, unit: str, measured: int | Decimal, rows: int | None, written: str
) -> None:
    """A share stands only where the number counts rows of the dataset; a user's own statement may count anything."""
    found = words.measured(result(check("a.b.c", "n", kind, unit=unit), measured=measured, rows=rows))
    assert str(found) == written


def test_an_age_just_beyond_its_threshold_never_reads_like_it() -> None:
    fresh = check("a.b.c", "n", CheckKind.FRESHNESS, expected="<= 3600", unit="seconds")
    assert str(words.measured(result(fresh, measured=Decimal("3600.4"), rows=3))) == "1 h 0.4 s"
    assert str(words.measured(result(fresh, measured=Decimal("3601.4"), rows=3))) == "1 h 1 s"


def test_nothing_measured_is_not_zero() -> None:
    assert words.measured(result(check("a.b.c", "n", RANGE))) is None


def test_a_reason_is_told_whatever_words_it_shares_with_the_promise() -> None:
    """It was once left out where all its words stood in the promise and the numbers already."""
    told = result(check("a.b.pk", "b is the key", CheckKind.PRIMARY_KEY), reason="b is not the key", measured=3, rows=9)
    assert words.reason(told) == "b is not the key"


def test_where_the_numbers_say_all_there_is_no_reason() -> None:
    assert words.reason(FOREIGN_KEY) is None


def test_a_shape_that_holds_tells_of_its_columns_and_not_of_zero() -> None:
    names = ("a", "b", "c", "d", "e")
    shape = check("t.schema", "t exists", CheckKind.SCHEMA, unit="columns", probes=(Catalogue(columns=names),))
    bare = check("t.schema", "t exists", CheckKind.SCHEMA, unit="columns")
    other = check("t.extra", "t has no others", CheckKind.EXTRA_COLUMNS, unit="columns", probes=shape.probes)
    told = [str(words.measured(result(each, measured=0))) for each in (shape, bare, other)]
    assert told == ["all 5 declared columns", "None", "None"]
    assert words.measured(result(shape, Outcome.FAIL, "column a is missing", measured=1)) is None
    assert words.expected(shape) == "the declared columns"


@pytest.mark.parametrize("run", [BROKEN, KEPT, DEAD, EVERYTHING, HOSTILE])
def test_every_result_can_be_told_in_a_sentence(run: Run) -> None:
    assert all(words.sentence(found).strip() for found in run.scan.results)
    silent = [replace(found, reason="", measured=None) for found in run.scan.results]
    assert all(words.sentence(found).strip() for found in silent)


def test_a_sentence_has_the_numbers_and_what_they_do_not_say() -> None:
    key = check("t.key", "n is the key", CheckKind.PRIMARY_KEY, unit="keys")
    found = result(key, Outcome.FAIL, "1 key occurs more than once, 2 rows have no key", measured=3, rows=8)
    assert words.sentence(found) == "measured 3 keys in 8 rows; 1 key occurs more than once, 2 rows have no key"
