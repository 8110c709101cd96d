"""Two states of a folder of contracts → what every version that came, changed or went changed, and what is wrong."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from monitor.contracts.semver import Version
from monitor.contracts.versions import DEPRECATED, RETIRED, SHADOW_STATUSES
from monitor.domain.change import Bump, Change
from monitor.domain.contract import Contract
from monitor.drift.bumps import required_bump, why_not_carried
from monitor.drift.diff import diff


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A version beside the one that it is held against: its own earlier text, else the version before it.

    `new` is None where a promise ended with its file; `old` is None for the first version of a contract. `problem` says
    why this must not be released so, None if it may.
    """

    old: Contract | None
    new: Contract | None
    changes: tuple[Change, ...] = ()
    problem: str | None = None

    @property
    def required(self) -> Bump:
        """Return what the version had to do for these changes."""
        return required_bump(self.changes)


def compare_contracts(old: Contract, new: Contract) -> Release:
    """Return how one version differs from another, whatever their versions are."""
    changes = diff(old, new)
    return Release(old=old, new=new, changes=changes, problem=why_not_carried(old, new, changes))


def compare_folders(old: Sequence[Contract], new: Sequence[Contract]) -> tuple[Release, ...]:
    """Return every version of the newer folder that is not as it was in the older one, and the promises that ended."""
    known = {(contract.id, contract.version): contract for contract in old}
    found: list[Release] = []
    for contract in new:
        was = known.get((contract.id, contract.version))
        if was is None:
            found.append(_new_version(contract, old, new))
        elif was.fingerprint != contract.fingerprint:
            found.append(compare_contracts(was, contract))
    found.extend(_ended(old, new))
    return tuple(found)


def _new_version(contract: Contract, old: Sequence[Contract], new: Sequence[Contract]) -> Release:
    version = Version.parse(contract.version)
    behind = _highest(each for each in old if each.id == contract.id and _is_ahead(each, version, new))
    if behind is not None:
        problem = f"the version goes backwards: {behind.version} is released already"
        return Release(old=behind, new=contract, changes=diff(behind, contract), problem=problem)
    before = _highest(
        each
        for each in (*old, *new)
        if each.id == contract.id and each.status not in SHADOW_STATUSES and Version.parse(each.version) < version
    )
    return Release(old=None, new=contract) if before is None else compare_contracts(before, contract)


def _is_ahead(each: Contract, version: Version, new: Sequence[Contract]) -> bool:
    """Say whether a version that was released makes a lower one come too late.

    It does so within its major version; a lower major may get a late correction, unless its file took the place of the
    higher one.
    """
    other = Version.parse(each.version)
    if each.status in SHADOW_STATUSES or not version < other:
        return False
    is_still_there = any((there.id, there.version) == (each.id, each.version) for there in new)
    return other.major == version.major or not is_still_there


def _ended(old: Sequence[Contract], new: Sequence[Contract]) -> Iterator[Release]:
    """Yield the highest active version of each major that nothing active stands for any more."""
    kept = {(each.id, Version.parse(each.version).major) for each in new if _is_promised(each)}
    kept |= {(each.id, Version.parse(each.version).major) for each in new if each.status in {DEPRECATED, RETIRED}}
    gone = [each for each in old if _is_promised(each) and (each.id, Version.parse(each.version).major) not in kept]
    for key in dict.fromkeys((each.id, Version.parse(each.version).major) for each in gone):
        last = _highest(each for each in gone if (each.id, Version.parse(each.version).major) == key)
        superseded = last is not None and any(
            each.id == last.id and _is_promised(each) and Version.parse(last.version) < Version.parse(each.version)
            for each in new
            if each.file == last.file
        )
        if last is not None and not superseded:
            problem = f"{last.id} {last.version} was {last.status} and is gone; let it be deprecated or retired first"
            yield Release(old=last, new=None, problem=problem)


def _is_promised(contract: Contract) -> bool:
    return contract.status not in {*SHADOW_STATUSES, DEPRECATED, RETIRED}


def _highest(contracts: Iterator[Contract]) -> Contract | None:
    return max(contracts, key=lambda contract: Version.parse(contract.version), default=None)
