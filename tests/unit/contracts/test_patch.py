"""An edit of a contract's text changes what it is about and not one character more."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.contracts.patch import PatchError, add_item, remove, set_value
from monitor.contracts.yaml_reader import read_yaml
from monitor.contracts.yaml_text import inline

TEXT = """\
# head
version: 1.0.0  # the first
schema:
  # the table
  - name: t   # its name
    description: |
      two
      lines

    properties:
      # about a
      - {name: a, physicalType: "integer" }  # tail
      - name: b
        enum: [{value: x}, {value: y}]   # two
      # about c
      - name: c

  - name: u
    relationships: [{from: u.x, to: t.a}]
    quality:
    - {metric: rowCount, mustBe: 1}
"""


def lines(text: str) -> tuple[list[str], list[str]]:
    """Return what a text lost of TEXT and what it got."""
    old, new = TEXT.splitlines(), text.splitlines()
    return [line for line in old if line not in new], [line for line in new if line not in old]


def test_a_value_is_replaced_where_it_stands() -> None:
    assert lines(set_value(TEXT, (), "version", "2.0.0")) == (
        ["version: 1.0.0  # the first"],
        ["version: 2.0.0  # the first"],
    )
    path = ("schema", 0, "properties", 0)
    assert lines(set_value(TEXT, path, "physicalType", "numeric(10,2)"))[1] == [
        '      - {name: a, physicalType: "numeric(10,2)" }  # tail'
    ]


def test_a_new_key_stands_behind_the_first_one_in_the_style_of_its_place() -> None:
    assert lines(set_value(TEXT, ("schema", 0), "physicalName", "s.t")) == ([], ["    physicalName: s.t"])
    added = set_value(TEXT, ("schema", 0, "properties", 0), "physicalName", "A")
    assert lines(added)[1] == ['      - {name: a, physicalName: A, physicalType: "integer" }  # tail']


def test_an_item_is_written_as_its_neighbour_is() -> None:
    item = {"name": "d", "required": True}
    assert lines(add_item(TEXT, ("schema", 0, "properties"), item)) == (
        [],
        ["      - name: d", "        required: true"],
    )
    assert lines(add_item(TEXT, ("schema", 1, "quality"), item)) == ([], ["    - {name: d, required: true}"])
    assert "{value: y}, {name: d, required: true}]   # two" in add_item(
        TEXT, ("schema", 0, "properties", 1, "enum"), item
    )


@pytest.mark.parametrize(
    ("path", "gone"),
    [
        (("schema", 0, "properties", 0), ['      - {name: a, physicalType: "integer" }  # tail']),
        (("schema", 0, "properties", 2), ["      - name: c"]),
        (("schema", 1, "relationships", 0), ["    relationships: [{from: u.x, to: t.a}]"]),
        (("schema", 1, "quality", 0), ["    quality:", "    - {metric: rowCount, mustBe: 1}"]),
    ],
)
def test_what_goes_takes_its_lines_and_no_others(path: tuple[str | int, ...], gone: list[str]) -> None:
    assert lines(remove(TEXT, path)) == (gone, [])


def test_a_piece_of_a_line_goes_with_its_comma() -> None:
    path = ("schema", 0, "properties", 1, "enum")
    assert "        enum: [{value: y}]   # two\n" in remove(TEXT, (*path, 0))
    assert "        enum: [{value: x}]   # two\n" in remove(TEXT, (*path, 1))


def test_line_ends_of_windows_stay() -> None:
    text = TEXT.replace("\n", "\r\n")
    for edited in (
        set_value(text, ("schema", 0), "physicalName", "s.t"),
        add_item(text, ("schema", 0, "properties"), {"name": "d"}),
        remove(text, ("schema", 0, "properties", 0)),
    ):
        assert edited.count("\n") == edited.count("\r\n") != text.count("\r\n")
        read_yaml(edited)


def test_the_last_line_without_an_end_is_no_trouble() -> None:
    text = TEXT.rstrip("\n")
    assert read_yaml(add_item(text, ("schema", 1, "quality"), {"metric": "rowCount"})).root["schema"][1]["quality"][1]  # type: ignore[call-overload,index]


def test_aliases_are_refused() -> None:
    with pytest.raises(PatchError, match="aliases"):
        set_value("a: &x {b: 1}\nc: *x\n", ("a",), "b", 2)


VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-9, 9),
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    ),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("ab:,#{}[]'\" \n-", min_size=1), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(VALUES)
def test_whatever_is_written_is_read_back_the_same(value: object) -> None:
    edited = set_value(TEXT, ("schema", 0, "properties", 0), "description", {"v": value})  # type: ignore[dict-item]
    item = read_yaml(edited).root["schema"][0]["properties"][0]  # type: ignore[call-overload,index]
    assert item["description"]["v"] == value
    assert inline("true") == '"true"'
