"""Remembering runs while the terminal is told of them: trouble with the state database never hides a verdict."""

import threading
from typing import TYPE_CHECKING, Self

from monitor.errors import MonitorError, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from monitor.delivery.delivered import Delivered
    from monitor.domain.check import CheckPlan
    from monitor.domain.contract import Contract
    from monitor.domain.scan import History, Run
    from monitor.record import Alerting
    from monitor.settings import Settings
    from monitor.store.store import Store
    from monitor.store.values import AlertRecord, QueuedAlert

PATIENCE = 30.0
"""Seconds for which a verification tells what waits; what others have left behind may take hours."""


def _where(alert: "QueuedAlert") -> str:
    """Return where something is told, and when if it must wait for the end of the quiet hours."""
    if alert.not_before is None:
        return alert.destination
    return f"{alert.destination} (from {alert.not_before:%H:%M} UTC on: these are quiet hours)"


class Recorder:
    """Records runs on demand. The store is opened in the background, as its import is as long as a small scan."""

    def __init__(self, settings: "Settings", *, alert: bool = False) -> None:
        """Remember where and whether to alert; nothing is opened yet. Raises UsageError where nobody can be told."""
        self._settings = settings
        self._alerting: Alerting | None = None
        if alert:
            from monitor.cli.alerting import alerting_of

            self._alerting = alerting_of(settings)
        self._store: Store | None = None
        self._trouble: MonitorError | None = None
        self._queued: list[str] = []
        self._opening = threading.Thread(target=self._open, name="store", daemon=True)

    @property
    def trouble(self) -> MonitorError | None:
        """Return why runs could not be recorded, None if they were."""
        return self._trouble

    def start(self) -> None:
        """Begin to open the store."""
        self._opening.start()

    def record(self, run: "Run", contract: "Contract", plan: "CheckPlan", *, subset: bool) -> tuple[str, ...] | None:
        """Record a run and return the channels that hear of it; None if that did not work: then no other is tried.

        `plan` is the contract's whole plan, of which a subset may have run.
        """
        from monitor.record import Recorded, record

        self._opening.join()
        if self._store is None:
            return None
        try:
            found = Recorded(run=run, contract=contract, plan=plan, subset=subset, alerting=self._alerting)
            alerts = record(self._store, found)
        except StoreError as error:
            self._trouble = error
            self.close()
            return None
        self._queued += [alert.id for alert in alerts]
        return tuple(dict.fromkeys(_where(alert) for alert in alerts))

    def history(
        self, contract: "Contract", server: str, wanted: "Mapping[str, int]", *, shadow: bool
    ) -> "History | None":
        """Return what earlier runs measured for the checks that look back; None if nobody can be asked."""
        from monitor.store.rows import target_named

        if not wanted:
            return {}
        self._opening.join()
        if self._store is None:
            return None
        try:
            with self._store.reading() as reader:
                return reader.earlier(target_named(contract.id, contract.version, server), wanted, shadow=shadow)
        except StoreError as error:
            self._trouble = error
            self.close()
            return None

    def deliver(self) -> "Delivered | None":
        """Tell what is queued; None where nobody is to be told or nothing could be recorded."""
        from monitor.cli.alerting import deliver

        if self._alerting is None or self._store is None:
            return None
        try:
            return deliver(self._settings, self._store, longest=PATIENCE)
        except StoreError as error:
            self._trouble = error
            return None

    def alerts(self) -> "tuple[AlertRecord, ...]":
        """Return what became of the alerts of these runs so far, in the order in which they were queued."""
        if self._store is None or not self._queued:
            return ()
        try:
            with self._store.reading() as reader:
                return reader.alerts_by_id(self._queued)[::-1]
        except StoreError as error:
            self._trouble = error
            return ()

    def left(self, alerts: "Iterable[AlertRecord]") -> int:
        """Return how many of these could go now and nobody has tried to deliver."""
        from monitor.store.values import AlertState

        queued = [each.alert for each in alerts if each.state is AlertState.QUEUED]
        if not queued or self._store is None:
            return 0
        now = self._store.now()
        return sum(alert.not_before is None or alert.not_before <= now for alert in queued)

    def close(self) -> None:
        """Close the store."""
        if self._opening.ident is not None:
            self._opening.join()
        if self._store is not None:
            self._store.close()
        self._store = None

    def __enter__(self) -> Self:
        """Use it until the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the store."""
        self.close()

    def _open(self) -> None:
        try:
            import monitor.record as _warm  # noqa: F401 - so that the first run need not wait for its import
            from monitor.store.store import open_store

            self._store = open_store(self._settings.state_url)
        except MonitorError as error:
            self._trouble = error
