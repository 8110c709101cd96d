"""What this machine has to have: a state database, room on its disks, an address that people can call."""

import shutil
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from monitor.doctor.clocks import clock
from monitor.doctor.finding import Finding, bad, fine, warn
from monitor.errors import SettingsError, StoreError
from monitor.settings import Dispatcher, HttpSettings, Pages
from monitor.store.slots import Backlog
from monitor.store.store import open_store
from monitor.words import counted

LITTLE = 1_000_000_000
TOO_LITTLE = 100_000_000
"""Bytes that are free on a disk."""

SILENT = timedelta(minutes=1)
"""A daemon says every few seconds that it lives."""

LATE = timedelta(minutes=5)
"""So long may work wait that is due."""

SQLITE = "sqlite:///"


def state(url: str, dispatcher: Dispatcher = Dispatcher.DATABASE) -> Iterator[Finding]:
    """Open the state database as every command does, and look at the work that is in it.

    An older file of SQLite is brought to our schema by that. The clock of a server decides what is due; that of a file
    is ours.
    """
    try:
        with open_store(url, dispatcher) as store:
            with store.reading() as reader:
                beats, before = reader.heartbeats(), datetime.now(UTC)
                now = reader.now()
                skew = now - (before + (datetime.now(UTC) - before) / 2)
            backlog, place = store.slots.backlog(), store.place
    except (StoreError, SettingsError) as error:
        yield bad("state", str(error), "see [state] url; `pactwatch migrate` brings a database to this version")
        return
    heard = f"; a daemon was heard of {(now - beats[0].at).total_seconds():.0f} s ago" if beats else ""
    yield fine("state", f"{place}{heard}")
    if not url.startswith(SQLITE):
        yield clock("state", skew)
    if beats or backlog.due:
        alive = [str(beat.details.get("role")) for beat in beats if now - beat.at < SILENT]
        yield work(backlog, alive, now, is_shared=dispatcher is not Dispatcher.DATABASE)


def work(backlog: Backlog, alive: Sequence[str], now: datetime, *, is_shared: bool) -> Finding:
    """Judge whether somebody does what is due. `alive` are the roles of the daemons that were heard of just now.

    `is_shared` says that some write down what is due and others do it.
    """
    told = f"{counted(backlog.due, 'verification')} due, {backlog.running:,} running, {counted(len(alive), 'daemon')}"
    if not alive:
        return warn("work", f"{told}: nothing is verified", "start `pactwatch serve`")
    for role, does in (("scheduler", "write down what is due"), ("worker", "verify it")):
        if is_shared and not {"all", role} & set(alive):
            return warn("work", f"{told}, of which none is there to {does}", f"start `pactwatch serve --role {role}`")
    waits = timedelta() if backlog.oldest is None else now - backlog.oldest
    if waits > LATE:
        mend = "more [daemon] workers, more max_connections of the server, or one more daemon"
        return warn("work", f"{told}; the oldest has waited for {waits.total_seconds() / 60:.0f} min", mend)
    return fine("work", told)


def disks(state_url: str, reports: Path) -> list[Finding]:
    """Judge the room that is left where Pactwatch writes."""
    places = {"reports": reports}
    if state_url.startswith(SQLITE):
        places["state"] = Path(state_url.removeprefix(SQLITE)).parent
    return [disk(name, path) for name, path in places.items()]


def disk(name: str, path: Path) -> Finding:
    """Judge the disk that a path is on, or will be."""
    nearest = next(each for each in (path.absolute(), *path.absolute().parents) if each.exists())
    free = shutil.disk_usage(nearest).free
    told = f"{free / 1_000_000_000:,.1f} GB are free at {nearest}"
    if free < TOO_LITTLE:
        return bad(name, told, "make room: nothing can be recorded on a full disk")
    return warn(name, told, "make room before it is full") if free < LITTLE else fine(name, told)


def http(settings: HttpSettings, *, is_told: bool) -> list[Finding]:
    """Judge how Pactwatch is seen from outside. `is_told` says that alerts are sent, which lead to pages."""
    found = []
    url = settings.public_url
    if url is None and is_told:
        mend = '[http] public_url = "https://dq.example.com"'
        found.append(warn("http", "alerts have no links: nobody said what people call this site", mend))
    if url is not None:
        parts = urlsplit(url)
        is_here = parts.hostname in {"localhost", "127.0.0.1", "::1"}
        if is_here and is_told:
            mend = "[http] public_url: the name by which others reach it"
            found.append(warn("http", f"links of alerts lead to {url}: that is each reader's own machine", mend))
        elif parts.scheme == "http" and not is_here:
            found.append(warn("http", f"{url} is not encrypted", "put a proxy with TLS in front of it"))
    if not settings.is_local and not settings.tokens:
        mend = '[http.tokens] airflow = "${AIRFLOW_TOKEN}"'
        found.append(warn("http", "the API and /metrics answer nobody: off this machine they need a token", mend))
    if not settings.is_local and settings.pages is Pages.OPEN:
        mend = '[http] pages = "token", or "proxy" behind one that signs people in'
        found.append(warn("http", f"everybody who reaches {settings.host} may read the reports", mend))
    return found or [fine("http", f"{settings.host}:{settings.port}" + (f", called {url}" if url else ""))]
