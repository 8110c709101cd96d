"""What is known of renamed columns outweighs what they look like; what is not known is never guessed among several."""

import pytest

from monitor.domain.drift import ColumnShape, DriftEvent, DriftKind, Hurt, TableShape
from monitor.drift.classify import classify, compare
from monitor.drift.renames import remembered


def shape(*columns: str) -> TableShape:
    """Columns as `name type`, in order."""
    return TableShape(kind="table", columns=tuple(live(*each.split(), place=n) for n, each in enumerate(columns, 1)))


def live(name: str, type_: str, *, place: int) -> ColumnShape:
    return ColumnShape(name=name, type=type_, nullable=True, position=place)


def promise(name: str, place: int, logical: str | None = None, physical: str | None = None) -> ColumnShape:
    return ColumnShape(name=name, type=physical, logical_type=logical, nullable=None, position=place, is_promise=True)


def renamed(name: str, to: str, table: str = "t") -> DriftEvent:
    return DriftEvent(kind=DriftKind.RENAMED, hurts=Hurt.BOTH, table=table, column=name, before=name, after=to)


def told(events: tuple[DriftEvent, ...]) -> dict[str | None, str | None]:
    return {event.before: event.after for event in events if event.kind is DriftKind.RENAMED}


@pytest.mark.parametrize(
    ("there", "found"),
    [
        (("id integer", "total numeric", "note text"), {"amount": "total"}),
        (("id integer", "total text", "note text"), {}),  # no number
        (("id integer", "more text", "total numeric", "note text"), {"amount": "total"}),
        (("id integer", "more numeric", "total numeric", "note text"), {}),  # which of them?
        (("id integer", "note text", "total numeric"), {}),  # not between id and note
    ],
)
def test_a_promised_column_is_looked_for_between_its_neighbours_by_its_logical_type(
    there: tuple[str, ...], found: dict[str, str]
) -> None:
    promised = (promise("id", 1, "integer"), promise("amount", 2, "number"), promise("note", 3, "string"))
    assert told(classify(promised, shape(*there).columns, "postgres")) == found


def test_a_column_of_no_type_looks_like_nothing() -> None:
    assert told(classify((promise("a", 1),), shape("b text").columns, "postgres")) == {}


def test_a_known_name_outweighs_the_place_and_the_type() -> None:
    promised = (promise("id", 1, "integer"), promise("amount", 2, "number"))
    there = shape("id integer", "extra numeric", "total text")
    assert told(classify(promised, there.columns, "postgres", renames={"amount": "total"})) == {"amount": "total"}


@pytest.mark.parametrize("known", [{"id": "total"}, {"amount": "id"}, {"amount": "nowhere"}])
def test_what_is_known_of_columns_that_did_not_come_and_go_does_not_count(known: dict[str, str]) -> None:
    before, after = shape("id integer", "amount numeric"), shape("id integer", "total text")
    assert told(compare("t", before, after, "postgres", renames=known)) == {}


def test_names_are_followed_from_the_first_to_the_newest() -> None:
    events = (renamed("a", "b"), renamed("x", "y", table="other"), renamed("b", "c"))
    names = remembered("t", events, shape("c integer"), shape("d integer"), "postgres")
    assert names == {"a": "d", "b": "d", "c": "d"}


def test_a_name_that_came_back_is_that_column_again() -> None:
    names = remembered("t", (renamed("a", "b"), renamed("b", "a")), shape("a integer"), shape("a integer"), "postgres")
    assert names["b"] == "a"
