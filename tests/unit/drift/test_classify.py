"""What differs between two looks at a table is told completely, once, and with whom it hurts."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.contract import Column, Contract, Dataset
from monitor.domain.drift import ColumnShape, DriftEvent, DriftKind, Hurt, TableShape, shape_of
from monitor.domain.scan import ColumnSeen, TableSeen
from monitor.drift.classify import classify, compare, promised
from monitor.drift.ledger import edited_in_place
from monitor.drift.words import consequence, sentence
from tests.runs import CONTRACT

K = DriftKind
INVERSE = {
    K.ADDED: K.REMOVED,
    K.REMOVED: K.ADDED,
    K.WIDENED: K.NARROWED,
    K.NARROWED: K.WIDENED,
    K.NOW_NULLABLE: K.NOW_NOT_NULL,
    K.NOW_NOT_NULL: K.NOW_NULLABLE,
    K.TABLE_CREATED: K.TABLE_DROPPED,
    K.TABLE_DROPPED: K.TABLE_CREATED,
}
TYPES = ["integer", "bigint", "text", "character varying(10)", "timestamp", "timestamp with time zone", "numeric(10,2)"]


def column(name: str, type_: str = "integer", position: int = 1, *, nullable: bool = True) -> ColumnShape:
    return ColumnShape(name=name, type=type_, nullable=nullable, position=position)


@st.composite
def tables(draw: st.DrawFn) -> tuple[ColumnShape, ...]:
    names = draw(st.lists(st.sampled_from("abcdefg"), unique=True))
    return tuple(
        column(name, draw(st.sampled_from(TYPES)), position, nullable=draw(st.booleans()))
        for position, name in enumerate(names, start=1)
    )


def only(before: tuple[ColumnShape, ...], after: tuple[ColumnShape, ...]) -> DriftEvent:
    (event,) = classify(before, after, "postgres")
    return event


@pytest.mark.parametrize(
    ("before", "after", "kind", "hurts", "words"),
    [
        (column("n"), column("n", "bigint"), K.WIDENED, Hurt.CONSUMERS, "n became wider: integer → bigint"),
        (column("n", "bigint"), column("n"), K.NARROWED, Hurt.PRODUCERS, "n became narrower: bigint → integer"),
        (column("n", "text"), column("n"), K.RETYPED, Hurt.BOTH, "n has another type: text → integer"),
        (
            column("n", "text"),
            column("n", "character varying"),
            K.RETYPED,
            Hurt.NOBODY,
            "n has another type: text → character varying",
        ),
        (column("n", nullable=False), column("n"), K.NOW_NULLABLE, Hurt.CONSUMERS, "n may now be NULL"),
        (column("n"), column("n", nullable=False), K.NOW_NOT_NULL, Hurt.PRODUCERS, "n must no longer be NULL"),
        (column("n"), column("m"), K.RENAMED, Hurt.BOTH, "n looks renamed to m"),
    ],
)
def test_a_column_that_changed(before: ColumnShape, after: ColumnShape, kind: K, hurts: Hurt, words: str) -> None:
    event = only((before,), (after,))
    assert (event.kind, event.hurts, sentence(event)) == (kind, hurts, words)


def test_a_new_column_hurts_nobody_unless_writers_must_fill_it() -> None:
    event = only((), (column("n"),))
    assert (event.hurts, sentence(event)) == (Hurt.NOBODY, "n is new (integer)")
    event = only((), (column("n", nullable=False),))
    assert (event.hurts, sentence(event)) == (Hurt.PRODUCERS, "n is new (integer not null)")


def test_a_column_that_is_gone_hurts_everybody() -> None:
    event = only((column("n"),), ())
    assert (event.hurts, sentence(event)) == (Hurt.BOTH, "n is gone (was integer)")
    assert consequence(event) == "may break who reads or writes it"


def test_another_type_in_the_same_place_is_no_rename() -> None:
    events = classify((column("n"),), (column("m", "text"),), "postgres")
    assert [event.kind for event in events] == [K.REMOVED, K.ADDED]


def test_the_same_type_in_another_place_is_no_rename() -> None:
    before = (column("a", position=1), column("b", "text", position=2))
    after = (column("b", "text", position=1), column("c", position=2))
    assert [event.kind for event in classify(before, after, "postgres")] == [K.REMOVED, K.ADDED]


def test_columns_in_another_order_are_one_event() -> None:
    before = tuple(column(name, position=place) for place, name in enumerate("abcd", start=1))
    after = tuple(column(name, position=place) for place, name in enumerate("acbd", start=1))
    event = only(before, after)
    assert sentence(replace(event, table="flights")) == "flights has its columns in another order: c where b was"


def test_a_column_that_was_put_in_front_moves_nobody() -> None:
    before = (column("a", position=1), column("b", position=2))
    after = (column("new", "text", position=1), column("a", position=2), column("b", position=3))
    assert [event.kind for event in classify(before, after, "postgres")] == [K.ADDED]


def test_tables_come_and_go() -> None:
    table = TableShape(kind="table", columns=(column("n"),))
    (gone,) = compare("flights", table, None, "postgres")
    (come,) = compare("flights", None, table, "postgres")
    assert (gone.kind, gone.hurts, sentence(gone)) == (K.TABLE_DROPPED, Hurt.BOTH, "flights is gone")
    assert (come.kind, come.hurts, sentence(come)) == (K.TABLE_CREATED, Hurt.NOBODY, "flights is new")
    assert compare("flights", None, None, "postgres") == ()


def test_a_table_that_became_a_view_hurts_who_writes_it() -> None:
    table = TableShape(kind="table", columns=())
    (event,) = compare("flights", table, replace(table, kind="view"), "postgres")
    assert (event.hurts, sentence(event)) == (Hurt.PRODUCERS, "flights is a view now, it was a table")
    (event,) = compare("flights", replace(table, kind="view"), table, "postgres")
    assert event.hurts is Hurt.NOBODY


def live(*columns: ColumnSeen) -> TableShape:
    return shape_of(TableSeen(kind="table", schema="nyc", readable=True, estimated_rows=0, columns=columns))


def seen(name: str, type_: str, position: int = 1, base_type: str | None = None) -> ColumnSeen:
    return ColumnSeen(name=name, type=type_, nullable=True, position=position, base_type=base_type)


def contract(*columns: Column, column_order: str = "allow") -> TableShape:
    dataset = Dataset(name="t", schema=None, table="t", columns=columns, line=1)
    promising: Contract = replace(CONTRACT, datasets=(dataset,), column_order=column_order)
    return promised(promising, dataset)


def test_what_a_contract_leaves_open_is_no_drift() -> None:
    said = contract(
        Column(name="a", physical_name="a", physical_type="varchar", line=1),
        Column(name="b", physical_name="b", logical_type="string", line=2),
    )
    assert compare("t", said, live(seen("b", "text", 1), seen("a", "character varying(9)", 2)), "postgres") == ()


def test_what_a_contract_says_is_held_against_the_table() -> None:
    said = contract(
        Column(name="a", physical_name="A", physical_type="varchar(5)", required=True, line=1),
        Column(name="b", physical_name="b", physical_type="int", line=2),
        column_order="warn",
    )
    found = live(seen("b", "integer", 1), seen("A", "character varying(9)", 2), seen("more", "text", 3))
    kinds = [event.kind for event in compare("t", said, found, "postgres")]
    assert kinds == [K.ADDED, K.WIDENED, K.NOW_NULLABLE, K.REORDERED]


def test_a_contract_may_mean_what_a_domain_rests_on() -> None:
    said = contract(Column(name="zip", physical_name="zip", physical_type="text", line=1))
    assert compare("t", said, live(seen("zip", "us_zip", base_type="text")), "postgres") == ()


def test_a_released_contract_that_means_something_else_stands_in_the_ledger() -> None:
    known = {(CONTRACT.id, CONTRACT.version): "sha256:other"}
    event = edited_in_place(known, CONTRACT)
    assert event is not None
    assert (event.kind, event.before, event.after) == (K.EDITED_IN_PLACE, "sha256:other", CONTRACT.meaning)
    assert sentence(event).startswith("the released contract was edited")


def test_a_draft_may_change_and_a_contract_may_be_new() -> None:
    known = {(CONTRACT.id, CONTRACT.version): "sha256:other"}
    assert edited_in_place(known, replace(CONTRACT, status="draft")) is None
    assert edited_in_place({}, CONTRACT) is None
    assert edited_in_place({(CONTRACT.id, CONTRACT.version): CONTRACT.meaning}, CONTRACT) is None


@given(tables())
def test_equal_looks_tell_nothing(table: tuple[ColumnShape, ...]) -> None:
    assert classify(table, table, "postgres") == ()


@given(tables(), tables())
def test_the_events_lead_from_one_look_to_the_other(
    before: tuple[ColumnShape, ...], after: tuple[ColumnShape, ...]
) -> None:
    assert applied(before, classify(before, after, "postgres")) == meaning(after)


@given(tables(), tables())
def test_the_way_back_is_the_way_there_turned_round(
    before: tuple[ColumnShape, ...], after: tuple[ColumnShape, ...]
) -> None:
    there = Counter(event.kind for event in classify(before, after, "postgres"))
    back = Counter(INVERSE.get(event.kind, event.kind) for event in classify(after, before, "postgres"))
    assert there == back


@given(tables(), tables())
def test_a_column_in_the_same_place_with_the_same_type_is_renamed_and_never_lost(
    before: tuple[ColumnShape, ...], after: tuple[ColumnShape, ...]
) -> None:
    events = classify(before, after, "postgres")
    renamed = {event.before: event.after for event in events if event.kind is K.RENAMED}
    assert len(set(renamed.values())) == len(renamed)
    old, new = {c.name: c for c in before}, {c.name: c for c in after}
    assert all(old[was].position == new[now].position for was, now in renamed.items() if was and now)


@given(tables(), tables())
def test_every_event_has_words(before: tuple[ColumnShape, ...], after: tuple[ColumnShape, ...]) -> None:
    for event in classify(before, after, "postgres"):
        assert "None" not in sentence(event)
        assert consequence(event)


Meaning = set[tuple[str, str | None, bool | None]]


def meaning(table: tuple[ColumnShape, ...]) -> Meaning:
    return {(each.name, each.type, each.nullable) for each in table}


def applied(table: tuple[ColumnShape, ...], events: tuple[DriftEvent, ...]) -> Meaning:
    """The table after the events, read from nothing but the events."""
    columns: dict[str | None, tuple[str | None, bool | None]] = {
        each.name: (each.type, each.nullable) for each in table
    }
    for event in events:
        match event.kind:
            case K.RENAMED:
                columns[event.after] = columns.pop(event.before)
            case K.REMOVED:
                del columns[event.column]
            case K.ADDED:
                described = event.after or ""
                columns[event.column] = (described.removesuffix(" not null"), not described.endswith(" not null"))
            case K.WIDENED | K.NARROWED | K.RETYPED:
                columns[event.column] = (event.after, columns[event.column][1])
            case K.NOW_NULLABLE | K.NOW_NOT_NULL:
                columns[event.column] = (columns[event.column][0], event.kind is K.NOW_NULLABLE)
            case _:
                pass
    return {(name or "", *rest) for name, rest in columns.items()}
