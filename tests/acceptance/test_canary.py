"""Secrets, masked values and mentions are planted everywhere, and must come out nowhere, not even at DEBUG level."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.program import Program
from tests.conftest import until
from tests.integration.store.conftest import postgres_url
from tests.receiver import Receiver, certificate_in, receiving
from tests.slack.server import FakeSlack

SECRETS = {
    "SLACK_BOT_TOKEN": "xoxb-canary-bot-token",
    "SLACK_APP_TOKEN": "xapp-canary-app-token",
    "WEBHOOK_SECRET": "canary-webhook-secret",
    "WAREHOUSE_PASSWORD": "canary-server-password",
    "CANARY_PLACE": "canary-from-the-environment",
}
VALUE = "canary-value"
"""What every masked value contains; one of them is `<!channel>` and one would read the environment."""

DATA = f"""
CREATE TABLE orders (id int, code text, note text);
INSERT INTO orders SELECT n, '{VALUE}-' || n, 'x' FROM generate_series(1, 40) n;
INSERT INTO orders VALUES (41, '<!channel> {VALUE}', 'x'), (42, '${{CANARY_PLACE}} {VALUE}', 'x'), (43, 'ok', 'x');
"""
BODY = """\
    name: "<!here> orders of ${CANARY_PLACE}"
    description:
      purpose: "<!here> for <@U1> ${CANARY_PLACE} {% raw %}"
    schema:
      - name: orders
        description: "<!here> ${CANARY_PLACE} {{ 7*7 }}"
        quality:
          - id: cast
            type: sql
            description: "<!here> <@U1> ${CANARY_PLACE}"
            query: "SELECT max(code::int) FROM {object}"
            mustBe: 1
          - {id: grows, type: custom, engine: soda, implementation: "- change for row_count >= 0"}
          - id: rows
            type: custom
            engine: soda
            implementation: |
              - failed rows:
                  fail condition: code like 'canary%'
        properties:
          - {name: id, logicalType: integer, unique: true}
          - name: code
            logicalType: string
            businessName: "<!here> ${CANARY_PLACE}"
            logicalTypeOptions: {pattern: "^ok$", maxLength: 3}
            quality:
              - id: known
                metric: invalidValues
                arguments: {validValues: [ok]}
                mustBe: 0
                severity: critical
                businessImpact: "<!here> <@U1> ${CANARY_PLACE}"
              - {id: one, metric: duplicateValues, mustBe: 0}
          - {name: note, logicalType: string, classification: public, logicalTypeOptions: {minLength: 2}}
    """


@pytest.fixture
def slack(tmp_path: Path) -> Iterator[FakeSlack]:
    with FakeSlack(tmp_path / "slack.jsonl", interval=0) as started:
        started.world.configure({"token": SECRETS["SLACK_BOT_TOKEN"], "app_token": SECRETS["SLACK_APP_TOKEN"]})
        yield started


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    with receiving(certificate_in(tmp_path)) as made:
        yield made


@pytest.fixture(params=["sqlite", "postgresql"])
def planted(request: pytest.FixtureRequest, program: Program, slack: FakeSlack, receiver: Receiver) -> Program:
    program.warehouse.rows(DATA)
    program.contract(BODY, api="v3.1.0")  # in which `${…}` is text
    program.environment |= SECRETS
    state = ""
    if request.param == "postgresql":
        program.environment["STATE"] = postgres_url(program.warehouse)
        state = '[state]\nurl = "${STATE}"'
    program.environment["SSL_CERT_FILE"] = str(program.folder / "certificate.pem")
    for way in ("slack", "webhook"):
        configure(program, slack, receiver, state, way)
    return program


def configure(program: Program, slack: FakeSlack, receiver: Receiver, state: str, way: str) -> None:
    """Write a configuration that is called like its way to tell people."""
    written = program.configure(
        f"""
{state}
[samples]
rows = 5
[slack]
token = "${{SLACK_BOT_TOKEN}}"
channel = "#data-quality"
ops_channel = "#data-platform"
app_token = "${{SLACK_APP_TOKEN}}"
base_url = "{slack.api}"
[webhook]
url = "{receiver.url}"
secret = "${{WEBHOOK_SECRET}}"
allow_private = true
[alerts]
to = "{way}"
""",
        password="${WAREHOUSE_PASSWORD}",
    )
    written.rename(program.folder / f"{way}.toml")


def everything(program: Program, receiver: Receiver, slack: FakeSlack) -> dict[str, str]:
    """Do all that can be done, and return all that can be read afterwards, by the name of its place."""
    told = []

    def run(*arguments: str, way: str = "slack") -> None:
        done = program.run("--config", f"{way}.toml", "--log-level", "debug", *arguments)
        assert "Traceback" not in done.err, done.err
        told.append(done.all)

    run("migrate")
    run("verify", "--alert", "--report", "report", "-v")
    program.warehouse.rows(
        f"UPDATE orders SET code = '{VALUE}' WHERE id = 43; INSERT INTO orders VALUES (1, 'ok', 'x')"
    )
    slack.faults.queue([{"kind": "reset", "visible": "now"}, {"kind": "status", "status": 502}])
    run("verify", "--alert", "--format", "json")
    run("alerts", "deliver")
    program.warehouse.rows("ALTER TABLE orders RENAME COLUMN note TO other")
    run("verify", "--alert", "--report", "report")
    run("incidents", "ack", "orders.code.known", "--by", "mira", "--why", "<!here> ${CANARY_PLACE}")
    told.append(pressed(program, slack))
    slack.faults.queue([{"kind": "error", "error": "invalid_auth"}])
    run("alerts", "deliver")
    program.warehouse.rows(f"UPDATE orders SET code = '{VALUE}' || id")
    run("verify", "--alert", way="webhook")
    receiver.status = 503
    program.warehouse.rows("ALTER TABLE orders RENAME COLUMN other TO note")
    run("verify", "--alert", way="webhook")
    for command in ("runs", "drift", "incidents list --format json", "alerts list --format json"):
        run(*command.split())
    files = {str(path): path.read_bytes().decode("latin-1") for path in (program.folder / "report").rglob("*.html")}
    files |= {str(path): path.read_bytes().decode("latin-1") for path in program.folder.rglob("state.db*")}
    assert files
    dump = ""
    if "STATE" in program.environment:
        names = program.warehouse.rows(
            "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'orders'"
        )
        dump = "\n".join(str(program.warehouse.rows(f"SELECT t::text FROM {name} t")) for (name,) in names)
        assert "orders.code.known" in dump
    log = (program.folder / "slack.jsonl").read_text(encoding="utf-8")
    hooked = "\n".join(f"{headers} {body.decode()}" for headers, body in receiver.got)
    return {"terminal": "\n".join(told), "slack": log, "webhook": hooked, "dump": dump, **files}


def pressed(program: Program, slack: FakeSlack) -> str:
    """Press a button while somebody listens; return all that was printed."""
    command = ("--config", "slack.toml", "--log-level", "debug", "alerts", "listen")
    listening = program.start(*command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        until(lambda: slack.socket_mode.connections() or listening.poll() is not None, 60)
        press(slack, "Re-verify")
        until(lambda: "Verified again" in str(slack.world.seen()), 60)
    finally:
        listening.terminate()
        out, _ = listening.communicate(timeout=60)
    assert listening.returncode == 0
    return out.decode()


def press(slack: FakeSlack, label: str) -> None:
    message, button = next(
        (message, button)
        for message in slack.world.seen()
        for block in message["blocks"]
        if block["type"] == "actions"
        for button in block["elements"]
        if button["text"]["text"] == label
    )
    payload = slack.payload(message["channel"], message["ts"], button["action_id"], button["value"], "U0ANNA0000")
    slack.socket_mode.deliver(payload)


def test_no_secret_no_masked_value_and_no_mention_gets_out(
    planted: Program, receiver: Receiver, slack: FakeSlack
) -> None:
    places = everything(planted, receiver, slack)

    assert "orders" in places["slack"]
    assert receiver.proves(SECRETS["WEBHOOK_SECRET"])
    assert "orders.code.known" in places["webhook"]
    assert "DEBUG" in places["terminal"]
    for place, text in places.items():
        for secret in [*SECRETS.values(), VALUE, "<!channel>"]:
            assert secret not in text, f"{secret} is in {place}: …{text[max(0, text.index(secret) - 300) :][:400]}…"
    for mention in ("<!here>", "<@U1>"):
        assert mention not in places["slack"]
        assert not [place for place, text in places.items() if place.endswith(".html") and mention in text]
