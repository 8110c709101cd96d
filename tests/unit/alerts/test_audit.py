"""Nothing that people should have heard of goes missing unnoticed."""

from dataclasses import replace

import pytest

from monitor.alerts.audit import BAD, Audited, Fate, audit
from monitor.domain.incident import IncidentChange
from monitor.incidents.actions import acknowledge, snooze
from monitor.store.values import AlertState, ChangeRef, Telling
from tests.incidents import HOUR, Story

SENT, QUEUED, DEAD, GONE = AlertState.SENT, AlertState.QUEUED, AlertState.DEAD, AlertState.SUPERSEDED


def telling(change: IncidentChange, alert: str, state: AlertState = SENT, by: str | None = None) -> Telling:
    ref = ChangeRef(incident=change.incident.id, sequence=change.sequence)
    return Telling(ref=ref, alert=alert, destination="#a", state=state, superseded_by=by, why="because")


def opened() -> IncidentChange:
    story = Story()
    story.outcomes("f")
    return story.log[-1]


def only(change: IncidentChange, *tellings: Telling) -> Audited:
    (found,) = audit([change], tellings)
    return found


def test_what_was_told_is_told() -> None:
    change = opened()
    assert only(change, telling(change, "a")).fate is Fate.TOLD


def test_what_no_alert_tells_is_untold_and_bad() -> None:
    assert only(opened()).fate is Fate.UNTOLD
    assert Fate.UNTOLD in BAD


def test_what_was_superseded_names_the_alert_that_told_more() -> None:
    change = opened()
    found = only(change, telling(change, "a", GONE, "b"), telling(change, "b", GONE, "c"), telling(change, "c"))
    assert (found.fate, found.alert) == (Fate.TOLD, "c")
    elsewhere = replace(telling(change, "c"), destination="#b", ref=ChangeRef(incident="other", sequence=1))
    found = only(change, telling(change, "a", GONE, "c"), elsewhere)
    assert (found.fate, found.alert) == (Fate.SUPERSEDED, "c")


def test_what_waits_says_why() -> None:
    change = opened()
    found = only(change, telling(change, "a", QUEUED))
    assert (found.fate, found.why) == (Fate.WAITING, "because")
    assert found.fate not in BAD


def test_what_is_dead_is_lost_unless_it_was_told_another_way() -> None:
    change = opened()
    assert only(change, telling(change, "a", DEAD)).fate is Fate.LOST
    assert only(change, telling(change, "a", DEAD, "a-fallback"), telling(change, "a-fallback")).fate not in BAD


@pytest.mark.parametrize("loop", [["a"], ["b", "a"]])
def test_a_circle_of_alerts_that_supersede_each_other_tells_nothing(loop: list[str]) -> None:
    change = opened()
    tellings = [telling(change, name, GONE, by) for name, by in zip(["a", "b"], loop, strict=False)]
    assert only(change, *tellings).fate is Fate.LOST


def test_one_channel_that_was_not_told_is_not_made_good_by_another() -> None:
    change = opened()
    other = replace(telling(change, "b", DEAD), destination="#b")
    assert {each.destination: each.fate for each in audit([change], [telling(change, "a"), other])} == {
        "#a": Fate.TOLD,
        "#b": Fate.LOST,
    }


def test_what_people_asked_not_to_hear_of_and_the_end_of_what_they_never_heard_of_need_not_be_told() -> None:
    story = Story()
    story.outcomes("f")
    story.act(snooze(story.find(), "mira", None, story.now + 9 * HOUR, story.now))
    story.outcomes("fp")
    quiet = story.log[1:]
    assert audit(quiet, []) == ()
    told = telling(story.log[0], "a")
    assert {each.fate for each in audit(quiet, [told])} == {Fate.UNTOLD}, "but who heard the beginning hears the end"


def test_a_decision_about_something_unheard_of_is_nobodys_news() -> None:
    story = Story()
    story.outcomes("f")
    change = story.act(acknowledge(story.find(), "mira", None, story.now))
    assert audit([change], []) == ()
