"""Service levels: names, elements and lengths of time."""

from collections.abc import Callable

import pytest

from monitor.domain.contract import Contract

TABLE = "schema: [{name: t, properties: [{name: at}, {name: seen}]}]\nslaProperties: [%s]"


@pytest.mark.parametrize(
    ("written", "meant"),
    [("ly", "latency"), ("RE", "retention"), ("Freshness", "freshness"), ("TIMETOREPAIR", "timeToRepair"), ("x", "x")],
)
def test_names_are_case_insensitive_and_may_be_short(read: Callable[..., Contract], written: str, meant: str) -> None:
    (level,) = read(TABLE % f"{{property: {written}, value: 1, unit: d, element: at}}").service_levels
    assert level.property == meant


def test_several_elements_are_separated_by_commas(read: Callable[..., Contract]) -> None:
    (level,) = read(TABLE % "{property: latency, value: PT1H, element: 't.at, seen'}").service_levels
    assert [element.column for element in level.elements] == ["at", "seen"]


def test_the_deprecated_default_element_is_used(read: Callable[..., Contract]) -> None:
    contract = read("slaDefaultElement: t.at\n" + TABLE % "{property: retention, value: 3, unit: y}")
    assert contract.service_levels[0].elements[0].column == "at"


@pytest.mark.parametrize(
    ("level", "remark"),
    [
        ("{property: latency, value: 1, unit: m, element: at}", "read as minutes"),
        ("{property: retention, value: 1, unit: m, element: at}", "read as months"),
    ],
)
def test_an_ambiguous_unit_is_remarked(read: Callable[..., Contract], level: str, remark: str) -> None:
    contract = read(TABLE % level)
    assert len(contract.service_levels) == 1
    assert any(remark in found for found in contract.remarks)


@pytest.mark.parametrize(
    ("level", "problem"),
    [
        ("{property: latency, value: soon, element: at}", "found 'soon', expected a number with a unit"),
        ("{property: latency, value: -1, unit: d, element: at}", "not negative"),
        ("{property: latency, value: 1, unit: parsec, element: at}", "the unit 'parsec' is unknown"),
        ("{property: frequency, value: 1, unit: d, schedule: 61 * * * *, scheduler: cron}", "is no cron expression"),
        ("{property: latency, value: 1, unit: d, element: '" + "at," * 30 + "'}", "more than 20 elements"),
    ],
)
def test_a_length_of_time_that_means_nothing_is_refused(
    problems: Callable[..., list[str]], level: str, problem: str
) -> None:
    assert any(problem in found for found in problems(TABLE % level))
