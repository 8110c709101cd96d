"""The smallest piece of a difference between two contracts: something that is said otherwise of one place."""

from collections.abc import Iterator
from dataclasses import dataclass

from monitor.contracts.findings import shown
from monitor.domain.change import Change
from monitor.domain.contract import Scalar
from monitor.domain.drift import Hurt
from monitor.drift.words import consequence_of

_PROMISE = {
    Hurt.CONSUMERS: "less is promised",
    Hurt.PRODUCERS: "more is promised",
    Hurt.BOTH: "something else is promised",
    Hurt.NOBODY: "the promise stays the same",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """What is said otherwise, and whom it hurts; the place comes from whoever looked there."""

    what: str
    hurts: Hurt
    is_promised: bool = True


def reason_for(hurts: Hurt) -> str:
    """Say why a change of a promise has the effect that it has."""
    return f"{_PROMISE[hurts]}: {consequence_of(hurts)}"


def placed(edit: Edit, where: str, line: int) -> Change:
    """Return an edit as a change of one place of the newer file."""
    return Change(
        where=where,
        what=edit.what,
        hurts=edit.hurts,
        reason=reason_for(edit.hurts),
        line=line,
        is_promised=edit.is_promised,
    )


def between(word: str, old: Scalar, new: Scalar, changed: Hurt) -> Iterator[Edit]:
    """Yield that a limit was set, dropped or `changed`; only one that is there promises anything."""
    if old == new and isinstance(old, bool) == isinstance(new, bool):
        return
    if old is None:
        yield Edit(what=f"{word} is now {shown(new)}", hurts=Hurt.PRODUCERS)
    elif new is None:
        yield Edit(what=f"{word} {shown(old)} is no longer promised", hurts=Hurt.CONSUMERS)
    else:
        yield Edit(what=f"{word} was {shown(old)}, is {shown(new)}", hurts=changed)


def flag(word: str, old: bool, new: bool) -> Iterator[Edit]:
    """Yield that something is promised now, or no longer."""
    if old and not new:
        yield Edit(what=f"{word} is no longer promised", hurts=Hurt.CONSUMERS)
    if new and not old:
        yield Edit(what=f"{word} is promised now", hurts=Hurt.PRODUCERS)


def reworded(word: str, old: object, new: object, *, is_promised: bool = False) -> Iterator[Edit]:
    """Yield that words were changed on which no promise rests."""
    if old == new:
        return
    is_short = all(isinstance(value, str | bool | None) for value in (old, new))
    told = f" was {shown(old)}, is {shown(new)}" if is_short else " is another"
    yield Edit(what=f"{word}{told}".strip(), hurts=Hurt.NOBODY, is_promised=is_promised)
