"""Is there such a contract at all? A misspelt id must not pass for one of which there is nothing to tell."""

from collections.abc import Collection
from difflib import get_close_matches
from typing import TYPE_CHECKING

from monitor.errors import UsageError
from monitor.visible import visible

if TYPE_CHECKING:
    from monitor.settings import Settings
    from monitor.store.store import Reader

MOST = 10
"""So many contracts are named; the others are counted."""


def check_known(contract: str, settings: "Settings", reader: "Reader", place: str) -> None:
    """Raise UsageError if neither the history nor a contract file knows this id, with the ids that are known."""
    from monitor.contracts.versions import read_library

    known = {target.contract for target in reader.latest()}
    if contract in known:
        return
    library = read_library(settings.contracts, settings.contract_variables)
    known |= {found.id for found in library.contracts}
    known |= {found.contract.id for found in library.invalid if found.contract is not None}
    if contract in known:
        return
    folders = ", ".join(str(path) for path in settings.contracts)
    raise UsageError(
        visible(f"no contract {contract!r}, neither in {folders} nor in {place}; {listed(contract, known)}")
    )


def listed(wanted: str, known: Collection[str]) -> str:
    """Return the name that was probably meant, if one is near, and those that are known."""
    near = get_close_matches(wanted, sorted(known), n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    more = f" and {len(known) - MOST:,} more" if len(known) > MOST else ""
    return f"{hint}known: {', '.join(sorted(known)[:MOST]) or 'none'}{more}"
