"""Who hears of a breach: the contract's own word, then the first rule that matches, then the default."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from monitor.alerts.context import Context, Routes
from monitor.alerts.routing import channels_of
from monitor.domain.check import Dimension
from monitor.domain.contract import Contract, Owner, SupportChannel
from monitor.domain.incident import ChangeKind, Incident, IncidentKind, IncidentState
from monitor.domain.scan import CheckResult, Outcome
from monitor.domain.target import TargetKey, server_itself
from monitor.incidents.actions import acknowledge
from monitor.incidents.moment import never_silenced
from monitor.settings import QuietHours, RouteSettings
from monitor.store.values import QueuedAlert
from tests import runs
from tests.unit.alerts.stories import CONTRACT, NOW, Teller, passing, shown

SILENT = replace(CONTRACT, support=(), domain="aviation", tags=("gold",))
CRITICAL = replace(runs.RANGE, check=replace(runs.RANGE.check, severity="critical"))


def told(
    *rules: RouteSettings, result: CheckResult = runs.RANGE, contract: Contract = SILENT, **more: Any
) -> QueuedAlert:
    teller = Teller()
    teller.routes = replace(teller.routes, rules=rules, **more)
    (alert,) = teller.run(result, contract=contract)
    return alert


def rule(channel: str | None = "#there", *mention: str, **matches: str) -> RouteSettings:
    patterns = {name: tuple(value.split()) for name, value in matches.items()}
    return RouteSettings(matches=patterns, channel=channel, mention=mention)


def test_the_contract_itself_decides_before_any_rule() -> None:
    assert told(rule(), contract=CONTRACT).destination == "#flights-oncall"


def test_the_first_rule_that_matches_wins_and_without_one_the_default() -> None:
    other = rule("#other", contract="orders")
    assert told(other, rule("#first"), rule("#second")).destination == "#first"
    assert told(other).destination == "#data-quality"
    assert told(other, rule("C0123456789")).destination == "C0123456789"


@pytest.mark.parametrize(
    "matches",
    [
        {"contract": "nyc-*"},
        {"tag": "gold"},
        {"tag": "GOLD silver"},
        {"owner": "Flights"},
        {"severity": "error"},
        {"dimension": "accuracy"},
        {"domain": "avia*"},
        {"contract": "*", "tag": "gold", "owner": "*", "severity": "err*", "domain": "aviation"},
    ],
)
def test_a_rule_matches_where_every_condition_is_met(matches: dict[str, str]) -> None:
    assert runs.RANGE.check.dimension is Dimension.ACCURACY
    assert told(rule(**matches)).destination == "#there"
    assert told(rule(**{**matches, "contract": "orders"})).destination == "#data-quality"


@pytest.mark.parametrize("matches", [{"tag": "silver"}, {"owner": "fl"}, {"severity": "critical"}, {"domain": "sales"}])
def test_a_rule_of_which_one_condition_is_not_met_is_passed_over(matches: dict[str, str]) -> None:
    assert told(rule(**matches)).destination == "#data-quality"
    bare = replace(SILENT, domain=None, tags=(), owner=Owner())
    assert told(rule(**{name: "*" for name in matches if name != "severity"} or {"domain": "*"}), contract=bare).destination == "#data-quality"  # fmt: skip


def test_a_story_stays_where_it_was_begun_when_the_rules_change() -> None:
    teller = Teller()
    (parent,) = teller.run(runs.RANGE, contract=SILENT)
    (incident,) = teller.incidents
    teller.routes = replace(teller.routes, rules=(rule(),))
    over = teller.run(passing(runs.RANGE), contract=SILENT, where={incident: (parent.destination,)})
    assert {alert.destination for alert in over} == {"#data-quality"}


def test_only_the_urgent_calls_people_those_of_the_rule_before_the_team() -> None:
    assert told(rule("#there", "S0ONCALL")).payload["mentions"] == []
    assert told(rule("#there", "S0ONCALL", "anna@example.com"), result=CRITICAL).payload["mentions"] == [
        {"kind": "group", "value": "S0ONCALL"},
        {"kind": "email", "value": "anna@example.com"},
    ]
    assert told(rule(), result=CRITICAL).payload["mentions"] == [{"kind": "email", "value": "mira@example.com"}]
    named = told(rule(None, "UANNABELL"), result=CRITICAL, contract=CONTRACT)
    assert (named.destination, named.payload["mentions"]) == (
        "#flights-oncall",
        [{"kind": "user", "value": "UANNABELL"}],
    )


def test_whatever_leads_a_new_story_what_is_urgent_in_it_calls_people_each_once() -> None:
    dropped = replace(runs.EXTRA, outcome=Outcome.FAIL)
    blocked = replace(runs.holding()[0], outcome=Outcome.BLOCKED, cause=dropped.check.id, measured=None)
    orphans = replace(runs.FOREIGN_KEY, check=replace(runs.FOREIGN_KEY.check, severity="critical"))
    (parent,) = Teller().run(dropped, blocked, orphans, CRITICAL)
    assert "1 check cannot be verified because of it" in str(parent.payload["text"]), "what leads is not urgent"
    assert parent.payload["mentions"] == [{"kind": "email", "value": "mira@example.com"}]
    assert "cc" in shown((parent,)), "the message has a place for them"


def test_a_new_story_does_not_call_people_for_what_they_asked_not_to_hear_of() -> None:
    teller = Teller()
    teller.is_silenced = lambda incident: incident.severity == "critical"
    assert teller.run(CRITICAL, passing(runs.FOREIGN_KEY)) == ()
    (parent,) = teller.run(CRITICAL, runs.FOREIGN_KEY)
    assert "*State* silenced" in shown((parent,))
    assert parent.payload["mentions"] == []


def test_something_urgent_in_a_known_story_calls_people_in_the_reply_as_nobody_hears_an_edit() -> None:
    teller = Teller()
    (first,) = teller.run(runs.FOREIGN_KEY, passing(CRITICAL))
    assert first.payload["mentions"] == []
    _, reply = teller.run(runs.FOREIGN_KEY, CRITICAL)
    assert reply.payload["mentions"] == [{"kind": "email", "value": "mira@example.com"}]
    assert teller.run(runs.FOREIGN_KEY, CRITICAL) == ()


CALLED = [{"kind": "email", "value": "mira@example.com"}]


def test_something_urgent_that_gets_worse_calls_people_again_and_its_reminder_too() -> None:
    teller = Teller()
    teller.run(CRITICAL)
    _, worse = teller.run(replace(CRITICAL, measured=100_000))
    assert "*Worse*" in shown((worse,))
    assert worse.payload["mentions"] == CALLED
    _, reminder = teller.wait(timedelta(hours=4), runs.run_of([CRITICAL]))
    assert "*Still broken*" in shown((reminder,))
    assert reminder.payload["mentions"] == CALLED


@pytest.mark.parametrize("first", [runs.FOREIGN_KEY, passing(runs.FOREIGN_KEY)])
def test_something_urgent_that_broke_in_a_silence_calls_people_when_the_silence_is_over(first: CheckResult) -> None:
    teller = Teller()
    teller.is_silenced = lambda incident: incident.severity == "critical"
    quiet = teller.run(first, CRITICAL)
    assert not any(alert.payload["mentions"] for alert in quiet)
    teller.is_silenced = never_silenced
    told = teller.wait(timedelta(minutes=5), runs.run_of([first, CRITICAL]))
    assert told[-1].payload["mentions"] == CALLED
    assert "quiet is over and it is still broken" in shown(told).lower()


def test_what_somebody_decided_and_what_ends_calls_nobody() -> None:
    teller = Teller()
    teller.run(CRITICAL)
    (incident,) = teller.incidents.values()
    change = acknowledge(incident, "mira", None, teller.now)
    told = [*teller.tell((change,), runs.BROKEN), *teller.run(passing(CRITICAL))]
    assert [alert.payload["mentions"] for alert in told if alert.kind == "reply"] == [[], []]


def test_a_webhook_and_a_terminal_are_one_place_for_all() -> None:
    support = (SupportChannel(channel="#a", tool="slack", scope="notifications"),)
    chatty = replace(SILENT, support=support)
    assert told(rule(), contract=chatty, is_one_place=True, channel="console").destination == "console"


ALWAYS = QuietHours(start=(NOW - timedelta(hours=2)).time(), end=(NOW + timedelta(hours=5)).time())


def test_at_night_only_the_urgent_is_told() -> None:
    waits = told(quiet=ALWAYS)
    assert waits.not_before == NOW.replace(hour=7)
    assert told(quiet=ALWAYS, result=CRITICAL).not_before is None


def test_a_decision_is_seen_at_once_by_whoever_made_it() -> None:
    teller = Teller()
    teller.routes = replace(teller.routes, quiet=ALWAYS)
    teller.run(runs.RANGE)
    (incident,) = teller.incidents.values()
    change = acknowledge(incident, "mira", None, teller.now)
    assert {alert.not_before for alert in teller.tell((change,), runs.BROKEN)} == {None}


def test_a_file_that_is_no_contract_is_told_to_its_team_and_to_those_who_run_the_monitor_where_it_has_none() -> None:
    incident = Incident(
        id="i1",
        target=TargetKey(contract="nyc-flights", major="1", server="warehouse"),
        key="file:a.odcs.yaml",
        kind=IncidentKind.INVALID_FILE,
        state=IncidentState.OPEN,
        first_failed_at=NOW,
        last_seen_at=NOW,
    )
    routes = Routes(channel="#data-quality", ops_channel="#data-platform")
    own = Context(target=incident.target, routes=routes, contract=CONTRACT)
    assert channels_of(incident, own) == ("#flights-oncall",)
    assert channels_of(incident, replace(own, contract=None)) == ("#data-platform",)


def test_of_a_dead_server_the_channels_of_its_contracts_hear_and_of_its_end_those_who_heard() -> None:
    down = Incident(
        id="i1",
        target=server_itself("warehouse"),
        key="server:warehouse",
        kind=IncidentKind.SERVER_DOWN,
        state=IncidentState.OPEN,
        first_failed_at=NOW,
        last_seen_at=NOW,
    )
    weather, target = replace(SILENT, id="weather"), TargetKey(contract="weather", major="1", server="warehouse")
    routes = Routes(channel="#data-quality", ops_channel="#data-platform", rules=(rule("#sky", contract="weather"),))
    ours = TargetKey(contract="nyc-flights", major="1", server="warehouse")
    alone = Context(target=down.target, routes=routes)
    long = replace(down, team_told_at=NOW)
    both = replace(alone, met={ours: CONTRACT, target: weather})
    assert channels_of(down, both) == ("#data-platform",)
    assert channels_of(long, both) == ("#data-platform", "#flights-oncall", "#sky")
    heard = {down.id: ("#data-platform", "#flights-oncall")}
    joined = Context(target=target, routes=routes, contract=weather, where=heard, met={target: weather})
    assert channels_of(long, joined) == ("#data-platform", "#flights-oncall", "#sky")
    assert channels_of(long, joined, ChangeKind.REMINDED) == ("#data-platform", "#flights-oncall", "#sky")
    for kind in (ChangeKind.JOINED, ChangeKind.STILL_UNVERIFIED):
        assert channels_of(long, joined, kind) == ("#data-platform", "#sky")
        assert channels_of(long, replace(joined, met={}), kind) == ("#data-platform",), "it asked for quiet"
    assert channels_of(replace(long, state=IncidentState.RESOLVED), joined) == ("#data-platform", "#flights-oncall")
    assert channels_of(long, replace(alone, where=heard)) == ("#data-platform", "#flights-oncall")
