"""Killed at any of its dangerous places, the program loses nothing and says nothing twice."""

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from monitor.failpoints import VARIABLE, Point
from tests.acceptance.program import ROOT, Finished, Program
from tests.campaigns.state import opened, pass_time, sent, truth, unsent
from tests.conftest import Postgres, Warehouse, fresh_database
from tests.integration.store.conftest import postgres_url
from tests.slack.checker import judge, read
from tests.slack.server import FakeSlack

CONTRACT = """\
    schema:
      - name: orders
        properties:
          - {name: id, logicalType: integer, required: true}
          - {name: amount, logicalType: integer, logicalTypeOptions: {minimum: 0}}
    """
LOG = "slack.jsonl"
LEASE = 120.0
"""More seconds than any claim lasts, or any first pause."""

VERIFY, DELIVER, MIGRATE = ("verify", "--alert"), ("alerts", "deliver"), ("migrate",)
ACK = ("incidents", "ack", "orders.amount.range", "--by", "mira", "--why", "on it")
PRUNE = """\
import os, sys
from datetime import timedelta
from monitor import failpoints
from monitor.store.store import open_store
failpoints.arm(os.environ)
with open_store(sys.argv[1]) as store:
    store.prune(keep_results=timedelta(days=14), keep_rollups=timedelta(days=400))
"""


@dataclass(frozen=True)
class Scene:
    """What runs when it is killed, in which state, and what runs next."""

    killed: tuple[str, ...] = DELIVER
    again: tuple[str, ...] = DELIVER
    before: tuple[str, ...] = ()
    faults: tuple[dict[str, Any], ...] = ()
    faults_before: tuple[dict[str, Any], ...] = ()
    is_recorded: bool = True


POSTS = {"methods": ["chat.postMessage"]}
SCENES = (
    (Point.MIGRATION_WRITTEN, Scene(MIGRATE, MIGRATE)),
    (Point.RUN_WRITTEN, Scene(VERIFY, VERIFY, is_recorded=False)),
    (Point.ALERTS_WRITTEN, Scene(VERIFY, VERIFY, is_recorded=False)),
    (Point.RUN_COMMITTED, Scene(VERIFY, is_recorded=False)),
    (Point.DECISION_WRITTEN, Scene(ACK, ACK, before=DELIVER)),
    (Point.DECISION_COMMITTED, Scene(ACK, before=DELIVER)),
    (Point.CLAIM_WRITTEN, Scene()),
    (Point.CLAIM_COMMITTED, Scene()),
    (Point.LOOKED, Scene(before=DELIVER, faults_before=({"kind": "reset", **POSTS},))),
    (Point.TOLD, Scene()),
    (Point.FAILED_WRITTEN, Scene(faults=({"kind": "error", "error": "is_archived", **POSTS},))),
    (Point.SENT_WRITTEN, Scene()),
    (Point.SENT_COMMITTED, Scene()),
    (Point.FAILED_WRITTEN, Scene(faults=({"kind": "status", "status": 502, "visible": "now", **POSTS},))),
    (Point.FAILED_COMMITTED, Scene(faults=({"kind": "reset", "visible": "now", **POSTS},))),
    (Point.SUPERSEDED_WRITTEN, Scene(before=DELIVER)),
    (Point.PRUNED_WRITTEN, Scene(("prune",), ("prune",))),
    (Point.PRUNED_COMMITTED, Scene(("prune",), ("prune",))),
)
"""Every point, some of them on several ways."""


@dataclass(frozen=True)
class Place:
    """A folder with everything, and its state database."""

    program: Program
    url: str
    slack: FakeSlack

    def run(self, arguments: tuple[str, ...], **environment: str) -> Finished:
        if arguments != ("prune",):
            return self.program.run(*arguments, **environment)
        variables = self.program.variables(environment)
        done = subprocess.run([sys.executable, "-c", PRUNE, self.url], env=variables, cwd=ROOT, check=False, timeout=60)
        return Finished(code=done.returncode, out="", err="")

    def later(self) -> None:
        """Let the leases of the dead be over."""
        pass_time(self.url, LEASE)
        self.slack.world.advance(LEASE)


@dataclass(frozen=True)
class Bases:
    """State databases to begin with: all was well; a breach is recorded and waits to be told."""

    postgres: Postgres
    warehouse: Warehouse
    quiet: str
    queued: str


def place(folder: Path, warehouse: Warehouse, url: str, slack: FakeSlack) -> Place:
    program = Program(folder=folder, warehouse=warehouse, environment={"SLACK_BOT_TOKEN": "xoxb-fake-token"})
    program.contract(CONTRACT)
    program.environment["STATE"] = url
    program.configure(f"""
        [state]
        url = "${{STATE}}"
        [slack]
        token = "${{SLACK_BOT_TOKEN}}"
        channel = "#data-quality"
        ops_channel = "#data-platform"
        base_url = "{slack.api}"
        """)
    return Place(program, url, slack)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def bases(
    request: pytest.FixtureRequest, postgres: Postgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Bases]:
    folder = tmp_path_factory.mktemp("bases")
    with ExitStack() as stack:
        warehouse = stack.enter_context(fresh_database(postgres))
        slack = stack.enter_context(FakeSlack())

        def database(like: str = "template1") -> str:
            return postgres_url(stack.enter_context(fresh_database(postgres, like)))

        warehouse.rows("CREATE TABLE orders (id int NOT NULL, amount int); INSERT INTO orders VALUES (1, 1), (2, 2)")
        quiet = f"sqlite:///{folder}/quiet.db" if request.param == "sqlite" else database()
        here = place(folder, warehouse, quiet, slack)
        assert here.run(MIGRATE).code == 0
        done = here.run(VERIFY)
        assert done.code == 0, done.all
        warehouse.rows("UPDATE orders SET amount = -1 WHERE id = 1")
        queued = _copy(quiet, folder / "queued.db") or database(quiet.partition("?")[0].rpartition("/")[2])
        slack.faults.queue([{"kind": "error", "error": "service_unavailable"}] * 2)
        done = place(folder, warehouse, queued, slack).run(VERIFY)
        assert "not delivered yet" in done.err, done.all
        pass_time(queued, LEASE)
        yield Bases(postgres, warehouse, quiet, queued)


def _copy(url: str, target: Path) -> str:
    """Copy a file that nobody writes to; say nothing where it is a server's."""
    if not url.startswith("sqlite:///"):
        return ""
    shutil.copy(url.removeprefix("sqlite:///"), target)
    return f"sqlite:///{target}"


@pytest.fixture
def scene(request: pytest.FixtureRequest, bases: Bases, tmp_path: Path) -> Iterator[tuple[Point, Scene, Place]]:
    point, chosen = request.param
    base = bases.queued if chosen.is_recorded else bases.quiet
    with FakeSlack(tmp_path / LOG) as slack, ExitStack() as stack:
        if chosen.killed == MIGRATE:
            url = (
                f"sqlite:///{tmp_path}/state.db"
                if base.startswith("sqlite")
                else postgres_url(stack.enter_context(fresh_database(bases.postgres)))
            )
        else:
            url = _copy(base, tmp_path / "state.db") or postgres_url(
                stack.enter_context(fresh_database(bases.postgres, base.partition("?")[0].rpartition("/")[2]))
            )
        yield point, chosen, place(tmp_path, bases.warehouse, url, slack)


def test_there_is_a_scene_for_every_point() -> None:
    of_children = {Point.SCANNING}  # tests/acceptance/test_poison.py
    assert {point for point, _ in SCENES} == set(Point) - of_children


@pytest.mark.parametrize("scene", SCENES, indirect=True, ids=[point for point, _ in SCENES])
def test_killed_at_this_point_it_tells_everything_once(scene: tuple[Point, Scene, Place]) -> None:
    point, chosen, here = scene
    told_before = frozenset() if chosen.killed == MIGRATE else sent(here.url)
    if chosen.before:
        here.slack.faults.queue(list(chosen.faults_before))
        here.run(chosen.before)
        here.later()
    prepare(point, here)
    here.slack.faults.queue(list(chosen.faults))

    killed = here.run(chosen.killed, **{VARIABLE: point})

    assert killed.code == -signal.SIGKILL, f"{point} was not reached: {killed.all}"
    again = here.run(chosen.again)
    assert again.code in {0, 1, 3}, again.all
    for _ in range(4):
        if not unsent(here.url):
            break
        here.later()
        here.run(DELIVER)
    verdict = judge(read(here.program.folder / LOG), truth(here.url, told_before))
    assert verdict.good, verdict
    assert told(here) == expected(chosen)
    assert unsent(here.url) == 0
    assert half_pruned(here.url) == 0


def prepare(point: Point, here: Place) -> None:
    """Bring about what no command does in this state."""
    if point is Point.SUPERSEDED_WRITTEN:  # an old parent message that was not sent, as a newer one was
        with opened(here.url) as connection:
            connection.execute(text('UPDATE threads SET state = \'{"alert":"newer","as_of":"9999"}\''))
            connection.execute(text("UPDATE outbox SET state = 'queued' WHERE kind = 'parent'"))
    if point in {Point.PRUNED_WRITTEN, Point.PRUNED_COMMITTED}:
        pass_time(here.url, 30 * 86_400)


def expected(chosen: Scene) -> list[str]:
    """Return what people must have read at the end, each once."""
    if chosen.killed == MIGRATE:
        return []
    return ["breach", "acknowledged"] if chosen.killed == ACK else ["breach"]


def half_pruned(url: str) -> int:
    """Return how many results are left of runs that are said to have none."""
    with opened(url) as connection:
        left = text("SELECT count(*) FROM results JOIN runs ON runs.id = results.run_id WHERE runs.pruned")
        return int(connection.execute(left).scalar_one())


def told(here: Place) -> list[str]:
    found = []
    for message in here.slack.world.seen():
        if "*Acknowledged* by mira" in message["text"]:
            found.append("acknowledged")
        else:
            assert "orders" in message["text"]
            found.append("breach")
    return found
