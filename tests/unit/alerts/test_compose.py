"""Who hears what, where, and how often."""

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from monitor.alerts.context import Background
from monitor.alerts.story import STORM
from monitor.domain.check import CheckKind
from monitor.domain.contract import SupportChannel
from monitor.domain.incident import Incident
from monitor.domain.scan import CheckResult, Outcome
from monitor.incidents.actions import acknowledge, snooze
from monitor.store.values import QueuedAlert
from tests import runs
from tests.unit.alerts.stories import CONTRACT, HELD, HOUR, Teller, many, passing, shown

PASSING = passing(runs.RANGE)


def kinds(alerts: tuple[QueuedAlert, ...]) -> list[str]:
    return [alert.kind for alert in alerts]


def only(teller: Teller) -> Incident:
    (incident,) = teller.incidents.values()
    return incident


def test_the_same_breach_is_told_once() -> None:
    teller = Teller()
    assert kinds(teller.run(runs.RANGE)) == ["parent"]
    assert teller.run(runs.RANGE) == ()


def test_a_new_member_edits_the_parent_and_adds_a_reply() -> None:
    teller = Teller()
    (first,) = teller.run(runs.RANGE, passing(runs.FOREIGN_KEY))
    parent, reply = teller.run(runs.RANGE, runs.FOREIGN_KEY)
    assert first.payload["group"] == parent.payload["group"] == reply.payload["group"]
    assert "Also broken now" in shown((reply,))


def test_an_end_closes_the_thread_with_how_long_it_took() -> None:
    teller = Teller()
    teller.run(runs.RANGE)
    parent, reply = teller.run(PASSING)
    assert parent.payload["closes"]
    assert "*Resolved* after 1 h" in shown((reply,))


def test_many_ends_are_all_in_the_reply() -> None:
    teller = Teller()
    teller.run(*many(5))
    _, reply = teller.run(*(passing(each) for each in many(5)))
    assert shown((reply,)).count("*Resolved*") == 5


def test_what_nobody_heard_of_ends_in_silence() -> None:
    teller = Teller()
    teller.run(runs.RANGE)
    teller.told.clear()
    assert teller.run(PASSING) == ()


def test_the_first_run_is_one_summary_that_mentions_nobody() -> None:
    teller = Teller()
    critical = replace(runs.RANGE, check=replace(runs.RANGE.check, severity="critical"))
    (summary,) = teller.run(critical, PASSING_OTHER, first=True)
    assert "is now watched: 1 holds, 1 broken" in summary.payload["text"]  # type: ignore[operator]
    assert summary.payload["mentions"] == []
    assert kinds(teller.run(PASSING, PASSING_OTHER)) == ["parent", "reply"]


def test_a_first_run_that_holds_is_told_too() -> None:
    (summary,) = Teller().run(PASSING, PASSING_OTHER, first=True)
    assert summary.kind == "note"
    assert "2 hold" in str(summary.payload["text"])


def test_what_was_told_before_the_first_whole_run_goes_on_and_the_summary_stands_on_its_own() -> None:
    teller = Teller()
    teller.run(runs.RANGE)
    parent, reply, note = teller.run(runs.RANGE, runs.FOREIGN_KEY, PASSING_OTHER, first=True)
    assert [parent.kind, reply.kind, note.kind] == ["parent", "reply", "note"]
    assert "is now watched: 1 holds, 2 broken" in str(note.payload["text"])


def test_only_what_is_urgent_calls_people() -> None:
    (calm,) = Teller().run(runs.RANGE)
    (urgent,) = Teller().run(replace(runs.RANGE, check=replace(runs.RANGE.check, severity="high")))
    assert calm.payload["mentions"] == []
    assert urgent.payload["mentions"] == [{"kind": "email", "value": "mira@example.com"}]


def test_more_than_a_storm_is_one_digest_with_exact_counts() -> None:
    alerts = Teller().run(*many(STORM + 1))
    assert kinds(alerts)[0] == "parent"
    assert f"{STORM + 1} promises do not hold" in str(alerts[0].payload["text"])
    listed = "".join(shown((alert,)) for alert in Teller().run(*many(200)))
    assert all(f"`{each.check.id}`" in listed for each in many(200)), "what does not fit is in the thread"


def test_trouble_of_the_monitor_goes_to_those_who_run_it() -> None:
    error = replace(runs.RANGE, outcome=Outcome.ERROR, reason="out of memory", measured=None)
    (alert,) = Teller().run(error)
    assert alert.destination == "#data-platform"
    assert "1 check cannot be verified: out of memory" in str(alert.payload["text"])


def test_a_dead_server_is_one_message_and_its_return_is_told_below() -> None:
    teller = Teller()
    dead = [replace(each, outcome=Outcome.BLOCKED, reason="connection refused", measured=None) for each in many(3)]
    (down,) = teller.run(*dead)
    assert down.destination == "#data-platform"
    assert "*server warehouse*: server warehouse does not answer: connection refused" in str(down.payload["text"])
    assert "Impact" not in shown((down,))
    parent, reply = teller.run(*(passing(each) for each in many(3)))
    assert parent.destination == reply.destination == "#data-platform"
    assert "*Resolved* after 1 h" in shown((reply,))


def test_a_contract_without_a_channel_of_its_own_is_told_in_the_default_one() -> None:
    other = replace(CONTRACT, support=(SupportChannel(channel="#chat", tool="slack", scope="interactive"),))
    (alert,) = Teller().run(runs.RANGE, contract=other)
    assert alert.destination == "#data-quality"


def test_what_a_person_did_is_told_in_the_thread() -> None:
    teller = Teller()
    teller.run(runs.RANGE)
    run = runs.run_of([runs.RANGE])
    acknowledged = acknowledge(only(teller), "mira", "on it", teller.now)
    _, reply = teller.tell((acknowledged,), run)
    assert "*Acknowledged* by mira: on it" in shown((reply,))
    snoozed = snooze(only(teller), "mira", None, teller.now + HOUR, teller.now)
    _, reply = teller.tell((snoozed,), run)
    assert "*Snoozed* until 03:00 UTC by mira" in shown((reply,))


def test_the_same_message_always_has_the_same_id() -> None:
    assert [a.id for a in Teller().run(*many(30))] == [a.id for a in Teller().run(*many(30))]


def test_each_new_member_says_when_it_last_held_and_what_is_new_since_then() -> None:
    teller = Teller()
    changed = ("flights.dest is gone (was text)",)
    teller.run(runs.RANGE, passing(runs.FOREIGN_KEY), changed=changed)
    teller.now += 48 * HOUR
    _, reply = teller.run(runs.RANGE, runs.FOREIGN_KEY, changed=changed)
    text = shown((reply,))
    assert "; held 40 d 23 h until 23 Nov 01:00 UTC · `flights.dest.foreign-key`" in text
    assert "since `flights" not in text, "the parent says it already"


@pytest.mark.parametrize(
    ("unit", "kind", "then", "now", "told"),
    [
        ("rows", CheckKind.RANGE, 12, 1618, "• measured: 12 → 1,618"),
        ("seconds", CheckKind.FRESHNESS, 3_600, 93_600, "• measured: 1 h → 1 d 2 h"),
        ("percent", CheckKind.CUSTOM, 0, Decimal("2.5"), "• measured: 0 % → 2.5 %"),
        ("rows", CheckKind.RANGE, 1618, 1618, None),
        ("rows", CheckKind.RANGE, None, 1618, None),
        ("rows", CheckKind.ROW_COUNT, 500, 9, None),
        ("columns", CheckKind.SCHEMA, 0, 1, None),
    ],
)
def test_the_number_when_it_last_held_stands_beside_the_number_now(
    unit: str, kind: CheckKind, then: int | None, now: int | Decimal, told: str | None
) -> None:
    found = replace(runs.RANGE, measured=now, check=replace(runs.RANGE.check, kind=kind, unit=unit))
    teller = Teller()
    teller.run(found)
    (identity,) = teller.incidents
    held = {identity: Background(held=replace(HELD, measured=then))}
    parent, *_ = teller.wait(4 * HOUR, runs.run_of([found]), backgrounds=held)
    assert ("measured:" in shown((parent,))) == bool(told)
    assert (told or "") in shown((parent,))


def test_what_is_new_since_a_member_last_held_is_told_where_the_parent_does_not_say_it() -> None:
    teller = Teller()
    teller.run(runs.FOREIGN_KEY, runs.RANGE)
    by_key = {each.key: each.id for each in teller.incidents.values()}
    said = ("flights.dest is gone (was text)",)
    backgrounds = {
        by_key[runs.FOREIGN_KEY.check.id]: Background(held=HELD, changed=said),
        by_key[runs.RANGE.check.id]: Background(held=HELD, changed=(*said, "flights: 5 → 9 rows (+4)")),
    }
    _, reply = teller.run(runs.FOREIGN_KEY, replace(runs.RANGE, measured=4_000), backgrounds=backgrounds)
    text = shown((reply,))
    assert "• since `flights.air_time.range` last held: flights: 5 → 9 rows (+4)" in text
    assert "is gone" not in text


def test_text_of_strangers_is_never_active() -> None:
    evil = "<!channel> <@U123> *bold* `code`\n\n[members]\n\n[small] &"
    result: CheckResult = replace(
        runs.RANGE,
        reason=evil,
        check=replace(runs.RANGE.check, name=evil, dataset=evil, columns=(evil,), impact=evil, severity="error"),
    )
    teller = Teller()
    contract = replace(CONTRACT, name=evil, purpose=evil)
    alerts = [*teller.run(result, contract=contract), *teller.run(passing(result), contract=contract)]
    for alert in alerts:
        text = json.dumps(alert.payload)
        assert "<!" not in text
        assert "<@" not in text
        assert "*bold*" not in text


def other() -> CheckResult:
    return next(each for each in runs.holding() if each.check.dataset == "airlines")


PASSING_OTHER: Any = other()
