"""The state database is restarted, crashed, full, locked, and its daemons are killed: every slot still has one end."""

import random
import resource
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import httpx
import pytest

from monitor.store.store import migrate_store
from tests.acceptance.program import Program
from tests.campaigns.daemons import CONTRACTS, SCHEDULE, Replicas, Truth, asking, judged, stock
from tests.campaigns.servers import Restartable, Wire, restartable
from tests.campaigns.slots import Where, dsn_of, rows
from tests.conftest import Warehouse, fresh_database, until
from tests.integration.store.conftest import postgres_url

LEASE = 3.0
SETTINGS = (
    SCHEDULE
    + """
    [daemon]
    lease = "3s"
    """
)
STATE = """
    [state]
    url = "${STATE_URL}"
    """
STOPPED = 30.0
"""Seconds within which a daemon ends that was told to: 25 of its own, and what a busy machine adds."""

TOO_MUCH = 4096
"""Bytes beyond which nothing may be written: a disk that is full is the same to SQLite, and needs no disk."""


@pytest.fixture
def shop(warehouse: Warehouse, tmp_path: Path) -> Program:
    program = Program(folder=tmp_path, warehouse=warehouse)
    program.configure(SETTINGS, max_connections=12)
    stock(program)
    return program


@pytest.fixture(scope="module")
def server() -> Iterator[Restartable]:
    with restartable() as started:
        yield started


@pytest.fixture
def memory(server: Restartable) -> Iterator[Warehouse]:
    """A state database on a server that may be struck."""
    with fresh_database(server.postgres) as made:
        yield made


def file_of(program: Program) -> Path:
    return program.folder / ".pactwatch" / "state.db"


@contextmanager
def under_load(program: Program, where: Where, truth: Truth, every: float = 0.5) -> Iterator[Replicas]:
    """Run two daemons that have verified each contract and are asked for more; at the end they end by themselves."""
    with ExitStack() as stack:
        replicas = Replicas(program, stack)
        for each in replicas.running:
            each.wait_for("started")
        until(lambda: len(rows(where, "SELECT 1 FROM runs")) >= len(CONTRACTS), 30)
        with asking(replicas, truth, every):
            yield replicas
        replicas.end()


def recovered(where: Where, deadline: float = 40.0) -> None:
    """Wait until a run is recorded that was not there before."""
    (before,) = until(lambda: rows(where, "SELECT coalesce(max(id), 0) FROM runs"), deadline)[0]
    until(lambda: rows(where, f"SELECT 1 FROM runs WHERE id > {before}"), deadline)


# -- PostgreSQL ----------------------------------------------------------------------------------------------------


@pytest.fixture
def wire(server: Restartable) -> Iterator[Wire]:
    with Wire(server.socket) as opened:
        yield opened


@pytest.fixture
def far(shop: Program, memory: Warehouse, wire: Wire) -> Program:
    """A program whose state database is behind the wire."""
    migrate_store(postgres_url(memory))
    shop.environment["STATE_URL"] = f"postgresql://postgres@127.0.0.1:{wire.port}/{memory.settings.database}"
    shop.configure(SETTINGS + STATE, max_connections=12)
    return shop


BLOWS = ("immediate", "half-open", "fast", "crash")


def struck(program: Program, memory: Warehouse, server: Restartable, wire: Wire, *, seed: int, blows: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - the same blows for the same seed
    where, truth = dsn_of(memory), Truth()
    with under_load(program, where, truth):
        for number in range(blows):
            time.sleep(dice.uniform(0.2, 1.5))
            blow = BLOWS[number % len(BLOWS)]
            truth.blow(blow)
            match blow:
                case "crash":
                    server.crash()
                case "half-open":
                    wire.stick()
                    time.sleep(dice.uniform(1.0, 2 * LEASE))
                    wire.flow()
                case _:
                    server.stop(blow)
                    time.sleep(dice.uniform(0.0, 2.0))
                    server.start()
            recovered(where)
    judged(program, where, truth, f"state database struck, seed {seed}")


def test_a_state_database_that_is_restarted_crashes_and_falls_silent_loses_no_slot(
    far: Program, memory: Warehouse, server: Restartable, wire: Wire
) -> None:
    struck(far, memory, server, wire, seed=1, blows=4)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(2, 6))
def test_a_state_database_that_is_struck_again_and_again_loses_no_slot(
    far: Program, memory: Warehouse, server: Restartable, wire: Wire, seed: int
) -> None:
    struck(far, memory, server, wire, seed=seed, blows=50)


def test_a_state_database_that_falls_silent_is_not_healthy_and_holds_up_no_end(far: Program, wire: Wire) -> None:
    with ExitStack() as stack:
        replicas = Replicas(far, stack, number=1)
        (daemon,) = replicas.running
        daemon.wait_for("run_finished", len(CONTRACTS))
        health = f"{replicas.url(0)}/healthz"
        assert httpx.get(health, timeout=10).status_code == httpx.codes.OK
        wire.stick()
        until(lambda: httpx.get(health, timeout=10).status_code == httpx.codes.SERVICE_UNAVAILABLE, 60)
        begun = time.monotonic()
        assert daemon.end() == 0
        assert time.monotonic() - begun < STOPPED
        wire.flow()
    assert far.run("serve", "--once").code == 0


# -- SQLite --------------------------------------------------------------------------------------------------------


def fill_up(pid: int, seconds: float) -> None:
    """Let a process write nothing to any file for a while."""
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE, (TOO_MUCH, resource.RLIM_INFINITY))
    time.sleep(seconds)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, before)


def lock(file: Path, seconds: float) -> None:
    with closing(sqlite3.connect(file, timeout=60, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        time.sleep(seconds)
        other.execute("ROLLBACK")


def full_and_locked(program: Program, *, seed: int, blows: int, longest: float) -> None:
    dice = random.Random(seed)  # noqa: S311 - the same blows for the same seed
    where, truth = file_of(program), Truth()
    with under_load(program, where, truth) as replicas:
        for number in range(blows):
            time.sleep(dice.uniform(0.2, 1.5))
            blow = ("full", "locked")[number % 2]
            truth.blow(blow)
            if blow == "full":
                fill_up(replicas.running[dice.randrange(2)].process.pid, dice.uniform(1.0, 3.0))
            else:
                lock(where, dice.uniform(LEASE + 1, longest))
            recovered(where)
    judged(program, where, truth, f"SQLite full and locked, seed {seed}")


def test_a_file_that_is_full_or_locked_for_a_while_loses_no_slot(shop: Program) -> None:
    full_and_locked(shop, seed=1, blows=2, longest=LEASE + 2)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own; only root may have one."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(place)]
    mounted = subprocess.run(mount, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"no disk can be mounted here: {mounted.stderr.strip()}")
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


def test_a_disk_without_room_for_another_byte_loses_no_slot(shop: Program, disk: Path) -> None:
    where, truth = disk / "state.db", Truth()
    shop.environment["STATE_URL"] = f"sqlite:///{where}"
    shop.configure(SETTINGS + STATE, max_connections=12)
    with under_load(shop, where, truth):
        for seconds in (1.0, LEASE + 1):
            truth.blow("full")
            with pytest.raises(OSError, match="No space left"):
                (disk / "other").write_bytes(bytes(8 << 20))
            time.sleep(seconds)
            (disk / "other").unlink()
            recovered(where)
    judged(shop, where, truth, "disk full")


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(2, 6))
def test_a_file_that_is_full_or_locked_for_long_loses_no_slot(shop: Program, seed: int) -> None:
    """Longer than a writer waits."""
    full_and_locked(shop, seed=seed, blows=25, longest=40.0)


def killed(program: Program, *, seed: int, blows: int, rest: float) -> None:
    """Kill one of two daemons on one file at any moment, also while it starts."""
    dice = random.Random(seed)  # noqa: S311 - the same blows for the same seed
    where, truth = file_of(program), Truth()
    with under_load(program, where, truth, every=0.05) as replicas:
        for _ in range(blows):
            time.sleep(dice.uniform(0.1, rest))
            truth.blow("kill")
            replicas.kill(dice.randrange(2))
        recovered(where)
    program.warehouse.wait_until_alone(10)
    judged(program, where, truth, f"killed on SQLite, seed {seed}")


def test_fifty_daemons_killed_at_random_on_one_file_lose_no_slot(shop: Program) -> None:
    killed(shop, seed=1, blows=50, rest=0.6)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(2, 12))
def test_a_thousand_kills_on_one_file_lose_no_slot(shop: Program, seed: int) -> None:
    killed(shop, seed=seed, blows=100, rest=1.5)
