"""Alerts are sent once each, in order, at the pace of their channel, whoever dies meanwhile."""

import subprocess
import sys
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.domain.incident import ChangeKind, Incident, IncidentChange, IncidentKind, IncidentState
from monitor.domain.target import TargetKey
from monitor.store.store import Store, open_store
from monitor.store.values import AlertState, Attempt, ChangeRef, Claim, QueuedAlert, Thread

TARGET = TargetKey(contract="nyc-flights", major="1", server="warehouse")
AT = datetime(2026, 5, 4, tzinfo=UTC)
NOW = timedelta(0)
LEASE = timedelta(seconds=60)
OVER = timedelta(seconds=-1)
"""A lease that is over before it begins: its owner died long ago."""


def alert(name: str, incident: str = "i1", sequence: int = 1, destination: str = "slack:#data") -> QueuedAlert:
    return QueuedAlert(
        id=name,
        destination=destination,
        kind="opened",
        payload={"text": f"{name} \x00 \ud800 <!channel>", "count": 3},
        tells=(ChangeRef(incident=incident, sequence=sequence),),
        target=TARGET,
    )


def queue(store: Store, *alerts: QueuedAlert) -> None:
    with store.writing() as writer:
        writer.enqueue(alerts)


def claim(
    store: Store, owner: str = "a", *, lease: timedelta = LEASE, pace: timedelta = NOW, limit: int = 9
) -> tuple[Claim, ...]:
    return store.outbox.claim(owner, limit=limit, lease=lease, pace=pace)


def state(store: Store, name: str) -> AlertState:
    with store.reading() as reader:
        return next(record.state for record in reader.alerts(limit=99) if record.alert.id == name)


def test_an_alert_comes_as_it_was_queued(store: Store) -> None:
    queue(store, alert("one"))
    (got,) = claim(store)
    assert (got.alert.payload, got.alert.tells, got.alert.target) == (
        alert("one").payload,
        alert("one").tells,
        TARGET,
    )
    assert (got.attempt, got.owner, got.may_have_been_sent) == (1, "a", False)
    assert claim(store, "b") == ()


def test_one_that_is_queued_twice_is_sent_once(store: Store) -> None:
    queue(store, alert("one"), alert("one"))
    queue(store, alert("one"))
    with store.reading() as reader:
        assert len(reader.alerts(limit=9)) == 1


def test_a_channel_gets_one_message_a_second_from_all_replicas_together(store: Store) -> None:
    queue(store, alert("one"), alert("two", "i2"), alert("other", "i3", destination="slack:#other"))
    pace = timedelta(seconds=60)
    one, other = claim(store, pace=pace)
    assert [one.alert.id, other.alert.id] == ["one", "other"]
    assert claim(store, "b", pace=NOW) == ()  # nobody knows yet when it was sent: the second begins then
    assert store.outbox.sent(one, channel="C1", ts="1.2")
    assert claim(store, "b", pace=NOW) == ()
    with store.reading() as reader:
        later = reader.now() + timedelta(hours=1)
    assert store.outbox.failed(other, "503", retry_at=later)
    queue(store, alert("more", "i4", destination="slack:#other"))
    assert claim(store, "b", pace=NOW) == ()


def test_the_alerts_of_one_incident_come_in_order(store: Store) -> None:
    queue(store, alert("first", "i1", 1), alert("second", "i1", 2), alert("else", "i2", 1))
    (first,) = claim(store)
    assert first.alert.id == "first"
    assert claim(store) == ()
    with store.reading() as reader:
        moment = reader.now()
    assert store.outbox.failed(first, "503", retry_at=moment + timedelta(hours=1))
    (other,) = claim(store)
    assert other.alert.id == "else"
    assert store.outbox.sent(other, channel="C1", ts="1.1")
    assert claim(store) == ()


def test_channels_in_which_all_wait_for_an_earlier_alert_keep_no_other_waiting(store: Store) -> None:
    for n in range(3):
        queue(store, alert(f"head{n}", f"i{n}", destination=f"slack:#{n}"))
    with store.reading() as reader:
        later = reader.now() + timedelta(hours=1)
    for head in claim(store):
        assert store.outbox.failed(head, "503", retry_at=later)
    queue(store, *(alert(f"tail{n}", f"i{n}", 2, destination=f"slack:#{n}") for n in range(3)), alert("free", "i9"))

    assert [got.alert.id for got in claim(store, limit=1)] == ["free"]


def test_one_that_failed_keeps_its_followers_waiting_until_it_is_dead(store: Store) -> None:
    queue(store, alert("first", "i1", 1), alert("second", "i1", 2))
    (first,) = claim(store)
    with store.reading() as reader:
        later = reader.now() + timedelta(hours=1)
        moment = reader.now()
    assert store.outbox.failed(first, "500", retry_at=later)
    assert claim(store) == ()
    assert state(store, "first") is AlertState.FAILED
    with store.writing() as writer:
        assert not writer.replay("first")
    queue(store, alert("third", "i3"))
    (third,) = claim(store)
    assert store.outbox.failed(third, "503", retry_at=moment)
    (again,) = claim(store)
    assert (again.alert.id, again.attempt, again.may_have_been_sent) == ("third", 2, False)
    assert store.outbox.failed(again, "channel_not_found", retry_at=None)
    assert state(store, "third") is AlertState.DEAD
    with store.writing() as writer:
        assert writer.replay("third")
    assert [got.alert.id for got in claim(store)] == ["third"]


def test_one_whose_sender_never_came_back_comes_again_with_a_warning(store: Store) -> None:
    queue(store, alert("one"))
    (lost,) = claim(store, "a", lease=OVER)
    (again,) = claim(store, "b")
    assert (again.attempt, again.may_have_been_sent, again.alert.id) == (2, True, "one")
    assert not store.outbox.failed(lost, "late", retry_at=None)
    assert not store.outbox.extend(lost, LEASE)
    assert store.outbox.extend(again, LEASE)
    thread = Thread(group="g", destination="slack:#data", about=str(TARGET), opened_at=again.until, state={"n": 1})
    assert store.outbox.sent(again, channel="C1", ts="1.2", threads=[thread])
    with store.reading() as reader:
        (record,) = reader.alerts(limit=9)
        assert record.state is AlertState.SENT
        assert [(each.attempt, each.outcome) for each in record.deliveries] == [(1, Attempt.FAILED), (2, Attempt.SENT)]
        assert reader.threads(group="g") == (thread,)
        assert reader.threads(about=str(TARGET), destination="slack:#data") == (thread,)
        assert reader.threads(group="other") == ()


def test_an_ambiguous_end_is_remembered(store: Store) -> None:
    queue(store, alert("one"))
    (first,) = claim(store)
    with store.reading() as reader:
        moment = reader.now()
    assert store.outbox.failed(first, "timeout", retry_at=moment, is_ambiguous=True)
    with store.writing() as writer:
        assert writer.supersede(["one"], by="two") == 0  # it may be there: look first
    (again,) = claim(store)
    assert again.may_have_been_sent
    assert store.outbox.superseded(again, by="two")
    assert state(store, "one") is AlertState.SUPERSEDED


def test_what_is_not_begun_may_be_superseded(store: Store) -> None:
    queue(store, alert("one"), alert("two", sequence=2))
    with store.writing() as writer:
        assert writer.supersede(["one"], by="two") == 1
    assert [got.alert.id for got in claim(store)] == ["two"]
    with store.reading() as reader:
        (record,) = reader.alerts(limit=9, states=[AlertState.SUPERSEDED])
        assert record.superseded_by == "two"
        assert reader.alerts(limit=9, incident="i1", contract="nyc-flights")[0].alert.id == "two"


def test_retry_after_holds_the_channel_and_nobody_else_shortens_it(store: Store) -> None:
    queue(store, alert("one"), alert("two", "i2"), alert("three", "i3"))
    with store.reading() as reader:
        moment = reader.now()
    (one,) = claim(store)
    store.outbox.failed(one, "429", retry_at=moment, channel_free_at=moment + timedelta(hours=1))
    assert claim(store) == ()
    store.outbox.failed(one, "429", retry_at=moment, channel_free_at=moment)
    assert claim(store) == ()


def test_an_open_circuit_gives_one_probe(store: Store) -> None:
    queue(store, alert("one"), alert("two", "i2"), alert("three", "i3"))
    with store.reading() as reader:
        moment = reader.now()
    (one,) = claim(store)
    store.outbox.failed(one, "503", retry_at=moment, probe_at=moment + timedelta(hours=1))
    assert claim(store) == ()
    store.outbox.failed(one, "503", retry_at=moment, probe_at=moment)
    assert store.outbox.failures("slack:#data") == 2
    (probe,) = claim(store)
    assert claim(store) == ()  # the others wait for the probe
    assert store.outbox.sent(probe, channel="C1", ts="1.2")
    assert store.outbox.failures("slack:#data") == 0
    assert len(claim(store)) == 1


def test_what_slack_counts_for_all_channels_waits_for_all_processes(store: Store) -> None:
    assert store.outbox.held("<searches>") == timedelta()
    with store.reading() as reader:
        moment = reader.now()
    store.outbox.hold("<searches>", moment + timedelta(hours=1))
    store.outbox.hold("<searches>", moment + timedelta(minutes=1))
    assert timedelta(minutes=59) < store.outbox.held("<searches>") <= timedelta(hours=1)
    assert claim(store) == ()


CLAIMER = """
import sys
from datetime import UTC, datetime, timedelta
from monitor.store.store import open_store
with open_store(sys.argv[1]) as store:
    idle = 0
    while idle < 5:
        got = store.outbox.claim(sys.argv[2], limit=5, lease=timedelta(seconds=60), pace=timedelta(0))
        idle = idle + 1 if not got else 0
        for claim in got:
            print(claim.alert.id, flush=True)
            assert store.outbox.sent(claim, channel="C", ts="1")
"""


def test_processes_that_share_the_queue_send_each_alert_once(store: Store, url: str) -> None:
    queue(store, *(alert(f"a{n}", f"i{n % 40}", n, destination=f"slack:#{n % 7}") for n in range(100)))
    command = [sys.executable, "-c", CLAIMER, url]
    workers = [
        subprocess.Popen([*command, name], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=Path.cwd())
        for name in ("a", "b")
    ]
    told = [worker.communicate(timeout=120) for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0], told
    sent = Counter(line for out, _ in told for line in out.split())
    assert sent == Counter(f"a{n}" for n in range(100))


@pytest.mark.parametrize("empty_url", ["sqlite"], indirect=True)
def test_two_programs_on_one_file_wait_for_each_other(url: str) -> None:
    with open_store(url) as first, open_store(url) as second:
        for n in range(20):
            queue(first if n % 2 else second, alert(f"a{n}", f"i{n}"))
        with second.reading() as reader:
            assert len(reader.alerts(limit=99)) == 20


def test_what_waits_goes_at_once_where_something_urgent_has_to_follow_it(store: Store) -> None:
    """Of the same story, also over a chain of incidents; everything else goes on waiting."""
    with store.reading() as reader:
        morning = reader.now() + timedelta(hours=8)
    waiting = [alert("first", "i1"), alert("both", "i1", 2), alert("third", "i3"), alert("far", destination="slack:#b")]
    both = replace(waiting[1], tells=(ChangeRef(incident="i1", sequence=2), ChangeRef(incident="i2", sequence=1)))
    waiting[1] = both
    queue(store, *(replace(each, not_before=morning) for each in waiting))
    assert claim(store) == ()
    queue(store, alert("urgent", "i2", 2))
    told = []
    while got := claim(store):
        told += [each.alert.id for each in got]
        for each in got:
            store.outbox.sent(each, channel="C1", ts="1.0")
    assert told == ["first", "both", "urgent"]
    assert (state(store, "third"), state(store, "far")) == (AlertState.QUEUED, AlertState.QUEUED)


def test_where_incidents_were_told_is_known_for_all_at_once(store: Store) -> None:
    queue(store, alert("a"), alert("b", destination="slack:#refused"), alert("c-fallback", destination="slack:#ops"))
    queue(store, alert("d", "i2", destination="slack:#refused"))
    for got in claim(store):
        if got.alert.destination == "slack:#refused":
            store.outbox.failed(got, "is_archived", retry_at=None)
    for got in claim(store):
        store.outbox.failed(got, "is_archived", retry_at=None)
    with store.reading() as reader:
        assert reader.heard_in({"i1", "i2", "i3"}, "-fallback") == {"i1": ("slack:#data",), "i2": ()}


def test_what_was_told_of_an_incident_is_kept_as_long_as_its_end_is_to_be_told(store: Store) -> None:
    state, kind = IncidentState.OPEN, IncidentKind.BROKEN
    living = Incident(id="i1", target=TARGET, key="k", kind=kind, state=state, first_failed_at=AT, last_seen_at=AT)
    over = replace(living, id="i2", key="l", state=IncidentState.RESOLVED, ended_at=AT)
    with store.writing() as writer:
        changes = (IncidentChange(incident=each, kind=ChangeKind.OPENED, at=AT, sequence=1) for each in (living, over))
        writer.save_changes(changes)
    queue(store, alert("one"), alert("two", "i2", destination="slack:#other"))
    for got in claim(store):
        assert store.outbox.sent(got, channel="C1", ts="1.1")
    with store.reading() as reader:
        later = reader.now() + timedelta(days=9)
    store.prune(keep_results=timedelta(days=1), keep_rollups=timedelta(days=1), now=later)
    with store.reading() as reader:
        assert [record.alert.id for record in reader.alerts(limit=9)] == ["one"]
