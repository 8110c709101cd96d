"""What people decide holds, is remembered with who and why, and ends when they said."""

from datetime import timedelta

import pytest

from monitor.domain.contract import Contract, Dataset, Owner
from monitor.domain.incident import ChangeKind, IncidentChange, IncidentKind, IncidentState
from monitor.domain.scan import CheckResult
from monitor.domain.silence import Facts, Silence
from monitor.errors import UsageError
from monitor.incidents.actions import accept, acknowledge, resolve, snooze, withdraw
from monitor.incidents.policy import Policy
from monitor.incidents.silences import covers, facts_of, is_silenced
from monitor.incidents.troubles import missed_run
from tests.incidents import HOUR, RANGE, START, TARGET, Story, result

K = ChangeKind


def failing() -> Story:
    story = Story()
    story.outcomes("f")
    return story


def acked(story: Story) -> IncidentChange:
    return story.act(acknowledge(story.find(), "mira", "looking", story.now))


def snoozed(story: Story, pause: timedelta = 2 * HOUR) -> IncidentChange:
    return story.act(snooze(story.find(), "mira", None, story.now + pause, story.now))


def test_an_acknowledged_incident_stays_so_through_failures_and_ends_with_a_pass() -> None:
    story = failing()
    change = acked(story)
    assert (change.kind, change.by, change.why) == (K.ACKNOWLEDGED, "mira", "looking")
    assert story.outcomes("ff") == [K.STILL_FAILING]
    assert story.find().state is IncidentState.ACKNOWLEDGED
    assert story.outcomes("p") == [K.RESOLVED]


def test_reminders_come_after_four_hours_and_then_ever_more_rarely() -> None:
    story = failing()
    hours = [hour for hour in range(1, 101) if story.wait(HOUR) == [K.REMINDED]]
    assert hours == [4, 12, 28, 52, 76, 100]


def test_a_reminder_that_is_long_overdue_comes_once() -> None:
    story = failing()
    assert story.wait(timedelta(days=30)) == [K.REMINDED]
    assert story.wait(HOUR) == []


def test_who_decided_on_it_knows_it_and_is_reminded_hours_after() -> None:
    """The snooze ends while the check holds, and it fails again: the clock runs from the decision, not the opening."""
    story = Story(Policy(resolve_after_passes=3))
    story.run(result(RANGE, "f", 10))
    story.run(result(RANGE, "f", 15))
    snoozed(story, HOUR)
    assert story.find().told == 15
    story.outcomes("pf")
    assert [story.wait(HOUR) for _ in range(2)] == [[], [K.REMINDED]]


DOWN = result(RANGE, "b", reason="connection refused")
LOST = result(RANGE, "e", reason="out of memory")


@pytest.mark.parametrize("unknown", [DOWN, LOST])
def test_teams_hear_once_of_a_promise_that_nobody_could_verify_for_an_hour(unknown: CheckResult) -> None:
    story = Story()
    story.run(unknown)
    assert story.wait(HOUR - timedelta(seconds=1)) == []
    assert story.wait(timedelta(seconds=1)) == [K.STILL_UNVERIFIED]
    assert [story.wait(HOUR) for _ in range(3)] == [[], [], [K.REMINDED]]
    story.run(result(RANGE, "p"))
    story.run(unknown)
    assert story.wait(HOUR / 2) == [], "it was verified meanwhile"
    assert story.wait(HOUR / 2) == [K.STILL_UNVERIFIED]


def test_teams_hear_of_a_run_that_is_missing_and_not_so_of_broken_data() -> None:
    story = failing()
    assert story.wait(2 * HOUR) == []
    story.watch(IncidentKind.NO_RUN, missed_run(TARGET, "late"))
    assert story.wait(HOUR) == [K.STILL_UNVERIFIED]


def test_teams_hear_of_what_is_taken_care_of_but_not_before_its_quiet_is_over() -> None:
    story = Story()
    story.run(LOST)
    (incident,) = story.incidents.values()
    story.act(acknowledge(incident, "mira", None, story.now))
    assert story.wait(HOUR) == [K.STILL_UNVERIFIED]

    hushed = Story()
    hushed.run(LOST)
    (incident,) = hushed.incidents.values()
    hushed.act(snooze(incident, "mira", None, hushed.now + 3 * HOUR, hushed.now))
    assert [hushed.wait(HOUR) for _ in range(4)] == [[], [], [K.SILENCE_ENDED], [K.STILL_UNVERIFIED]]


def test_teams_do_not_hear_of_what_nobody_has_heard_of_yet() -> None:
    story = Story(Policy(alert_after_failures=2))
    story.run(LOST)
    assert story.wait(5 * HOUR) == []
    story.run(LOST)
    assert story.wait(HOUR) == [K.STILL_UNVERIFIED]


def test_nobody_is_reminded_of_what_was_taken_or_put_off() -> None:
    story = failing()
    acked(story)
    assert story.wait(timedelta(days=2)) == []
    story.act(accept(story.find(), "jonas", "until the migration", story.now + timedelta(days=90), story.now))
    assert story.wait(timedelta(days=30)) == []


def test_nobody_is_reminded_of_what_holds_but_not_yet_for_long_enough() -> None:
    story = Story(Policy(resolve_after_passes=3))
    story.outcomes("fp")
    assert story.wait(timedelta(days=2)) == []


def test_the_end_of_a_snooze_is_said_once_if_it_still_fails() -> None:
    story = failing()
    snoozed(story)
    assert story.wait(HOUR) == []
    assert story.wait(HOUR) == [K.SILENCE_ENDED]
    assert story.find().state is IncidentState.OPEN
    assert story.wait(HOUR) == []
    assert story.outcomes("f") == [K.STILL_FAILING]


def test_the_end_of_a_snooze_is_no_news_while_the_check_holds() -> None:
    story = Story(Policy(resolve_after_passes=3))
    story.outcomes("f")
    snoozed(story)
    story.outcomes("p")
    assert story.wait(HOUR) == [K.SEEN]
    assert story.find().state is IncidentState.OPEN


def test_a_run_that_comes_before_the_clock_says_it_just_as_well() -> None:
    story = failing()
    snoozed(story, HOUR)
    assert story.outcomes("f") == [K.SILENCE_ENDED]
    assert story.wait(HOUR / 2) == []


def test_what_passes_while_snoozed_is_resolved() -> None:
    story = failing()
    snoozed(story, 9 * HOUR)
    assert story.outcomes("p") == [K.RESOLVED]
    assert story.wait(timedelta(days=1)) == []


def test_nothing_is_called_worse_while_people_asked_for_quiet() -> None:
    story = Story()
    story.run(result(RANGE, "w", 1))
    snoozed(story, 5 * HOUR)
    assert story.run(result(RANGE, "f", 1000)) == [K.STILL_FAILING]
    assert story.wait(5 * HOUR) == [K.SILENCE_ENDED]
    assert story.find().told == 1000


def test_an_accepted_breach_is_live_and_quiet_until_its_date() -> None:
    story = failing()
    story.act(accept(story.find(), "jonas", "known", story.now + timedelta(days=10), story.now))
    story.outcomes("fff")
    assert story.live() == {RANGE}
    assert all(change.is_quiet for change in story.log[2:])
    assert story.wait(timedelta(days=10)) == [K.SILENCE_ENDED]
    assert not story.log[-1].is_quiet


def test_an_accepted_breach_that_comes_back_before_its_date_is_still_accepted() -> None:
    story = failing()
    story.act(accept(story.find(), "jonas", "known", story.now + timedelta(days=10), story.now))
    assert story.outcomes("p") == [K.RESOLVED]
    story.wait(timedelta(days=5))
    assert story.outcomes("f") == [K.REOPENED]
    assert story.log[-1].is_quiet
    assert (story.find().state, story.find().by) == (IncidentState.ACCEPTED, "jonas")
    assert story.wait(timedelta(days=5)) == [K.SILENCE_ENDED]


def test_an_acceptance_that_is_over_excuses_nothing_new() -> None:
    story = failing()
    story.act(accept(story.find(), "jonas", "known", story.now + 5 * HOUR, story.now))
    story.outcomes("p")
    story.wait(10 * HOUR)
    assert story.outcomes("f") == [K.REOPENED]
    assert (story.find().state, story.find().by) == (IncidentState.OPEN, None)


def test_a_snooze_is_forgotten_when_the_check_passes() -> None:
    story = failing()
    snoozed(story, 9 * HOUR)
    story.outcomes("p")
    assert story.outcomes("f") == [K.REOPENED]
    assert story.find().state is IncidentState.OPEN


def test_what_a_person_called_over_comes_back_if_it_fails_again() -> None:
    story = failing()
    story.act(resolve(story.find(), "mira", "reloaded", story.now))
    assert story.live() == set()
    assert story.outcomes("f") == [K.REOPENED]
    assert (story.find().by, story.find().why) == (None, None)


def test_what_a_person_called_over_no_longer_flaps() -> None:
    story = Story()
    story.outcomes("fpfpf")
    story.act(resolve(story.find(), "mira", None, story.now))
    assert not story.find().is_flapping
    assert story.outcomes("f") == [K.REOPENED]


def test_a_contract_that_is_gone_withdraws_its_incidents() -> None:
    story = failing()
    assert story.act(withdraw(story.find(), "the contract is retired", story.now)).kind is K.WITHDRAWN


def test_what_is_over_cannot_be_decided_on_any_more() -> None:
    story = failing()
    story.outcomes("p")
    with pytest.raises(
        UsageError,
        match=r"flights\.air_time\.range of nyc-flights 1 on warehouse is over since .* UTC: it is already resolved",
    ):
        acked(story)


def test_quiet_must_end_in_the_future() -> None:
    story = failing()
    with pytest.raises(UsageError, match=r"2026-11-23 03:00 UTC is not in the future"):
        snoozed(story, timedelta(0))


def test_deciding_on_something_pending_tells_of_it() -> None:
    story = Story(Policy(alert_after_failures=3))
    story.outcomes("f")
    change = acked(story)
    assert change.incident.opened_at == story.now
    assert change.incident.group == change.incident.id


def test_a_maintenance_window_keeps_quiet_what_is_recorded_anyway() -> None:
    story = Story()
    story.is_silenced = lambda _: story.now < START + 3 * HOUR
    assert story.outcomes("f") == [K.OPENED]
    assert story.log[-1].is_quiet
    assert story.live() == {RANGE}
    assert story.wait(HOUR) == []
    assert story.wait(HOUR) == [K.SILENCE_ENDED]
    assert not story.log[-1].is_quiet


def test_what_mends_itself_within_the_window_says_nothing_at_its_end() -> None:
    story = Story()
    story.is_silenced = lambda _: story.now < START + 3 * HOUR
    story.outcomes("fp")
    assert story.wait(5 * HOUR) == []


def test_an_incident_older_than_the_window_is_not_reminded_of_in_it() -> None:
    story = failing()
    story.is_silenced = lambda _: story.now < START + 30 * HOUR
    assert [story.wait(6 * HOUR) for _ in range(4)] == [[K.SEEN], [], [], []]
    assert story.wait(6 * HOUR) == [K.SILENCE_ENDED]


def test_the_end_of_a_window_is_no_news_to_who_acknowledged() -> None:
    story = failing()
    acked(story)
    story.is_silenced = lambda _: story.now < START + 3 * HOUR
    story.outcomes("f")
    assert story.outcomes("f") == [K.STILL_FAILING]


SILENCE = Silence(id="s", starts_at=START, ends_at=START + HOUR, by="mira", why="reload")


@pytest.mark.parametrize(
    ("silence", "is_covered"),
    [
        ({}, True),
        ({"contract": "nyc-flights"}, True),
        ({"contract": "orders"}, False),
        ({"dataset": "flights"}, True),
        ({"dataset": "planes"}, False),
        ({"owner": "flights-team"}, True),
        ({"owner": "sales"}, False),
        ({"tag": "gold"}, True),
        ({"tag": "slow"}, True),
        ({"tag": "silver"}, False),
        ({"contract": "nyc-flights", "dataset": "planes"}, False),
    ],
)
def test_a_silence_covers_what_fits_all_that_it_names(silence: dict[str, str], is_covered: bool) -> None:
    fields = {name: silence.get(name) for name in ("contract", "dataset", "owner", "tag")}
    contract = Contract(
        id="nyc-flights",
        slug="nyc-flights",
        name="n",
        version="1.0.0",
        status="active",
        api_version="v3.1.0",
        file="f",
        fingerprint="x",
        meaning="y",
        owner=Owner(team="flights-team"),
        tags=("gold",),
        datasets=(Dataset(name="flights", schema=None, table="flights", tags=("slow",), line=1),),
    )
    named = Silence(id="s", starts_at=START, ends_at=START + HOUR, by="mira", why="reload", **fields)
    assert covers(named, facts_of(contract, "flights")) is is_covered


def test_a_silence_begins_and_ends_on_the_minute() -> None:
    covered = [is_silenced(Facts(), [SILENCE], START + minutes * HOUR / 60) for minutes in (-1, 0, 59, 60)]
    assert covered == [False, True, True, False]
