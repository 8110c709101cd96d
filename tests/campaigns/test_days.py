"""Whole days of two and five replicas on a clock of ours: every moment of every rhythm has one slot, and one end."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim

from monitor.daemon.timetable import Entry, Timetable, timetable
from monitor.run import Target
from monitor.schedule.cadences import CONTRACT, OWN, Cadence
from monitor.schedule.rhythm import Cron
from monitor.settings import ScheduleSettings, ServerSettings
from monitor.store import slots as slots_of_the_store
from monitor.store.slots import SlotState, Watched
from monitor.store.store import Store, migrate_store, open_store
from tests.campaigns.days import Clock, play
from tests.contracts import contract
from tests.integration.store.conftest import postgres_url

SPRING = datetime(2026, 3, 28, 12, 0, 7, tzinfo=UTC)
"""A day in which clocks are put forward in Berlin; in New York it was three weeks before."""

AUTUMN = datetime(2026, 10, 31, 18, 0, 7, tzinfo=UTC)
"""A day in which clocks are put back in New York."""

RHYTHMS = (
    Cron(expression="*/10 * * * *"),
    Cron(expression="*/15 * * * *", zone="Asia/Kathmandu"),
    Cron(expression="30 * * * *", zone="Europe/Berlin"),
    Cron(expression="30 1,2,3 * * *", zone="Europe/Berlin"),
    Cron(expression="15 */2 * * *", zone="America/New_York"),
    Cron(expression="0 6 * * *", zone="Australia/Lord_Howe"),
)
RULE = Cron(expression="7,37 * * * *")
"""The schedule that a rule of each contract has of its own, and then has not."""

HOUR = timedelta(hours=1)
CHANGES = tuple(3 * HOUR + timedelta(minutes=10 * number, seconds=-4) for number in range(40))
"""When the contracts change: that rule comes and goes, a moment after others are due."""

STEPS = {5 * HOUR: -HOUR, 9 * HOUR: HOUR, 14 * HOUR: HOUR, 18 * HOUR: -HOUR}
"""When the database's clock is wrong, and by how much."""


@pytest.fixture
def table(tmp_path: Path) -> Timetable:
    promised = contract(tmp_path, "schema: [{name: orders, properties: [{name: id, required: true}]}]")
    entries: dict[Watched, Entry] = {}
    by_rhythm: dict[Cron, tuple[Watched, ...]] = {}
    for number, rhythm in enumerate(RHYTHMS):
        server = ServerSettings(name="warehouse")
        target = Target(contract=replace(promised, id=f"c{number}"), shadow=False, server=server)
        ((watched, entry),) = timetable([target], ScheduleSettings(), Timetable()).entries.items()
        entries[watched] = replace(entry, cadences=(Cadence(part=CONTRACT, rhythm=rhythm),))
        by_rhythm[rhythm] = (watched,)
    return Timetable(entries=entries, by_rhythm=by_rhythm)


def with_rule(table: Timetable) -> Timetable:
    """Return the same contracts with a rule in each that has a schedule of its own."""
    own = Cadence(part=f"{OWN}{RULE.expression}", rhythm=RULE)
    entries = {watched: replace(entry, cadences=(*entry.cadences, own)) for watched, entry in table.entries.items()}
    return Timetable(entries=entries, by_rhythm={**table.by_rhythm, RULE: tuple(entries)})


@pytest.fixture
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A file, or PostgreSQL, as the test's id says."""
    url = f"sqlite:///{tmp_path}/state/state.db"
    if "postgresql" in request.node.name:
        url = postgres_url(request.getfixturevalue("warehouse"))
    migrate_store(url)
    with open_store(url) as opened:
        yield opened


def counted(rhythm: Cron, begin: datetime, end: datetime) -> list[datetime]:
    """Count as cronsim does, from far before."""
    local = CronSim(rhythm.expression, begin.astimezone(ZoneInfo(rhythm.zone)))
    return sorted({moment.astimezone(UTC) for moment in takewhile(lambda moment: moment <= end, local)})


def a_day(
    store: Store,
    table: Timetable,
    monkeypatch: pytest.MonkeyPatch,
    *,
    begin: datetime,
    replicas: int,
    seed: int,
    every: int,
) -> None:
    clock, changed = Clock(begin), with_rule(table)
    tables = {timedelta(0): table, **{at: (changed, table)[number % 2] for number, at in enumerate(CHANGES)}}
    monkeypatch.setattr(slots_of_the_store, "now", lambda _: clock.now)
    done = play(
        store,
        tables,
        clock,
        replicas=replicas,
        seed=seed,
        span=24 * HOUR,
        every=timedelta(seconds=every),
        steps=STEPS if seed % 2 else {},
    )
    found = store.slots.slots(limit=100_000)
    assert {slot.state for slot in found} <= {SlotState.DONE, SlotState.SKIPPED}
    assert all(slot.reason for slot in found if slot.state is SlotState.SKIPPED)
    fenced = done.pop(0, 0)
    assert set(done.values()) == {1}, "a slot was recorded twice"
    assert len(done) == sum(slot.state is SlotState.DONE for slot in found)
    marks = store.slots.watermarks()
    for watched, entry in table.entries.items():
        (rhythm,) = (cadence.rhythm for cadence in entry.cadences)
        assert isinstance(rhythm, Cron)
        moments = counted(rhythm, begin - timedelta(days=30), marks[watched])
        first = max(moment for moment in moments if moment <= begin)
        wanted = {moment for moment in moments if first <= moment <= marks[watched]}
        written = [slot.instant for slot in found if slot.watched == watched]
        assert len(written) == len(set(written))
        assert wanted <= set(written), rhythm
        of_rule = counted(RULE, begin, marks[watched])
        assert set(written) - wanted <= set(of_rule), rhythm
        assert set(written) & set(of_rule) - wanted, rhythm
    print(f"\n{replicas} replicas, seed {seed}: {len(done)} done, {len(found) - len(done)} skipped, {fenced} fenced")  # noqa: T201 - what a campaign counted


@pytest.mark.parametrize(
    ("database", "begin", "replicas", "seed"),
    [
        ("sqlite", SPRING, 2, 1),
        ("sqlite", AUTUMN, 5, 2),
        ("postgresql", AUTUMN, 2, 2),
        ("postgresql", SPRING, 5, 1),
    ],
)
def test_a_day_of_pauses_deaths_and_wrong_clocks_has_one_end_for_each_moment(  # noqa: PLR0917
    store: Store,
    table: Timetable,
    monkeypatch: pytest.MonkeyPatch,
    database: str,
    begin: datetime,
    replicas: int,
    seed: int,
) -> None:
    del database  # the store's fixture reads it
    a_day(store, table, monkeypatch, begin=begin, replicas=replicas, seed=seed, every=60)


@pytest.mark.soak
@pytest.mark.parametrize("replicas", [2, 5])
@pytest.mark.parametrize("seed", range(3, 23))
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_twenty_days_have_one_end_for_each_moment(
    store: Store, table: Timetable, monkeypatch: pytest.MonkeyPatch, database: str, replicas: int, seed: int
) -> None:
    del database
    begin = (SPRING, AUTUMN)[seed // 2 % 2]
    a_day(store, table, monkeypatch, begin=begin, replicas=replicas, seed=seed, every=15)
