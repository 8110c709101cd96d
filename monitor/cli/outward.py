"""The daemon as the web sees it: put together where both are known."""

from monitor.contracts.files import InvalidFile
from monitor.daemon.daemon import Daemon
from monitor.store.store import Store
from monitor.web.seam import Loaded, Status


class Outward:
    """Tells the web of a daemon, and the daemon of what the web is asked for."""

    def __init__(self, daemon: Daemon, store: Store) -> None:
        """Speak for this daemon."""
        self._daemon = daemon
        self._store = store

    def status(self) -> Status:
        """Return how the daemon is. While the database cannot be reached its heartbeat grows old."""
        now, targets = self._daemon.status(), self._daemon.targets()
        loaded = (
            None
            if targets is None
            else tuple(
                Loaded(contract=target.contract, server=target.server.name, shadow=target.shadow) for target in targets
            )
        )
        return Status(
            is_ticking=now.scheduler_alive,
            heartbeat_age=now.heartbeat_age,
            loaded=loaded,
            invalid=tuple(InvalidFile(file=each.file, problems=each.problems) for each in now.invalid),
            is_stopping=now.is_stopping,
            due=now.waiting,
            running=now.running,
            lag=now.lag,
            fenced=now.fenced,
        )

    def request_run(self, contract: str, server: str, run_id: str) -> None:
        """Ask for a run; nobody is alerted of it."""
        self._daemon.request_run(contract, server, run_id=run_id)

    def requested(self, run_id: str) -> str | None:
        """Return where a requested run is."""
        return self._store.slots.requested(run_id)
