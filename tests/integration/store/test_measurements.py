"""What runs measured for later ones is found again, by check and metric and day, until its run is forgotten."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from monitor.domain.scan import Measurement, Run
from monitor.store.rows import target_of
from monitor.store.store import Store
from monitor.store.values import Trigger
from tests.runs import BROKEN, CONTRACT

TARGET = target_of(BROKEN)
CHECK = BROKEN.scan.results[0].check.id
COLUMNS = (("id", "integer"), ('na"me\x00', "text"))


def run(name: str, age: timedelta, value: Decimal | tuple[tuple[str, str], ...]) -> Run:
    first, *others = BROKEN.scan.results
    at = datetime.now(UTC) - age
    results = (replace(first, measurement=Measurement(metric="m", value=value)), *others)
    return replace(BROKEN, run_id=name, scan=replace(BROKEN.scan, started_at=at, finished_at=at, results=results))


def record(store: Store, *runs: Run) -> None:
    for each in runs:
        with store.writing() as writer:
            writer.record_run(each, CONTRACT, trigger=Trigger.ON_DEMAND)


def found(store: Store, count: int, check: str = CHECK) -> list[object]:
    with store.reading() as reader:
        known = reader.earlier(TARGET, {check: count})
    return [each.measurement.value for each in known.get(check, ())]


def test_the_latest_come_first_and_the_same_day_last_week_with_them(store: Store) -> None:
    exact = Decimal("12345678901234567890.123456789")
    ages = (timedelta(minutes=1), timedelta(hours=30), timedelta(days=7), timedelta(days=20))
    values = (COLUMNS, exact, Decimal(7), Decimal(20))
    record(store, *(run(f"r{age}", age, value) for age, value in zip(ages, values, strict=True)))

    assert found(store, 1) == [COLUMNS, Decimal(7)]
    assert found(store, 2) == [COLUMNS, exact, Decimal(7)]
    assert found(store, 9) == [COLUMNS, exact, Decimal(7), Decimal(20)]
    assert found(store, 1, check="other") == []


def test_a_shadow_run_remembers_for_itself(store: Store) -> None:
    shadow = replace(run("shadow", timedelta(), Decimal(1)), shadow=True)
    record(store, shadow)

    assert found(store, 1) == []
    with store.reading() as reader:
        assert len(reader.earlier(TARGET, {CHECK: 1}, shadow=True)[CHECK]) == 1


def test_it_is_forgotten_with_its_run(store: Store) -> None:
    record(store, run("old", timedelta(days=500), Decimal(1)), run("new", timedelta(days=1), Decimal(2)))

    store.prune(keep_results=timedelta(days=14), keep_rollups=timedelta(days=400))

    assert found(store, 9) == [Decimal(2)]
