"""Where, whom, when and which way people are told, as `pactwatch.toml` says it: the real program."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.program import ROOT, Program
from tests.ageing import age
from tests.integration.store.conftest import postgres_url
from tests.receiver import Receiver, certificate_in, receiving
from tests.slack.server import FakeSlack

BODY = """\
    schema:
      - name: {table}
        quality:
          - {{id: enough, metric: rowCount, mustBeGreaterThan: 1, severity: critical}}
        properties:
          - {{name: id, logicalType: integer, required: true}}
          - {{name: amount, logicalType: integer, logicalTypeOptions: {{minimum: 0}}}}
    """
TABLES = ("orders", "stock")
STATE = '[state]\nurl = "${STATE}"'
SECRET = "s3cret-s3cret-s3cret"
STARTED = "CREATE TABLE {0} (id int NOT NULL, amount int); INSERT INTO {0} VALUES (1, 1), (2, 2)"


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack(channels=("data-quality", "orders-oncall", "others"), interval=0) as started:
        yield started


@pytest.fixture
def watching(program: Program) -> Program:
    """Two contracts that hold, and a state in PostgreSQL."""
    for table in TABLES:
        program.warehouse.rows(STARTED.format(table))
        program.contract(BODY.format(table=table), name=table)
    program.environment |= {"SLACK_BOT_TOKEN": "xoxb-fake-token", "WEBHOOK_SECRET": SECRET}
    program.environment["STATE"] = postgres_url(program.warehouse)
    return program


def tell_in(program: Program, slack: FakeSlack, more: str) -> None:
    program.configure(f"""
        {STATE}
        [slack]
        token = "${{SLACK_BOT_TOKEN}}"
        channel = "#data-quality"
        base_url = "{slack.api}"
        {more}
        """)
    assert program.run("migrate").code == 0


def beginnings(slack: FakeSlack) -> list[tuple[str, str]]:
    """Return the channel and the text of each message that begins a thread, without the first runs' summaries."""
    names = {channel.id: channel.name for channel in slack.world.channels}
    parents = [each for each in slack.world.seen() if not each["thread_ts"] and "is now watched" not in each["text"]]
    return [(names[each["channel"]], str(each["text"]) + str(each["blocks"])) for each in parents]


def test_a_route_says_in_which_channel_and_who_is_called(watching: Program, slack: FakeSlack) -> None:
    routes = """
        [[routes]]
        contract = "ord*"
        severity = "critical"
        channel = "#orders-oncall"
        mention = ["anna@example.com", "S0123456789"]
        [[routes]]
        contract = "*"
        channel = "#others"
        mention = "U0BEN00000"
        """
    tell_in(watching, slack, routes)
    assert watching.run("verify", "--alert").code == 0
    watching.warehouse.rows("DELETE FROM orders; UPDATE stock SET amount = -1")
    assert watching.run("verify", "--alert").code == 1
    (first, urgent), (second, calm) = sorted(beginnings(slack))
    assert (first, second) == ("orders-oncall", "others")
    assert "<@U0ANNA0000>" in urgent
    assert "<!subteam^S0123456789>" in urgent
    assert "2 rows of stock" in calm
    assert "<@" not in calm, "nobody is called for what is not urgent"


def test_in_quiet_hours_what_is_urgent_is_told_and_the_rest_waits_for_their_end(
    watching: Program, slack: FakeSlack
) -> None:
    tell_in(watching, slack, "")
    assert watching.run("verify", "--alert").code == 0
    now = datetime.now(UTC)
    begin, end = (f"{now + timedelta(hours=hours):%H:%M}" for hours in (-2, 2))
    tell_in(watching, slack, f'[alerts]\nquiet_hours = "{begin}-{end}"\n')
    watching.warehouse.rows("DELETE FROM orders; UPDATE stock SET amount = -1")
    assert watching.run("verify", "--alert").code == 1
    ((_, urgent),) = beginnings(slack)
    assert "*orders*" in urgent
    assert watching.run("alerts", "deliver").code == 0
    assert len(beginnings(slack)) == 1
    assert "stock" in str(waiting(watching))
    age(watching.environment["STATE"], timedelta(hours=2))
    assert watching.run("alerts", "deliver").code == 0
    _, (_, calm) = beginnings(slack)
    assert "*stock*" in calm
    assert waiting(watching) == []


def waiting(program: Program) -> list[dict[str, Any]]:
    document = json.loads(program.run("alerts", "list", "--format", "json").out)
    return [alert for alert in document["alerts"] if alert["state"] == "queued"]


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    with receiving(certificate_in(tmp_path)) as made:
        yield made


def test_a_webhook_is_signed_and_carries_what_a_receiver_needs_to_act(watching: Program, receiver: Receiver) -> None:
    watching.environment["SSL_CERT_FILE"] = str(watching.folder / "certificate.pem")
    watching.configure(f"""
        {STATE}
        [webhook]
        url = "{receiver.url}"
        secret = "${{WEBHOOK_SECRET}}"
        allow_private = true
        [http]
        public_url = "https://dq.example.com"
        """)
    assert watching.run("migrate").code == 0
    assert watching.run("verify", "orders", "--alert").code == 0
    watching.warehouse.rows("UPDATE orders SET amount = -1 WHERE id = 1")
    assert watching.run("verify", "orders", "--alert").code == 1
    assert watching.run("incidents", "ack", "orders.amount.range", "--by", "mira", "--why", "on it").code == 0
    watching.warehouse.rows("UPDATE orders SET amount = 1")
    assert watching.run("verify", "orders", "--alert").code == 0

    assert receiver.proves(SECRET)
    assert not receiver.proves("another-secret-than-that")
    watched, opened, taken, resolved = receiver.data()
    assert (watched["role"], watched["incidents"]) == ("note", [])
    assert {opened["story"], taken["story"], resolved["story"]} == {opened["story"]}
    assert opened["text"].startswith("BROKEN orders: 1 row of orders break a rule: ")
    assert taken["text"].startswith("Acknowledged by mira: on it")
    assert resolved["text"].startswith("OK Resolved after ")
    assert resolved["text"].endswith("orders 1 on warehouse"), "it stands alone, so it says what it is about"
    assert all(each["total"] == 1 for each in (opened, taken, resolved))
    facts = [each["incidents"][0] for each in (opened, taken, resolved)]
    assert [(each["change"], each["state"], each["outcome"], each["measured"]) for each in facts] == [
        ("opened", "open", "fail", 1),
        ("acknowledged", "acknowledged", "fail", 1),
        ("resolved", "resolved", "pass", 0),
    ]
    first, second, third = facts
    assert (first["contract"], first["version"], first["server"]) == ("orders", "1.0.0", "warehouse")
    assert (first["dataset"], first["check"], first["expected"]) == ("orders", "orders.amount.range", "= 0")
    assert (first["ended"], third["ended"] is None) == (None, False)
    assert first["since"] == second["since"] == third["since"]
    assert (second["by"], second["why"]) == ("mira", "on it")
    page = "https://dq.example.com/contracts/orders/v1/warehouse/orders.html"
    assert first["url"] == f"{page}#orders.amount.range"
    assert set(first) == set(documented()["incidents"][0])
    assert set(opened) == set(documented())


def documented() -> dict[str, Any]:
    """Return the example in the README."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    example = readme.partition("<!-- webhook -->\n```json\n")[2].partition("```")[0]
    data: dict[str, Any] = json.loads(example, parse_float=Decimal)["data"]
    return data


def test_a_receiver_inside_our_own_network_is_refused_unless_that_is_allowed(
    watching: Program, receiver: Receiver
) -> None:
    watching.configure(f'[webhook]\nurl = "{receiver.url}"\nsecret = "${{WEBHOOK_SECRET}}"\n')
    done = watching.run("verify", "orders", "--alert")
    assert done.code == 3, done.all
    assert re.search(r"localhost is the private address (127\.0\.0\.1|::1)", done.err)
    assert not receiver.got


def test_a_terminal_reads_one_line_for_each_thing_that_happens(watching: Program) -> None:
    watching.configure('[alerts]\nto = "console"\n')
    watching.warehouse.rows("UPDATE stock SET amount = -1")
    lines = told(watching)
    assert lines == ["BROKEN stock is now watched: 6 hold, 1 broken", "orders is now watched: 7 hold"]
    watching.warehouse.rows("DELETE FROM orders; UPDATE stock SET amount = 1")
    holds, broken = told(watching)
    assert re.fullmatch(r"BROKEN orders: orders has 0 rows, expected .+", broken), broken
    assert re.fullmatch(r"OK Resolved after \S+ s: .+ · stock\.amount\.range · stock 1 on warehouse", holds), holds


def told(program: Program) -> list[str]:
    """Verify both, quietly but for the alerts; return the lines that are alerts, in the order of the alphabet."""
    done = program.run("verify", "--alert", "-q")
    assert done.code in {0, 1}, done.all
    return sorted(done.err.splitlines(), key=lambda line: "orders" in line)
