"""`pactwatch serve`: the daemon, until it is told to stop."""

import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import click

from monitor.errors import UsageError

if TYPE_CHECKING:
    from monitor.daemon.daemon import Daemon
    from monitor.settings import Settings
    from monitor.store.store import Store
    from monitor.web.server import Server

PAUSE = 0.1
"""Seconds between two looks whether a signal came."""


@click.command("serve")
@click.option("--once", is_flag=True, help="Run what is due, tell it, and end.")
@click.option(
    "--role",
    type=click.Choice(["all", "scheduler", "worker"]),
    default="all",
    show_default=True,
    help="A scheduler runs nothing; a worker does nothing else.",
)
@click.option("--log-format", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.pass_obj
def serve_command(
    settings_of: "Callable[[], Settings]",
    once: bool,
    role: Literal["all", "scheduler", "worker"],
    log_format: Literal["text", "json"],
) -> int:
    """Be the daemon: verify every contract when it is due, tell people, keep incidents up.

    Contracts are read again when their files change, and at SIGHUP. SIGTERM or Ctrl-C lets runs finish or hands them
    back, delivers once more, and ends within 25 seconds; twice, it does not wait for runs. Several daemons may share
    one state database. Where no way to tell people is configured, alerts are lines on stdout; the log is on stderr.
    """
    from monitor.daemon.logs import log_to

    if once and role != "all":
        raise UsageError("--once does all there is to do: leave out --role")
    log_to(sys.stderr, log_format)
    signals: list[int] = []  # a handler only takes a note: locks may be held by whoever it interrupts
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda number, _: signals.append(number))
    with ExitStack() as stack:
        settings = settings_of()
        settings.need("servers", "state", "daemon", *([] if once else ["http"]))
        if once:
            _check_contracts(settings)
        store = stack.enter_context(_store(settings, once=once))
        daemon = _put_together(settings, store, stack, once=once, role=role)
        if once:
            daemon.run_once(lambda: _is_to_end(daemon, signals))
        else:
            stack.enter_context(_served(settings, daemon, store))
            daemon.start()
            if role != "worker":
                stack.enter_context(_heard(settings, store, daemon))
            _wait_for_the_end(daemon, signals)
        has_ended = daemon.stop(in_a_hurry=lambda: bool(signals))
    if not has_ended:  # Python would wait for the thread
        os._exit(0)
    return 0


def _check_contracts(settings: "Settings") -> None:
    """Raise UsageError if there is no contract file at all: a run that verified nothing must not look well."""
    from monitor.contracts.files import find

    if not find(settings.contracts).files:
        folders = ", ".join(str(path) for path in settings.contracts)
        raise UsageError(f"nothing to verify: no contract in {folders}")


def _store(settings: "Settings", *, once: bool) -> "Store":
    from monitor.settings import Dispatcher
    from monitor.store.store import open_store

    return open_store(settings.state_url, Dispatcher.DATABASE if once else settings.daemon.dispatcher)


def _served(settings: "Settings", daemon: "Daemon", store: "Store") -> "Server":
    """Return what serves health, metrics, the API and the reports; it answers until after the daemon has stopped."""
    from monitor.web.app import app
    from monitor.web.server import Server

    return Server(app(store, daemon, settings.http, settings.reports), settings.http)


def _heard(settings: "Settings", store: "Store", daemon: "Daemon") -> AbstractContextManager[None]:
    """Return what hears presses; it does so until after the daemon has stopped."""
    from monitor.cli.alerting import for_daemon
    from monitor.cli.listening import hearing

    return hearing(for_daemon(settings), store, daemon.verify)


def _put_together(settings: "Settings", store: "Store", stack: ExitStack, *, once: bool, role: str) -> "Daemon":
    from monitor.cli.alerting import alerting_of, delivery_of, for_daemon
    from monitor.daemon.daemon import Daemon
    from monitor.daemon.parts import Parts, Role
    from monitor.upkeep import Upkeep
    from monitor.wiring import Engines, placement

    settings = for_daemon(settings)
    engines = stack.enter_context(Engines())
    engines.reach(settings)
    if once:  # nobody waits for a moment that is spread, or for others
        schedule, alerts = replace(settings.schedule, spread=0.0), replace(settings.alerts, group=0.0)
        settings = replace(settings, schedule=schedule, alerts=alerts)
    alerting = alerting_of(settings)
    return Daemon(
        Parts(
            settings=settings,
            store=store,
            engine_of=engines.of,
            place=placement(settings, os.environ),
            alerting=alerting,
            deliverer=delivery_of(settings, store, console=sys.stdout),
            keeper=lambda contract_of: Upkeep(store, alerting, contract_of),
            role=Role(role),
        )
    )


def _wait_for_the_end(daemon: "Daemon", signals: list[int]) -> None:
    """Wait until somebody wants the daemon to end."""
    while not _is_to_end(daemon, signals):
        time.sleep(PAUSE)


def _is_to_end(daemon: "Daemon", signals: list[int]) -> bool:
    """Say, once, that somebody wants the daemon to end; SIGHUP only lets it look at the contracts again."""
    while signals:
        if signals.pop(0) != signal.SIGHUP:
            return True
        daemon.reload()
    return False
