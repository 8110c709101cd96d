"""Two versions of a contract → every change, with whom it hurts and what the version must do for it. Pure.

It stands here and not beside the reader of contracts because it speaks drift's words: what a change of a column means
is the same whether a table or a contract changed.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from monitor.checks.dialect import SERVER_TYPES
from monitor.contracts.findings import shown
from monitor.domain.change import Change
from monitor.domain.contract import CheckWindow, Column, Contract, ContractServer, Dataset, Relationship
from monitor.domain.drift import ColumnShape, DriftEvent, DriftKind, Hurt
from monitor.drift.classify import classify
from monitor.drift.diff_columns import column_edits
from monitor.drift.diff_rules import level_changes, rule_changes
from monitor.drift.edits import Edit, between, flag, placed, reason_for, reworded
from monitor.drift.words import sentence

ANSWERS = ("allow", "warn", "fail")
OVER = frozenset({"retired"})
UNRELEASED = frozenset({"draft", "proposed"})


def diff(old: Contract, new: Contract) -> tuple[Change, ...]:
    """Return all that the newer contract says otherwise, in the order of its file's parts; nothing for the same one."""
    found = [
        *_about_the_contract(old, new),
        *_datasets(old, new),
        *level_changes(old.service_levels, new.service_levels),
        *_unchecked(old, new),
    ]
    if old.meaning != new.meaning and not any(change.is_promised for change in found):
        # Whatever is promised and has no words here yet must never pass for nothing.
        found.append(_change(new.id, "what is promised is different", Hurt.BOTH, 1))
    return tuple(found)


def _about_the_contract(old: Contract, new: Contract) -> Iterator[Change]:
    if old.id != new.id:
        yield _change("id", f"was {shown(old.id)}, is {shown(new.id)}", Hurt.BOTH, 1)
    yield from _status(old, new)
    for word, was, now in (
        ("extraColumns", old.extra_columns, new.extra_columns),
        ("columnOrder", old.column_order, new.column_order),
    ):
        if was != now:
            is_stricter = ANSWERS.index(now) > ANSWERS.index(was)
            hurts = Hurt.PRODUCERS if is_stricter else Hurt.CONSUMERS
            yield _change(word, f"was {was}, is {now}", hurts, 1)
    yield from _servers(old.servers, new.servers)
    for word, one, other in (
        ("name", old.name, new.name),
        ("apiVersion", old.api_version, new.api_version),
        ("team", old.owner, new.owner),
        ("support", old.support, new.support),
        ("domain", old.domain, new.domain),
        ("description.purpose", old.purpose, new.purpose),
        ("description.usage", old.usage, new.usage),
        ("description.limitations", old.limitations, new.limitations),
        ("runbook", old.runbook, new.runbook),
        ("tags", old.tags, new.tags),
    ):
        for edit in reworded("", one, other):
            yield placed(edit, word, 1)


def _status(was: Contract, now: Contract) -> Iterator[Change]:
    """A step in a version's life is no promise by itself, but its end takes all promises away.

    Another version has a life of its own: that it is a draft takes nothing from the one before.
    """
    old, new = was.status, now.status
    if old == new:
        return
    is_over, was_over = (was.version == now.version and status in OVER | UNRELEASED for status in (new, old))
    hurts = Hurt.NOBODY if is_over == was_over else Hurt.CONSUMERS if is_over else Hurt.PRODUCERS
    reason = {
        Hurt.NOBODY: "a step in the life of a version: should break nobody",
        Hurt.CONSUMERS: "nothing is promised under this version any more: may break who reads it",
        Hurt.PRODUCERS: "from now on its promises count: may break who writes it",
    }[hurts]
    yield Change(where="status", what=f"was {old}, is {new}", hurts=hurts, reason=reason, is_promised=False)


def _servers(old: tuple[ContractServer, ...], new: tuple[ContractServer, ...]) -> Iterator[Change]:
    """Where data lives is no part of the meaning, but a server that is gone breaks who reads there."""
    was, now = ({server.name: server for server in servers} for servers in (old, new))
    for name, server in was.items():
        if name not in now:
            yield _server(name, "is gone", Hurt.CONSUMERS, server.line, is_gone=True)
        elif _place(server) != _place(now[name]):
            what = f"was {_place(server)}, is {_place(now[name])}"
            yield _server(name, what, Hurt.BOTH, now[name].line)
        elif server.environment != now[name].environment:
            what = f"environment was {shown(server.environment)}, is {shown(now[name].environment)}"
            yield _server(name, what, Hurt.NOBODY, now[name].line)
    for name, server in now.items():
        if name not in was:
            yield _server(name, f"is new ({_place(server)})", Hurt.PRODUCERS, server.line)


def _server(name: str, what: str, hurts: Hurt, line: int, *, is_gone: bool = False) -> Change:
    reason = f"where the data is found: {reason_for(hurts).partition(': ')[2]}"
    where = f"servers.{name}"
    return Change(where=where, what=what, hurts=hurts, reason=reason, line=line, is_gone=is_gone, is_promised=False)


def _place(server: ContractServer) -> str:
    host = f"{server.host or ''}{f':{server.port}' if server.port else ''}"
    return " ".join(part for part in (server.type, host, server.database, server.schema, server.path) if part)


def _datasets(old: Contract, new: Contract) -> Iterator[Change]:
    pairs = _same_datasets(old.datasets, new.datasets)
    dialect = _dialect(new) if _dialect(new) == _dialect(old) else ""
    is_ordered = "allow" not in (old.column_order, new.column_order)
    kept = {id(now) for _, now in pairs if now is not None}
    for was, now in pairs:
        if now is None:
            yield _change(was.name, "the dataset is gone", Hurt.CONSUMERS, was.line, is_gone=True)
        else:
            yield from _dataset(was, now, dialect, is_ordered=is_ordered)
    for now in new.datasets:
        if id(now) not in kept:
            yield _change(now.name, "the dataset is new", Hurt.PRODUCERS, now.line)


def _same_datasets(old: tuple[Dataset, ...], new: tuple[Dataset, ...]) -> list[tuple[Dataset, Dataset | None]]:
    """Pair datasets by name, else by table, else, where each side has one left over, by equal columns."""
    by_name = {dataset.name: dataset for dataset in new}
    names = {dataset.name for dataset in old}
    free = [dataset for dataset in new if dataset.name not in names]
    pairs: list[tuple[Dataset, Dataset | None]] = []
    for was in old:
        now = by_name.get(was.name)
        if now is None:
            table = (was.schema, was.table)
            now = next((each for each in free if (each.schema, each.table) == table), None)
            if now is not None:
                free.remove(now)
        pairs.append((was, now))
    alone = [was for was, now in pairs if now is None]
    if len(alone) == len(free) == 1 and _column_names(alone[0]) == _column_names(free[0]) != ():
        return [(was, free[0] if now is None else now) for was, now in pairs]
    return pairs


def _column_names(dataset: Dataset) -> tuple[str, ...]:
    return tuple(column.physical_name for column in dataset.columns)


def _dialect(contract: Contract) -> str:
    types = {SERVER_TYPES.get(server.type, server.type) for server in contract.servers}
    return "postgres" if not types or "postgres" in types else min(types)


def _dataset(old: Dataset, new: Dataset, dialect: str, *, is_ordered: bool) -> Iterator[Change]:
    for edit in _about_the_dataset(old, new):
        yield placed(edit, new.name, new.line)
    yield from rule_changes(new.name, old.rules, new.rules)
    events = classify(_shapes(old), _shapes(new), dialect, is_ordered=is_ordered, renames=_elsewhere(old, new))
    renamed = {event.before: event.after for event in events if event.kind is DriftKind.RENAMED}
    lines = {column.physical_name: column.line for dataset in (old, new) for column in dataset.columns}
    for event in events:
        name = event.after if event.kind is DriftKind.RENAMED else event.column
        yield _of_event(event, new.name, lines.get(name or "", new.line))
    yield from _primary_key(old, new, renamed)
    yield from _relationships(old, new)
    matched: set[str] = set()
    now_columns = {column.physical_name: column for column in new.columns}
    for was in old.columns:
        now = now_columns.get(renamed.get(was.physical_name) or was.physical_name)
        if now is not None:
            where = f"{new.name}.{now.name}"
            for edit in column_edits(was, now):
                yield placed(edit, where, now.line)
            yield from rule_changes(where, was.rules, now.rules)
            matched.add(now.physical_name)
        else:
            yield from _rules_of(new.name, was, _without_rules(was), is_gone=True)
    for now in new.columns:
        if now.physical_name not in matched:
            yield from _rules_of(new.name, _without_rules(now), now, is_gone=False)


def _elsewhere(old: Dataset, new: Dataset) -> dict[str, str]:
    """Return what columns that kept their name in the contract were called in the table, and what they are now."""
    return {
        was.physical_name: now.physical_name
        for was in old.columns
        if (now := new.column(was.name)) is not None and now.physical_name != was.physical_name
    }


def _without_rules(column: Column) -> Column:
    """Return what of a column is told when it comes or goes: its name and its types."""
    return Column(
        name=column.name,
        physical_name=column.physical_name,
        logical_type=column.logical_type,
        physical_type=column.physical_type,
        line=column.line,
    )


def _rules_of(dataset: str, old: Column, new: Column, *, is_gone: bool) -> Iterator[Change]:
    """Yield what is promised of the values of a column that came or went."""
    where = f"{dataset}.{new.name}"
    for edit in column_edits(old, new):
        if edit.is_promised:
            yield replace(placed(edit, where, new.line), is_gone=is_gone)
    yield from rule_changes(where, old.rules, new.rules)


def _about_the_dataset(old: Dataset, new: Dataset) -> Iterator[Edit]:
    was, now = (".".join(part for part in (each.schema, each.table) if part) for each in (old, new))
    if was != now:
        yield Edit(what=f"the table was {was}, is {now}", hurts=Hurt.BOTH)
    else:
        yield from reworded("name", old.name, new.name, is_promised=True)
    yield from between("physicalType", old.physical_type, new.physical_type, Hurt.BOTH)
    yield from _window(old.window, new.window)
    yield from reworded("description", old.description, new.description)
    yield from reworded("tags", old.tags, new.tags)
    yield from reworded("runbook", old.runbook, new.runbook)


def _window(old: CheckWindow | None, new: CheckWindow | None) -> Iterator[Edit]:
    """Yield that other rows are looked at: of fewer rows less is promised."""
    if old is None and new is not None:
        yield Edit(what=f"only the last {new.last} by {new.column} are checked", hurts=Hurt.CONSUMERS)
    elif old is not None and new is None:
        yield Edit(what="all rows are checked, not only recent ones", hurts=Hurt.PRODUCERS)
    elif old is not None and new is not None and (old.column, old.partition) != (new.column, new.partition):
        yield Edit(what=f"recent is said by {new.partition or new.column} now", hurts=Hurt.BOTH)
    elif old is not None and new is not None and old.last != new.last:
        is_longer = new.last.roughly > old.last.roughly
        what = f"checkWindow was the last {old.last}, is the last {new.last}"
        yield Edit(what=what, hurts=Hurt.PRODUCERS if is_longer else Hurt.CONSUMERS)


def _shapes(dataset: Dataset) -> tuple[ColumnShape, ...]:
    """Return the columns as promised, word by word: here a type without parameters is wider than one with them."""
    return tuple(
        ColumnShape(
            name=column.physical_name,
            type=column.physical_type,
            nullable=not column.required and column.primary_key_position is None,
            position=position,
            logical_type=column.logical_type,
        )
        for position, column in enumerate(dataset.columns, start=1)
    )


_OF_PROMISES = {
    DriftKind.ADDED: Hurt.PRODUCERS,
    DriftKind.REMOVED: Hurt.CONSUMERS,
    DriftKind.REORDERED: Hurt.BOTH,
}
"""Whom it hurts that a promise comes or goes, where that differs from a column that comes or goes."""


def _of_event(event: DriftEvent, dataset: str, line: int) -> Change:
    hurts = _OF_PROMISES.get(event.kind, event.hurts)
    where = f"{dataset}.{event.column}" if event.column else dataset
    return _change(where, sentence(event), hurts, line, is_gone=event.kind is DriftKind.REMOVED)


def _primary_key(old: Dataset, new: Dataset, renamed: Mapping[str | None, str | None]) -> Iterator[Change]:
    was = tuple(renamed.get(column.physical_name) or column.physical_name for column in old.primary_key)
    now = tuple(column.physical_name for column in new.primary_key)
    if was == now:
        return
    hurts = Hurt.BOTH
    if set(was) == set(now):
        hurts = Hurt.NOBODY
    elif not now or (was and set(was) < set(now)):
        hurts = Hurt.CONSUMERS
    elif not was or set(now) < set(was):
        hurts = Hurt.PRODUCERS
    told = (f"({', '.join(names)})" if names else "none" for names in (was, now))
    yield _change(new.name, "the primary key was {}, is {}".format(*told), hurts, new.line)


def _relationships(old: Dataset, new: Dataset) -> Iterator[Change]:
    was, now = ({_target(each): each for each in _all_relationships(dataset)} for dataset in (old, new))
    for target, relationship in was.items():
        if target not in now:
            what = f"the reference {target} is gone"
            yield _change(new.name, what, Hurt.CONSUMERS, relationship.line, is_gone=True)
        else:
            for edit in reworded("id", relationship.id, now[target].id, is_promised=True):
                yield placed(edit, new.name, now[target].line)
    for target, relationship in now.items():
        if target not in was:
            yield _change(new.name, f"the reference {target} is new", Hurt.PRODUCERS, relationship.line)


def _all_relationships(dataset: Dataset) -> Iterable[Relationship]:
    yield from dataset.relationships
    for column in dataset.columns:
        yield from column.relationships


def _target(relationship: Relationship) -> str:
    to = relationship.to
    end = to.text if to.problem else f"{to.dataset} ({', '.join(to.columns)})"
    return f"({', '.join(relationship.columns)}) to {end}"


def _unchecked(old: Contract, new: Contract) -> Iterator[Change]:
    """Promises that nothing here can check are promises all the same."""
    was, now = ({each.where: each for each in contract.unchecked} for contract in (old, new))
    for where in (*was, *(where for where in now if where not in was)):
        line = (now.get(where) or was[where]).line
        for edit in flag("what cannot be checked here", where in was, where in now):
            yield placed(edit, where, line)


def _change(where: str, what: str, hurts: Hurt, line: int, *, is_gone: bool = False) -> Change:
    return Change(where=where, what=what, hurts=hurts, reason=reason_for(hurts), line=line, is_gone=is_gone)
