"""What the page of a contract on one server shows: what it promises, whether that holds, and since when."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from monitor import words
from monitor.domain.check import CheckKind
from monitor.domain.contract import Column, Contract, Dataset, ServiceLevel
from monitor.domain.scan import CheckResult, Outcome
from monitor.reports import charts, links
from monitor.reports.frame import IN_SHADOW, Frame, Head, Link, frame, head, to_index
from monitor.reports.material import Neighbour, Promise, Settled, TargetHistory
from monitor.reports.now import Now, now_of
from monitor.reports.rows import (
    CheckRow,
    DriftRow,
    IncidentRow,
    RunRow,
    check_rows,
    drift_rows,
    incident_row,
    run_rows,
    told,
)
from monitor.reports.sections import Sections, Told, sections
from monitor.reports.statements import shared_statements
from monitor.reports.views import OUTCOME_WORDS, Fact, Instant, instant
from monitor.visible import visible

SHAPE = frozenset({CheckKind.SCHEMA, CheckKind.EXTRA_COLUMNS, CheckKind.COLUMN_ORDER, CheckKind.COLUMN_TYPE})
"""Checks of a table's shape: they say nothing about its values."""

STRIP_DAY, STRIP_GAP = 8, 2
SPARK_DAYS = 30
SHORT = 20
"""So many checks stand open on the page; of more a reader opens the dataset that they care for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleView:
    """A rule on a column: its short name, its state, the way to its section."""

    text: str
    outcome: str
    word: str
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnRow:
    """A column as the contract promises it, with the state of each rule on it."""

    name: str
    type: str
    shape: RuleView | None
    classification: str | None
    description: str | None
    marks: tuple[str, ...]
    rules: tuple[RuleView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetView:
    """A dataset: its checks (column types that hold are only counted), its columns, those without any rule."""

    name: str
    href: str
    description: str | None
    outcome: str
    told: str
    rows: str | None
    checks: tuple[CheckRow, ...]
    types_hold: int
    columns: tuple[ColumnRow, ...]
    bare: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelView:
    """A service level, and whether it holds."""

    text: str
    description: str | None
    outcome: str
    word: str
    href: str | None
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRow:
    """A version of the contract that has run."""

    version: str
    status: str
    first: Instant
    last: Instant
    is_current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowRow:
    """A draft, and whether it would hold."""

    version: str
    word: str
    told: str
    at: Instant
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseView:
    """Checks that nobody knows anything of, for one reason."""

    outcome: str
    reason: str
    checks: tuple[CheckRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractPage:
    """Everything the page of a contract says, in the page's order."""

    frame: Frame
    head: Head
    strip: charts.Strip
    facts: tuple[Fact, ...]
    terms: tuple[Fact, ...]
    broken: tuple[CheckRow, ...]
    unknown: tuple[CauseView, ...]
    warned: tuple[CheckRow, ...]
    datasets: tuple[DatasetView, ...]
    levels: tuple[LevelView, ...]
    incidents: tuple[IncidentRow, ...]
    versions: tuple[VersionRow, ...]
    shadows: tuple[ShadowRow, ...]
    fed_by: tuple[Link, ...]
    feeds: tuple[Link, ...]
    coverage: str | None
    drift: tuple[DriftRow, ...]
    runs: tuple[RunRow, ...]
    gone: tuple[Link, ...]
    others: Sections
    support: tuple[Link, ...]
    days: int
    spark_days: int
    is_short: bool


def contract_page(history: TargetHistory, promise: Promise, settled: Settled) -> ContractPage:
    """Return what the page of this target shows."""
    path = links.contract_page(history.target)
    now, contract = now_of(history, promise), promise.contract
    top = head(history, promise, now, settled)
    rows = check_rows(history, now, path, SPARK_DAYS)
    datasets = _datasets(history, now, contract, rows, path)
    return ContractPage(
        frame=frame(settled, path, f"{top.word}: {top.name} {top.version} on {top.server}", to_index(path)),
        head=top,
        strip=charts.strip(history.strip, until=history.until, length=settled.days, size=STRIP_DAY, gap=STRIP_GAP),
        facts=_facts(history, contract),
        terms=_terms(contract),
        broken=tuple(row for row in rows if row.outcome == Outcome.FAIL),
        unknown=_causes(rows),
        warned=tuple(row for row in rows if row.outcome == Outcome.WARN),
        datasets=datasets,
        levels=_levels(contract, now, history, path),
        incidents=tuple(incident_row(incident, path) for incident in history.incidents),
        versions=tuple(
            VersionRow(
                version=visible(each.version),
                status=visible(each.status),
                first=instant(each.first_seen),
                last=instant(each.last_seen),
                is_current=each.version == history.latest.run.version,
            )
            for each in reversed(history.versions)
        ),
        shadows=tuple(
            ShadowRow(
                version=visible(run.version),
                word=IN_SHADOW[run.verdict],
                told=told(run.counts),
                at=instant(run.started_at),
                href=links.relative(path, to=links.run_page(run.target, run.run_id)),
            )
            for run in history.shadows
        ),
        fed_by=_neighbours(promise.fed_by, path),
        feeds=_neighbours(promise.feeds, path),
        coverage=_coverage(datasets),
        drift=drift_rows(history.drift),
        runs=run_rows(history.runs, history, path),
        gone=tuple(
            Link(
                text=visible(kept.check.id),
                href=links.relative(path, to=links.check_link(history.target, kept.check.dataset, kept.check.id)),
            )
            for kept in now.gone
            if kept.check.dataset
        ),
        others=sections(
            Told(
                history=history,
                promise=promise,
                settled=settled,
                now=now,
                shared=shared_statements(now.run.scan.results),
                dataset="",
                path=path,
            )
        ),
        support=_support(contract),
        days=settled.days,
        spark_days=SPARK_DAYS,
        is_short=len(rows) <= SHORT,
    )


def column_rows(
    dataset: Dataset, results: Iterable[CheckResult], history: TargetHistory, path: str
) -> tuple[ColumnRow, ...]:
    """Return a dataset's columns with the state of each rule on them."""
    by_column: dict[str, list[CheckResult]] = {}
    for result in results:
        for column in dict.fromkeys(result.check.columns):
            by_column.setdefault(column, []).append(result)
    return tuple(_column(column, dataset, by_column.get(column.name, ()), history, path) for column in dataset.columns)


def _column(
    column: Column, dataset: Dataset, results: Iterable[CheckResult], history: TargetHistory, path: str
) -> ColumnRow:
    rules, shape = list[RuleView](), None
    for result in results:
        view = RuleView(
            text=_short(result.check.id, dataset.name, column.name),
            outcome=result.outcome,
            word=OUTCOME_WORDS[result.outcome][0],
            href=links.relative(path, to=links.check_link(history.target, result.check.dataset, result.check.id)),
        )
        if result.check.kind is CheckKind.COLUMN_TYPE:
            shape = view
        elif result.check.kind not in SHAPE:
            rules.append(view)
    marks = [("key", column.primary_key_position is not None), ("critical", column.critical)]
    marks += [(f"as {column.physical_name}", column.physical_name != column.name)]
    return ColumnRow(
        name=visible(column.name),
        type=visible(column.physical_type or column.logical_type or ""),
        shape=shape,
        classification=visible(column.classification) if column.classification else None,
        description=visible(column.description) if column.description else None,
        marks=tuple(visible(mark) for mark, is_so in marks if is_so),
        rules=tuple(rules),
    )


def _datasets(
    history: TargetHistory, now: Now, contract: Contract | None, rows: tuple[CheckRow, ...], path: str
) -> tuple[DatasetView, ...]:
    pairs = tuple(zip(now.run.scan.results, rows, strict=True))
    declared = [dataset.name for dataset in contract.datasets] if contract else []
    names = dict.fromkeys([*declared, *(result.check.dataset for result, _ in pairs)])
    return tuple(
        _dataset(name, contract.dataset(name) if contract else None, pairs, history, path) for name in names if name
    )


def _dataset(
    name: str,
    declared: Dataset | None,
    pairs: tuple[tuple[CheckResult, CheckRow], ...],
    history: TargetHistory,
    path: str,
) -> DatasetView:
    mine = [(result, row) for result, row in pairs if result.check.dataset == name]
    results = [result for result, _ in mine]
    types = [result for result in results if _is_type_that_holds(result)]
    counted = [result.rows for result in results if result.rows is not None]
    columns = column_rows(declared, results, history, path) if declared else ()
    return DatasetView(
        name=visible(name),
        href=links.relative(path, to=links.dataset_page(history.target, name)),
        description=visible(declared.description) if declared and declared.description else None,
        outcome=worst(results),
        told=told({outcome: sum(result.outcome is outcome for result in results) for outcome in Outcome}),
        rows=words.counted(max(counted), "row") if counted else None,
        checks=tuple(row for result, row in mine if not _is_type_that_holds(result)),
        types_hold=len(types),
        columns=columns,
        bare=tuple(column.name for column in columns if not column.rules),
    )


def worst(results: Iterable[CheckResult]) -> str:
    """Return the outcome that speaks for many."""
    found = {result.outcome for result in results}
    order = (Outcome.FAIL, Outcome.ERROR, Outcome.BLOCKED, Outcome.WARN, Outcome.PASS)
    return next((outcome.value for outcome in order if outcome in found), Outcome.SKIPPED.value)


def _is_type_that_holds(result: CheckResult) -> bool:
    return result.check.kind is CheckKind.COLUMN_TYPE and result.outcome is Outcome.PASS


def _causes(rows: Iterable[CheckRow]) -> tuple[CauseView, ...]:
    """Group what nobody knows by its reason."""
    causes: dict[tuple[str, str], list[CheckRow]] = {}
    for row in rows:
        if row.outcome in {Outcome.ERROR, Outcome.BLOCKED}:
            causes.setdefault((row.outcome, row.reason or "no reason was given"), []).append(row)
    return tuple(
        CauseView(outcome=outcome, reason=reason, checks=tuple(several))
        for (outcome, reason), several in causes.items()
    )


def _short(check_id: str, dataset: str, column: str) -> str:
    """Return what tells a check from its neighbours on the same column."""
    for prefix in (f"{dataset}.{column}.", f"{dataset}."):
        if check_id.startswith(prefix) and check_id != prefix:
            return visible(check_id.removeprefix(prefix).replace("-", " "))
    return visible(check_id)


def _facts(history: TargetHistory, contract: Contract | None) -> tuple[Fact, ...]:
    run, details = history.latest.run, history.latest.details
    owner = owner_of(contract, details)
    domain = contract.domain if contract else details.get("domain")
    tags = contract.tags if contract else details.get("tags")
    listed = ", ".join(str(tag) for tag in tags) if isinstance(tags, list | tuple) else ""
    facts = [
        ("Owner", owner),
        ("Server", " · ".join(filter(None, (run.target.server, run.location)))),
        ("Status", contract.status if contract else "no contract file has it any more"),
        ("Domain", str(domain or "")),
        ("Tags", listed),
        ("Contract file", run.file),
    ]
    return tuple(Fact(label=label, text=visible(text)) for label, text in facts if text)


def owner_of(contract: Contract | None, details: Mapping[str, object]) -> str:
    """Return who stands behind a contract: by its file, else by what was known of it; empty where nobody does."""
    if contract is not None:
        return contract.owner.team or ", ".join(contract.owner.members)
    owner = details.get("owner")
    if not isinstance(owner, Mapping):
        return ""
    return str(owner.get("team") or ", ".join(map(str, owner.get("members") or ())))


def _terms(contract: Contract | None) -> tuple[Fact, ...]:
    if contract is None:
        return ()
    terms = (("Purpose", contract.purpose), ("Usage", contract.usage), ("Limitations", contract.limitations))
    return tuple(Fact(label=label, text=visible(text, keep="\n")) for label, text in terms if text)


def _support(contract: Contract | None) -> tuple[Link, ...]:
    if contract is None:
        return ()
    return tuple(
        Link(
            text=visible(" · ".join(filter(None, (each.channel, each.scope)))),
            href=each.url if each.url and each.url.startswith(("https://", "http://")) else None,
        )
        for each in contract.support
    )


def _levels(contract: Contract | None, now: Now, history: TargetHistory, path: str) -> tuple[LevelView, ...]:
    if contract is None:
        return ()
    by_line: dict[int, list[CheckResult]] = {}
    for result in now.run.scan.results:
        by_line.setdefault(result.check.line, []).append(result)
    return tuple(_level(level, by_line.get(level.line, ()), history, path) for level in contract.service_levels)


def _level(level: ServiceLevel, results: Iterable[CheckResult], history: TargetHistory, path: str) -> LevelView:
    result = next(iter(results), None)
    value = " ".join(_scalar(part) for part in (level.value, level.unit) if part is not None)
    elements = ", ".join(element.text for element in level.elements)
    text = " · ".join(
        filter(None, (level.property, value if level.duration is None else str(level.duration), elements))
    )
    return LevelView(
        text=visible(text),
        description=visible(level.description) if level.description else None,
        outcome=result.outcome if result else Outcome.SKIPPED,
        word=OUTCOME_WORDS[result.outcome][0] if result else "not checked",
        href=links.relative(path, to=links.check_link(history.target, result.check.dataset, result.check.id))
        if result
        else None,
        reason=words.reason(result) if result else None,
    )


def _scalar(value: object) -> str:
    return words.number(value) if isinstance(value, Decimal) else str(value)


def _neighbours(neighbours: Iterable[Neighbour], path: str) -> tuple[Link, ...]:
    return tuple(
        Link(
            text=visible(" · ".join(filter(None, (each.name, each.how)))),
            href=_to(each, path),
        )
        for each in neighbours
    )


def _to(neighbour: Neighbour, path: str) -> str | None:
    if neighbour.target is None:
        return None
    page = links.contract_page(neighbour.target)
    if neighbour.dataset is not None:
        page = links.dataset_page(neighbour.target, neighbour.dataset)
    return links.relative(path, to=page)


def _coverage(datasets: Iterable[DatasetView]) -> str | None:
    columns = [column for dataset in datasets for column in dataset.columns]
    if not columns:
        return None
    covered = sum(bool(column.rules) for column in columns)
    have = "has a rule on its values" if covered == 1 else "have a rule on their values"
    return f"{covered:,} of {words.counted(len(columns), 'column')} {have}"
