from dataclasses import replace
from decimal import Decimal

import pytest

from monitor.domain.check import Aggregate, CheckKind, Operator, Query, SodaBlock, Threshold
from monitor.domain.scan import Outcome
from monitor.engines.base import complete
from monitor.engines.messages import Failed, Measured, Trouble
from monitor.engines.soda_results import judged, result_of, tidy
from tests.plans import aggregate, check, equals, plan

BEYOND = 2**53 + 1


def found(metric: str, value: int | str | Decimal | None, *, kept: bool | None = True) -> dict[str, Measured]:
    return {metric: Measured(metric=metric, value=None if value is None else Decimal(value), kept=kept)}


@pytest.mark.parametrize(
    ("threshold", "value", "soda", "ours"),
    [
        (equals(3), 3, True, True),
        (equals(3), 4, False, False),
        (equals(3), 4, True, None),
        (equals(3), 3, False, None),
        (equals(3), 3, None, None),
        (equals(BEYOND), BEYOND, False, True),  # an int against a float that was rounded
        (equals(BEYOND), BEYOND - 1, True, False),
        (equals(BEYOND - 1), BEYOND, True, False),  # both rounded
        (equals("0.1"), "0.1", True, True),
        (equals(0), "NaN", True, False),
        (Threshold(operator=Operator.LESS_OR_EQUAL, value=Decimal(9)), "Infinity", False, False),
    ],
)
def test_a_disagreement_is_an_error_unless_rounding_explains_it(
    threshold: Threshold, value: int | str, soda: bool | None, ours: bool | None
) -> None:
    assert judged(threshold, Decimal(value), soda) is ours


def test_a_disagreement_tells_both_sides() -> None:
    result = result_of(aggregate("t.a", "1"), found("t.a", 7, kept=True), 10)

    assert result.outcome is Outcome.ERROR
    assert result.reason == "measured 7, but Soda says pass: what ran is not the plan"


def test_a_missing_answer_is_an_error() -> None:
    assert result_of(aggregate("t.a", "1"), {}, None).outcome is Outcome.ERROR
    assert result_of(aggregate("t.a", "1"), found("t.a", None, kept=None), None).outcome is Outcome.ERROR


def test_a_server_that_went_away_blocks() -> None:
    lost = Failed(metric="t.a", trouble=Trouble.LOST, reason="the server went away: SSL closed")

    result = result_of(aggregate("t.a", "1"), {"t.a": lost}, None)

    assert result.outcome is Outcome.BLOCKED
    assert result.reason == "the server went away: SSL closed"


def test_severity_decides_how_bad_broken_is() -> None:
    lenient = aggregate("t.a", "1", severity="warning")

    assert result_of(lenient, found("t.a", 1, kept=False), None).outcome is Outcome.WARN
    assert result_of(replace(lenient, severity="odd"), found("t.a", 1, kept=False), None).outcome is Outcome.FAIL


KEY = check(
    "t.key",
    Aggregate(metric="t.key.nulls", expression="", threshold=equals(0)),
    Query(metric="t.key.duplicates", sql="", threshold=equals(0)),
    kind=CheckKind.PRIMARY_KEY,
    unit="keys",
)


def test_a_broken_part_outweighs_a_part_without_answer() -> None:
    failed = Failed(metric="t.key.duplicates", trouble=Trouble.ERROR, reason="stopped: statement timeout")

    broken = result_of(KEY, {**found("t.key.nulls", 2, kept=False), "t.key.duplicates": failed}, 8)
    unknown = result_of(KEY, {**found("t.key.nulls", 0), "t.key.duplicates": failed}, 8)

    told = "2 rows have no key, duplicates: stopped: statement timeout"
    assert (broken.outcome, broken.measured, broken.reason) == (Outcome.FAIL, 2, told)
    assert (unknown.outcome, unknown.reason) == (Outcome.ERROR, "duplicates: stopped: statement timeout")


@pytest.mark.parametrize(
    ("nulls", "duplicates", "measured", "reason"),
    [
        (2, 1, 3, "1 key occurs more than once, 2 rows have no key"),
        (1, 0, 1, "1 row has no key"),
        (0, 5, 5, "5 keys occur more than once"),
        (0, 0, 0, ""),
    ],
)
def test_every_broken_part_is_named_and_all_are_summed(nulls: int, duplicates: int, measured: int, reason: str) -> None:
    answers = found("t.key.nulls", nulls, kept=not nulls) | found("t.key.duplicates", duplicates, kept=not duplicates)

    result = result_of(KEY, answers, 8)

    assert (result.measured, result.reason) == (measured, reason)


def test_where_the_numbers_say_all_no_reason_repeats_them() -> None:
    assert result_of(aggregate("t.a", "1"), found("t.a", 7, kept=False), 10).reason == ""


@pytest.mark.parametrize(
    ("kept", "warns", "reason"),
    [(True, False, "Soda says pass"), (False, False, "Soda says fail"), (False, True, "Soda says warn")],
)
def test_a_custom_block_tells_what_soda_said(kept: bool, warns: bool, reason: str) -> None:
    block = check("t.block", SodaBlock(sodacl=""), kind=CheckKind.SODA, unit=None)
    said = Measured(metric="t.block#soda", value=Decimal(50), kept=kept, only_warns=warns)

    result = result_of(block, {said.metric: said}, 80)

    assert (result.measured, result.reason) == (50, reason)


def test_the_number_of_the_check_itself_is_the_one_that_is_told() -> None:
    age = check(
        "t.fresh",
        Aggregate(metric="t.fresh", expression="", threshold=Threshold(operator=Operator.GREATER, value=Decimal(0))),
        Aggregate(metric="t.fresh.late", expression="", threshold=equals(0)),
        kind=CheckKind.FRESHNESS,
        unit="seconds",
    )

    result = result_of(age, {**found("t.fresh", 9_000_000), **found("t.fresh.late", 1, kept=False)}, 8)

    assert (result.outcome, result.measured, result.reason) == (Outcome.FAIL, 9_000_000, "")


def test_numbers_are_stored_without_noise() -> None:
    values = [tidy(Decimal(text)) for text in ("3.000", "3.10", "-0", "1E+3", "Infinity", "NaN")]

    assert values == [3, Decimal("3.1"), 0, 1000, None, None]
    assert [type(value) for value in values[:4]] == [int, Decimal, int, int]


def test_a_plan_is_answered_completely_and_in_order() -> None:
    first, second = aggregate("t.a", "1"), aggregate("t.b", "1")
    only = result_of(second, found("t.b", 0), None)

    results = complete(plan(first, second), [only])

    assert [result.check.id for result in results] == ["t.a", "t.b"]
    assert [result.outcome for result in results] == [Outcome.ERROR, Outcome.PASS]
