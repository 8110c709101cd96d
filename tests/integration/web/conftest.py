"""The web application, served on a real store, once in SQLite and once in PostgreSQL."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock

import pytest
from httpx import Client

from monitor.domain.contract import Contract
from monitor.domain.scan import Run
from monitor.errors import UsageError
from monitor.run import Target
from monitor.settings import HttpSettings, ServerSettings
from monitor.store.store import Store
from monitor.store.values import Trigger
from monitor.web.app import app
from monitor.web.seam import Invalid
from monitor.web.server import Server
from tests.integration.store.conftest import empty_url, store, url
from tests.runs import CONTRACT

__all__ = ["empty_url", "store", "url"]

ANYWHERE = HttpSettings(port=0)


def loaded(contract: Contract = CONTRACT, server: str = "warehouse") -> Target:
    return Target(contract=contract, shadow=False, server=ServerSettings(name=server))


@dataclass(frozen=True, kw_only=True)
class Now:
    """How the daemon is."""

    is_ticking: bool = True
    heartbeat_age: float | None = 1.0
    reconciled_age: float | None = 1.0
    loaded: tuple[Target, ...] | None = (loaded(),)
    invalid: tuple[Invalid, ...] = ()
    is_stopping: bool = False
    due: int = 0
    running: int = 0
    lag: float = 0.0
    fenced: int = 0
    behind: tuple[str, ...] = ()


ALIVE = Now()


@dataclass
class Said:
    """A daemon that says what the test wants; what is asked of it waits until `work` is called."""

    store: Store
    now: Now = ALIVE
    asked: dict[str, str] = field(default_factory=dict)
    requests: int = 0
    at_once: Run | None = None
    lock: Lock = field(default_factory=Lock)

    def status(self) -> Now:
        return self.now

    def request_run(self, contract: str, server: str, run_id: str) -> None:
        if server == "unplugged":
            raise UsageError(f"{contract} is not watched on {server}")
        with self.lock:
            self.requests += 1
            known = self.asked.setdefault(run_id, "due")
        if self.at_once is not None and known == "due":
            self.work(run_id, self.at_once)

    def requested(self, run_id: str) -> str | None:
        return self.asked.get(run_id)

    def work(self, run_id: str, run: Run) -> None:
        self.asked[run_id] = "done"
        keep(self.store, replace(run, run_id=run_id), trigger=Trigger.API, stands=False)


def keep(store: Store, *runs: Run, trigger: Trigger = Trigger.SCHEDULED, **more: object) -> None:
    for run in runs:
        contract = replace(CONTRACT, id=run.contract, version=run.version, file=run.file)
        with store.writing() as writer:
            writer.record_run(run, contract, trigger=trigger, **more)  # type: ignore[arg-type]


@contextmanager
def client_of(
    store: Store, said: Said, settings: HttpSettings = ANYWHERE, site: Path | None = None
) -> Iterator[Client]:
    """Serve, and speak to it as programs do."""
    with (
        Server(app(store, said, settings, site), settings) as server,
        Client(base_url=server.url, timeout=20) as client,
    ):
        yield client


@pytest.fixture
def said(store: Store) -> Said:
    return Said(store)


@pytest.fixture
def client(store: Store, said: Said) -> Iterator[Client]:
    with client_of(store, said) as opened:
        yield opened
