"""One difference between two versions of a contract, and how far a version must rise for it."""

from dataclasses import dataclass
from enum import StrEnum

from monitor.domain.drift import Hurt


class Effect(StrEnum):
    """What a difference does: breaks who reads, asks more of who writes, or neither."""

    BREAKING = "breaking"
    TIGHTENING = "tightening"
    COSMETIC = "cosmetic"


class Bump(StrEnum):
    """The part of a semantic version that must rise, least first."""

    NONE = "none"
    PATCH = "patch"
    MINOR = "minor"
    MAJOR = "major"


_EFFECTS = {
    Hurt.CONSUMERS: Effect.BREAKING,
    Hurt.BOTH: Effect.BREAKING,
    Hurt.PRODUCERS: Effect.TIGHTENING,
    Hurt.NOBODY: Effect.COSMETIC,
}
_BUMPS = {Effect.BREAKING: Bump.MAJOR, Effect.TIGHTENING: Bump.MINOR, Effect.COSMETIC: Bump.PATCH}


def effect_of(hurts: Hurt) -> Effect:
    """Return what a difference does, given whom it hurts: the same for contracts, live tables and their past."""
    return _EFFECTS[hurts]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that a newer contract says otherwise.

    `where` is its place by the contract's own names, `what` a sentence, `reason` why it has its effect. `line` is in
    the newer file, or for what is gone in the older one (`is_gone`). `is_promised` says that it changes what is
    promised (schema, quality, service levels); the rest may be edited under the same version.
    """

    where: str
    what: str
    hurts: Hurt
    reason: str
    line: int = 1
    is_gone: bool = False
    is_promised: bool = True

    @property
    def effect(self) -> Effect:
        """Return what it does."""
        return effect_of(self.hurts)

    @property
    def bump(self) -> Bump:
        """Return what must rise for it; what is no promise never needs more than a patch."""
        return _BUMPS[self.effect] if self.is_promised else Bump.PATCH
