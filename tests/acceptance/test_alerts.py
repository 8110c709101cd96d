"""`verify --alert` and the commands around it, as people run them, with a Slack that looks real."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.acceptance.program import Program
from tests.slack.server import FakeSlack

BODY = """\
    schema:
      - name: orders
        properties:
          - {name: id, logicalType: integer, required: true}
          - {name: amount, logicalType: integer, logicalTypeOptions: {minimum: 0}}
    """


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack() as started:
        yield started


@pytest.fixture
def alerting(program: Program, slack: FakeSlack) -> Program:
    program.warehouse.rows(
        "CREATE TABLE orders (id int NOT NULL, amount int); INSERT INTO orders VALUES (1, 1), (2, 2)"
    )
    program.contract(BODY)
    program.environment["SLACK_BOT_TOKEN"] = "xoxb-fake-token"
    program.configure(f"""
        [slack]
        token = "${{SLACK_BOT_TOKEN}}"
        channel = "#data-quality"
        base_url = "{slack.api}"
        """)
    return program


def listed(program: Program, *arguments: str) -> dict[str, Any]:
    done = program.run(*arguments, "--format", "json")
    assert done.code == 0, done.all
    document: dict[str, Any] = json.loads(done.out)
    assert document["schema_version"] == 1
    return document


def test_a_breach_is_told_taken_care_of_and_resolved_in_one_thread(alerting: Program, slack: FakeSlack) -> None:
    first = alerting.run("verify", "--alert")
    assert "alerted #data-quality" in " ".join(first.out.split()), first.all
    again = alerting.run("verify")
    assert "nobody was alerted" in " ".join(again.out.split())
    alerting.warehouse.rows("UPDATE orders SET amount = -1 WHERE id = 1")
    assert alerting.run("verify", "--alert").code == 1
    (incident,) = listed(alerting, "incidents", "list")["incidents"]
    assert (incident["key"], incident["state"]) == ("orders.amount.range", "open")

    done = alerting.run("incidents", "ack", "orders.amount.range", "--by", "mira", "--why", "on it")
    assert done.code == 0, done.all
    assert "acknowledged" in alerting.run("incidents").out.lower()
    alerting.warehouse.rows("UPDATE orders SET amount = 1")
    assert alerting.run("verify", "--alert").code == 0

    _, parent, acknowledged, resolved = slack.world.seen()
    assert "*Acknowledged* by mira: on it" in acknowledged["text"]
    assert "*Resolved* after" in resolved["text"]
    assert {acknowledged["thread_ts"], resolved["thread_ts"]} == {parent["ts"]}
    alerts = listed(alerting, "alerts", "list")["alerts"]
    assert {alert["state"] for alert in alerts} == {"sent"}
    assert "SENT" in alerting.run("alerts").out
    assert "nothing is wrong" in alerting.run("incidents").out
    late = alerting.run("incidents", "ack", "orders.amount.range", "--by", "mira")
    assert late.code == 2
    assert "orders.amount.range of test 1 on warehouse is over since " in late.err


def test_what_slack_did_not_take_is_delivered_later(alerting: Program, slack: FakeSlack) -> None:
    slack.faults.queue([{"kind": "ratelimit", "retry_after": 1}])
    done = alerting.run("verify", "--alert")
    assert done.code == 3
    assert "1 not delivered yet" in done.err
    assert slack.world.seen() == []
    time.sleep(1.1)
    assert listed(alerting, "alerts", "deliver")["sent"] == 1
    assert len(slack.world.seen()) == 1


def test_drift_is_listed(alerting: Program) -> None:
    alerting.run("verify")
    alerting.warehouse.rows("ALTER TABLE orders DROP COLUMN amount")
    alerting.run("verify")
    drift = listed(alerting, "drift", "test")["drift"]
    assert {(each["against"], each["kind"], each["column"]) for each in drift} == {
        ("last_time", "removed", "amount"),
        ("contract", "removed", "amount"),
    }
    assert "orders.amount is gone" in alerting.run("drift").out


def test_without_slack_nobody_can_be_alerted_and_that_is_said(program: Program) -> None:
    program.contract(BODY)
    program.configure()
    for arguments in (["verify", "--alert"], ["alerts", "deliver"]):
        done = program.run(*arguments)
        assert done.code == 2
        assert "[slack]" in done.err


def test_a_token_in_plain_text_is_refused_and_not_repeated(program: Program) -> None:
    program.contract(BODY)
    program.configure('[slack]\ntoken = "xoxb-secret"\nchannel = "#x"\n')
    done = program.run("verify")
    assert done.code == 2
    assert "slack.token: a secret in plain text" in done.err
    assert "xoxb-secret" not in done.all


def test_without_incidents_the_last_verdicts_still_count(program: Program) -> None:
    program.configure()
    program.contract("schema: [{name: orders, properties: [{name: id}]}]\n", name="orders")
    assert program.run("verify").code == 1
    told = " ".join(program.run("incidents").out.split())
    assert told == (
        "no incident is open. They move with `verify --alert` and `serve`; last verdict: orders broken (on warehouse)"
    )
    program.warehouse.rows("CREATE TABLE orders (id int)")
    assert program.run("verify").code == 0
    assert program.run("incidents").out == "nothing is wrong\n"
