from dataclasses import replace
from datetime import UTC, datetime, timedelta

from monitor.checks.plan import compile_plan
from monitor.contracts.versions import Selected
from monitor.domain.contract import Column, Contract, Dataset, Reference, Relationship
from monitor.domain.scan import Outcome, Verdict
from monitor.domain.target import TargetKey
from monitor.reports.promises import Promises, scheduled
from monitor.settings import ScheduleSettings
from monitor.store.values import RunRecord, Trigger
from tests.runs import CONTRACT

STARTED = datetime(2026, 11, 23, 6, 0, 12, tzinfo=UTC)


def dataset(name: str, *, schema: str | None = None, sources: tuple[str, ...] = (), to: str | None = None) -> Dataset:
    links = (
        (Relationship(id=None, columns=("c",), to=Reference(dataset=to, columns=("x",), text=to), line=1),)
        if to
        else ()
    )
    column = Column(name="c", physical_name="c", sources=sources, relationships=links, line=1)
    return Dataset(name=name, schema=schema, table=name, columns=(column,), line=1)


def contract(name: str, *datasets: Dataset, version: str = "1.0.0") -> Contract:
    return replace(CONTRACT, id=name, name=name, version=version, datasets=datasets, fingerprint=name + version)


def run(name: str, *, major: str = "1", stands: bool = True, shadow: bool = False) -> RunRecord:
    return RunRecord(
        run_id="r",
        target=TargetKey(contract=name, major=major, server="w"),
        slug=name,
        name=name,
        version=f"{major}.0.0",
        file="f",
        fingerprint="x",
        location=None,
        trigger=Trigger.SCHEDULED,
        slot=None,
        shadow=shadow,
        subset=False,
        stands=stands,
        started_at=STARTED,
        finished_at=STARTED,
        verdict=Verdict.KEPT,
        counts=dict.fromkeys(Outcome, 0),
    )


def promises(*contracts: Contract, drafts: tuple[Contract, ...] = ()) -> Promises:
    released = [Selected(contract=each, shadow=False) for each in contracts]
    return Promises(
        [*released, *(Selected(contract=each, shadow=True) for each in drafts)], scheduled(ScheduleSettings())
    )


ORDERS = contract("orders", dataset("orders", schema="shop", sources=("raw.lines",)))
REVENUE = contract("revenue", dataset("revenue", sources=("SHOP.orders",), to="months"), dataset("months"))


def test_the_next_verdict_is_due_after_the_next_slot_and_its_grace() -> None:
    due = scheduled(ScheduleSettings(default="0 6 * * *", grace=1800.0))
    plan = compile_plan(ORDERS, "postgres")
    assert due(ORDERS, plan, STARTED) == datetime(2026, 11, 24, 6, 30, tzinfo=UTC)
    assert due(ORDERS, plan, STARTED - timedelta(minutes=1)) == datetime(2026, 11, 23, 6, 30, tzinfo=UTC)


def test_only_a_verdict_that_stands_is_followed_by_another() -> None:
    known = promises(ORDERS)
    assert known.of(run("orders"), {}).next_due is not None
    assert known.of(run("orders", stands=False), {}).next_due is None


def test_who_feeds_whom_is_read_from_sources_and_foreign_keys() -> None:
    known = promises(ORDERS, REVENUE)
    targets = {name: TargetKey(contract=name, major="1", server="w") for name in ("orders", "revenue")}
    fed = known.of(run("revenue"), targets).fed_by
    assert [(each.name, each.target and each.target.contract, each.dataset, each.how) for each in fed] == [
        ("SHOP.orders", "orders", "orders", "source of revenue.c"),
        ("months", "revenue", "months", "revenue points to it"),
    ]
    (user,) = known.of(run("orders"), targets).feeds
    assert (user.name, user.target, user.how) == ("revenue", targets["revenue"], "uses orders")
    (raw,) = known.of(run("orders"), targets).fed_by
    assert (raw.name, raw.target) == ("raw.lines", None)


def test_a_table_that_two_contracts_have_belongs_to_neither() -> None:
    twin = contract("twin", dataset("orders", schema="shop"))
    assert promises(ORDERS, twin, REVENUE).of(run("revenue"), {}).fed_by[0].dataset is None


def test_a_draft_speaks_for_a_target_that_only_ran_in_the_shadow() -> None:
    draft = contract("orders", dataset("orders"), version="2.0.0")
    known = promises(ORDERS, drafts=(draft,))
    assert known.of(run("orders", major="2", shadow=True, stands=False), {}).contract == draft
    assert known.of(run("orders", major="3"), {}).contract is None
