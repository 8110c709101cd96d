"""Every change of a contract is told once, with whom it hurts; none that breaks readers passes for words."""

import textwrap
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.contracts.files import Source
from monitor.contracts.meaning import meaning_of
from monitor.contracts.reading import parse
from monitor.contracts.semver import Version
from monitor.domain.change import Bump, Change, Effect
from monitor.domain.check import Operator, Threshold
from monitor.domain.contract import (
    Column,
    Contract,
    ContractServer,
    Dataset,
    Limits,
    QualityRule,
    Reference,
    Relationship,
    ServiceLevel,
)
from monitor.domain.drift import Hurt
from monitor.domain.duration import Duration
from monitor.drift.bumps import next_version, required_bump, why_not_carried
from monitor.drift.diff import diff
from monitor.drift.ranges import allowed

B, T, C = Effect.BREAKING, Effect.TIGHTENING, Effect.COSMETIC
MIRROR = {
    Hurt.CONSUMERS: Hurt.PRODUCERS,
    Hurt.PRODUCERS: Hurt.CONSUMERS,
    Hurt.BOTH: Hurt.BOTH,
    Hurt.NOBODY: Hurt.NOBODY,
}
HEAD = "apiVersion: v3.2.0\nkind: DataContract\nid: shop\nversion: 1.0.0\nstatus: active\n"
ORDERS = """\
schema:
  - name: orders
    physicalType: table
    properties:
      - {name: id, physicalType: integer, primaryKey: true, primaryKeyPosition: 1}
      - {name: amount, physicalType: "numeric(10,2)", required: true, logicalTypeOptions: {minimum: 0, maximum: 100}}
      - {name: state, physicalType: text, enum: [{value: open}, {value: paid}], quality: [{id: few, metric: nullValues, mustBeLessThan: 5}]}
      - {name: customer, physicalType: integer, relationships: [{to: customers.id}]}
  - name: customers
    properties:
      - {name: id, physicalType: integer, unique: true}
      - {name: mail, logicalType: string, logicalTypeOptions: {maxLength: 80, pattern: "@"}}
slaProperties:
  - {property: freshness, value: 6, unit: h, element: orders.id}
  - {property: availability, value: 99.5, unit: percent}
"""


def contract(text: str = ORDERS, head: str = HEAD) -> Contract:
    return parse(Source(text=head + textwrap.dedent(text), fingerprint="sha256:0"), "shop.odcs.yaml")


def edited(*edits: tuple[str, str]) -> tuple[Change, ...]:
    text = HEAD + ORDERS
    for old, new in edits:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return diff(contract(), contract(text, head=""))


@pytest.mark.parametrize(
    ("old", "new", "effect", "what"),
    [
        ("physicalType: integer, primaryKey", "physicalType: bigint, primaryKey", B, "orders.id: id became wider: integer → bigint"),
        ("numeric(10,2)", "numeric(8,2)", T, "orders.amount: amount became narrower: numeric(10,2) → numeric(8,2)"),
        ("numeric(10,2)", "numeric", B, "orders.amount: amount became wider: numeric(10,2) → numeric"),
        ("numeric(10,2)", "date", B, "orders.amount: amount has another type: numeric(10,2) → date"),
        ("required: true, ", "", B, "orders.amount: amount may now be NULL"),
        ("logicalType: string,", "logicalType: string, required: true,", T, "customers.mail: mail must no longer be NULL"),
        ("name: amount", "name: total", B, "orders.amount: amount looks renamed to total"),
        ("name: amount", "name: total, physicalName: amount", C, "orders.total: name was 'amount', is 'total'"),
        ("minimum: 0, ", "", B, "orders.amount: range was at least 0 and at most 100, is at most 100"),
        ("maximum: 100", "maximum: 50", T, "orders.amount: range was at least 0 and at most 100, is at least 0 and at most 50"),
        ("maximum: 100", "maximum: 100.0", None, ""),
        ("maxLength: 80", "maxLength: 90", B, "customers.mail: length was at most 80, is at most 90"),
        ('pattern: "@"', 'pattern: "."', B, "customers.mail: pattern was '@', is '.'"),
        (", {value: paid}", "", T, "orders.state: enum no longer has 'paid'"),
        ("{value: paid}", "{value: paid}, {value: lost}", B, "orders.state: enum also has 'lost'"),
        ("[{value: open}, {value: paid}]", "[{value: paid}, {value: open}]", C, "orders.state: enum stands in another order"),
        ("mustBeLessThan: 5", "mustBeLessThan: 6", B, "orders.state.few: must be < 6, was < 5"),
        ("mustBeLessThan: 5", "mustBeLessOrEqualTo: 4.5", T, "orders.state.few: must be <= 4.5, was < 5"),
        ("mustBeLessThan: 5", "mustBeGreaterThan: 5", B, "orders.state.few: must be > 5, was < 5"),
        ("mustBeLessThan: 5", "mustBeLessThan: 5, unit: percent", B, "orders.state.few: was nullValues in rows, is nullValues in percent"),
        ("mustBeLessThan: 5", "mustBeLessThan: 5, severity: warning", B, "orders.state.few: severity was nothing, is 'warning'"),
        ("mustBeLessThan: 5", "mustBeLessThan: 5, severity: high", C, "orders.state.few: severity was nothing, is 'high'"),
        ("mustBeLessThan: 5", "mustBeLessThan: 5, name: hardly any", C, "orders.state.few: name was nothing, is 'hardly any'"),
        (", quality: [{id: few, metric: nullValues, mustBeLessThan: 5}]", "", B, "orders.state: the rule few is gone"),
        (", relationships: [{to: customers.id}]", "", B, "orders: the reference (customer) to customers (id) is gone"),
        (", unique: true", "", B, "customers.id: unique is no longer promised"),
        ("value: 6", "value: 7", B, "slaProperties.freshness: was 6 hours, is 7 hours"),
        ("value: 6, unit: h", "value: 360, unit: min", C, "slaProperties.freshness: was 6 hours, is 6 hours"),
        ("value: 6", "value: 5", T, "slaProperties.freshness: was 6 hours, is 5 hours"),
        ("value: 99.5", "value: 99.9", T, "slaProperties.availability: was 99.5 percent, is 99.9 percent"),
        ("value: 99.5", "value: 99", B, "slaProperties.availability: was 99.5 percent, is 99 percent"),
        ("physicalType: table", "physicalType: view", B, "orders: physicalType was 'table', is 'view'"),
        ("status: active", "status: deprecated", C, "status: was active, is deprecated"),
        ("status: active", "status: retired", B, "status: was active, is retired"),
        ("status: active", "status: active\nteam: {name: other}", C, "team: is another"),
        ("name: customers", "name: customers\n    description: people", C, "customers: description was nothing, is 'people'"),
    ],
)  # fmt: skip
def test_a_change_and_whom_it_hurts(old: str, new: str, effect: Effect | None, what: str) -> None:
    assert [f"{change.where}: {change.what}" for change in edited((old, new))] == ([what] if what else [])
    assert [change.effect for change in edited((old, new))] == ([effect] if effect else [])


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("id, physicalType: integer, primaryKey: true, primaryKeyPosition: 1", "id, physicalType: integer", {B}),
        ('numeric(10,2)", required: true', 'numeric(10,2)", primaryKey: true, primaryKeyPosition: 2', {B}),
        ("name: mail,", "name: nick, physicalType: text}\n      - {name: mail,", {T}),
    ],
)
def test_keys_and_columns_that_come_and_go(old: str, new: str, expected: set[Effect]) -> None:
    assert {change.effect for change in edited((old, new))} == expected


@pytest.mark.parametrize(
    ("old", "new", "effect", "what"),
    [
        ("", "{element: id, last: 7d}", B, "only the last 7 days by id are checked"),
        ("{element: id, last: 7d}", "", T, "all rows are checked, not only recent ones"),
        ("{element: id, last: 7d}", "{element: id, last: 1 month}", T, "checkWindow was the last 7 days, is the last 1 month"),
        ("{element: id, last: 1 month}", "{element: id, last: 7d}", B, "checkWindow was the last 1 month, is the last 7 days"),
        ("{element: id, last: 7d}", "{element: at, last: 7d}", B, "recent is said by at now"),
        ("{element: id, last: 7d}", "{element: id, last: 1w}", None, ""),
    ],
)  # fmt: skip
def test_of_fewer_rows_less_is_promised(old: str, new: str, effect: Effect | None, what: str) -> None:
    was, now = (
        contract(
            f"""\
schema:
  - name: t
    customProperties: [{f"{{property: checkWindow, value: {window}}}" if window else ""}]
    properties: [{{name: id, logicalType: date}}, {{name: at, logicalType: timestamp}}]
"""
        )
        for window in (old, new)
    )
    assert [(change.effect, change.what) for change in diff(was, now)] == ([(effect, what)] if effect else [])


def test_a_dataset_that_got_another_name_is_one_story() -> None:
    changes = edited(("- name: orders\n", "- name: sales\n"), ("element: orders.id", "element: sales.id"))
    assert "the table was orders, is sales" in [change.what for change in changes]
    assert not [change for change in changes if "gone" in change.what and change.where == "orders"]


def test_a_column_that_is_gone_is_told_with_each_rule_of_it_and_its_line_in_the_old_file() -> None:
    changes = edited(
        ('      - {name: mail, logicalType: string, logicalTypeOptions: {maxLength: 80, pattern: "@"}}\n', "")
    )
    assert [change.what for change in changes] == [
        "mail is gone (was string)",
        "length was at most 80, is free",
        "pattern '@' is no longer promised",
    ]
    assert {(change.where, change.line, change.is_gone, change.effect) for change in changes} == {
        ("customers.mail", 17, True, B)
    }


def test_a_column_that_kept_its_name_and_got_another_in_the_table_keeps_its_rules() -> None:
    (change,) = edited(("name: mail, logicalType", "name: mail, physicalName: email, logicalType"))
    assert (change.what, change.effect) == ("mail looks renamed to email", B)


def test_another_status_of_another_version_breaks_nobody() -> None:
    (change,) = edited(("version: 1.0.0\nstatus: active", "version: 1.0.1\nstatus: draft"))
    assert (change.where, change.effect) == ("status", C)


def test_a_change_inside_a_column_is_a_change() -> None:
    inside = (
        "schema: [{name: t, properties: [{name: j, logicalType: object, properties: [{name: k, required: true}]}]}]"
    )
    found = diff(contract(inside), contract(inside.replace(", required: true", "")))
    assert [change.effect for change in found] == [B]


SCALARS = st.one_of(st.integers(-3, 3), st.booleans(), st.sampled_from(["a", "b"]), st.decimals(-2, 2, places=1))
BOUNDS = (
    st.none()
    | st.integers(-3, 3)
    | st.decimals(-2, 2, places=1)
    | st.sampled_from(["2024-01-01", "2024-02-01T00:00:00Z", "x"])
)
LENGTHS = st.none() | st.integers(0, 3)


@st.composite
def thresholds(draw: st.DrawFn) -> Threshold:
    operator = draw(st.sampled_from(Operator))
    low, high = sorted((Decimal(draw(st.integers(0, 4))), Decimal(draw(st.integers(0, 4)))))
    is_range = operator in {Operator.BETWEEN, Operator.NOT_BETWEEN}
    return Threshold(operator=operator, value=low, upper=high if is_range else None)


rules = st.lists(
    st.builds(
        QualityRule,
        id=st.sampled_from([None, None, "r", "s"]),
        name=st.none(),
        description=st.sampled_from([None, "words"]),
        type=st.sampled_from(["library", "text", "sql"]),
        metric=st.sampled_from([None, "rowCount", "nullValues"]),
        threshold=st.none() | thresholds(),
        unit=st.sampled_from(["rows", "percent"]),
        query=st.sampled_from([None, "SELECT 1", "SELECT 2"]),
        severity=st.sampled_from([None, "warning", "high"]),
        line=st.integers(1, 9),
    ),
    max_size=3,
    unique_by=lambda rule: rule.id or object(),
).map(tuple)
relationships = st.lists(
    st.builds(
        Relationship,
        id=st.none(),
        columns=st.just(("a",)),
        to=st.sampled_from([Reference(dataset=name, columns=("a",), text=name) for name in "tuv"]),
        line=st.just(1),
    ),
    max_size=2,
    unique_by=lambda each: each.to.dataset,
).map(tuple)


@st.composite
def columns(draw: st.DrawFn, name: str) -> Column:
    return Column(
        name=name,
        physical_name=draw(st.sampled_from([name, name, name.upper()])),
        logical_type=draw(st.sampled_from([None, "integer", "number", "date", "timestamp"])),
        physical_type=draw(
            st.sampled_from([None, "integer", "bigint", "text", "character varying(3)", "numeric(4,1)"])
        ),
        description=draw(st.sampled_from([None, "words"])),
        required=draw(st.booleans()),
        unique=draw(st.booleans()),
        primary_key_position=draw(st.sampled_from([None, None, ord(name)])),
        limits=Limits(
            minimum=draw(BOUNDS),
            exclusive_maximum=draw(BOUNDS),
            max_length=draw(LENGTHS),
            multiple_of=draw(st.sampled_from([None, 1, 2, 3, 4])),
            pattern=draw(st.sampled_from([None, "a", "b"])),
            unique_items=draw(st.booleans()),
        ),
        enum=draw(
            st.none()
            | st.lists(SCALARS, max_size=3, unique_by=lambda value: (isinstance(value, bool), value)).map(tuple)
        ),
        rules=draw(rules),
        relationships=draw(relationships),
        line=draw(st.integers(1, 9)),
    )


@st.composite
def datasets(draw: st.DrawFn, name: str) -> Dataset:
    names = draw(st.lists(st.sampled_from("abc"), unique=True, max_size=3))
    return Dataset(
        name=name,
        schema=draw(st.sampled_from([None, "s"])),
        table=draw(st.sampled_from([name, "t"])),
        physical_type=draw(st.sampled_from([None, "table", "view"])),
        columns=tuple(draw(columns(each)) for each in names),
        rules=draw(rules),
        line=1,
    )


levels = st.lists(
    st.builds(
        ServiceLevel,
        id=st.sampled_from([None, None, "l"]),
        property=st.sampled_from(["freshness", "availability", "errorRate", "strange"]),
        value=st.integers(1, 3),
        unit=st.sampled_from([None, "h"]),
        duration=st.none()
        | st.builds(Duration, months=st.integers(0, 1), seconds=st.sampled_from([Decimal(0), Decimal(60)])),
        line=st.just(1),
    ),
    max_size=2,
    unique_by=lambda level: level.id or object(),
).map(tuple)


@st.composite
def contracts(draw: st.DrawFn) -> Contract:
    names = draw(st.lists(st.sampled_from(["t", "u"]), unique=True, max_size=2))
    found = tuple(draw(datasets(name)) for name in names)
    service_levels = draw(levels)
    extra, order = draw(st.sampled_from(["allow", "warn", "fail"])), draw(st.sampled_from(["allow", "fail"]))
    hosts = draw(st.lists(st.sampled_from("pq"), unique=True))
    return Contract(
        id="shop",
        slug="shop",
        name="shop",
        version="1.0.0",
        status=draw(st.sampled_from(["active", "draft", "retired", "deprecated"])),
        api_version="v3.2.0",
        file="shop.odcs.yaml",
        fingerprint="sha256:0",
        meaning=meaning_of(found, service_levels, extra, order),
        datasets=found,
        service_levels=service_levels,
        servers=tuple(
            ContractServer(name=name, type="postgres", host=draw(st.sampled_from("hi")), line=1) for name in hosts
        ),
        extra_columns=extra,
        column_order=order,
    )


@given(contracts())
def test_nothing_is_different_from_itself(one: Contract) -> None:
    assert diff(one, one) == ()


@settings(max_examples=300)
@given(contracts(), contracts())
def test_what_breaks_one_way_asks_for_more_the_other_way(one: Contract, other: Contract) -> None:
    forth, back = diff(one, other), diff(other, one)
    assert Counter(MIRROR[change.hurts] for change in forth) == Counter(change.hurts for change in back)


@settings(max_examples=300)
@given(contracts(), contracts())
def test_whatever_is_promised_otherwise_is_told_and_nothing_else(one: Contract, other: Contract) -> None:
    changes = diff(one, other)
    assert any(change.is_promised for change in changes) == (one.meaning != other.meaning)
    assert all(change.what and change.reason and change.where for change in changes)


Weaker = Callable[[Column], Column]


@given(columns("a"), st.data())
def test_a_promise_to_readers_that_gets_weaker_is_never_called_cosmetic(column: Column, data: st.DataObject) -> None:
    """Each way to promise less of a column is breaking, whatever else the column says."""
    weaker: list[Weaker] = [
        lambda it: replace(it, required=False, primary_key_position=None),
        lambda it: replace(it, unique=False),
        lambda it: replace(it, enum=None),
        lambda it: replace(it, limits=replace(it.limits, pattern=None)),
        lambda it: replace(it, limits=replace(it.limits, minimum=None)),
        lambda it: replace(it, limits=replace(it.limits, max_length=None)),
        lambda it: replace(it, limits=replace(it.limits, multiple_of=None)),
        lambda it: replace(it, rules=tuple(rule for rule in it.rules if rule.type == "text")),
        lambda it: replace(it, relationships=()),
        lambda it: replace(it, physical_type=None),
        lambda it: replace(it, logical_type=None),
    ]
    less = data.draw(st.sampled_from(weaker))(column)
    changes = diff(_holding(column), _holding(less))
    assert less == column or any(change.effect is B for change in changes)
    assert not [change for change in changes if change.effect is T]


def _holding(column: Column) -> Contract:
    dataset = Dataset(name="t", schema=None, table="t", columns=(column,), line=1)
    blank = contract("schema: [{name: t}]")
    return replace(blank, datasets=(dataset,), meaning=meaning_of((dataset,), (), "warn", "allow"))


@given(thresholds(), thresholds(), st.decimals(-1, 5, places=1))
def test_a_threshold_is_looser_exactly_when_it_allows_more(one: Threshold, other: Threshold, measured: Decimal) -> None:
    """Held against the meaning of thresholds itself: numbers that one allows and the other does not."""
    inside = [
        (bound.low is None or (bound.low <= measured and not (bound.low_open and bound.low == measured)))
        and (bound.high is None or (measured <= bound.high and not (bound.high_open and bound.high == measured)))
        for bound in allowed(one)
    ]
    assert any(inside) == one.holds(measured)
    rule = QualityRule(id="r", name=None, description=None, type="library", metric="rowCount", line=1)
    changes = diff(_holding(_ruled(replace(rule, threshold=one))), _holding(_ruled(replace(rule, threshold=other))))
    if other.holds(measured) and not one.holds(measured):
        assert [change.effect for change in changes] == [B]
    if one.holds(measured) and not other.holds(measured):
        assert changes[0].hurts in {Hurt.PRODUCERS, Hurt.BOTH}


def _ruled(rule: QualityRule) -> Column:
    return Column(name="a", physical_name="a", rules=(rule,), line=1)


@pytest.mark.parametrize(
    ("old", "new", "status", "edit", "why"),
    [
        ("1.4.2", "1.4.3", "active", "unique", "major changes since 1.4.2: 1.4.3 should be 2.0.0"),
        ("1.4.2", "2.0.0", "active", "unique", None),
        ("1.4.2", "2.0.0-rc.1", "active", "unique", None),
        ("1.4.2", "1.4.3", "active", "limit", "minor changes since 1.4.2: 1.4.3 should be 1.5.0"),
        ("1.4.2", "1.5.0", "active", "limit", None),
        ("1.4.2", "1.4.3", "active", "words", None),
        ("1.4.2", "1.4.2", "active", "words", None),
        ("1.4.2", "1.4.2", "active", "limit", "1.4.2 says something else than before; it should be 1.5.0"),
        ("1.4.2", "1.4.2", "draft", "unique", None),
        ("1.4.2", "1.4.1", "active", "words", "the version goes backwards, from 1.4.2 to 1.4.1"),
        ("0.4.2", "0.5.0", "active", "unique", None),
        ("0.4.2", "0.4.3", "active", "unique", "major changes since 0.4.2: 0.4.3 should be 0.5.0"),
        ("1.0.0-rc.1", "1.0.0-rc.2", "active", "unique", None),
        ("spring", "autumn", "active", "unique", None),
    ],
)
def test_a_version_carries_its_changes(old: str, new: str, status: str, edit: str, why: str | None) -> None:
    edits = {
        "unique": replace(contract(), version=new, datasets=()),
        "limit": contract(ORDERS.replace("maximum: 100", "maximum: 90")),
        "words": replace(contract(), purpose="other words"),
    }
    was, now = replace(contract(), version=old, status=status), replace(edits[edit], version=new, status=status)
    assert why_not_carried(was, now, diff(was, now)) == why


def test_no_change_needs_no_version() -> None:
    assert required_bump(()) is Bump.NONE
    assert next_version(Version.parse("1"), Bump.MINOR) == "1.1.0"
