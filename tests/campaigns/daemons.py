"""Daemons that a campaign strikes, what they are asked to do meanwhile, and how what is left is finished."""

import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx

from tests.acceptance.daemon import BODY, Serving, serving
from tests.acceptance.program import Program
from tests.campaigns.slots import Where, broken_promises, rows, summary, wrongs
from tests.conftest import until

CONTRACTS = ("one", "two", "three")
EVERY = timedelta(seconds=2)
SCHEDULE = """
    [schedule]
    default = "0 0 1 1 *"
    spread = "0s"
    schema_every = "2s"
    """
"""Each contract is verified once when it comes, and its schema every two seconds."""

OPEN_NOW = "SELECT 1 FROM slots WHERE state IN ('due', 'running')"


def stock(program: Program) -> None:
    """Make a table and the contracts about it."""
    program.warehouse.rows(
        "CREATE TABLE orders (id int NOT NULL, amount int); INSERT INTO orders VALUES (1, 1), (2, 2)"
    )
    for name in CONTRACTS:
        program.contract(BODY, name=name)


class Replicas:
    """Daemons on one state database; whichever dies is started again."""

    def __init__(self, program: Program, stack: ExitStack, number: int = 2) -> None:
        self._program = program
        self._stack = stack
        self._started = 0
        self.running = [self._start() for _ in range(number)]

    def _start(self) -> Serving:
        self._started += 1
        return self._stack.enter_context(serving(self._program, f"serve-{self._started}"))

    def kill(self, place: int) -> None:
        self.running[place].process.kill()
        self.running[place].process.wait()
        self.running[place] = self._start()

    def stand_still(self, place: int, seconds: float) -> None:
        process = self.running[place].process
        os.kill(process.pid, signal.SIGSTOP)
        time.sleep(seconds)
        os.kill(process.pid, signal.SIGCONT)

    def url(self, place: int) -> str:
        """Return where one of them listens; nowhere as long as it does not."""
        started = (line for line in self.running[place].lines() if line.get("action") == "http_started")
        return str(next(started, {"url": "http://127.0.0.1:1"})["url"])

    def end(self) -> None:
        for each in self.running:
            assert each.end() == 0, each.log.read_text()


def finish(program: Program, where: Where) -> None:
    """Let daemons that come and go do what is left, and nothing new."""
    settings = program.folder / "pactwatch.toml"
    settings.write_text(settings.read_text().replace('schema_every = "2s"', 'schema_every = "365d"'))
    until(lambda: program.run("serve", "--once").code == 0 and not rows(where, OPEN_NOW), 90)


def judged(program: Program, where: Where, truth: "Truth", about: str) -> None:
    """Let what is left be finished, and look at every slot."""
    told = {"blows": truth.blows, "spans": truth.spans, "promised": truth.promised}
    file = program.write("truth.json", json.dumps(told))
    finish(program, where)
    found = [*wrongs(where, CONTRACTS, EVERY), *broken_promises(where, file)]
    assert not found, (found, truth.blows)
    print(f"\n{about}: {len(truth.blows)} blows, {len(truth.promised)} promised, {dict(summary(where))}")  # noqa: T201 - what a campaign counted


@dataclass
class Truth:
    """What a campaign did and was promised, for the checker to read: blows, times of trouble, runs that were asked for."""

    blows: list[dict[str, Any]] = field(default_factory=list)
    spans: list[dict[str, Any]] = field(default_factory=list)
    promised: list[str] = field(default_factory=list)

    def blow(self, kind: str) -> None:
        self.blows.append({"at": time.time(), "blow": kind})

    @contextmanager
    def span(self, kind: str) -> Iterator[None]:
        """Write down from when until when nothing can be green (`whole`: only runs that look at rows)."""
        begun = time.time()
        yield
        self.spans.append({"kind": kind, "from": begun, "to": time.time()})


@contextmanager
def asking(replicas: Replicas, truth: Truth, every: float = 0.5) -> Iterator[None]:
    """Ask for whole runs again and again, as pipelines do; a run that was promised is written down."""
    over = threading.Event()

    def ask() -> None:
        number = 0
        with httpx.Client(timeout=60) as client:
            while not over.wait(every):
                number += 1
                path = f"/api/v1/contracts/{CONTRACTS[number % len(CONTRACTS)]}/verify"
                url = replicas.url(number % len(replicas.running))
                with suppress(httpx.TransportError):  # it was killed, or hears nobody yet
                    answer = client.post(f"{url}{path}")
                    if answer.status_code == httpx.codes.ACCEPTED:
                        truth.promised.append(answer.json()["run_id"])

    thread = threading.Thread(target=ask, name="asking")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
