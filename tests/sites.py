"""Histories that report pages are tested on: a month of two contracts and a draft, and one whose every text is an attack."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from monitor.contracts.versions import Selected
from monitor.domain.check import ZERO, Catalogue, CheckKind, Query
from monitor.domain.contract import Column, Contract, Dataset, Owner, ServiceLevel, SupportChannel
from monitor.domain.drift import DriftEvent, DriftKind, Hurt
from monitor.domain.incident import ChangeKind, Incident, IncidentChange, IncidentKind, IncidentState
from monitor.domain.scan import CheckResult, Outcome, Run, Sample
from monitor.domain.target import TargetKey
from monitor.reports.promises import Promises
from monitor.reports.site import Built, Site
from monitor.store.store import Store
from monitor.store.values import Against, DriftRecord, Trigger
from tests.runs import BROKEN, CONTRACT, STARTED, check, result, run_of

DAY = timedelta(days=1)
NOW = STARTED + timedelta(hours=1)
DUE = STARTED + DAY
TARGET = TargetKey(contract="nyc-flights", major="1", server="warehouse")
BILLING = TargetKey(contract="billing", major="2", server="warehouse")

FLIGHTS = replace(
    CONTRACT,
    domain="aviation",
    usage="Delay dashboards.",
    limitations="Only 2013.",
    tags=("gold", "departures"),
    datasets=(
        Dataset(
            name="flights",
            schema=None,
            table="flights",
            description="One row per departure.",
            columns=(
                Column(name="dest", physical_name="dest", physical_type="text", classification="public", line=1),
                Column(name="air_time", physical_name="air_time", physical_type="integer", line=2),
                Column(name="speed", physical_name="speed", physical_type="integer", sources=("bills",), line=3),
            ),
            line=1,
        ),
    ),
    service_levels=(ServiceLevel(id=None, property="availability", value="99.9 %", line=120),),
)
BILLS = replace(
    CONTRACT,
    id="billing",
    slug="billing",
    name="Billing ledger",
    version="2.0.0",
    domain="finance",
    tags=("gold",),
    owner=Owner(team="finance"),
    fingerprint="sha256:billing",
    datasets=(Dataset(name="bills", schema=None, table="bills", line=1),),
)


def on_day(run: Run, day: int, **more: object) -> Run:
    """A run so many days before the last one."""
    start = run.scan.started_at - day * DAY
    scan = replace(run.scan, started_at=start, finished_at=start + timedelta(seconds=1))
    return replace(run, run_id=f"{run.run_id}-{day}" if day else run.run_id, scan=scan, **more)  # type: ignore[arg-type]


def holding(run: Run) -> Run:
    """The same run on a better day."""
    results = (_held(each) if each.outcome in {Outcome.FAIL, Outcome.WARN} else each for each in run.scan.results)
    return replace(run, scan=replace(run.scan, results=tuple(results)))


def _held(found: CheckResult) -> CheckResult:
    return replace(found, outcome=Outcome.PASS, measured=0, reason="", offending=None, sample=None)


def record(store: Store, contract: Contract, runs: Iterable[Run], *, trigger: Trigger = Trigger.SCHEDULED) -> None:
    """Record runs, oldest first."""
    with store.writing() as writer:
        for run in runs:
            own = replace(contract, version=run.version, fingerprint=run.fingerprint)
            writer.record_run(run, own, trigger=trigger)


def story(
    target: TargetKey, key: str, *, texts: str = "asked the owner", by: str = "ada", name: str = "i1"
) -> tuple[IncidentChange, ...]:
    """How a check broke three days ago, and somebody took care of it."""
    opened = STARTED - 3 * DAY
    incident = Incident(
        id=name,
        target=target,
        key=key,
        kind=IncidentKind.BROKEN,
        state=IncidentState.OPEN,
        dataset=key.split(".", maxsplit=1)[0],
        first_failed_at=opened,
        opened_at=opened,
        last_seen_at=opened,
    )
    taken = replace(incident, state=IncidentState.ACKNOWLEDGED, by=by, why=texts, last_seen_at=STARTED)
    return (
        IncidentChange(incident=incident, kind=ChangeKind.OPENED, at=opened, sequence=1, run_id="7f3a-3"),
        IncidentChange(incident=incident, kind=ChangeKind.STILL_FAILING, at=opened + DAY, sequence=2, why="7,602"),
        IncidentChange(incident=incident, kind=ChangeKind.STILL_FAILING, at=opened + 2 * DAY, sequence=3, why="7,603"),
        IncidentChange(
            incident=taken,
            kind=ChangeKind.ACKNOWLEDGED,
            at=STARTED + timedelta(minutes=9),
            sequence=4,
            by=by,
            why=texts,
        ),
    )


def fill(store: Store) -> None:
    """Record a month: flights break three days before its end, the bills hold, a draft of them would not."""
    gone = result(check("flights.gone.range", "flights.gone must lie in 0..9", CheckKind.RANGE), measured=0, rows=9)
    older = replace(BROKEN, scan=replace(BROKEN.scan, results=(*BROKEN.scan.results, gone)))
    record(store, FLIGHTS, [on_day(holding(older), day) for day in range(30, 3, -1)])
    record(store, FLIGHTS, [on_day(BROKEN, day) for day in range(3, -1, -1)])
    age = check("bills.age", "bills must be fresh", CheckKind.FRESHNESS, expected="<= 21600", unit="seconds", line=9)
    kept = run_of(
        [result(age, measured=12_000, rows=5)],
        run_id="b1",
        contract="billing",
        slug="billing",
        version="2.0.0",
        fingerprint="sha256:billing",
    )
    record(store, BILLS, [on_day(kept, day) for day in range(9, -1, -1)])
    draft = replace(kept, run_id="d1", version="2.1.0", fingerprint="sha256:draft", shadow=True)
    failing = tuple(replace(each, outcome=Outcome.FAIL, measured=99_999) for each in kept.scan.results)
    record(store, BILLS, [replace(draft, scan=replace(draft.scan, results=failing))])
    event = DriftEvent(kind=DriftKind.ADDED, hurts=Hurt.NOBODY, table="flights", column="minute", after="integer")
    with store.writing() as writer:
        for change in story(TARGET, "flights.dest.foreign-key"):
            writer.save_changes([change])
        writer.save_drift(
            [DriftRecord(target=TARGET, run_id="7f3a", at=STARTED, against=Against.LAST_TIME, event=event)]
        )


def promises(*contracts: Contract, due: datetime | None = DUE) -> Promises:
    """What the files say: these contracts run, and their next verdict is due then."""
    return Promises([Selected(contract=each, shadow=False) for each in contracts or (FLIGHTS, BILLS)], lambda *_: due)


def build(
    store: Store, folder: Path, *, now: datetime = NOW, due: datetime | None = DUE, note: str | None = None
) -> Built:
    """Build the site of the month."""
    return Site(folder, note=note).build(store, promises(due=due), now)


def attack(store: Store, text: str, *, number: int = 0) -> Contract:
    """Record a contract of which every text is this one: ids, names, reasons, samples, people, types, versions."""
    checks = [
        check(
            f"{text}.{outcome}",
            text,
            CheckKind.PATTERN,
            dataset=text,
            columns=(text,),
            severity=text,
            expected=text,
            unit=text,
            impact=text,
            probes=(Query(metric="m", sql=text, threshold=ZERO), Catalogue()),
        )
        for outcome in Outcome
    ]
    results = [
        result(
            each,
            outcome,
            text,
            measured=3,
            rows=7,
            sql=text,
            offending=text,
            sample=Sample(columns=(text,), rows=((text,),)),
        )
        for each, outcome in zip(checks, Outcome, strict=True)
    ]
    contract = replace(
        CONTRACT,
        id=f"{number} {text}",
        name=text,
        status=text,
        file=text,
        purpose=text,
        usage=text,
        limitations=text,
        domain=text,
        tags=(text,),
        owner=Owner(team=text),
        support=(SupportChannel(channel=text, url="javascript:alert(1)"), SupportChannel(channel=text, url=text)),
        fingerprint=f"{number}",
        datasets=(
            Dataset(
                name=text,
                schema=text,
                table=text,
                description=text,
                columns=(
                    Column(
                        name=text,
                        physical_name=text + "x",
                        physical_type=text,
                        classification=text,
                        description=text,
                        sources=(text,),
                        line=1,
                    ),
                ),
                line=1,
            ),
        ),
        service_levels=(ServiceLevel(id=text, property=text, value=text, unit=text, description=text, line=40),),
    )
    run = run_of(
        results,
        run_id=f"{number}{text}",
        contract=contract.id,
        slug="x",
        version=f"1.0.0-{number}",
        file=text,
        fingerprint=f"{number}",
        server=text,
        location=text,
    )
    record(store, contract, [on_day(holding(run), 2), on_day(run, 1), run])
    target = TargetKey(contract=contract.id, major="1", server=text)
    event = DriftEvent(kind=DriftKind.RETYPED, hurts=Hurt.BOTH, table=text, column=text, before=text, after=text)
    with store.writing() as writer:
        for change in story(target, f"{text}.fail", texts=text, by=text, name=f"{number}{text}"):
            writer.save_changes([change])
        writer.save_drift([DriftRecord(target=target, run_id="r", at=STARTED, against=Against.CONTRACT, event=event)])
    return contract
