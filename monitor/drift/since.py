"""What a run's look at the tables adds to the ledger: each difference once, when it appears."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from monitor.domain.check import CheckPlan, TableName
from monitor.domain.contract import Contract
from monitor.domain.drift import DriftEvent, TableShape, shape_of
from monitor.domain.scan import Seen
from monitor.drift.classify import compare, promised


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What was known of the tables and what a run saw of them.

    `before` is how each table was when it was last there, `gone` are those that were missing already. `is_whole` says
    that every table of the plan was looked for: one that is not in `seen` does not exist. `is_known` says that this
    text of the contract was compared with the tables before.
    """

    before: Seen
    gone: frozenset[TableName]
    seen: Seen
    is_whole: bool
    is_known: bool


def since_last_time(look: Look, plan: CheckPlan) -> tuple[DriftEvent, ...]:
    """Return what is different from the last look at the tables."""
    events: list[DriftEvent] = []
    for table in _looked_at(look, plan.tables()):
        if table in look.before:
            events += compare(str(table), _was(look, table), _shape(look.seen, table), plan.server_type)
    return tuple(events)


def against_contract(look: Look, plan: CheckPlan, contract: Contract) -> tuple[DriftEvent, ...]:
    """Return how the tables differ from the contract as they did not when they were last looked at."""
    events: list[DriftEvent] = []
    tables: Mapping[str, TableName] = {dataset.name: dataset.table for dataset in plan.datasets}
    looked_at = set(_looked_at(look, tables.values()))
    for dataset in contract.datasets:
        table = tables.get(dataset.name)
        if table is None or table not in looked_at:
            continue
        promise, name, dialect = promised(contract, dataset), str(table), plan.server_type
        had: tuple[DriftEvent, ...] = ()
        if look.is_known and (table in look.before or table in look.gone):
            had = compare(name, promise, _was(look, table), dialect)
        events += (event for event in compare(name, promise, _shape(look.seen, table), dialect) if event not in had)
    return tuple(events)


def _looked_at(look: Look, tables: Iterable[TableName]) -> tuple[TableName, ...]:
    return tuple(table for table in tables if look.is_whole or table in look.seen)


def _was(look: Look, table: TableName) -> TableShape | None:
    return None if table in look.gone else _shape(look.before, table)


def _shape(seen: Seen, table: TableName) -> TableShape | None:
    found = seen.get(table)
    return None if found is None else shape_of(found)
