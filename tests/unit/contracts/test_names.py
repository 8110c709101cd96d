"""Names of tables, columns, references and contracts."""

from collections.abc import Callable

import pytest

from monitor.contracts.identifiers import slug_of
from monitor.contracts.references import Names
from monitor.contracts.semver import VERSION_TEXT
from monitor.domain.contract import Contract

NAMES = Names(
    columns={"orders": ("id", "a.b", "customer"), "my.table": ("x",)},
    object_ids={"orders_tbl": "orders"},
    column_ids={("orders", "pk"): "id"},
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("orders.id", ("orders", "id")),
        ("orders.a.b", ("orders", "a.b")),
        ("my.table.x", ("my.table", "x")),
        ("schema/orders_tbl/properties/pk", ("orders", "id")),
        ("/schema/orders_tbl/properties/pk", ("orders", "id")),
        ("/schema/orders/properties/customer", ("orders", "customer")),
    ],
)
def test_both_notations_of_a_reference_resolve(text: str, found: tuple[str, str]) -> None:
    assert NAMES.resolve(text) == found


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("orders.idd", "orders declares no property 'idd'"),
        ("users.id", "the contract declares no object 'users'"),
        ("orders", "is an object, expected one of its properties"),
        ("id", "names no object"),
        ("orders.customer.street", "is a nested property"),
        ("other.yaml#/schema/x/properties/y", "another file"),
        ("schema/orders_tbl/properties/nope", "no property with the id"),
        ("schema/orders_tbl", "is no reference"),
    ],
)
def test_what_does_not_resolve_says_why(text: str, reason: str) -> None:
    found = NAMES.resolve(text)
    assert isinstance(found, str)
    assert reason in found


def test_an_unresolved_relationship_is_kept_with_its_reason(read: Callable[..., Contract]) -> None:
    contract = read("schema: [{name: t, properties: [{name: c, relationships: [{to: u.c}]}]}]")
    (relationship,) = contract.datasets[0].columns[0].relationships
    assert relationship.to.problem is not None
    assert relationship.to.text == "u.c"


def test_composite_keys_keep_their_order(read: Callable[..., Contract]) -> None:
    contract = read("""\
        schema:
          - name: lines
            properties: [{name: order_id}, {name: number}]
            relationships: [{from: [lines.number, order_id], to: [orders.b, orders.a]}]
          - {name: orders, properties: [{name: a}, {name: b}]}
        """)
    (relationship,) = contract.datasets[0].relationships
    assert relationship.columns == ("number", "order_id")
    assert (relationship.to.dataset, relationship.to.columns) == ("orders", ("b", "a"))


@pytest.mark.parametrize(
    ("relationship", "problem"),
    [
        ("{from: [t.a], to: t.b}", "from and to must both be one property or both be lists"),
        ("{from: [t.a, t.b], to: [t.b]}", "from has 2 and to has 1"),
        ("{to: t.b}", "from is missing"),
    ],
)
def test_both_ends_of_a_relationship_have_one_shape(
    problems: Callable[..., list[str]], relationship: str, problem: str
) -> None:
    text = f"schema: [{{name: t, properties: [{{name: a}}, {{name: b}}], relationships: [{relationship}]}}]"
    assert any(problem in found for found in problems(text))


@pytest.mark.parametrize(
    ("physical", "schema", "table"),
    [
        ("orders", None, "orders"),
        ("sales.orders", "sales", "orders"),
        ('"My.Schema"."t""x"', "My.Schema", 't"x'),
        ('sales."Order Lines"', "sales", "Order Lines"),
        ("db.sales.orders", "sales", "orders"),
        ("a..b", None, "a..b"),
    ],
)
def test_a_physical_name_may_carry_a_schema(
    read: Callable[..., Contract], physical: str, schema: str | None, table: str
) -> None:
    (dataset,) = read(f"schema: [{{name: t, physicalName: '{physical}'}}]").datasets
    assert (dataset.schema, dataset.table) == (schema, table)


def test_a_name_without_physical_name_is_taken_exactly(read: Callable[..., Contract]) -> None:
    (dataset,) = read("schema: [{name: a.b, properties: [{name: Größe}, {name: d, physicalName: '\"D\"'}]}]").datasets
    assert (dataset.schema, dataset.table) == (None, "a.b")
    assert [column.physical_name for column in dataset.columns] == ["Größe", "D"]


def test_long_names_are_remarked(read: Callable[..., Contract]) -> None:
    (remark,) = read(f"schema: [{{name: {'é' * 32}}}]").remarks
    assert "64 bytes long" in remark


def test_a_slug_is_the_id_or_carries_a_hash() -> None:
    assert slug_of("nyc-flights_2.x") == "nyc-flights_2.x"
    assert slug_of("NYC Flights").startswith("nyc-flights-")
    assert slug_of("NYC flights") != slug_of("NYC Flights")
    for hostile in ("..", "../../etc", ".hidden", "-x", "é", "x" * 500):
        slug = slug_of(hostile)
        assert len(slug) <= 80
        assert slug[0].isalnum()
        assert "/" not in slug


@pytest.mark.parametrize("version", ["../../etc", "", "1/2", "a b"])
def test_a_version_that_no_file_could_be_named_after_is_refused(version: str) -> None:
    assert VERSION_TEXT.fullmatch(version) is None


def test_key_positions_follow_the_numbers(read: Callable[..., Contract], problems: Callable[..., list[str]]) -> None:
    column = "{name: %s, primaryKey: true, primaryKeyPosition: %%s}"
    text = f"schema: [{{name: t, properties: [{column % 'a'}, {column % 'b'}]}}]"
    (dataset,) = read(text % (2, 1)).datasets
    assert [column.name for column in dataset.primary_key] == ["b", "a"]
    assert [column.name for column in read(text % (-1, -1)).datasets[0].primary_key] == ["a", "b"]
    assert "position 1 is taken by 'a'" in problems(text % (1, 1))[0]
    assert "expected 1 to 2" in read(text % (1, 3)).remarks[0]


def test_a_measure_is_no_column(read: Callable[..., Contract]) -> None:
    contract = read("schema: [{name: t, properties: [{name: a}, {name: m, semanticType: measure}]}]")
    assert [column.name for column in contract.datasets[0].columns] == ["a"]
    assert "a measure is no column" in contract.unchecked[0].reason
