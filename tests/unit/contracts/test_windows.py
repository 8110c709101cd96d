"""checkWindow: what it may say, and that everything else is a problem where it stands."""

from collections.abc import Callable

import pytest

from monitor.domain.contract import CheckWindow, Contract

TABLE = """\
schema:
  - name: t
    customProperties:
      - {property: checkWindow, value: %s}
    properties:
      - {name: at, logicalType: timestamp}
      - {name: day, logicalType: date, partitioned: true, partitionKeyPosition: 1}
      - {name: made, physicalType: timestamptz}
      - {name: whatever}
      - {name: amount, logicalType: number}
      - {name: code, physicalType: text}
  - {name: u, properties: [{name: there, logicalType: date}]}
"""


def window(contract: Contract) -> CheckWindow:
    found = contract.datasets[0].window
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("value", "column", "last"),
    [
        ("{element: at, last: 7d}", "at", "7 days"),
        ("{element: t.at, last: PT36H}", "at", "36 hours"),
        ("{element: made, last: 2 months}", "made", "2 months"),
        ("{element: whatever, last: 1y}", "whatever", "1 year"),
        ("{element: day, last: weekly}", "day", "7 days"),
        ("{element: day, last: 7d, partition: day}", "day", "7 days"),
    ],
)
def test_a_window_goes_by_a_property_that_can_hold_moments(
    read: Callable[..., Contract], value: str, column: str, last: str
) -> None:
    found = window(read(TABLE % value))
    assert (found.column, str(found.last), found.partition) == (column, last, None)


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("7d", "found '7d', expected {element: <property>, last: 7d}"),
        ("{last: 7d}", "element: found nothing, expected the name of a property of t"),
        ("{element: att, last: 7d}", "'att' names no object, expected object.property; did you mean at?"),
        ("{element: u.there, last: 7d}", "'u.there' is no property of t"),
        ("{element: amount, last: 7d}", "'amount' is of type 'number', expected a date or a timestamp"),
        ("{element: code, last: 7d}", "'code' is of type 'text', expected a date or a timestamp"),
        ("{element: at}", "write for example 7d"),
        ("{element: at, last: 7}", "the value 7 has no unit"),
        ("{element: at, last: 0d}", "found '0d', expected a length of time that is longer than nothing"),
        ("{element: at, last: 101y}", "found '101y', expected at most 100 years"),
        ("{element: at, last: -1d}", "found -1, expected a length of time that is not negative"),
        ("{element: at, last: 7d, until: now}", "there is no such key; expected element, last, partition"),
        ("{element: at, last: 7d, partition: code}", "'code' is of type 'text'"),
    ],
)
def test_what_is_no_window_is_a_problem_at_its_line(
    problems: Callable[..., list[str]], value: str, problem: str
) -> None:
    (found,) = problems(TABLE % value)
    assert problem in found
    assert "checkWindow" in found or "customProperties" in found


def test_a_second_window_is_a_problem(problems: Callable[..., list[str]]) -> None:
    twice = "{element: at, last: 7d}}\n      - {property: checkWindow, value: {element: at, last: 8d}"
    assert ["checkWindow stands here twice" in found for found in problems(TABLE % twice)] == [True]


def test_another_vendors_window_is_none_of_ours(read: Callable[..., Contract]) -> None:
    assert read(TABLE % "all, vendor: soda").datasets[0].window is None


@pytest.mark.parametrize(
    ("value", "remarks"),
    [
        ("{element: day, last: 7d}", []),
        ("{element: at, last: 7d, partition: day}", []),
        ("{element: at, last: 7d}", ["the table is partitioned by day and not by at: every partition is read"]),
        ("{element: at, last: 7d, partition: made}", ["'made' is not declared as partitioned"]),
    ],
)
def test_partitions_that_cannot_be_left_out_are_remarked(
    read: Callable[..., Contract], value: str, remarks: list[str]
) -> None:
    found = read(TABLE % value).remarks
    assert len(found) == len(remarks)
    assert all(remark in said for remark, said in zip(remarks, found, strict=True))
