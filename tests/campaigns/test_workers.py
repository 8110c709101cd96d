"""A scheduler and three workers, killed, stopped beyond their lease and cut off: every slot has exactly one end."""

import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from psycopg2.extensions import parse_dsn

from tests.acceptance.daemon import BODY, Serving, serving
from tests.acceptance.program import Program
from tests.campaigns.slots import summary, wrongs
from tests.campaigns.test_replicas import CONTRACTS, EVERY, LEASE, SETTINGS
from tests.conftest import Warehouse, until
from tests.integration.store.conftest import postgres_url

SPREAD = SETTINGS.replace("[daemon]", '[daemon]\n    dispatcher = "procrastinate"')
ROLES = ("scheduler", "worker", "worker", "worker")
OPEN_SLOTS = "SELECT 1 FROM slots WHERE state IN ('due', 'running')"
OURS = "application_name IN ('pactwatch/state', 'pactwatch/jobs')"


@pytest.fixture
def program(warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Program:
    made = Program(folder=tmp_path_factory.mktemp("workers"), warehouse=warehouse)
    warehouse.rows("CREATE TABLE orders (id int NOT NULL, amount int); INSERT INTO orders VALUES (1, 1), (2, 2)")
    made.environment["STATE_URL"] = postgres_url(warehouse)
    made.configure(SPREAD, max_connections=12)
    for name in CONTRACTS:
        made.contract(BODY, name=name)
    told = made.run("migrate")
    assert (told.code, "tables of Procrastinate" in told.out) == (0, True), told.all
    return made


class Fleet:
    """One process for each role; whichever dies is started again."""

    def __init__(self, program: Program, stack: ExitStack, name: str) -> None:
        self._name = name
        self._program = program
        self._stack = stack
        self.started: list[tuple[str, Serving]] = []
        self.running = [self._start(role) for role in ROLES]

    def _start(self, role: str) -> Serving:
        name = f"{self._name}-{len(self.started) + 1}-{role}"
        process = self._stack.enter_context(serving(self._program, name, "--role", role))
        self.started.append((role, process))
        return process

    def strike(self, blow: str, place: int, seconds: float) -> None:
        """Strike a process, the scheduler's (0) or a worker's; a worker is struck in the middle of a run."""
        match blow:
            case "kill":
                place = place and self.caught()
                self.running[place].process.kill()
                self.running[place].process.wait()
                self.running[place] = self._start(ROLES[place])
            case "end":
                assert ended(self.running[place]) == 0
                self.running[place] = self._start(ROLES[place])
            case "stand still":
                process = self.running[place and self.caught()].process
                os.kill(process.pid, signal.SIGSTOP)
                time.sleep(seconds)
                os.kill(process.pid, signal.SIGCONT)
            case _:
                self._program.warehouse.rows(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {OURS}")

    def caught(self) -> int:
        """Stop a worker while it has a slot that is not done; return its place."""
        return until(self._catch, 60)

    def _catch(self) -> int | None:
        ask = self._program.warehouse.rows
        for (owner,) in ask("SELECT claimed_by FROM slots WHERE state = 'running'"):
            pid = int(owner.split(":")[1])
            place = next((at for at, each in enumerate(self.running) if each.process.pid == pid), None)
            if place is None:
                continue
            os.kill(pid, signal.SIGSTOP)
            time.sleep(0.05)  # what it sent before is done by then
            if ask(f"SELECT 1 FROM slots WHERE state = 'running' AND claimed_by = '{owner}'"):
                return place
            os.kill(pid, signal.SIGCONT)
        return None

    def actions(self, role: str) -> set[str]:
        return {action for each, serves in self.started if each == role for action in serves.actions()}


def ended(served: Serving) -> int:
    """End a process in good order, as soon as it can hear that."""
    served.wait_for("started")
    return served.end()


@contextmanager
def fleet(program: Program, name: str) -> Iterator[Fleet]:
    """Run a scheduler and three workers, which end in good order."""
    with ExitStack() as stack:
        made = Fleet(program, stack, name)
        yield made
        for each in made.running:
            assert ended(each) == 0, each.log.read_text()


def campaign(program: Program, seed: int, blows: int) -> None:
    """Strike again and again, let a new fleet finish what is left, and look at every slot and every job."""
    dice = random.Random(seed)  # noqa: S311 - the same blows for the same seed
    truth: list[dict[str, Any]] = []
    ask = program.warehouse.rows
    with fleet(program, "struck") as struck:
        until(lambda: ask("SELECT 1 FROM runs LIMIT 1"), 60)
        for _ in range(blows):
            time.sleep(dice.uniform(0.2, 2.0))
            blow = dice.choice(["kill", "kill", "stand still", "end", "cut off"])
            place, seconds = dice.randrange(len(ROLES)), dice.uniform(1.3, 1.8) * LEASE
            truth.append({"at": time.time(), "blow": blow, "role": ROLES[place], "place": place})
            struck.strike(blow, place, seconds)
        time.sleep(LEASE + 1)
    assert "run_finished" in struck.actions("worker")
    assert "run_started" not in struck.actions("scheduler")
    program.write("pactwatch.toml", (program.folder / "pactwatch.toml").read_text().replace('"2s"', '"365d"'))
    with fleet(program, "after"):
        until(lambda: not ask(OPEN_SLOTS), 60)
        until(lambda: not ask("SELECT 1 FROM procrastinate_jobs"), 60)
    dsn = parse_dsn(program.environment["STATE_URL"])
    assert wrongs(dsn, CONTRACTS, EVERY) == [], truth
    told = summary(dsn)
    assert told["done"] >= len(CONTRACTS) * blows / 4
    assert told["again"], "runs were struck in their midst"
    print(f"\nseed {seed}: {blows} blows, {dict(told)}")  # noqa: T201 - what a campaign counted


@pytest.mark.parametrize(
    ("seed", "blows"), [(12, 5), *(pytest.param(seed, 40, marks=pytest.mark.soak) for seed in (2, 3))]
)
def test_every_slot_has_one_end_whichever_process_is_struck(program: Program, seed: int, blows: int) -> None:
    campaign(program, seed, blows)
