"""The warehouse is restarted, locked and cut off half-way: runs end, nothing stays behind, and nothing is green unseen."""

import random
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.acceptance.program import Program
from tests.campaigns.daemons import CONTRACTS, SCHEDULE, Replicas, Truth, asking, judged, stock
from tests.campaigns.servers import Restartable, Wire, restartable
from tests.campaigns.slots import rows
from tests.conftest import fresh_database, until

SETTINGS = (
    SCHEDULE
    + """
    [daemon]
    retries = 1
    run_timeout = "4s"
    """
)
ENDED = 12.0
"""Seconds within which a run ends that is allowed four: a second connection, a retry and the look at its end are in it."""


@pytest.fixture(scope="module")
def server() -> Iterator[Restartable]:
    with restartable() as started:
        yield started


@pytest.fixture
def wire(server: Restartable) -> Iterator[Wire]:
    with Wire(server.socket) as opened:
        yield opened


@pytest.fixture
def shop(server: Restartable, wire: Wire, tmp_path: Path) -> Iterator[Program]:
    with fresh_database(server.postgres) as warehouse:
        program = Program(folder=tmp_path, warehouse=warehouse)
        program.configure(
            SETTINGS, host="127.0.0.1", port=wire.port, max_connections=12, connect_timeout="2s", lock_timeout="1s"
        )
        stock(program)
        yield program


def file_of(program: Program) -> Path:
    return program.folder / ".pactwatch" / "state.db"


def kept_again(program: Program, deadline: float = 40.0) -> None:
    """Wait until something is green that begun after now."""
    now = f"strftime('%Y-%m-%dT%H:%M:%f', {time.time():.3f}, 'unixepoch')"
    until(lambda: rows(file_of(program), f"SELECT 1 FROM runs WHERE verdict = 'kept' AND started_at > {now}"), deadline)


def strike(program: Program, server: Restartable, wire: Wire, truth: Truth, blow: str, seconds: float) -> None:
    warehouse = program.warehouse
    truth.blow(blow)
    match blow:
        case "fast" | "immediate":
            server.stop(blow)
            with truth.span("no server"):
                time.sleep(seconds)
            server.start()
        case "crash":
            server.crash()
        case "locked":
            with closing(warehouse.connect()) as other, other.cursor() as cursor:
                cursor.execute("BEGIN; LOCK TABLE orders IN ACCESS EXCLUSIVE MODE")
                with truth.span("whole"):
                    time.sleep(seconds)
        case "half-open":
            wire.stick()
            time.sleep(0.1)
            with truth.span("half-open"):
                time.sleep(seconds)
            wire.flow()
        case _:
            warehouse.rows("ALTER TABLE orders RENAME amount TO gone")
            with truth.span("drift"):
                time.sleep(seconds)
            warehouse.rows("ALTER TABLE orders RENAME gone TO amount")


BLOWS = ("half-open", "immediate", "locked", "drift", "crash", "fast")


def campaign(program: Program, server: Restartable, wire: Wire, *, seed: int, blows: int, longest: float) -> None:
    dice = random.Random(seed)  # noqa: S311 - the same blows for the same seed
    where, truth = file_of(program), Truth()
    with ExitStack() as stack:
        replicas = Replicas(program, stack, number=1)
        replicas.running[0].wait_for("run_finished", 2 * len(CONTRACTS))
        stack.enter_context(asking(replicas, truth, every=0.2))
        for number in range(blows):
            time.sleep(dice.uniform(0.2, 1.0))
            strike(program, server, wire, truth, BLOWS[number % len(BLOWS)], dice.uniform(1.5, longest))
            kept_again(program)
        replicas.end()
    program.warehouse.wait_until_alone(10)
    judged(program, where, truth, f"warehouse struck, seed {seed}")


def test_whatever_happens_to_the_warehouse_every_run_ends_and_no_green_is_made_up(
    shop: Program, server: Restartable, wire: Wire
) -> None:
    campaign(shop, server, wire, seed=1, blows=20, longest=2.0)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(2, 6))
def test_a_warehouse_that_is_struck_again_and_again(shop: Program, server: Restartable, wire: Wire, seed: int) -> None:
    campaign(shop, server, wire, seed=seed, blows=50, longest=8.0)


def test_runs_on_a_wire_that_carries_nothing_any_more_end_by_their_own_time(shop: Program, wire: Wire) -> None:
    """Nobody hears of such an end: neither the kernel nor libpq would ever give up."""
    begun = "SELECT count(*) FROM slots WHERE state = 'running' AND {}"
    with ExitStack() as stack:
        daemon = Replicas(shop, stack, number=1).running[0]
        daemon.wait_for("run_finished", len(CONTRACTS))
        wire.stick()
        stuck = int(until(lambda: rows(file_of(shop), begun.format("1"))[0][0]))
        assert stuck
        running = rows(file_of(shop), "SELECT id, attempt FROM slots WHERE state = 'running'")
        for number, attempt in running:
            still = begun.format(f"id = {number} AND attempt = {attempt}")
            until(lambda still=still: rows(file_of(shop), still) == [(0,)], ENDED)
        wire.flow()
        shop.warehouse.wait_until_alone(10)
        kept_again(shop)
        assert daemon.end() == 0


def test_the_checker_sees_a_green_that_is_made_up(shop: Program) -> None:
    """A checker that finds nothing must be able to find something."""
    truth = Truth()
    with truth.span("no server"):
        assert shop.run("serve", "--once").code == 0
    truth.promised.append("never heard of")
    with pytest.raises(AssertionError) as wrong:
        judged(shop, file_of(shop), truth, "made up")
    assert "promised and forgotten: never heard of" in str(wrong.value)
    assert "green during no server" in str(wrong.value)
