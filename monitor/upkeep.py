"""What only time does: quiet that ends, reminders, what nobody verified, what is forgotten."""

import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from monitor.domain.contract import Contract
from monitor.domain.incident import ChangeKind, Incident, IncidentChange, IncidentKind
from monitor.domain.target import TargetKey
from monitor.incidents.silences import ContractOf, facts_of, is_silenced, silenced_by, was_silenced
from monitor.incidents.tick import once, tick
from monitor.incidents.troubles import Trouble, undelivered, watch
from monitor.notifiers.base import Fault
from monitor.record import Alerting, again
from monitor.store.store import Reader, Store, Writer
from monitor.store.values import Pruned
from monitor.telling import News, latest_run, tell
from monitor.words import counted

Clock = Callable[[Reader], datetime]
"""Says what time it is: by default the database does, the one clock that all replicas share."""

Change = Callable[[tuple[Incident, ...], Writer, datetime], tuple[IncidentChange, ...]]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What one pass did: how many incidents changed, and how many alerts are queued because of it."""

    changes: int = 0
    alerts: int = 0

    def __add__(self, other: "Kept") -> "Kept":
        """Add up two steps."""
        return Kept(changes=self.changes + other.changes, alerts=self.alerts + other.alerts)


class Upkeep:
    """Keeps incidents up with the clock. Any number of processes may do so at once: each thing happens once.

    Every target is a transaction of its own, in which its incidents are read again: a pass that is stopped at any point
    has done what it has done.
    """

    def __init__(self, store: Store, alerting: Alerting, contract_of: ContractOf, *, clock: Clock = Reader.now) -> None:
        """Use this store; `contract_of` is asked where something happens, in a silence, or of a server long dead."""
        self._store = store
        self._alerting = alerting
        self._contract_of = contract_of
        self._clock = clock

    def once(self, troubles: Mapping[IncidentKind, Collection[Trouble]] | None = None) -> Kept:
        """Do what is due. `troubles` are all that there are now of each kind that somebody watches.

        Those of a kind that are not there any more are over; of a kind that is not in it nothing is known. Raises
        StoreError.
        """
        done = self._tick() + self.watch_channels()
        for kind, found in (troubles or {}).items():
            done += self._watch(kind, found)
        if done.changes:
            log.info("Time changed %s", counted(done.changes, "incident"), extra={"action": "upkeep_done"})
        return done

    def watch_channels(self) -> Kept:
        """Open or end the incidents of channels that take no messages, or the one that nothing can be told anywhere."""
        with self._store.reading() as reader:
            found = reader.troubled_channels()
        refused = [each for each in found if each.fault == Fault.CREDENTIALS]
        if refused:
            troubles = [undelivered("every channel", f"nothing can be told to anybody: {refused[0].why}")]
        else:
            troubles = [undelivered(each.destination, f"{each.destination}: {each.why}") for each in found]
        return self._watch(IncidentKind.DELIVERY, troubles)

    def prune(self, *, keep_results: timedelta, keep_rollups: timedelta) -> Pruned:
        """Forget what is older than that, in small batches; see `store.retention`."""
        with self._store.reading() as reader:
            now = self._clock(reader)
        return self._store.prune(keep_results=keep_results, keep_rollups=keep_rollups, now=now)

    # -- the clock -----------------------------------------------------------------------------------------------

    def _tick(self) -> Kept:
        """End quiet and remind, target by target; then the ends of silences are dealt with."""
        with self._store.reading() as reader:
            now = self._clock(reader)
            ended = reader.ended_silences(now)
            due = self._due(reader.all_open_incidents(), reader, now)
        done = Kept()
        for target in sorted({change.incident.target for change in due}):
            done += self._change(target, self._due)
        if ended:
            with self._store.writing() as writer:
                for silence in ended:
                    writer.save_silence(silence, ended=True)
        return done

    def _due(self, incidents: Iterable[Incident], reader: Reader, now: datetime) -> tuple[IncidentChange, ...]:
        silenced = silenced_by(reader.silences(at=now), self._contract_of, now)

        def concerns(incident: Incident) -> bool:
            is_down = incident.kind is IncidentKind.SERVER_DOWN
            return bool(self._unheard(incident, reader, now)) if is_down else once(incident)

        return tick(incidents, now, self._alerting.policy, silenced, concerns)

    # -- troubles ------------------------------------------------------------------------------------------------

    def _watch(self, kind: IncidentKind, troubles: Collection[Trouble]) -> Kept:
        with self._store.reading() as reader:
            open_now = reader.all_open_incidents(kind=kind)
        done = Kept()
        by_target: dict[TargetKey, list[Trouble]] = {incident.target: [] for incident in open_now}
        for trouble in troubles:
            by_target.setdefault(trouble.target, []).append(trouble)
        for target in sorted(by_target):
            done += self._change(target, partial(self._seen, kind, by_target[target]))
        return done

    def _seen(
        self, kind: IncidentKind, troubles: list[Trouble], known: tuple[Incident, ...], reader: Reader, now: datetime
    ) -> tuple[IncidentChange, ...]:
        """Return what changed; that a trouble is still there is not written down every minute.

        The gates are for checks: somebody who watches for troubles has seen enough.
        """
        silenced = silenced_by(reader.silences(at=now), self._contract_of, now)
        policy = replace(self._alerting.policy, alert_after_failures=1)
        changes = watch(known, kind, troubles, now, policy, silenced)
        return tuple(change for change in changes if change.kind is not ChangeKind.STILL_FAILING)

    # -- one target ----------------------------------------------------------------------------------------------

    def _change(self, target: TargetKey, change: Change) -> Kept:
        return again(lambda: self._changed(target, change))

    def _changed(self, target: TargetKey, change: Change) -> Kept:
        with self._store.writing() as writer:
            writer.lock(target)
            now = self._clock(writer)
            known = writer.open_incidents(target, ended_since=now - self._alerting.policy.reopen_within)
            changes = change(known, writer, now)
            if not changes:
                return Kept()
            news = News(
                target=target,
                changes=changes,
                known=known,
                contract=self._contract_of(target) if target.contract else None,
                run=latest_run(writer, target),
                met=self._met(changes, known, writer, now),
                gather=self._alerting.gather,
            )
            return Kept(changes=len(changes), alerts=len(tell(writer, news, self._alerting.routes, now)))

    def _met(
        self, changes: Iterable[IncidentChange], known: Iterable[Incident], reader: Reader, now: datetime
    ) -> Mapping[TargetKey, Contract]:
        """Return the contracts whose teams hear now that their server does not answer."""
        due = {change.incident.id for change in changes if change.kind is ChangeKind.STILL_UNVERIFIED}
        down = [each for each in known if each.id in due and each.kind is IncidentKind.SERVER_DOWN]
        return {target: contract for each in down for target, contract in self._unheard(each, reader, now).items()}

    def _unheard(self, down: Incident, reader: Reader, now: datetime) -> Mapping[TargetKey, Contract]:
        """Return the contracts on a dead server whose teams should hear of it and have not.

        None that is silenced; where teams were told, only those whose silence has ended since: they missed it.
        """
        silences = reader.silences()
        found: dict[TargetKey, Contract] = {}
        for target in reader.targets_on(down.target.server):
            contract = self._contract_of(target) if str(target) in down.children else None
            if contract is None:
                continue
            facts = facts_of(contract, "")
            is_new = down.team_told_at is None or was_silenced(facts, silences, down.team_told_at, now)
            if is_new and not is_silenced(facts, silences, now):
                found[target] = contract
        return found
