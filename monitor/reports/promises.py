"""What contract files say of each target: its contract, its plan, when its next verdict is due, who feeds whom."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta

from monitor.checks.dialect import SERVER_TYPES
from monitor.checks.plan import compile_plan
from monitor.contracts.semver import Version
from monitor.contracts.versions import Selected
from monitor.domain.check import CheckPlan
from monitor.domain.contract import Contract, Dataset
from monitor.domain.target import TargetKey
from monitor.reports.material import Neighbour, Promise
from monitor.schedule.cadences import CONTRACT, cadences
from monitor.schedule.rhythm import next_moment
from monitor.settings import ScheduleSettings
from monitor.store.values import RunRecord

NextDue = Callable[[Contract, CheckPlan, datetime], datetime | None]
"""When the verdict that follows one of this moment is due at the latest; None where nothing is scheduled."""

LINKS = 30
"""So many neighbours are listed."""


def scheduled(settings: ScheduleSettings) -> NextDue:
    """Return how to ask for the next due moment: of the schedule by which the whole contract is verified."""

    def next_due(contract: Contract, plan: CheckPlan, after: datetime) -> datetime | None:
        found = [
            next_moment(cadence.rhythm, after)
            for cadence in cadences(contract, plan, settings)
            if cadence.part == CONTRACT
        ]
        moments = [moment for moment in found if moment is not None]
        return min(moments) + timedelta(seconds=settings.grace) if moments else None

    return next_due


class Promises:
    """The contracts that run, by target. Plans are compiled when they are first asked for, and kept."""

    def __init__(
        self,
        selected: Iterable[Selected],
        next_due: NextDue,
        compiled: Callable[[Contract, str], CheckPlan] = compile_plan,
    ) -> None:
        """Know these contracts; `compiled` makes the plan of one for a type of server."""
        self._released: dict[tuple[str, str], Contract] = {}
        self._drafts: dict[tuple[str, str], Contract] = {}
        for each in selected:
            key = each.contract.id, Version.parse(each.contract.version).major
            (self._drafts if each.shadow else self._released)[key] = each.contract
        self._next_due = next_due
        self._compiled = compiled
        self._plans: dict[tuple[str, str], CheckPlan | None] = {}
        self._homes = _homes(self._released.values())
        self._uses = _uses(self._released.values(), self._homes)

    def of(self, run: RunRecord, known: Mapping[str, TargetKey]) -> Promise:
        """Return what the files say now of the target of this run, its latest one.

        Only a verdict that stands is followed by another one: what somebody asked for is not on any schedule.
        `known` has a target of each contract that pages may link to, by the contract's id.
        """
        target = run.target
        key = target.contract, target.major
        contract = self._released.get(key) or (self._drafts.get(key) if run.shadow else None)
        if contract is None:
            return Promise()
        plan = self._plan(contract, target.server)
        due = self._next_due(contract, plan, run.started_at) if plan and run.stands and not run.shadow else None
        return Promise(
            contract=contract,
            plan=plan,
            next_due=due,
            fed_by=self._fed_by(contract, target, known),
            feeds=self._feeds(contract, known),
        )

    def _plan(self, contract: Contract, server: str) -> CheckPlan | None:
        declared = [each.type for each in contract.servers if each.name == server] or [next(iter(SERVER_TYPES))]
        key = contract.fingerprint, declared[0]
        if key not in self._plans:
            self._plans[key] = self._compiled(contract, declared[0]) if declared[0] in SERVER_TYPES else None
        return self._plans[key]

    def _fed_by(self, contract: Contract, target: TargetKey, known: Mapping[str, TargetKey]) -> tuple[Neighbour, ...]:
        """Return what a contract's columns are made from, and the datasets that its foreign keys point to."""
        found: dict[tuple[str, str], Neighbour] = {}
        for dataset, column in contract.columns():
            for source in column.sources:
                home = _home_of(source, self._homes)
                found.setdefault(
                    (source, "source"),
                    Neighbour(
                        name=source,
                        target=known.get(home[0]) if home else None,
                        dataset=home[1] if home else None,
                        how=f"source of {dataset.name}.{column.name}",
                    ),
                )
        for dataset in contract.datasets:
            for far in _references(dataset):
                neighbour = Neighbour(name=far, target=target, dataset=far, how=f"{dataset.name} points to it")
                found.setdefault((far, dataset.name), neighbour)
        return tuple(found.values())[:LINKS]

    def _feeds(self, contract: Contract, known: Mapping[str, TargetKey]) -> tuple[Neighbour, ...]:
        return tuple(
            Neighbour(name=user, target=known.get(user_id), how=f"uses {dataset}")
            for user_id, user, dataset in self._uses.get(contract.id, ())
        )[:LINKS]


def _home_of(source: str, homes: Mapping[str, tuple[str, str]]) -> tuple[str, str] | None:
    """Return contract and dataset of a table that a contract names as its source; the longest name wins."""
    parts = source.lower().split(".")
    names = (".".join(parts[start:]) for start in range(len(parts)))
    return next((homes[name] for name in names if name in homes), None)


def _references(dataset: Dataset) -> tuple[str, ...]:
    relationships = [*dataset.relationships, *(each for column in dataset.columns for each in column.relationships)]
    return tuple(dict.fromkeys(each.to.dataset for each in relationships if not each.to.problem))


def _homes(contracts: Iterable[Contract]) -> dict[str, tuple[str, str]]:
    """Return which contract has which table, by its name with and without schema; a name of two belongs to none."""
    homes: dict[str, tuple[str, str]] = {}
    shared: set[str] = set()
    for contract in contracts:
        for dataset in contract.datasets:
            table = dataset.table.lower()
            for name in (table, f"{dataset.schema.lower()}.{table}") if dataset.schema else (table,):
                if homes.get(name, (contract.id, ""))[0] != contract.id:
                    shared.add(name)
                homes[name] = contract.id, dataset.name
    return {name: home for name, home in homes.items() if name not in shared}


def _uses(
    contracts: Iterable[Contract], homes: Mapping[str, tuple[str, str]]
) -> dict[str, tuple[tuple[str, str, str], ...]]:
    """Return who uses a contract's datasets as sources: id and name of the user, and the dataset."""
    found: dict[str, dict[tuple[str, str, str], None]] = {}
    for contract in contracts:
        for _, column in contract.columns():
            for source in column.sources:
                home = _home_of(source, homes)
                if home is not None and home[0] != contract.id:
                    found.setdefault(home[0], {})[contract.id, contract.name, home[1]] = None
    return {contract: tuple(users) for contract, users in found.items()}
