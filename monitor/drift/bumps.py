"""What a version must do for a change, and whether it did (semver.org, 4, 6 to 8)."""

from collections.abc import Iterable

from monitor.contracts.semver import Version
from monitor.contracts.versions import SHADOW_STATUSES
from monitor.domain.change import Bump, Change
from monitor.domain.contract import Contract

ORDER = tuple(Bump)
NUMBERS = 3


def required_bump(changes: Iterable[Change]) -> Bump:
    """Return the part of the version that has to rise for all changes together."""
    return max((change.bump for change in changes), key=ORDER.index, default=Bump.NONE)


def why_not_carried(old: Contract, new: Contract, changes: Iterable[Change]) -> str | None:
    """Say why the newer version does not carry these changes; None if it does.

    What was not released, a draft or a prerelease, may change. Words on which no promise rests may be edited under the
    same version. Below 1.0.0 a breaking change needs a new minor version and everything else a patch.
    """
    changed = tuple(changes)
    was, now = Version.parse(old.version), Version.parse(new.version)
    if old.version == new.version:
        if old.status in SHADOW_STATUSES or not any(change.is_promised for change in changed):
            return None
        return (
            f"{new.version} says something else than before; it should be {next_version(was, required_bump(changed))}"
        )
    if was.numbers is None or now.numbers is None:
        return None  # each such version is a major of its own
    if now < was:
        return f"the version goes backwards, from {old.version} to {new.version}"
    if old.status in SHADOW_STATUSES or was.prerelease:
        return None
    wanted = required_bump(changed)
    if ORDER.index(_step(was.numbers, now.numbers)) >= ORDER.index(_needed(was, wanted)):
        return None
    return f"{wanted} changes since {old.version}: {new.version} should be {next_version(was, wanted)}"


def next_version(version: Version, bump: Bump) -> str:
    """Return the least version that carries a bump."""
    if version.numbers is None:
        return f"another version than {version.text}"
    major, minor, patch = version.numbers
    match _needed(version, bump):
        case Bump.MAJOR:
            return f"{major + 1}.0.0"
        case Bump.MINOR:
            return f"{major}.{minor + 1}.0"
        case _:
            return f"{major}.{minor}.{patch + 1}"


def _needed(version: Version, bump: Bump) -> Bump:
    if version.numbers is not None and version.numbers[0] == 0 and bump is not Bump.NONE:
        return Bump.MINOR if bump is Bump.MAJOR else Bump.PATCH
    return bump


def _step(old: tuple[int, int, int], new: tuple[int, int, int]) -> Bump:
    changed = next((place for place in range(NUMBERS) if old[place] != new[place]), None)
    return Bump.NONE if changed is None else ORDER[NUMBERS - changed]
