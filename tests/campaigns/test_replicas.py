"""Two daemons on one state database, killed, stopped beyond their lease and cut off: every slot has one end."""

import random
import time
from contextlib import ExitStack
from typing import Any

import pytest

from monitor.store.store import migrate_store
from tests.acceptance.program import Program
from tests.campaigns.daemons import CONTRACTS, EVERY, SCHEDULE, Replicas, Truth, asking, judged, stock
from tests.campaigns.slots import ROWS, dsn_of, rows, summary, wrongs
from tests.conftest import Warehouse, until
from tests.integration.store.conftest import postgres_url

LEASE = 3.0
SHORTEST = 5.0
"""Seconds for which a daemon stands still at least: its lease is over by then."""

SETTINGS = (
    SCHEDULE
    + """
    [state]
    url = "${STATE_URL}"

    [daemon]
    lease = "3s"
    """
)


@pytest.fixture
def program(warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Program:
    made = Program(folder=tmp_path_factory.mktemp("replicas"), warehouse=warehouse)
    url = postgres_url(warehouse)
    migrate_store(url)
    made.environment["STATE_URL"] = url
    made.configure(SETTINGS, max_connections=12)
    stock(made)
    return made


def dsn(program: Program) -> dict[str, Any]:
    return dsn_of(program.warehouse)


def cut_off(program: Program) -> None:
    program.warehouse.rows(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'pactwatch/state'"
    )


def campaign(program: Program, *, seed: int, blows: int, longest: float) -> None:
    """Strike again and again while runs are asked for; let a daemon finish what is left, and look at every slot."""
    dice = random.Random(seed)  # noqa: S311 - the same blows for the same seed
    truth = Truth()
    with ExitStack() as stack:
        replicas = Replicas(program, stack)
        until(lambda: rows(dsn(program), "SELECT 1 FROM runs LIMIT 1"), 30)
        with asking(replicas, truth):
            for _ in range(blows):
                time.sleep(dice.uniform(0.2, 2.0))
                blow, place = dice.choice(["kill", "kill", "stand still", "cut off"]), dice.randrange(2)
                truth.blow(f"{blow} {place}")
                match blow:
                    case "kill":
                        replicas.kill(place)
                    case "stand still":
                        replicas.stand_still(place, dice.triangular(SHORTEST, longest, SHORTEST))
                    case _:
                        for each in replicas.running:
                            each.wait_for("started")  # one that begins would end with a sentence
                        cut_off(program)
        time.sleep(LEASE + 1)
        replicas.end()
    judged(program, dsn(program), truth, f"two replicas struck, seed {seed}")
    assert summary(dsn(program))["done"] >= len(CONTRACTS) * blows / 4


def test_every_slot_has_one_end_whoever_is_struck(program: Program) -> None:
    campaign(program, seed=1, blows=6, longest=6.0)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(2, 6))
def test_every_slot_has_one_end_in_a_long_campaign(program: Program, seed: int) -> None:
    campaign(program, seed=seed, blows=60, longest=120.0)


def test_the_checker_sees_what_is_wrong(program: Program) -> None:
    """A checker that finds nothing must be able to find something."""
    assert program.run("serve", "--once").code == 0
    assert wrongs(dsn(program), CONTRACTS, EVERY) == []
    before = len(rows(dsn(program), ROWS))
    program.warehouse.rows(
        "UPDATE slots SET instant = instant - interval '4 seconds' WHERE id = (SELECT min(id) FROM slots);"
        "INSERT INTO slots (target_id, instant, state, created_at) SELECT target_id, instant + interval '4 seconds',"
        " 'due', now() FROM slots WHERE id = (SELECT min(id) FROM slots);"
        "UPDATE runs SET slot_id = NULL WHERE id = (SELECT max(id) FROM runs)"
    )
    assert {wrong.split(":")[0].split(" ")[-1] for wrong in wrongs(dsn(program), CONTRACTS, EVERY)} >= {"open", "lost"}
    assert len(rows(dsn(program), ROWS)) == before + 1
