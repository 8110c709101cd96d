"""Two daemons on one state database, killed, stopped beyond their lease and cut off: every slot has one end."""

import json
import os
import random
import signal
import time
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import pytest

from monitor.store.store import migrate_store
from tests.acceptance.daemon import BODY, Serving, serving
from tests.acceptance.program import Program
from tests.campaigns.slots import ROWS, rows, summary, wrongs
from tests.conftest import Warehouse, until
from tests.integration.store.conftest import postgres_url

CONTRACTS = ("one", "two", "three")
EVERY = timedelta(seconds=2)
LEASE = 3.0
SETTINGS = """
    [state]
    url = "${STATE_URL}"

    [schedule]
    default = "0 0 1 1 *"
    spread = "0s"
    schema_every = "2s"

    [daemon]
    lease = "3s"
    """


@pytest.fixture
def program(warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Program:
    made = Program(folder=tmp_path_factory.mktemp("replicas"), warehouse=warehouse)
    warehouse.rows("CREATE TABLE orders (id int NOT NULL, amount int); INSERT INTO orders VALUES (1, 1), (2, 2)")
    url = postgres_url(warehouse)
    migrate_store(url)
    made.environment["STATE_URL"] = url
    made.configure(SETTINGS, max_connections=12)
    for name in CONTRACTS:
        made.contract(BODY, name=name)
    return made


def dsn(program: Program) -> dict[str, Any]:
    own = program.warehouse.settings
    return {
        "host": own.host,
        "port": own.port,
        "user": own.user,
        "password": own.password,
        "dbname": own.database,
    }


class Replicas:
    """Two daemons; whichever dies is started again."""

    def __init__(self, program: Program, stack: ExitStack) -> None:
        self._program = program
        self._stack = stack
        self._started = 0
        self.running = [self._start(), self._start()]

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

    def cut_off(self) -> None:
        self._program.warehouse.rows(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'pactwatch/state'"
        )


def campaign(program: Program, seed: int, blows: int) -> None:
    """Strike again and again, then let a daemon finish what is left, and look at every slot."""
    dice = random.Random(seed)  # noqa: S311 - the same blows for the same seed
    truth: list[dict[str, Any]] = []
    with ExitStack() as stack:
        replicas = Replicas(program, stack)
        until(lambda: rows(dsn(program), "SELECT 1 FROM runs LIMIT 1"), 30)
        for _ in range(blows):
            time.sleep(dice.uniform(0.2, 2.0))
            blow, place = dice.choice(["kill", "kill", "stand still", "cut off"]), dice.randrange(2)
            truth.append({"at": time.time(), "blow": blow, "replica": place})
            match blow:
                case "kill":
                    replicas.kill(place)
                case "stand still":
                    replicas.stand_still(place, dice.uniform(1.5, 2.0) * LEASE)
                case _:
                    replicas.cut_off()
        time.sleep(LEASE + 1)
        for each in replicas.running:
            assert each.end() == 0, each.log.read_text()
    program.write("truth.json", json.dumps(truth))
    program.write("pactwatch.toml", (program.folder / "pactwatch.toml").read_text().replace('"2s"', '"365d"'))
    open_now = "SELECT 1 FROM slots WHERE state IN ('due', 'running')"
    until(lambda: program.run("serve", "--once").code == 0 and not rows(dsn(program), open_now), 60)
    assert wrongs(dsn(program), CONTRACTS, EVERY) == [], truth
    told = summary(dsn(program))
    assert told["done"] >= len(CONTRACTS) * blows / 4
    print(f"\nseed {seed}: {blows} blows, {dict(told)}")  # noqa: T201 - what a campaign counted


def test_every_slot_has_one_end_whoever_is_struck(program: Program) -> None:
    campaign(program, seed=1, blows=6)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(2, 6))
def test_every_slot_has_one_end_in_a_long_campaign(program: Program, seed: int) -> None:
    campaign(program, seed=seed, blows=100)


def test_the_checker_sees_what_is_wrong(program: Program) -> None:
    """A checker that finds nothing must be able to find something."""
    assert program.run("serve", "--once").code == 0
    assert wrongs(dsn(program), CONTRACTS, EVERY) == []
    program.warehouse.rows(
        "UPDATE slots SET instant = instant - interval '4 seconds' WHERE id = (SELECT min(id) FROM slots);"
        "INSERT INTO slots (target_id, instant, state, created_at) SELECT target_id, instant + interval '4 seconds',"
        " 'due', now() FROM slots WHERE id = (SELECT min(id) FROM slots);"
        "UPDATE runs SET slot_id = NULL WHERE id = (SELECT max(id) FROM runs)"
    )
    assert {wrong.split(":")[0].split(" ")[-1] for wrong in wrongs(dsn(program), CONTRACTS, EVERY)} >= {"open", "lost"}
    assert len(rows(dsn(program), ROWS)) == len(CONTRACTS) + 1
