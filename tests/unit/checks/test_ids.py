"""A check's id is stable, readable and unique: it follows names and rule ids, never positions or wording."""

import re
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.checks.plan import compile_plan, subset
from monitor.domain.check import Check, CheckPlan, Operator, Threshold
from monitor.domain.contract import Column, Contract, Dataset, Limits, QualityRule, RuleArguments, ServiceLevel
from monitor.errors import UsageError

ID = re.compile(r"[A-Za-z][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)+\Z")


def threshold(value: str, operator: Operator = Operator.EQUAL, upper: str | None = None) -> Threshold:
    return Threshold(operator=operator, value=Decimal(value), upper=None if upper is None else Decimal(upper))


def rule(**fields: object) -> QualityRule:
    plain = {"id": None, "name": None, "description": None, "type": "library", "metric": "nullValues", "line": 1}
    return QualityRule(**{**plain, "threshold": threshold("0"), **fields})  # type: ignore[arg-type]


def column(name: str, *rules: QualityRule, **fields: object) -> Column:
    return Column(**{"name": name, "physical_name": name, "rules": rules, "line": 1, **fields})  # type: ignore[arg-type]


def plan(*datasets: Dataset, levels: tuple[ServiceLevel, ...] = ()) -> CheckPlan:
    return compile_plan(
        Contract(
            id="test",
            slug="test",
            name="Test",
            version="1.0.0",
            status="active",
            api_version="v3.2.0",
            file="test.odcs.yaml",
            fingerprint="sha256:0",
            meaning="sha256:0",
            datasets=datasets,
            service_levels=levels,
        ),
        "postgres",
    )


def dataset(*columns: Column, name: str = "t", rules: tuple[QualityRule, ...] = ()) -> Dataset:
    return Dataset(name=name, schema=None, table=name, columns=columns, rules=rules, line=1)


def ids(*rules: QualityRule) -> list[str]:
    """Return the ids of the checks of rules on one column, in the order of the rules."""
    return [check.id for check in plan(dataset(column("c", *rules))).checks if check.id.startswith("t.c.")]


def test_a_rule_is_called_by_its_place_and_kind() -> None:
    assert ids(rule()) == ["t.c.null-values"]


def test_a_rule_of_its_own_id_keeps_it() -> None:
    assert ids(rule(id="no-gaps")) == ["t.c.no-gaps"]
    assert ids(rule(id="null-values"), rule()) == ["t.c.null-values", "t.c.null-values-error-eq"]
    owned = plan(dataset(column("c", rule(id="not-null")), name="t"), dataset(column("c", required=True), name="u"))
    assert {"t.c.not-null", "u.c.not-null"} < {check.id for check in owned.checks}
    both = plan(dataset(column("c", rule(id="not-null"), required=True))).checks
    assert {check.id: check.kind.value for check in both if check.columns} == {
        "t.c.not-null": "null_values",
        "t.c.not-null-error": "not_null",
    }


def test_what_is_counted_beside_a_rule_takes_no_name_from_it() -> None:
    made = plan(dataset(column("c"), rules=(rule(id="rows", metric="rowCount"), rule(id="rows-2", metric="rowCount"))))

    assert [check.id for check in made.checks][-2:] == ["t.rows", "t.rows-2"]
    assert made.datasets[0].rows_metric == "t.rows-3"


def test_wording_and_threshold_do_not_change_an_id() -> None:
    first = rule(threshold=threshold("5", Operator.LESS), severity="warning")
    second = rule(threshold=threshold("20", Operator.LESS))
    changed = [
        replace(first, name="Told otherwise", description="…", threshold=threshold("6", Operator.LESS), dimension="ac"),
        replace(second, name="And this", business_impact="much", threshold=threshold("0.5", Operator.LESS)),
    ]

    assert ids(first, second) == ["t.c.null-values-warning-lt", "t.c.null-values-error-lt"] == ids(*changed)


def test_options_of_one_column_have_ids_of_their_own() -> None:
    limits = Limits(min_items=1, unique_items=True, min_properties=1, required_properties=("a",))
    changed = replace(limits, min_items=2, min_properties=3, required_properties=("b",))

    found = [[check.id for check in plan(dataset(column("c", limits=each))).checks] for each in (limits, changed)]

    assert found[0] == found[1]
    assert found[0][-4:] == ["t.c.items", "t.c.unique-items", "t.c.properties", "t.c.required-properties"]


def test_the_threshold_tells_apart_what_severity_and_operator_cannot() -> None:
    made = plan(
        dataset(
            column(
                "c",
                rule(threshold=threshold("1")),
                rule(threshold=threshold("-2.5")),
                rule(threshold=threshold("1", Operator.BETWEEN, "2")),
            )
        )
    )

    assert [check.id for check in made.checks if check.columns] == [
        "t.c.null-values-error-eq-1",
        "t.c.null-values-error-eq--2_5",
        "t.c.null-values-error-between",
    ]
    assert [remark.split(": ")[1] for remark in made.remarks] == [
        "t.c.null-values-error-eq-1",
        "t.c.null-values-error-eq--2_5",
    ]


def test_checks_of_a_custom_block_are_called_by_what_they_measure() -> None:
    block = rule(type="custom", metric=None, threshold=None, engine="soda")
    texts = ("[row_count > 0, missing_count(c) < 5]", "[row_count between 1 and 9, missing_count(c) = 6]")

    found = [ids(replace(block, implementation=text)) for text in texts]

    assert found[0] == found[1]
    assert found[0][0] == "t.c.soda.row_count"


def test_a_name_that_does_not_fit_gets_a_short_hash() -> None:
    made = plan(dataset(column("größe", required=True), column("gr e", required=True), name="1 Bestellung"))

    found = [check.id for check in made.checks if check.columns]
    assert len(set(found)) == 2
    assert all(re.fullmatch(r"t-1-Bestellung-[0-9a-f]{6}\.gr-e-[0-9a-f]{6}\.not-null", each) for each in found)


NAMES = st.one_of(
    st.sampled_from(
        ["c", "rows", "rows-2", "primary-key", "not-null", "null-values", "null-values-error-eq", "-", "ß"]
    ),
    st.text(max_size=8),
)
THRESHOLDS = st.builds(
    Threshold, operator=st.sampled_from([Operator.EQUAL, Operator.LESS]), value=st.integers(-2, 2).map(Decimal)
)
COLUMN_RULES = st.builds(
    rule,
    id=st.none() | NAMES,
    name=st.none() | st.sampled_from(["a", "b"]),
    metric=st.sampled_from(["nullValues", "missingValues", "duplicateValues"]),
    threshold=THRESHOLDS,
    severity=st.sampled_from([None, "info", "a b"]),
    unit=st.sampled_from(["rows", "percent"]),
    arguments=st.builds(RuleArguments, missing_values=st.sampled_from([(), ("x",)])),
)
TABLE_RULES = st.builds(
    rule, id=st.none() | NAMES, metric=st.just("rowCount"), threshold=THRESHOLDS, name=st.none() | st.just("a")
)


def meaning(check: Check) -> tuple[object, ...]:
    return check.kind, check.dataset, check.columns, check.severity, check.unit, check.name, check.expected


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_ids_are_unique_readable_and_independent_of_the_order_of_rules(data: st.DataObject) -> None:
    names = data.draw(st.lists(NAMES, min_size=1, max_size=3, unique=True))
    columns = [
        column(name, *data.draw(st.lists(COLUMN_RULES, max_size=5)), required=True, primary_key_position=place)
        for place, name in enumerate(names, start=1)
    ]
    rules = data.draw(st.lists(TABLE_RULES, max_size=4))
    told = data.draw(NAMES)
    turned = [
        replace(each, rules=tuple(data.draw(st.permutations(each.rules))))
        for each in data.draw(st.permutations(columns))
    ]

    first = plan(dataset(*columns, name=told, rules=tuple(rules)))
    second = plan(dataset(*turned, name=told, rules=tuple(data.draw(st.permutations(rules)))))

    found = [check.id for check in first.checks]
    metrics = [probe.metric for check in first.checks for probe in check.probes if hasattr(probe, "metric")]
    assert all(ID.match(each) for each in [*found, *metrics, first.datasets[0].rows_metric])
    assert len({*found}) == len(found)
    assert len({*metrics, first.datasets[0].rows_metric}) == len(metrics) + 1
    by_id = {check.id: meaning(check) for check in first.checks if check.kind.value not in {"schema", "primary_key"}}
    assert {name: by_id[name] for name in by_id} == {
        check.id: meaning(check) for check in second.checks if check.kind.value not in {"schema", "primary_key"}
    }


def test_a_subset_is_asked_for_by_dataset_and_id() -> None:
    whole = plan(dataset(column("c", required=True)), dataset(column("c", required=True), name="u"))

    assert [check.id for check in subset(whole, "u", ()).checks] == ["u.schema", "u.extra-columns", "u.c.not-null"]
    assert [check.id for check in subset(whole, None, ("u.c.not-null", "t.schema")).checks] == [
        "t.schema",
        "u.c.not-null",
    ]
    assert subset(whole, "u", ()).datasets == whole.datasets


@pytest.mark.parametrize(
    ("dataset_name", "checks", "words"),
    [
        ("uu", (), "no dataset 'uu'; did you mean u?"),
        (None, ("t.c.notnull",), "did you mean t.c.not-null"),
        ("u", ("t.c.not-null",), "leaves no check"),
    ],
)
def test_asking_for_what_is_not_there_is_a_usage_error(
    dataset_name: str | None, checks: tuple[str, ...], words: str
) -> None:
    whole = plan(dataset(column("c", required=True)), dataset(column("c"), name="u"))

    with pytest.raises(UsageError, match=re.escape(words)):
        subset(whole, dataset_name, checks)
