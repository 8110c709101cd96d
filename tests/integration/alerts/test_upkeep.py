"""What only time does, with a real store and a Slack that looks real."""

import re
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor.domain.contract import SupportChannel
from monitor.domain.incident import ChangeKind, IncidentKind, IncidentState
from monitor.domain.scan import CheckResult, Outcome
from monitor.domain.silence import Silence
from monitor.incidents.actions import snooze
from monitor.incidents.troubles import missed_run
from monitor.record import decide
from monitor.upkeep import Kept
from tests.integration.alerts.conftest import ALERTING, BROKEN, FINE, HOUR, PASSING, TARGET, Tale, shown

NOTHING = Kept()


def broken(tale: Tale) -> str:
    """A breach that people have heard of; returns its id."""
    tale.run(FINE, BROKEN)
    tale.deliver()
    (incident,) = tale.open_incidents()
    return incident.id


def test_a_breach_that_nobody_takes_is_said_again_after_four_hours_and_then_more_rarely(tale: Tale) -> None:
    broken(tale)
    assert tale.keep() == NOTHING
    tale.wait(4 * HOUR)
    assert tale.keep() == Kept(changes=1, alerts=2)
    assert tale.keep() == NOTHING
    tale.deliver()
    tale.wait(4 * HOUR)
    assert tale.keep() == NOTHING
    tale.wait(4 * HOUR)
    assert tale.keep() == Kept(changes=1, alerts=2)
    _, parent, *reminders = tale.told()
    assert [each["thread_ts"] for each in reminders] == [parent["ts"]] * 2
    assert all("*Still broken* since" in each["text"] for each in reminders)


def test_an_outage_does_not_overwrite_what_is_known_of_the_data(tale: Tale) -> None:
    broken(tale)
    tale.told()
    for outcome, why in ((Outcome.ERROR, "out of memory"), (Outcome.BLOCKED, "server warehouse does not answer")):
        tale.run(FINE, replace(BROKEN, outcome=outcome, reason=why, measured=None, rows=None))
    tale.wait(4 * HOUR)
    tale.keep()
    parents = [each for each in tale.told() if "1,618 rows of flights break a rule" in each["text"]]
    parent, reminder = parents
    assert "*Measured* 1,618 of 336,776 rows (0.48 %)" in shown(parent)
    assert re.search(r"\*Not verified\* since .* UTC: server warehouse does not answer", shown(parent))
    assert "correct the rows" in shown(parent), "what to do is about the data"
    assert "*Still broken*" in reminder["text"]
    assert re.search(r"not verified since .* UTC: server warehouse does not answer", reminder["text"])
    tale.run(FINE, BROKEN)
    tale.wait(8 * HOUR)
    tale.keep()
    assert "ot verified" not in shown(tale.told()[-1]) + shown(tale.told()[1])


DEAD = {"outcome": Outcome.BLOCKED, "reason": "connection refused", "measured": None, "rows": None}
OURS = SupportChannel(channel="#orders-oncall", tool="slack", scope="notifications")


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ((replace(FINE, **DEAD), replace(BROKEN, **DEAD)), "server warehouse does not answer"),  # type: ignore[arg-type]
        (
            (FINE, replace(BROKEN, outcome=Outcome.ERROR, reason="too slow", measured=None)),
            "cannot be verified: too slow",
        ),
    ],
)
def test_the_team_hears_in_its_own_channel_of_a_promise_that_nobody_could_verify_for_an_hour(
    tale: Tale, found: tuple[CheckResult, ...], words: str
) -> None:
    tale.contract = replace(tale.contract, support=(OURS,))
    tale.run(*found)
    tale.deliver()
    tale.wait(HOUR)
    assert tale.keep() == Kept(changes=1, alerts=3)
    assert tale.keep() == NOTHING
    told = tale.told()
    places = {channel.name: channel.id for channel in tale.slack.world.channels}
    (ours,) = (each for each in told if each["channel"] == places["orders-oncall"])
    assert words in ours["text"]
    assert ours["thread_ts"] is None
    (also,) = (each for each in told if "*Still not verified*" in each["text"])
    assert also["channel"] == places["data-platform"]
    tale.run(FINE, PASSING)
    ends = [each for each in tale.told() if "*Resolved*" in each["text"]]
    assert {each["channel"] for each in ends} == {places["orders-oncall"], places["data-platform"]}
    tale.run(*found)
    assert len([each for each in tale.told() if each["channel"] == places["orders-oncall"]]) == 2, "it is known again"


def test_since_when_nobody_could_verify_is_told_of_this_time_and_not_of_the_last(tale: Tale) -> None:
    unknown = replace(BROKEN, outcome=Outcome.ERROR, reason="too slow", measured=None)
    tale.run(FINE, unknown)
    tale.wait(HOUR)
    tale.run(FINE, PASSING)
    tale.wait(11 * HOUR)
    tale.told()
    before = datetime.now(UTC)
    tale.run(FINE, unknown)
    (incident,) = tale.open_incidents()
    assert incident.first_failed_at >= before
    tale.wait(2 * HOUR)
    tale.keep()
    tale.run(FINE, PASSING)
    ends = [each["text"] for each in tale.told() if "esolved" in each["text"]]
    assert any("after 2 h" in end for end in ends)
    assert not any("after 1" in end for end in ends)


DOWN = (replace(FINE, **DEAD), replace(BROKEN, **DEAD))  # type: ignore[arg-type]


def with_another(tale: Tale) -> None:
    """Two contracts on one server, each with a channel of its own: `#orders-oncall`, and `#data-quality` for `b`."""
    theirs = replace(OURS, channel="#data-quality")
    tale.others = {"b": replace(tale.contract, id="b", slug="b", name="b", support=(theirs,))}
    tale.contract = replace(tale.contract, support=(OURS,))
    tale.run(FINE, PASSING, contract="b")


def test_of_a_contract_that_meets_a_long_dead_server_its_own_team_hears_and_no_other(tale: Tale) -> None:
    with_another(tale)
    tale.run(*DOWN)
    tale.deliver()
    tale.wait(HOUR)
    tale.keep()
    assert tale.where("does not answer").count("orders-oncall") == 1
    tale.run(*DOWN, contract="b")
    assert tale.where("does not answer").count("data-quality") == 1
    assert tale.where("Keeps more from being verified") == ["data-platform"]
    tale.run(FINE, PASSING)
    assert sorted(tale.where("*Resolved*")) == ["data-platform", "data-quality", "orders-oncall"]


def silence(tale: Tale, contract: str, end: timedelta) -> None:
    """Somebody asks for quiet about a contract, from an hour ago for so long."""
    now = datetime.now(UTC)
    with tale.store.writing() as writer:
        span = {"starts_at": now - HOUR, "ends_at": now + end}
        writer.save_silence(Silence(id=contract, contract=contract, by="mira", why="maintenance", **span))


def test_a_team_that_asked_for_quiet_hears_of_a_long_dead_server_when_its_silence_ends(tale: Tale) -> None:
    with_another(tale)
    silence(tale, "b", 3 * HOUR)
    tale.run(*DOWN)
    tale.run(*DOWN, contract="b")
    tale.wait(HOUR)
    tale.keep()
    assert "data-quality" not in tale.where("does not answer")
    assert "orders-oncall" in tale.where("does not answer")
    tale.wait(HOUR)
    assert tale.keep() == NOTHING
    tale.wait(HOUR)
    assert tale.keep() == Kept(changes=1, alerts=3)
    assert tale.keep() == NOTHING
    assert tale.where("does not answer").count("data-quality") == 1
    assert tale.where("does not answer").count("orders-oncall") == 1, "they know"
    assert tale.where("Still not verified") == ["data-platform"]


def test_where_all_teams_asked_for_quiet_nobody_says_that_they_hear_of_it(tale: Tale) -> None:
    with_another(tale)
    for contract in ("nyc-flights", "b"):
        silence(tale, contract, 3 * HOUR)
    tale.run(*DOWN)
    tale.run(*DOWN, contract="b")
    tale.wait(2 * HOUR)
    assert tale.keep() == NOTHING
    tale.wait(HOUR)
    assert tale.keep() == Kept(changes=1, alerts=4)


def test_a_contract_that_asked_for_quiet_meets_a_long_dead_server_quietly(tale: Tale) -> None:
    with_another(tale)
    tale.run(*DOWN)
    tale.wait(HOUR)
    tale.keep()
    silence(tale, "b", HOUR)
    tale.run(*DOWN, contract="b")
    assert "data-quality" not in tale.where("does not answer")
    tale.wait(HOUR)
    assert tale.keep() == Kept(changes=1, alerts=3)
    assert tale.where("does not answer").count("data-quality") == 1


def test_after_an_outage_longer_than_results_are_kept_the_number_is_known_still(tale: Tale) -> None:
    broken(tale)
    tale.wait(timedelta(days=20))
    tale.upkeep().prune(keep_results=timedelta(days=14), keep_rollups=timedelta(days=400))
    tale.run(FINE, replace(BROKEN, outcome=Outcome.ERROR, reason="out of memory", measured=None, rows=None))
    tale.keep()
    (reminder,) = (each for each in tale.told() if "*Still broken*" in each["text"])
    assert "1,618 rows of flights break a rule" in reminder["text"]


def test_the_end_of_a_snooze_is_said_once_and_only_if_it_still_fails(tale: Tale) -> None:
    identity = broken(tale)
    decide(
        tale.store,
        identity,
        lambda found, now: snooze(found, "mira", None, now + HOUR, now),
        lambda _: tale.contract,
        ALERTING,
    )
    tale.deliver()
    tale.wait(HOUR / 2)
    assert tale.keep() == NOTHING
    tale.wait(HOUR)
    assert tale.keep() == Kept(changes=1, alerts=2)
    assert tale.keep() == NOTHING
    assert "*Quiet is over and it is still broken*" in tale.told()[-1]["text"]


@pytest.mark.parametrize("mended", [True, False])
def test_what_a_silence_kept_quiet_is_said_at_its_end_if_it_still_fails(tale: Tale, mended: bool) -> None:
    now = datetime.now(UTC)
    with tale.store.writing() as writer:
        silence = {"id": "s", "starts_at": now - HOUR, "ends_at": now + HOUR, "contract": "nyc-flights"}
        writer.save_silence(Silence(by="mira", why="migration", **silence))  # type: ignore[arg-type]
    assert tale.run(FINE, BROKEN) == ()
    (incident,) = tale.open_incidents()
    assert incident.is_silenced
    tale.keep()
    if mended:
        tale.run(FINE, PASSING)
    tale.wait(2 * HOUR)
    kept = tale.keep()
    _, *later = tale.told()
    with tale.store.reading() as reader:
        assert reader.ended_silences(datetime.now(UTC)) == ()
    if mended:
        assert (kept, later) == (NOTHING, [])
    else:
        (message,) = later
        assert "1,618 rows of flights" in message["text"]
        assert "quiet is over" in shown(message)


def test_a_breach_that_people_know_is_quiet_in_a_silence_and_comes_back_after_it(tale: Tale) -> None:
    broken(tale)
    now = datetime.now(UTC)
    with tale.store.writing() as writer:
        silence = {"id": "s", "starts_at": now - HOUR, "ends_at": now + 6 * HOUR, "dataset": "flights"}
        writer.save_silence(Silence(by="mira", why="migration", **silence))  # type: ignore[arg-type]
    assert tale.keep() == Kept(changes=1)
    tale.wait(5 * HOUR)
    assert tale.keep() == NOTHING
    tale.wait(2 * HOUR)
    assert tale.keep() == Kept(changes=1, alerts=2)
    assert "*Quiet is over" in tale.told()[-1]["text"]


def test_two_who_keep_up_at_once_say_it_once(tale: Tale) -> None:
    broken(tale)
    tale.wait(5 * HOUR)
    start, done = threading.Barrier(4), list[Kept]()

    def keep() -> None:
        start.wait()
        done.append(tale.keep())

    keepers = [threading.Thread(target=keep) for _ in range(4)]
    for keeper in keepers:
        keeper.start()
    for keeper in keepers:
        keeper.join()
    assert sum((kept.changes for kept in done), 0) == 1
    assert sum("Still broken" in each["text"] for each in tale.told()) == 1


def test_what_nobody_ran_is_an_incident_until_it_runs_again_and_is_written_down_once(tale: Tale) -> None:
    late = {IncidentKind.NO_RUN: [missed_run(TARGET, "due at 02:00, nothing ran")]}
    assert tale.upkeep().once(late) == Kept(changes=1, alerts=1)
    assert tale.upkeep().once(late) == NOTHING
    assert tale.keep() == NOTHING, "somebody who does not watch knows nothing"
    tale.run(FINE, PASSING)
    *_, parent, reply = tale.told()
    assert "due at 02:00, nothing ran" in reply["text"] or "Resolved" in reply["text"]
    assert parent["ts"] == reply["thread_ts"]
    assert tale.open_incidents() == ()


def test_a_missed_run_that_is_no_longer_missed_is_over(tale: Tale) -> None:
    tale.upkeep().once({IncidentKind.NO_RUN: [missed_run(TARGET, "late")]})
    assert tale.upkeep().once({IncidentKind.NO_RUN: []}).changes == 1
    with tale.store.reading() as reader:
        (incident,) = reader.incidents(limit=9)
        found = reader.incident(incident.id)
    assert incident.state is IncidentState.RESOLVED
    assert found is not None
    assert [change.kind for change in found[1]] == [ChangeKind.OPENED, ChangeKind.RESOLVED]


def test_what_is_old_is_forgotten_by_the_clock_that_is_given(tale: Tale) -> None:
    tale.wait(timedelta(days=20))
    assert tale.upkeep().prune(keep_results=timedelta(days=14), keep_rollups=timedelta(days=400)).results == 2
