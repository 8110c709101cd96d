"""A released contract that means something else than it did: it should have been a new version."""

from collections.abc import Mapping

from monitor.contracts.versions import SHADOW_STATUSES
from monitor.domain.contract import Contract
from monitor.domain.drift import DriftEvent, DriftKind, Hurt


def edited_in_place(known_meanings: Mapping[tuple[str, str], str], contract: Contract) -> DriftEvent | None:
    """Return the ledger's entry if a released version met us before with another meaning, else None.

    `known_meanings` holds the last meaning of each released (id, version). Drafts may change.
    """
    known = known_meanings.get((contract.id, contract.version))
    if known is None or known == contract.meaning or contract.status in SHADOW_STATUSES:
        return None
    return DriftEvent(kind=DriftKind.EDITED_IN_PLACE, hurts=Hurt.CONSUMERS, before=known, after=contract.meaning)
