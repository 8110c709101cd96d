"""A quality rule has one meaning, or is refused with the reason."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from monitor.domain.check import Operator
from monitor.domain.contract import Contract, QualityRule

COLUMN = "schema: [{name: t, properties: [{name: c, quality: [%s]}]}]"
OBJECT = "schema: [{name: t, properties: [{name: c}, {name: d}], quality: [%s]}]"
NULLS = "metric: nullValues, mustBe: 0"


@pytest.mark.parametrize(
    ("key", "value", "operator"),
    [
        ("mustBe", "5", Operator.EQUAL),
        ("mustNotBe", "5", Operator.NOT_EQUAL),
        ("mustBeGreaterThan", "5", Operator.GREATER),
        ("mustBeGreaterOrEqualTo", "5", Operator.GREATER_OR_EQUAL),
        ("mustBeLessThan", "5", Operator.LESS),
        ("mustBeLessOrEqualTo", "5", Operator.LESS_OR_EQUAL),
        ("mustBeBetween", "[5, 6]", Operator.BETWEEN),
        ("mustNotBeBetween", "[5, 6]", Operator.NOT_BETWEEN),
    ],
)
def test_each_comparison_of_the_standard_is_read(
    read: Callable[..., Contract], key: str, value: str, operator: Operator
) -> None:
    (rule,) = read(COLUMN % f"{{metric: nullValues, {key}: {value}}}").datasets[0].columns[0].rules
    assert rule.threshold is not None
    assert (rule.threshold.operator, rule.threshold.value) == (operator, Decimal(5))


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ("{metric: nullValues, mustBe: 0, mustNotBe: 1}", "expected exactly one comparison"),
        ("{metric: nullValues}", "a comparison is missing"),
        ("{metric: nullValues, mustBe: many}", "found 'many', expected a number"),
        ("{metric: nullValues, mustBe: true}", "found true, expected a number"),
        ("{metric: nullValues, mustBeBetween: [0]}", "found [0], expected two numbers"),
        ("{metric: nullValues, mustBeBetween: [5, 1]}", "expected the lower number first"),
        ("{metric: nullValues, mustBeBetween: [a, b]}", "found ['a', 'b'], expected two numbers"),
        ("{metric: rowCount, mustBe: 0}", "rowCount is a metric of an object"),
        ("{metric: nulValues, mustBe: 0}", "did you mean nullValues?"),
        ("{mustBe: 0}", "metric is missing"),
        ("{query: SELECT 1, mustBe: 0}", "type is missing"),
        ("{metric: nullValues, mustBe: 0, query: SELECT 1}", "query does not belong to a rule of type library"),
        ("{type: text, mustBe: 0}", "mustBe does not belong to a rule of type text"),
        ("{metric: nullValues, mustBe: 0, schedule: 0 0 30 2 *, scheduler: cron}", "is no cron expression"),
        ("{metric: nullValues, mustBe: 0, schedule: '* * * * * *', scheduler: cron}", "expected five fields"),
        ("{metric: nullValues, mustBe: 0, schedule: 0 0 31 4 *, scheduler: cron}", "cron"),
        ("{metric: invalidValues, mustBe: 0, arguments: {validVals: [a]}}", "did you mean validValues?"),
        ("{metric: invalidValues, mustBe: 0, arguments: {validValues: a}}", "expected a list of values"),
        ("{metric: invalidValues, mustBe: 0, arguments: {validValues: []}}", "found an empty list"),
        ("{type: custom, engine: soda}", "implementation is missing"),
        ("{type: custom, engine: soda, implementation: '- row_count > ${X_Y}'}", "${"),
    ],
)
def test_a_rule_that_means_nothing_is_refused(problems: Callable[..., list[str]], rule: str, problem: str) -> None:
    assert any(problem in found for found in problems(COLUMN % rule, api="v3.1.0"))


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ("{metric: nullValues, mustBe: 0}", "nullValues is a metric of a property"),
        ("{metric: rowCount, mustBe: 0, unit: percent}", "a row count has no percentage"),
        ("{metric: duplicateValues, mustBe: 0}", "needs arguments.properties"),
        ("{metric: duplicateValues, mustBe: 0, arguments: {properties: [c, e]}}", "'e' is no property of this object"),
        ("{type: sql, query: 'SELECT COUNT({property}) FROM {object}', mustBe: 0}", "no property"),
        ("{id: a, metric: rowCount, mustBe: 0}, {id: a, metric: rowCount, mustBe: 1}", "stands here twice"),
    ],
)
def test_a_rule_of_an_object_is_about_the_object(problems: Callable[..., list[str]], rule: str, problem: str) -> None:
    assert any(problem in found for found in problems(OBJECT % rule))


@pytest.mark.parametrize(
    ("rule", "remark"),
    [
        (f"{{{NULLS}, severity: blocker}}", "the severity 'blocker' is unknown; a broken rule counts as an error"),
        (f"{{{NULLS}, unit: apples}}", "the unit 'apples' is unknown; read as rows"),
        ("{metric: nullValues, mustBeLessThan: 101, unit: percent}", "never above 100"),
        ("{metric: nullValues, mustBe: -1}", "never below 0"),
        (f"{{{NULLS}, schedule: whenever, scheduler: airflow}}", "the scheduler 'airflow' is not ours"),
        ("{metric: missingValues, mustBe: 0}", "counts NULL only"),
        ("{metric: invalidValues, mustBe: 0, arguments: {pattern: '[a'}}", "may not be a regular expression"),
        ("{type: sql, query: SELECT true, mustBe: true}", "true is read as 1"),
        ("{description: all is well}", "neither type nor metric"),
    ],
)
def test_what_the_standard_allows_but_deserves_a_word_is_remarked(
    read: Callable[..., Contract], rule: str, remark: str
) -> None:
    (found,) = read(COLUMN % rule).remarks
    assert remark in found


def test_sodacl_may_be_text_or_an_object(read: Callable[..., Contract]) -> None:
    def rule(implementation: str) -> QualityRule:
        contract = read(OBJECT % f"{{type: custom, engine: soda, implementation: {implementation}}}")
        assert contract.remarks == ()
        return contract.datasets[0].rules[0]

    assert rule("'- row_count > 0'").implementation == "- row_count > 0"
    assert rule("{checks for t: [row_count > 0, {missing_count(c) < 0.50: {name: é}}]}").implementation == (
        '{"checks for t": ["row_count > 0", {"missing_count(c) < 0.50": {"name": "é"}}]}'
    )


def test_rules_inside_a_column_are_kept_as_never_checked_one_by_one(read: Callable[..., Contract]) -> None:
    contract = read("""\
        schema:
          - name: t
            properties:
              - name: c
                logicalType: object
                properties:
                  - name: d
                    required: true
                    quality:
                      - {metric: nullValues, mustBe: 0}
        """)
    assert [(promise.line, promise.where, promise.reason) for promise in contract.unchecked] == [
        (13, "schema.t.c.d.required", "required inside a column is not checked"),
        (15, "schema.t.c.d.quality[0]", "rules inside a column are not checked"),
    ]
