"""Incidents, their changes, silences and drift come back as they were; nobody overwrites somebody else's decision."""

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.alerts.audit import Fate, audit
from monitor.domain.check import TableName
from monitor.domain.drift import DriftEvent, DriftKind, Hurt
from monitor.domain.incident import ChangeKind, Incident, IncidentChange, IncidentKind, IncidentState
from monitor.domain.scan import ColumnSeen, TableSeen
from monitor.domain.silence import Silence
from monitor.domain.target import TargetKey, server_itself
from monitor.errors import StoreError
from monitor.store.codec import decoded, encoded
from monitor.store.store import Store
from monitor.store.values import Against, ChangeRef, DriftRecord, QueuedAlert

T0 = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
TARGET = TargetKey(contract="nyc-flights", major="1", server="warehouse")
OPEN = Incident(
    id="i1",
    target=TARGET,
    key="flights.dest.foreign-key",
    kind=IncidentKind.BROKEN,
    state=IncidentState.OPEN,
    first_failed_at=T0,
    last_seen_at=T0,
    measured=Decimal(7602),
    children=("a", "b"),
    recent="ppf",
)


def change(incident: Incident, sequence: int, kind: ChangeKind = ChangeKind.OPENED) -> IncidentChange:
    return IncidentChange(incident=incident, kind=kind, at=incident.last_seen_at, sequence=sequence, run_id="r1")


def save(store: Store, *changes: IncidentChange) -> None:
    with store.writing() as writer:
        writer.save_changes(changes)


def test_an_incident_is_as_its_last_change_says(store: Store) -> None:
    worse = replace(OPEN, measured=Decimal("7603.5"), last_seen_at=T0 + timedelta(hours=1))
    save(store, change(OPEN, 1), change(worse, 2, ChangeKind.WORSE))
    with store.reading() as reader:
        assert reader.open_incidents(TARGET) == (worse,)
        assert reader.open_incidents("warehouse") == (worse,)
        assert reader.open_incidents("elsewhere") == ()
        assert reader.incident("i1") == (worse, (change(OPEN, 1), change(worse, 2, ChangeKind.WORSE)))
        assert reader.incident("i9") is None
        assert reader.incidents(limit=9, contract="nyc-flights", state=IncidentState.OPEN, is_over=False) == (worse,)
        assert reader.incidents(limit=9, is_over=True) == ()


def test_an_ended_incident_is_found_while_it_may_open_again(store: Store) -> None:
    end = T0 + timedelta(hours=2)
    over = replace(OPEN, state=IncidentState.RESOLVED, ended_at=end, last_seen_at=end)
    save(store, change(OPEN, 1), change(over, 2, ChangeKind.RESOLVED))
    with store.reading() as reader:
        assert reader.open_incidents(TARGET) == ()
        assert reader.open_incidents(TARGET, ended_since=end) == (over,)
        assert reader.open_incidents(server_itself("warehouse"), TARGET, ended_since=end) == (over,)
        assert reader.open_incidents(TARGET, until_after=end) == ()
        assert reader.open_incidents(TARGET, ended_since=end + timedelta(seconds=1)) == ()


def test_a_check_has_one_open_incident(store: Store) -> None:
    save(store, change(OPEN, 1))
    with pytest.raises(StoreError, match="has an open incident already"):
        save(store, change(replace(OPEN, id="i2"), 1))


def test_who_decides_on_old_news_is_told(store: Store) -> None:
    save(store, change(OPEN, 1))
    with pytest.raises(StoreError, match="has change 1 already"):
        save(store, change(replace(OPEN, state=IncidentState.ACKNOWLEDGED), 1, ChangeKind.ACKNOWLEDGED))
    with store.reading() as reader:
        assert reader.open_incidents(TARGET) == (OPEN,)


def test_an_audit_finds_the_changes_that_nobody_told(store: Store) -> None:
    save(store, change(OPEN, 1), change(OPEN, 2, ChangeKind.WORSE), change(OPEN, 3, ChangeKind.STILL_FAILING))
    tells = (ChangeRef(incident="i1", sequence=1),)
    with store.writing() as writer:
        writer.enqueue([QueuedAlert(id="a", destination="d", kind="k", payload={}, tells=tells)])
    with store.reading() as reader:
        changes = reader.changes_since(T0)
        assert [each.kind for each in changes] == [ChangeKind.OPENED, ChangeKind.WORSE]
        fates = [each.fate for each in audit(changes, reader.tellings({"i1"}))]
        assert fates == [Fate.WAITING, Fate.UNTOLD]
        assert reader.changes(tells) == (change(OPEN, 1),)


def test_silences(store: Store) -> None:
    silence = Silence(id="s", starts_at=T0, ends_at=T0 + timedelta(hours=1), contract="x", by="mira", why="move")
    with store.writing() as writer:
        writer.save_silence(silence)
    with store.reading() as reader:
        assert reader.silences() == (silence,)
        assert reader.silences(at=T0) == (silence,)
        assert reader.silences(at=silence.ends_at) == ()
        assert reader.ended_silences(T0) == ()
        assert reader.ended_silences(silence.ends_at) == (silence,)
    with store.writing() as writer:
        writer.save_silence(silence, ended=True)
        assert writer.ended_silences(silence.ends_at) == ()


def test_columns_are_remembered_when_they_changed(store: Store) -> None:
    table = TableName(schema=None, name="flights")
    columns = (ColumnSeen(name="dest", type="text", nullable=True, position=1),)
    seen = TableSeen(kind="table", schema="nyc", readable=True, estimated_rows=5, columns=columns)
    with store.writing() as writer:
        assert writer.columns(TARGET) == {}
        writer.save_columns(TARGET, "r1", T0, {table: seen})
        writer.save_columns(TARGET, "r2", T0, {table: replace(seen, estimated_rows=6)})
        assert writer.columns(TARGET) == {table: seen}
        other = replace(seen, columns=(replace(columns[0], type="varchar(3)"),))
        writer.save_columns(TARGET, "r3", T0, {table: other})
        assert writer.columns(TARGET) == {table: other}
        assert writer.columns(replace(TARGET, server="staging")) == {}


def test_drift_is_a_ledger(store: Store) -> None:
    narrowed = DriftEvent(
        kind=DriftKind.NARROWED,
        hurts=Hurt.CONSUMERS,
        table="flights",
        column="dest",
        before="text",
        after="varchar(3)",
    )
    event = DriftRecord(target=TARGET, run_id="r1", at=T0, against=Against.LAST_TIME, event=narrowed)
    later = replace(event, at=T0 + timedelta(hours=1), against=Against.CONTRACT)
    with store.writing() as writer:
        writer.save_drift([event, later])
    with store.reading() as reader:
        assert reader.drift(limit=9) == (later, event)
        assert reader.drift(limit=9, contract="nyc-flights", since=later.at) == (later,)
        assert reader.drift(limit=9, target=replace(TARGET, major="2")) == ()


def test_a_daemon_is_alive(store: Store) -> None:
    with store.writing() as writer:
        writer.beat("host-1", T0, {"version": "0.1"})
        writer.beat("host-1", T0, {"version": "0.2"})
    with store.reading() as reader:
        (beat,) = reader.heartbeats()
        assert (beat.name, beat.started_at, beat.details) == ("host-1", T0, {"version": "0.2"})
        assert abs(beat.at - reader.now()) < timedelta(minutes=1)


MOMENTS = st.datetimes(
    min_value=T0.replace(year=1970, tzinfo=None),
    max_value=T0.replace(year=2200, tzinfo=None),
    timezones=st.just(UTC),
)
ANY = st.text(st.characters())
NUMBERS = st.none() | st.decimals(allow_nan=False)
INCIDENTS = st.builds(
    Incident,
    id=ANY,
    target=st.builds(TargetKey, contract=ANY, major=ANY, server=ANY),
    key=ANY,
    kind=st.sampled_from(IncidentKind),
    state=st.sampled_from(IncidentState),
    dataset=ANY,
    severity=ANY,
    first_failed_at=MOMENTS,
    opened_at=st.none() | MOMENTS,
    last_seen_at=MOMENTS,
    ended_at=st.none() | MOMENTS,
    failures=st.integers(0, 9),
    passes=st.integers(0, 9),
    recent=st.text("pwfeb", max_size=10),
    is_flapping=st.booleans(),
    measured=NUMBERS,
    worst=NUMBERS,
    children=st.lists(ANY, max_size=3).map(tuple),
    until=st.none() | MOMENTS,
    by=st.none() | ANY,
    why=st.none() | ANY,
    reminded_at=st.none() | MOMENTS,
    reminders=st.integers(0, 9),
    group=st.none() | ANY,
    sequence=st.integers(0, 99),
    told=NUMBERS,
    is_silenced=st.booleans(),
)
CHANGES = st.builds(
    IncidentChange,
    incident=INCIDENTS,
    kind=st.sampled_from(ChangeKind),
    at=MOMENTS,
    sequence=st.integers(1, 99),
    run_id=st.none() | ANY,
    by=st.none() | ANY,
    why=st.none() | ANY,
    is_first_run=st.booleans(),
)


@given(CHANGES)
def test_a_change_is_json_and_back(found: IncidentChange) -> None:
    assert decoded(IncidentChange, encoded(found)) == found


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(CHANGES)
def test_any_change_comes_back(store: Store, found: IncidentChange) -> None:
    found = replace(found, incident=replace(found.incident, id=f"{found.incident.id}{uuid.uuid4()}"))
    incident = replace(found.incident, key=f"{found.incident.key}{found.incident.id}")
    found = replace(found, incident=incident)
    save(store, found)
    with store.reading() as reader:
        assert reader.incident(incident.id) == (incident, (found,))


def test_a_field_that_was_not_known_then_has_its_default() -> None:
    stored = encoded(OPEN)
    assert isinstance(stored, dict)
    del stored["group"]
    assert decoded(Incident, {**stored, "from_the_future": 1}) == OPEN
