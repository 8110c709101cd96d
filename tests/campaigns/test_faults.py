"""Whatever Slack and the network do, everything is told, and nothing twice, too fast, too soon or out of order."""

from pathlib import Path

import pytest

from tests.acceptance.program import Program
from tests.campaigns.load import CHAPTERS, fill, while_skipping
from tests.campaigns.state import truth, unsent
from tests.conftest import Warehouse
from tests.integration.store.conftest import postgres_url
from tests.slack.checker import judge, read
from tests.slack.server import FakeSlack

FAULTS = [
    {"kind": "none", "weight": 70},
    {"kind": "status", "status": 502, "weight": 4},
    {"kind": "status", "status": 500, "visible": "now", "weight": 4},
    {"kind": "status", "status": 503, "body": '{"ok": false, "error": "service_unavailable"}', "weight": 2},
    {"kind": "html", "weight": 2},
    {"kind": "html", "visible": "now", "weight": 2},
    {"kind": "reset", "weight": 3},
    {"kind": "reset", "visible": "now", "weight": 3},
    {"kind": "hang", "seconds": 0.2, "weight": 1},
    {"kind": "hang", "seconds": 0.2, "visible": "now", "weight": 1},
    {"kind": "error", "error": "service_unavailable", "weight": 2},
    {"kind": "error", "error": "fatal_error", "visible": "now", "weight": 2},
    {"kind": "ratelimit", "retry_after": 3, "weight": 3},
    {"kind": "ratelimit", "retry_after": 40, "weight": 1},
]
WITHOUT_HISTORY = ["chat:write", "chat:write.public"]


def deliver_all(program: Program, url: str, slack: FakeSlack, *, deadline: float) -> int:
    """Run `alerts deliver` until nothing waits; return how often."""
    passes = 0
    while unsent(url):
        with program.start("alerts", "deliver") as process:
            while_skipping(url, slack, lambda: process.poll() is not None, deadline)
            assert process.returncode in {0, 3}
        passes += 1
    return passes


def configure(program: Program, url: str, slack: FakeSlack) -> None:
    program.environment |= {"SLACK_BOT_TOKEN": "xoxb-fake-token", "STATE": url}
    program.configure(f"""
        [state]
        url = "${{STATE}}"
        [slack]
        token = "${{SLACK_BOT_TOKEN}}"
        channel = "#c0"
        base_url = "{slack.api}"
        """)
    assert program.run("migrate").code == 0


def campaign(program: Program, url: str, slack: FakeSlack, *, sends: int, seed: int, deadline: float) -> Path:
    """Tell `sends` messages under faults; return what has to be told."""
    wanted = program.folder / "truth.jsonl"
    configure(program, url, slack)
    fill(url, wanted, stories=sends // len(CHAPTERS), channels=len(slack.world.channels))
    slack.faults.load({"seed": seed, "faults": FAULTS})
    deliver_all(program, url, slack, deadline=deadline)
    return wanted


def slack_of(folder: Path, channels: int) -> FakeSlack:
    return FakeSlack(folder / "slack.jsonl", channels=tuple(f"c{number}" for number in range(channels)))


def test_a_thousand_messages_through_a_slack_that_fails_in_every_way(program: Program) -> None:
    url = f"sqlite:///{program.folder}/state.db"
    with slack_of(program.folder, 60) as slack:
        wanted = campaign(program, url, slack, sends=1_000, seed=1, deadline=120)
    verdict = judge(read(program.folder / "slack.jsonl"), read(wanted))
    assert verdict.good, verdict
    assert verdict.told == 1_000
    assert verdict.calls > 1_200


def test_without_a_look_at_the_history_at_most_one_more_for_each_unsure_attempt(program: Program) -> None:
    url = f"sqlite:///{program.folder}/state.db"
    with slack_of(program.folder, 20) as slack:
        slack.world.configure({"scopes": WITHOUT_HISTORY})
        wanted = campaign(program, url, slack, sends=200, seed=2, deadline=60)
    log, told = read(program.folder / "slack.jsonl"), read(wanted)
    assert judge(log, told, without_history=True).good, judge(log, told, without_history=True)
    assert judge(log, told).duplicates, "this campaign had nothing that could be told twice"


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(1, 11))
def test_ten_thousand_messages_through_a_slack_that_fails_in_every_way(
    program: Program, warehouse: Warehouse, seed: int
) -> None:
    url = postgres_url(warehouse) if seed % 2 else f"sqlite:///{program.folder}/state.db"
    with slack_of(program.folder, 300) as slack:
        wanted = campaign(program, url, slack, sends=10_000, seed=seed, deadline=1_800)
    found = truth(url)  # what waited for half an hour was told as it stood then
    assert {line["outbox_id"] for line in read(wanted)} <= {line["outbox_id"] for line in found}
    verdict = judge(read(program.folder / "slack.jsonl"), found)
    assert verdict.good, verdict
    assert verdict.told > 9_000
