"""Which version of a contract is current, and which runs in the shadow."""

import difflib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from monitor.contracts.files import InvalidFile, find
from monitor.contracts.reading import NO_VARIABLES, load
from monitor.contracts.semver import Version
from monitor.domain.contract import Contract
from monitor.errors import ContractError, UsageError

SHADOW_STATUSES = frozenset({"draft", "proposed"})
RETIRED = "retired"
DEPRECATED = "deprecated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """All contract files that were found: those that are contracts, by id and version, and those that are not."""

    contracts: tuple[Contract, ...]
    invalid: tuple[InvalidFile, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """A contract version that is to run; a shadow is evaluated and reported but never alerted.

    `named` says that somebody asked for this very version.
    """

    contract: Contract
    shadow: bool
    named: bool = False


def read_library(
    paths: Sequence[Path],
    variables: Mapping[str, str] = NO_VARIABLES,
    reader: Callable[[Path], Contract] | None = None,
) -> Library:
    """Read every contract below the paths; a file that is no contract never stops the others.

    Two files of one id and version, or two ids that share a slug, are refused, all of them: order must not decide.
    `reader` may know a file already; it raises ContractError as `load` does.
    """
    found = find(paths)
    contracts: list[Contract] = []
    invalid = list(found.invalid)
    for path in found.files:
        try:
            contracts.append(load(path, variables=variables) if reader is None else reader(path))
        except ContractError as error:
            invalid.append(InvalidFile(file=error.file, problems=tuple(error.problems)))
    return library_of(contracts, invalid)


def library_of(contracts: Sequence[Contract], refused: Sequence[InvalidFile]) -> Library:
    """Return contracts as a library; those that claim the same version, or short name, join what was refused."""
    clashes = _clashes(contracts)
    invalid = list(refused)
    kept = [contract for contract in contracts if contract.file not in clashes]
    invalid.extend(
        InvalidFile(file=contract.file, problems=clashes[contract.file], contract=contract)
        for contract in contracts
        if contract.file in clashes
    )
    return Library(
        contracts=tuple(sorted(kept, key=lambda contract: (contract.id, Version.parse(contract.version)))),
        invalid=tuple(sorted(invalid, key=lambda file: file.file)),
    )


def current(library: Library) -> tuple[Selected, ...]:
    """Return what runs: per contract and major version the highest active one, and newer drafts in the shadow."""
    selected: list[Selected] = []
    for versions in _by_id(library.contracts).values():
        selected.extend(_current(versions))
    return tuple(selected)


def resolve(library: Library, wanted: str) -> tuple[Selected, ...]:
    """Return what a person means by an id, a slug, a unique name, or one of these with @version.

    Without a version these are the contract's current versions and their shadows; a contract of nothing but drafts
    means these.

    Raises:
        UsageError: Nothing is called that, several are, or none of its versions runs.
    """
    contract_id = _id_of(library, wanted)
    if contract_id is not None:
        versions = _by_id(library.contracts)[contract_id]
        running = _current(versions)
        if not running:
            listed = ", ".join(f"{version.version} ({version.status})" for version in versions)
            raise UsageError(f"no version of {contract_id} runs: {listed}; name one as {contract_id}@<version>")
        only_shadows = all(each.shadow for each in running)
        return tuple(replace(each, named=only_shadows) for each in running)
    name, at, version = wanted.rpartition("@")
    contract_id = _id_of(library, name) if at else None
    if contract_id is None:
        raise UsageError(f"there is no contract {wanted!r}{_suggestion(library, name or wanted)}")
    versions = _by_id(library.contracts)[contract_id]
    for contract in versions:
        if contract.version == version:
            return (Selected(contract=contract, shadow=contract.status in SHADOW_STATUSES, named=True),)
    listed = ", ".join(contract.version for contract in versions)
    raise UsageError(f"{contract_id} has no version {version!r}; it has {listed}")


def _current(versions: Iterable[Contract]) -> list[Selected]:
    """Return the running versions of one contract, lowest first."""
    by_major: dict[str, list[Contract]] = defaultdict(list)
    for contract in sorted(versions, key=lambda contract: Version.parse(contract.version)):
        by_major[Version.parse(contract.version).major].append(contract)
    released = {major: _released(members) for major, members in by_major.items()}
    highest = max((Version.parse(contract.version) for contract in released.values() if contract), default=None)
    selected = []
    for major, members in by_major.items():
        running = released[major]
        if running is not None:
            selected.append(Selected(contract=running, shadow=False))
        floor = Version.parse(running.version) if running is not None else highest
        drafts = [contract for contract in members if contract.status in SHADOW_STATUSES]
        if drafts and (floor is None or Version.parse(drafts[-1].version) > floor):
            selected.append(Selected(contract=drafts[-1], shadow=True))
    return selected


def _released(members: Sequence[Contract]) -> Contract | None:
    """Return the highest active version of one major, else the highest deprecated one."""
    running = [contract for contract in members if contract.status not in {*SHADOW_STATUSES, RETIRED}]
    active = [contract for contract in running if contract.status != DEPRECATED]
    return next(reversed(active or running), None)


def _by_id(contracts: Iterable[Contract]) -> dict[str, list[Contract]]:
    grouped: dict[str, list[Contract]] = defaultdict(list)
    for contract in contracts:
        grouped[contract.id].append(contract)
    return grouped


def _id_of(library: Library, wanted: str) -> str | None:
    """Return the one contract id that somebody means; an exact id wins over slugs, slugs over names."""
    for called in (_by_own_id, _by_slug, _by_name):
        ids = sorted({contract.id for contract in library.contracts if called(contract) == wanted})
        if len(ids) > 1:
            raise UsageError(f"several contracts are called {wanted!r}: {', '.join(ids)}; use the id")
        if ids:
            return ids[0]
    return None


def _by_own_id(contract: Contract) -> str:
    return contract.id


def _by_slug(contract: Contract) -> str:
    return contract.slug


def _by_name(contract: Contract) -> str:
    return contract.name


def _suggestion(library: Library, wanted: str) -> str:
    known = {word for contract in library.contracts for word in (contract.id, contract.slug, contract.name)}
    close = difflib.get_close_matches(wanted, sorted(known), n=3)
    if close:
        return f"; did you mean {' or '.join(close)}?"
    ids = sorted({contract.id for contract in library.contracts})
    listed = ", ".join(ids[:10]) + (f" and {len(ids) - 10} more" if len(ids) > 10 else "")  # noqa: PLR2004 a line's worth
    return f"; known: {listed}" if ids else "; there are no valid contracts at all"


def _clashes(contracts: Sequence[Contract]) -> dict[str, tuple[str, ...]]:
    """Return the problems of files that claim the same version, or the same slug, as another; one other is named."""
    by_version: dict[tuple[str, str], list[Contract]] = defaultdict(list)
    by_slug: dict[str, dict[str, Contract]] = defaultdict(dict)
    for contract in contracts:
        by_version[contract.id, contract.version].append(contract)
        by_slug[contract.slug].setdefault(contract.id, contract)
    clashes: dict[str, tuple[str, ...]] = {}
    for contract in contracts:
        same = by_version[contract.id, contract.version]
        problems = []
        if len(same) > 1:
            other = same[1] if same[0] is contract else same[0]
            problems.append(f"1: version: {contract.id}@{contract.version} is also in {other.file}")
        alike = [other for contract_id, other in by_slug[contract.slug].items() if contract_id != contract.id]
        if alike:
            problems.append(f"1: id: shares the short name {contract.slug!r} with the contract in {alike[0].file}")
        if problems:
            clashes[contract.file] = tuple(problems)
    return clashes
