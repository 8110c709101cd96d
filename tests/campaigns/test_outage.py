"""Slack is down for six hours while much breaks and some of it is mended: afterwards everybody knows how it stands."""

from itertools import count
from subprocess import DEVNULL

import pytest

from tests.acceptance.program import Program
from tests.campaigns.state import pass_time, truth
from tests.campaigns.test_faults import configure, deliver_all, slack_of
from tests.slack.checker import judge, read
from tests.slack.server import FakeSlack

HOUR = 3_600.0
DOWN = [{"kind": "status", "status": 503, "weight": 2}, {"kind": "reset", "weight": 1}, {"kind": "html", "weight": 1}]


def promise(program: Program, number: int, checks: int) -> None:
    """Write a contract on a table of its own, told in a channel of its own."""
    columns = "\n".join(
        f"      - {{name: c{column}, logicalType: integer, logicalTypeOptions: {{minimum: 0}}}}"
        for column in range(checks)
    )
    body = f"support:\n  - {{channel: '#c{number}', tool: slack, scope: notifications}}\n"
    body += f"schema:\n  - name: t{number}\n    properties:\n{columns}\n"
    program.contract(body, name=f"contract-{number}")
    fields = ", ".join(f"1 AS c{column}" for column in range(checks))
    program.warehouse.rows(f"CREATE TABLE t{number} AS SELECT {fields}")


def set_all(program: Program, number: int, checks: int, value: int) -> None:
    program.warehouse.rows(f"UPDATE t{number} SET {', '.join(f'c{column} = {value}' for column in range(checks))}")


def verify(program: Program) -> int:
    """Verify everything and alert; return the exit code."""
    with program.start("verify", "--alert", stdout=DEVNULL, stderr=DEVNULL) as process:
        return process.wait(timeout=600)


def pass_three_hours(program: Program, url: str, slack: FakeSlack) -> None:
    """Let hours pass in which the program tries again and again."""
    for _ in range(2):
        slack.world.advance(1.5 * HOUR)
        pass_time(url, 1.5 * HOUR)
        program.run("alerts", "deliver")


def outage(program: Program, *, contracts: int, checks: int, mended: int) -> None:
    url = f"sqlite:///{program.folder}/state.db"
    with slack_of(program.folder, contracts) as slack:
        configure(program, url, slack)
        for number in range(contracts):
            promise(program, number, checks)
        assert verify(program) == 0
        deliver_all(program, url, slack, deadline=120)
        watched = len(slack.world.seen())
        slack.faults.load({"seed": 1, "faults": DOWN})
        for number in range(contracts):
            set_all(program, number, checks, -1)
        assert verify(program) == 1
        pass_three_hours(program, url, slack)
        for number in range(mended):
            set_all(program, number, checks, 1)
        assert verify(program) == 1
        pass_three_hours(program, url, slack)
        assert len(slack.world.seen()) == watched, "Slack was not down"
        slack.faults.load({})
        slack.world.advance(HOUR)
        pass_time(url, HOUR)
        deliver_all(program, url, slack, deadline=600)
        seen = slack.world.seen()[:]
        channels = [channel.id for channel in slack.world.channels]
    verdict = judge(read(program.folder / "slack.jsonl"), truth(url), collapse=True)
    assert verdict.good, verdict
    for number, channel in zip(count(), channels[:contracts], strict=False):
        parents = [each for each in seen if each["channel"] == channel and each["thread_ts"] is None][1:]
        (parent,) = parents
        is_over = parent["text"].startswith(":white_check_mark:")
        assert is_over == (number < mended), parent["text"]
        assert " h late" in parent["text"], "nobody says that it comes late"


def test_after_six_hours_without_slack_everybody_knows_how_it_stands(program: Program) -> None:
    outage(program, contracts=8, checks=5, mended=2)


@pytest.mark.soak
def test_two_thousand_incidents_and_five_hundred_resolved_in_six_hours_without_slack(program: Program) -> None:
    outage(program, contracts=100, checks=20, mended=25)
