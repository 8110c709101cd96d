"""Whether people heard of everything that they should have heard of. Pure; it trusts nothing but what was recorded."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from monitor.domain.incident import IncidentChange
from monitor.store.values import AlertState, Telling

WAITING = frozenset({AlertState.QUEUED, AlertState.SENDING, AlertState.FAILED})


class Fate(StrEnum):
    """What became of a change in one channel. `lost`: no alert will tell it any more; `untold`: none was ever to."""

    TOLD = "told"
    SUPERSEDED = "superseded"
    WAITING = "waiting"
    LOST = "lost"
    UNTOLD = "untold"


BAD = frozenset({Fate.LOST, Fate.UNTOLD})


@dataclass(frozen=True, slots=True, kw_only=True)
class Audited:
    """A change that people should hear of, and what became of it in one channel.

    `alert` tells it, will tell it, or told more than it; `why` it waits or is lost.
    """

    change: IncidentChange
    fate: Fate
    destination: str = ""
    alert: str = ""
    why: str = ""


def audit(changes: Iterable[IncidentChange], tellings: Iterable[Telling]) -> tuple[Audited, ...]:
    """Return what became of every change that should be told, in every channel that was to hear of it.

    A change that people asked not to hear of need not be told, nor the end of an incident of which nobody had heard,
    nor what somebody decided about one.
    """
    known = tuple(tellings)
    by_alert = {each.alert: each for each in known}
    of: dict[tuple[str, int], dict[str, list[Telling]]] = {}
    first: dict[str, int] = {}
    for each in known:
        key = (each.ref.incident, each.ref.sequence)
        of.setdefault(key, {}).setdefault(each.destination, []).append(each)
        first[key[0]] = min(first.get(key[0], key[1]), key[1])
    found: list[Audited] = []
    for change in changes:
        if change.is_quiet:
            continue
        tells = of.get((change.incident.id, change.sequence), {})
        found += [_fate(change, place, mine, by_alert) for place, mine in tells.items()]
        if not tells and _is_news(change, first):
            found.append(Audited(change=change, fate=Fate.UNTOLD, why="no alert tells it"))
    return tuple(found)


def _is_news(change: IncidentChange, first: Mapping[str, int]) -> bool:
    heard = first.get(change.incident.id, change.sequence) < change.sequence
    return heard or not (change.incident.is_over or change.by)


def _fate(change: IncidentChange, place: str, tells: list[Telling], by_alert: Mapping[str, Telling]) -> Audited:
    """Return the best that became of it: where one message told it, nothing is missing."""
    fates = [_of_one(change, place, each, by_alert) for each in tells]
    return min(fates, key=lambda each: list(Fate).index(each.fate))


def _of_one(change: IncidentChange, place: str, told: Telling, by_alert: Mapping[str, Telling]) -> Audited:
    """Follow what superseded an alert to the one that was sent, waits or is dead."""
    seen, last = {told.alert}, told
    while (heir := by_alert.get(last.superseded_by or "")) and heir.alert not in seen:
        last = heir
        seen.add(last.alert)
    if last.state is AlertState.SENT:
        fate = Fate.TOLD if last is told else Fate.SUPERSEDED
        return Audited(change=change, fate=fate, destination=place, alert=last.alert)
    if last.state in WAITING:
        return Audited(change=change, fate=Fate.WAITING, destination=place, alert=last.alert, why=last.why)
    why = last.why or f"alert {last.alert} is {last.state} and nothing was told instead"
    return Audited(change=change, fate=Fate.LOST, destination=place, alert=last.alert, why=why)
