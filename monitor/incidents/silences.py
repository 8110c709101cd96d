"""Whether a silence or maintenance window covers an incident."""

from collections.abc import Callable, Iterable
from datetime import datetime

from monitor.domain.contract import Contract
from monitor.domain.incident import Incident
from monitor.domain.silence import Facts, Silence
from monitor.domain.target import TargetKey
from monitor.incidents.moment import Silenced

ContractOf = Callable[[TargetKey], Contract | None]
"""Finds the contract of a target, None where nobody has it any more."""


def silenced_by(silences: Iterable[Silence], contract_of: ContractOf, now: datetime) -> Silenced:
    """Return what says whether one of these covers an incident; without silences no contract is looked for.

    What is wrong with a server or with the monitor belongs to no contract: only a silence of everything covers it.
    """
    known = tuple(silences)

    def is_covered(incident: Incident) -> bool:
        if not known:
            return False
        target, dataset = incident.target, incident.dataset
        contract = contract_of(target) if target.contract else None
        facts = facts_of(contract, dataset) if contract else Facts(contract=target.contract, dataset=dataset)
        return is_silenced(facts, known, now)

    return is_covered


def is_silenced(facts: Facts, silences: Iterable[Silence], now: datetime) -> bool:
    """Say whether any silence covers this now; the incident is recorded anyway."""
    return any(silence.starts_at <= now < silence.ends_at and covers(silence, facts) for silence in silences)


def was_silenced(facts: Facts, silences: Iterable[Silence], since: datetime, now: datetime) -> bool:
    """Say whether a silence that covered this has ended since a moment."""
    ended = (each for each in silences if since < each.ends_at <= now and each.starts_at < each.ends_at)
    return any(covers(silence, facts) for silence in ended)


def covers(silence: Silence, facts: Facts) -> bool:
    """Say whether everything that a silence names fits; what it does not name does not matter."""
    return (
        silence.contract in {None, facts.contract}
        and silence.dataset in {None, facts.dataset}
        and silence.owner in {None, facts.owner}
        and (silence.tag is None or silence.tag in facts.tags)
    )


def facts_of(contract: Contract, dataset: str) -> Facts:
    """Return what a silence may ask of a dataset of a contract: the tags of both, the team that owns it."""
    found = contract.dataset(dataset)
    tags = frozenset(contract.tags) | frozenset(found.tags if found else ())
    return Facts(contract=contract.id, dataset=dataset, owner=contract.owner.team, tags=tags)
