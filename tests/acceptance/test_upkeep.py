"""What only time does, and what people hear after Slack was away: the real program, with a Slack that looks real."""

import json
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests.acceptance.program import Finished, Program
from tests.ageing import age
from tests.slack.server import FakeSlack

BODY = """\
    schema:
      - name: orders
        properties:
          - {name: id, logicalType: integer, required: true}
          - {name: amount, logicalType: integer, logicalTypeOptions: {minimum: 0}}
    """
BREAK = "UPDATE orders SET amount = -1 WHERE id = 1"
MEND = "UPDATE orders SET amount = 1"


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack(channels=("data-quality", "data-platform")) as started:
        yield started


@pytest.fixture
def watched(program: Program, slack: FakeSlack) -> Program:
    """A contract that has been told of once."""
    program.warehouse.rows(
        "CREATE TABLE orders (id int NOT NULL, amount int); INSERT INTO orders VALUES (1, 1), (2, 2)"
    )
    program.contract(BODY)
    program.environment["SLACK_BOT_TOKEN"] = "xoxb-fake-token"
    program.configure(f"""
        [slack]
        token = "${{SLACK_BOT_TOKEN}}"
        channel = "#data-quality"
        ops_channel = "#data-platform"
        base_url = "{slack.api}"
        """)
    assert program.run("verify", "--alert").code == 0
    return program


def wait(program: Program, span: timedelta) -> None:
    """Time passes; nobody looks."""
    age(f"sqlite:///{program.folder}/.pactwatch/state.db", span)


def after(program: Program, sql: str) -> Finished:
    program.warehouse.rows(sql)
    return program.run("verify", "--alert")


def answer(program: Program, *arguments: str, code: int = 0) -> dict[str, Any]:
    done = program.run(*arguments, "--format", "json")
    assert done.code == code, done.all
    document: dict[str, Any] = json.loads(done.out)
    assert document["schema_version"] == 1
    return document


def last(slack: FakeSlack) -> str:
    return str(slack.world.seen()[-1]["text"])


def test_a_breach_that_nobody_takes_is_said_again_by_whoever_comes_first(watched: Program, slack: FakeSlack) -> None:
    after(watched, BREAK)
    wait(watched, timedelta(hours=4))
    both = [watched.start("alerts", "deliver", stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)]
    told = [process.communicate(timeout=60) for process in both]
    assert [process.returncode for process in both] == [0, 0], told
    assert sum("*Still broken*" in message["text"] for message in slack.world.seen()) == 1
    assert answer(watched, "alerts", "audit")["good"]


def test_a_silence_that_covers_nothing_now_says_so_as_a_misspelt_one_would_wake_people(program: Program) -> None:
    program.contract(BODY)
    silence = ("incidents", "silence", "--for", "1h", "--why", "migration", "--dataset")
    done = program.run(*silence, "order")
    assert done.code == 0, done.all
    assert "covers nothing now: no dataset 'order', did you mean orders?" in done.err
    assert program.run(*silence, "orders").err == ""


def test_the_end_of_a_snooze_is_told(watched: Program, slack: FakeSlack) -> None:
    after(watched, BREAK)
    assert watched.run("incidents", "snooze", "orders.amount.range", "--for", "2h", "--by", "mira").code == 0
    assert "*Snoozed*" in last(slack)
    wait(watched, timedelta(hours=3))
    assert answer(watched, "alerts", "deliver")["due"] == 1
    assert "*Quiet is over and it is still broken*" in last(slack)


def test_a_silence_keeps_quiet_until_it_ends_or_is_ended(watched: Program, slack: FakeSlack) -> None:
    silence = ("incidents", "silence", "--contract", "test", "--for", "4h", "--why", "migration", "--by", "mira")
    identity = answer(watched, *silence)["silence"]["id"]
    done = after(watched, BREAK)
    assert "nobody was alerted" in " ".join(done.out.split())
    (incident,) = answer(watched, "incidents", "list")["incidents"]
    assert incident["key"] == "orders.amount.range"
    assert [each["id"] for each in answer(watched, "incidents", "silences")["silences"]] == [identity]
    assert "contract test" in watched.run("incidents", "silences").out
    assert len(slack.world.seen()) == 1
    assert watched.run("incidents", "unsilence", identity).code == 0
    assert "1 row of orders" in last(slack)
    assert watched.run("incidents", "unsilence", identity).code == 2
    assert "nothing is silenced" in watched.run("incidents", "silences").out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--for", "1h"], "silence what?"),
        (["--tag", "x", "--everything", "--for", "1h"], "silence what?"),
        (["--tag", "x"], "for how long?"),
        (["--tag", "x", "--until", "2020-01-01"], "the end must be in the future"),
        (["--tag", "x", "--for", "soon"], "expected a duration"),
    ],
)
def test_a_silence_says_what_it_covers_and_when_it_ends(program: Program, arguments: list[str], said: str) -> None:
    program.configure()
    done = program.run("incidents", "silence", "--why", "because", *arguments)
    assert done.code == 2
    assert said in done.err


def test_after_an_outage_the_present_state_is_told_once(watched: Program, slack: FakeSlack) -> None:
    after(watched, BREAK)
    slack.faults.load({"faults": [{"kind": "error", "error": "service_unavailable"}]})
    assert after(watched, "UPDATE orders SET amount = -1").code == 1
    wait(watched, timedelta(hours=2))
    assert after(watched, MEND).code == 3
    slack.faults.load({})
    wait(watched, timedelta(hours=2))
    told = answer(watched, "alerts", "deliver")
    assert (told["sent"], told["waiting"]) == (2, 0)
    _, parent, reply = slack.world.seen()
    assert parent["text"].startswith(":white_check_mark:")
    assert "delivered 4 h late" in parent["text"]
    assert ": 1 got worse, 1 resolved" in reply["text"]
    found = answer(watched, "alerts", "audit")
    assert found["good"]
    assert (found["counts"]["told"], found["counts"]["lost"], found["counts"]["untold"]) == (3, 0, 0)


def test_a_closed_channel_is_an_incident_and_what_died_can_be_replayed(watched: Program, slack: FakeSlack) -> None:
    for name in ("data-quality", "data-platform"):
        slack.world.configure({"channels": [{"name": name, "archived": True}]})
    done = after(watched, BREAK)
    assert done.code == 1
    assert "#data-quality: chat.postMessage: is_archived" in done.err
    kinds = {each["kind"] for each in answer(watched, "incidents", "list")["incidents"]}
    assert kinds == {"broken", "delivery"}
    audited = answer(watched, "alerts", "audit", code=1)
    assert {each["fate"] for each in audited["changes"]} == {"lost"}
    assert "LOST" in watched.run("alerts", "audit").out

    for name in ("data-quality", "data-platform"):
        slack.world.configure({"channels": [{"name": name, "archived": False}]})
    replayed = answer(watched, "alerts", "replay", "--dead")["replayed"]
    assert {(each["was"], each["state"]) for each in replayed} == {("dead", "sent")}
    assert answer(watched, "alerts", "audit")["good"]
    answer(watched, "alerts", "deliver")
    kinds = {each["kind"] for each in answer(watched, "incidents", "list")["incidents"]}
    assert kinds == {"broken"}
    assert "no alert is dead" in watched.run("alerts", "replay", "--dead").out


def test_a_token_that_slack_refuses_is_said_and_nothing_is_lost(watched: Program, slack: FakeSlack) -> None:
    watched.environment["SLACK_BOT_TOKEN"] = "xoxb-revoked"
    done = after(watched, "SELECT 1")
    assert done.code == 0, "nothing was to be told"
    done = after(watched, BREAK)
    assert "chat.postMessage: invalid_auth" in done.err
    assert "xoxb" not in done.all
    assert "delivery" in {each["kind"] for each in answer(watched, "incidents", "list")["incidents"]}
    refused = watched.run("alerts", "deliver")
    assert refused.code == 3
    assert "invalid_auth" in refused.err
    watched.environment["SLACK_BOT_TOKEN"] = "xoxb-fake-token"
    assert answer(watched, "alerts", "deliver")["waiting"] == 0
    assert any("1 row of orders" in message["text"] for message in slack.world.seen())
    assert answer(watched, "alerts", "audit")["good"]


def test_the_verdict_as_json_says_who_was_told_and_a_part_is_no_first_run(program: Program, slack: FakeSlack) -> None:
    program.warehouse.rows("CREATE TABLE orders (id int NOT NULL, amount int); INSERT INTO orders VALUES (1, -1)")
    program.contract(BODY)
    program.environment["SLACK_BOT_TOKEN"] = "xoxb-fake-token"
    program.configure(f"""
        [slack]
        token = "${{SLACK_BOT_TOKEN}}"
        channel = "#data-quality"
        base_url = "{slack.api}"
        """)
    alone = program.run("verify", "--format", "json").document
    assert alone["alerts"] == []
    part = program.run("verify", "--alert", "--check", "orders.id.not-null", "--format", "json")
    assert part.document["alerts"] == [], part.all
    whole = program.run("verify", "--alert", "--format", "json").document["alerts"]
    assert [(each["destination"], each["kind"], each["state"]) for each in whole] == [
        ("#data-quality", "parent", "sent")
    ]
    assert "is now watched" in last(slack)
    (alert,) = answer(program, "alerts", "list")["alerts"]
    again = answer(program, "alerts", "replay", alert["id"])["replayed"]
    assert [(each["was"], each["state"]) for each in again] == [("sent", "sent")]
    assert program.run("alerts", "replay", "nonsense").code == 2
    assert program.run("alerts", "replay").code == 2
