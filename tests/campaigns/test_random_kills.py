"""Processes that are killed at any moment, one after the other, lose nothing and say nothing twice."""

import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.program import Program
from tests.campaigns.load import fill, while_skipping
from tests.campaigns.state import give_up_leases, skip_waiting, truth, unsent
from tests.campaigns.test_faults import configure, deliver_all, slack_of
from tests.conftest import Warehouse, fresh_database
from tests.integration.store.conftest import postgres_url
from tests.slack.checker import judge, read
from tests.slack.server import FakeSlack

BODY = """\
    schema:
      - name: orders
        properties:
          - {name: id, logicalType: integer}
          - {name: amount, logicalType: integer, logicalTypeOptions: {minimum: 0}}
    """
DELIVER, VERIFY = ("alerts", "deliver"), ("verify", "--alert")
WORKERS = 2
FEW = 16
"""So many stories in a channel are told one by one; more would be told in a few messages, which is no load."""

LONGEST = 1.6
"""Seconds that a process may live: long enough to verify, to record and to begin to tell."""


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path, warehouse: Warehouse) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/state.db"
    else:
        with fresh_database(warehouse.postgres) as own:
            yield postgres_url(own)


def kill_at_random(program: Program, url: str, slack: FakeSlack, *, kills: int, seed: int) -> int:
    """Start processes that deliver and verify, and kill each after a while; return how many died by it."""
    chance = random.Random(seed)  # noqa: S311 - reproducible, not a secret
    died = 0
    while died < kills:
        workers = [program.start(*chance.choice([DELIVER, DELIVER, VERIFY])) for _ in range(WORKERS)]
        ends = [time.monotonic() + chance.uniform(0.1, LONGEST) for _ in workers]
        for worker, end in zip(workers, ends, strict=True):
            while worker.poll() is None and time.monotonic() < end:
                skip_waiting(url, slack.world.advance)
                time.sleep(0.03)
            worker.kill()
            worker.wait()
            died += worker.returncode == -signal.SIGKILL
            slack.settle()
            give_up_leases(url, f":{worker.pid}")
        if not unsent(url):
            break
    return died


def campaign(program: Program, url: str, *, kills: int, stories: int) -> None:
    channels = max(40, stories // FEW)
    with slack_of(program.folder, channels) as slack:
        configure(program, url, slack)
        fill(url, program.folder / "truth.jsonl", stories=stories, channels=channels)
        program.warehouse.rows("CREATE TABLE orders (id int, amount int); INSERT INTO orders VALUES (1, -1)")
        program.contract(BODY)
        died = kill_at_random(program, url, slack, kills=kills, seed=kills)
        assert died >= kills, "the load was told before enough processes had died"
        with program.start(*VERIFY) as process:
            while_skipping(url, slack, lambda: process.poll() is not None, 180)
        deliver_all(program, url, slack, deadline=1_800)
        told = [message for message in slack.world.seen() if "now watched" in message["text"]]
    verdict = judge(read(program.folder / "slack.jsonl"), truth(url))
    assert verdict.good, verdict
    wanted = {line["outbox_id"] for line in read(program.folder / "truth.jsonl")}
    assert wanted <= {line["outbox_id"] for line in truth(url)}
    assert len(told) == 1, "what the runs found is told by one message"


def test_fifty_processes_killed_at_random_under_load(program: Program, url: str) -> None:
    campaign(program, url, kills=25, stories=200)


@pytest.mark.soak
def test_a_thousand_processes_killed_at_random_under_load(program: Program, url: str) -> None:
    campaign(program, url, kills=500, stories=2_500)
