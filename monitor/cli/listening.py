"""What people press is heard: in the foreground by `alerts listen`, which also delivers, and beside a daemon."""

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import FrameType
from typing import TYPE_CHECKING

import click

from monitor.cli.alerting import alerting_of, current_of, delivery_of, routes_of, upkeep_of
from monitor.errors import SettingsError, UsageError

if TYPE_CHECKING:
    from monitor.buttons.listener import Desk, Listener
    from monitor.domain.contract import Contract
    from monitor.domain.scan import Run
    from monitor.domain.target import TargetKey
    from monitor.engines.base import Engine
    from monitor.settings import ServerSettings, Settings
    from monitor.store.store import Store

    EngineOf = Callable[[ServerSettings], Engine]

AGAIN = 10.0
"""Seconds before another try to reach Slack."""

FRESH = 60.0
"""Seconds for which contract files are believed before they are read again."""

MINUTE = 60.0
"""Seconds between two looks at what only time does."""

EVERY = 5.0
"""Seconds between two looks at the outbox, beside those that a press asks for."""

AT_ONCE = 8
"""So many verifications are waited for at once where somebody else does them."""

END = 2.0
"""Seconds for which a daemon that ends waits for what somebody pressed last."""

log = logging.getLogger(__name__)


def listen(settings: "Settings", store: "Store") -> int:
    """Listen until SIGINT or SIGTERM, deliver what waits, and keep incidents up with the clock.

    Raises SettingsError for a bad token; Slack may be away meanwhile.
    """
    stop, waiting = threading.Event(), threading.Event()

    def verify(target: "TargetKey") -> "Run":
        from monitor.wiring import Engines

        with Engines() as engines:  # not before somebody asks: a process with Soda is large
            engines.reach(settings)
            return reverify(settings, store, target, engines.of)

    listener = _listener(settings, store, waiting.set, verify)
    delivery = delivery_of(settings, store)
    with _signals(stop, waiting), _log():
        if not _started(listener, stop):
            return 0
        click.echo("listening for presses", err=True)
        due = time.monotonic()
        try:
            while not stop.is_set():
                if time.monotonic() >= due:
                    upkeep_of(settings, store).once()
                    due = time.monotonic() + MINUTE
                delivery.until_quiet()
                waiting.wait(EVERY)
                waiting.clear()
        finally:
            listener.stop()
            delivery.until_quiet()
    return 0


@contextmanager
def hearing(settings: "Settings", store: "Store", verify: "Callable[[TargetKey], Run]") -> Iterator[None]:
    """Do what people press while the block runs, where messages have buttons; somebody else delivers what follows.

    `verify` lets a target be verified in its turn, and returns the run; several may be waited for at once. Slack is
    never waited for: a token that is refused is logged, and the rest goes on.
    """
    if not routes_of(settings).has_buttons:
        yield
        return
    stop = threading.Event()
    listener = _listener(settings, store, lambda: None, verify, at_once=AT_ONCE)

    def begin() -> None:
        try:
            _started(listener, stop)
        except SettingsError as error:
            log.error("Nobody hears what people press: %s", error, extra={"action": "listener_refused"})  # noqa: TRY400

    thread = threading.Thread(target=begin, name="listener", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(END)
        listener.stop(timeout=END)


def reverify(settings: "Settings", store: "Store", target: "TargetKey", engine_of: "EngineOf") -> "Run":
    """Verify and record a target now, as a scheduled run does; whoever asked is awake, so no hour is quiet.

    Raises MonitorError where that cannot be done.
    """
    from monitor.checks.plan import compile_plan
    from monitor.record import Recorded, record
    from monitor.run import run_contract
    from monitor.wiring import targets

    selected = current_of(settings, target)
    if selected is None:
        raise UsageError(f"no contract is there any more for {target}")
    (chosen, *_), _ = targets([selected], settings, os.environ, target.server)
    plan = compile_plan(chosen.contract, chosen.server.type)
    engine = engine_of(chosen.server)
    run = run_contract(chosen.contract, plan, chosen.server, engine, samples=settings.samples)
    alerting = alerting_of(settings)
    awake = replace(alerting, routes=replace(alerting.routes, quiet=None))
    record(store, Recorded(run=run, contract=chosen.contract, plan=plan, alerting=awake))
    return run


def _listener(
    settings: "Settings",
    store: "Store",
    deliver: Callable[[], None],
    verify: "Callable[[TargetKey], Run]",
    at_once: int = 1,
) -> "Listener":
    """Return the listener of the configured bot. Raises UsageError where there is none."""
    from monitor.buttons.listener import Listener
    from monitor.notifiers.slack_people import SlackPeople
    from monitor.notifiers.slack_socket import SlackSocket

    alerting, slack = alerting_of(settings), settings.slack
    if slack is None or slack.app_token is None or not alerting.routes.has_buttons:
        raise UsageError(
            'nobody can press anything: add app_token = "${SLACK_APP_TOKEN}" to [slack]; it is an app-level token'
            " (xapp-…) with the scope connections:write"
        )
    desk = replace(_desk(settings, deliver, verify), at_once=at_once)
    socket = SlackSocket(slack.app_token, base_url=slack.base_url)
    return Listener(store, socket, SlackPeople(slack.token, base_url=slack.base_url), desk)


def _desk(settings: "Settings", deliver: Callable[[], None], verify: "Callable[[TargetKey], Run]") -> "Desk":
    from monitor.buttons.listener import Desk

    known: dict[TargetKey, tuple[float, Contract | None]] = {}

    def contract_of(target: "TargetKey") -> "Contract | None":
        at, found = known.get(target, (float("-inf"), None))
        if time.monotonic() - at > FRESH:
            selected = current_of(settings, target)
            found = selected.contract if selected else None
            known[target] = (time.monotonic(), found)
        return found

    return Desk(
        alerting=alerting_of(settings),
        contract_of=contract_of,
        verify=verify,
        deliver=deliver,
        restrict=settings.alerts.restrict,
    )


def _started(listener: "Listener", stop: threading.Event) -> bool:
    """Connect, however long Slack is away; False if it was told to end before that."""
    from monitor.notifiers.base import DeliveryError

    while not stop.is_set():
        try:
            listener.start()
        except DeliveryError as error:
            if error.permanent:
                raise SettingsError(error.reason) from error
            click.echo(f"{error.reason}; trying again", err=True)
            stop.wait(max(error.retry_after or 0.0, AGAIN))
        else:
            return True
    return False


@contextmanager
def _signals(*events: threading.Event) -> Iterator[None]:
    """Set the events when the program is asked to end."""

    def end(number: int, frame: FrameType | None) -> None:
        del number, frame
        for event in events:
            event.set()

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _log() -> Iterator[None]:
    """Write what our own modules say to stderr."""
    handler, ours = logging.StreamHandler(sys.stderr), logging.getLogger("monitor")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    before = ours.level
    ours.addHandler(handler)
    ours.setLevel(logging.INFO)
    try:
        yield
    finally:
        ours.removeHandler(handler)
        ours.setLevel(before)
