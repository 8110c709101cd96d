"""What is watched, and when: the contracts that run now as targets with their plans and cadences. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from monitor.checks.plan import compile_plan
from monitor.contracts.semver import Version
from monitor.domain.check import CheckPlan
from monitor.domain.target import TargetKey
from monitor.run import Target
from monitor.schedule.cadences import Cadence, cadences
from monitor.schedule.due import due, spread
from monitor.schedule.rhythm import Rhythm
from monitor.settings import ScheduleSettings
from monitor.store.slots import NewSlot, Watched


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A target with its whole plan and its cadences."""

    target: Target
    plan: CheckPlan
    cadences: tuple[Cadence, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timetable:
    """Every target that runs, and which of them have work in a rhythm."""

    entries: Mapping[Watched, Entry] = field(default_factory=dict)
    by_rhythm: Mapping[Rhythm, tuple[Watched, ...]] = field(default_factory=dict)

    def rooms(self) -> Mapping[str, int]:
        """Return how many runs each server takes at once, so that they never take more than `max_connections`.

        A run wants one connection that holds its snapshot, and one for each statement at once. What a run of another
        server asks here for a balance comes on top.
        """
        servers = {entry.target.server.name: entry.target.server for entry in self.entries.values()}
        return {
            name: max(1, server.max_connections // (1 + min(server.heavy_statements, server.max_connections - 1)))
            for name, server in servers.items()
        }


def timetable(targets: Iterable[Target], settings: ScheduleSettings, before: Timetable) -> Timetable:
    """Return the timetable of these targets; what has not changed is taken over from the one before."""
    entries: dict[Watched, Entry] = {}
    by_rhythm: dict[Rhythm, list[Watched]] = {}
    for target in targets:
        watched = watched_of(target)
        known = before.entries.get(watched)
        entry = known if known is not None and known.target == target else _entry(target, settings)
        entries[watched] = entry
        for rhythm in dict.fromkeys(cadence.rhythm for cadence in entry.cadences):
            by_rhythm.setdefault(rhythm, []).append(watched)
    return Timetable(entries=entries, by_rhythm={rhythm: tuple(found) for rhythm, found in by_rhythm.items()})


def watched_of(target: Target) -> Watched:
    """Return under which name the slots of a target are kept."""
    major = Version.parse(target.contract.version).major
    key = TargetKey(contract=target.contract.id, major=major, server=target.server.name)
    return Watched(target=key, shadow=target.shadow)


def due_slots(
    watched: Watched, entry: Entry, watermark: datetime | None, now: datetime, settings: ScheduleSettings
) -> Iterator[NewSlot]:
    """Yield the slots of a target that are due since its watermark, and those that are passed over."""
    later = spread(str(watched), settings.spread)
    for slot in due(entry.cadences, watermark, now, settings):
        yield NewSlot(
            watched=watched,
            instant=slot.instant,
            parts=slot.parts,
            start=slot.instant + later,
            skipped=slot.skipped,
        )


def _entry(target: Target, settings: ScheduleSettings) -> Entry:
    plan = compile_plan(target.contract, target.server.type)
    return Entry(target=target, plan=plan, cadences=cadences(target.contract, plan, settings))
