"""Rules of our own engine: what they may say, what else is a problem where it stands, and that the examples say nothing else."""

from collections.abc import Callable
from pathlib import Path

import pytest

from monitor.checks.plan import compile_plan, never_checked
from monitor.contracts.reading import load
from monitor.domain.contract import Contract
from monitor.domain.packs import Balance, Facts, Periods, Steps

EXAMPLES = sorted((Path(__file__).parents[3] / "docs" / "packs").glob("*.odcs.yaml"))
TABLE = """\
schema:
  - name: t
    quality: [{type: custom, engine: pactwatch, %s}]
    properties:
      - {name: id, logicalType: integer}
      - {name: part}
      - {name: begin, logicalType: date}
      - {name: end, logicalType: date}
      - {name: stamp, logicalType: timestamp}
      - {name: moment, physicalType: TIMESTAMPTZ}
      - {name: is_current, logicalType: boolean}
  - {name: u, properties: [{name: id}, {name: part}]}
"""


def text(implementation: str) -> str:
    return TABLE % f"implementation: {{{implementation}}}"


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_an_example_is_a_contract_without_a_remark(path: Path) -> None:
    example = load(path)
    assert example.remarks == ()
    assert never_checked(compile_plan(example, "postgres")) == ()
    assert any(rule.pack for dataset in example.datasets for rule in dataset.rules)


def test_a_rule_arrives_as_what_it_asks_for(read: Callable[..., Contract]) -> None:
    def pack(implementation: str) -> object:
        return read(text(implementation)).datasets[0].rules[0].pack

    assert pack("metric: currentRowPerKey, key: [id, part], current: is_current") == Periods(
        metric="currentRowPerKey", key=("id", "part"), current="is_current"
    )
    steps = pack("metric: gapsInSeries, element: t.stamp, step: 1h, series: part")
    assert isinstance(steps, Steps)
    assert (steps.element, str(steps.step), steps.series) == ("stamp", "1 hour", ("part",))
    assert pack("metric: rowCountDifference, other: u") == Balance(metric="rowCountDifference", other="u")
    assert pack("metric: orphanedFacts, key: [id, part], dimension: [u.id, u.part]") == Facts(
        metric="orphanedFacts", key=("id", "part"), dimension="u", dimension_key=("id", "part")
    )


def test_without_a_comparison_nothing_may_be_counted(read: Callable[..., Contract]) -> None:
    rule = read(text("metric: factsWithoutKey, key: id")).datasets[0].rules[0]
    assert str(rule.threshold) == "= 0"
    rule = read(text("metric: factsWithoutKey, key: id, mustBeLessThan: 2.5")).datasets[0].rules[0]
    assert str(rule.threshold) == "< 2.5"


@pytest.mark.parametrize(
    ("implementation", "problem"),
    [
        ("key: id", "expected a mapping with a metric: currentRowPerKey, "),
        ("metric: overlapingPeriods", "'overlapingPeriods' is no metric of pactwatch, expected one of "),
        ("metric: factsWithoutKey", "key is missing; expected properties of t"),
        ("metric: factsWithoutKey, key: idd", "'idd' names no object, expected object.property; did you mean id?"),
        ("metric: factsWithoutKey, key: u.id", "'u.id' is no property of t"),
        ("metric: factsWithoutKey, key: id, keys: 2", "factsWithoutKey takes no such argument; did you mean key?"),
        ("metric: factsWithoutKey, key: id, mustBe: none", "found 'none', expected a number"),
        ("metric: factsWithoutKey, key: id, mustBe: 1, mustNotBe: 2", "expected exactly one comparison"),
        ("metric: currentRowPerKey, key: id", "validTo is missing; expected a property of t"),
        ("metric: currentRowPerKey, key: id, current: part2", "'part2' names no object"),
        ("metric: currentRowPerKey, key: id, current: end", "it is of type 'date', expected a boolean"),
        ("metric: overlappingPeriods, key: id, validTo: end", "validFrom is missing; expected a property of t"),
        ("metric: overlappingPeriods, key: id, validFrom: id, validTo: end", "of type 'integer', expected a date or a timestamp"),
        ("metric: overlappingPeriods, key: id, validFrom: begin, validTo: stamp, inclusive: true", "only where validTo is a date"),
        ("metric: overlappingPeriods, key: id, validFrom: begin, validTo: moment, inclusive: true", "only where validTo is a date"),
        ("metric: gapsInSeries, element: stamp", "step is missing; found nothing, expected a number with a unit"),
        ("metric: gapsInSeries, element: stamp, step: 0h", "expected a step that is longer than nothing"),
        ("metric: rowCountDifference, other: x", "expected the name of an object of this contract"),
        ("metric: sumDifference, property: id, other: u", "'u' is an object, expected one of its properties"),
        ("metric: rowCountDifference, server: erp", "table is missing; expected a name as the other server knows it"),
        ("metric: rowCountDifference, server: erp, table: t, other: u", "beside server, name its table"),
        ("metric: sumDifference, property: id, server: erp, table: t", "column is missing; expected a name"),
        ("metric: orphanedFacts, key: [id, part], dimension: u.id", "expected as many properties as key has (2)"),
        ("metric: orphanedFacts, key: id, dimension: v.id", "the contract declares no object 'v'"),
    ],
)  # fmt: skip
def test_what_a_rule_cannot_mean_is_a_problem(
    problems: Callable[..., list[str]], implementation: str, problem: str
) -> None:
    (found,) = problems(text(implementation))
    assert problem in found
    assert "schema.t.quality" in found


def test_a_rule_of_a_property_or_without_a_mapping_is_a_problem(problems: Callable[..., list[str]]) -> None:
    (found,) = problems(TABLE % "implementation: currentRowPerKey")
    assert "found 'currentRowPerKey', expected a mapping with a metric" in found
    on_column = "{name: id, quality: [{type: custom, engine: pactwatch, implementation: {metric: factsWithoutKey}}]}"
    (found,) = problems(f"schema: [{{name: t, properties: [{on_column}]}}]")
    assert "a rule of pactwatch is about an object; move it to the quality of the object" in found
