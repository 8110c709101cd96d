"""Contract → CheckPlan: every declared rule and service level becomes exactly one check (or says why it cannot)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from difflib import get_close_matches
from functools import partial
from itertools import chain, count

from monitor.checks.custom import custom_checks, sql_check, text_check, unchecked_promise
from monitor.checks.dialect import SERVER_TYPES, speaking, sql
from monitor.checks.drafts import Draft, base_id, named, structural, table_name
from monitor.checks.freshness import service_level_checks
from monitor.checks.packs import pack_check
from monitor.checks.references import duplicates_check, key_checks, reference_check
from monitor.checks.unsaid import sayable, supported
from monitor.checks.values import (
    column_checks,
    kind_of,
    metric_check,
    row_count,
    unsupported_metric,
    without_comparison,
)
from monitor.checks.windows import narrowed, window_of
from monitor.contracts.schedules import cron_of
from monitor.domain.check import (
    Aggregate,
    Catalogue,
    Check,
    CheckKind,
    CheckPlan,
    Dimension,
    Need,
    NotChecked,
    PlannedDataset,
    Query,
)
from monitor.domain.contract import Column, Contract, Dataset, QualityRule, ServiceLevel
from monitor.domain.runbook import Runbook
from monitor.errors import MonitorError, UsageError

_NAMED = 3


def compile_plan(contract: Contract, server_type: str) -> CheckPlan:
    """Return the plan of a contract for a type of server; the same contract always gives the same plan.

    Raises MonitorError for a server type that cannot be compiled for.
    """
    if server_type not in SERVER_TYPES:
        known = ", ".join(sorted(set(SERVER_TYPES.values())))
        raise MonitorError(f"{contract.file}: servers of type {server_type!r} are not supported, only {known}")
    with speaking(SERVER_TYPES[server_type]):
        checks, unclear = named(replace(draft, check=supported(draft.check)) for draft in _drafts(contract))
        datasets = _datasets(contract, checks)
    checks = tuple(check if check.runbook else replace(check, runbook=_runbook(contract, check)) for check in checks)
    by_name = {dataset.name: dataset for dataset in datasets}
    checks = tuple(_through_window(check, by_name.get(check.dataset)) for check in checks)
    return CheckPlan(
        contract=contract.id,
        slug=contract.slug,
        version=contract.version,
        source=contract.file,
        fingerprint=contract.fingerprint,
        server_type=SERVER_TYPES[server_type],
        datasets=tuple(sayable(dataset) for dataset in datasets),
        checks=checks,
        remarks=tuple(
            f"{check.line}: {check.id}: give the rules of this kind an id, so that they can be told apart"
            for check in checks
            if check.id in unclear
        ),
    )


def never_checked(plan: CheckPlan) -> tuple[tuple[int, str], ...]:
    """Return line and words of every promise that no run will look at: what `lint` says is what `verify` will say."""
    return tuple(
        (check.line, f"{check.id}: {probe.reason}")
        for check in plan.checks
        for probe in check.probes
        if isinstance(probe, NotChecked)
    )


def subset(plan: CheckPlan, dataset: str | None, checks: Sequence[str]) -> CheckPlan:
    """Return the part of a plan that is asked for, in plan order; see `subsets`."""
    (part,) = subsets((plan,), dataset, checks)
    return part


def subsets(plans: Sequence[CheckPlan], dataset: str | None, checks: Sequence[str]) -> tuple[CheckPlan, ...]:
    """Return the part of each plan that is asked for, in plan order; empty where a plan has nothing of it.

    Raises UsageError for a dataset or check that no plan has, and if nothing is left of any.
    """
    if not plans:
        return ()
    where = ", ".join(dict.fromkeys(plan.contract for plan in plans[:_NAMED])) + (" …" if len(plans) > _NAMED else "")
    datasets = list(dict.fromkeys(each.name for plan in plans for each in plan.datasets))
    if dataset is not None and dataset not in datasets:
        raise UsageError(f"{where}: no dataset {dataset!r}{_did_you_mean(dataset, datasets)}")
    ids = dict.fromkeys(check.id for plan in plans for check in plan.checks)
    for wanted in checks:
        if wanted not in ids:
            raise UsageError(f"{where}: no check {wanted!r}{_did_you_mean(wanted, list(ids))}")
    kept = tuple(
        replace(
            plan,
            checks=tuple(
                check
                for check in plan.checks
                if (dataset is None or check.dataset == dataset) and (not checks or check.id in checks)
            ),
        )
        for plan in plans
    )
    if not any(plan.checks for plan in kept):
        why = "the selection leaves no check" if dataset is not None or checks else "no check is declared"
        raise UsageError(f"{where}: nothing to verify; {why}")
    return kept


def _through_window(check: Check, dataset: PlannedDataset | None) -> Check:
    """Let a row rule look through its dataset's window, and be skipped where that cannot be said."""
    return supported(narrowed(check, dataset), dataset.window if dataset else None)


def _datasets(contract: Contract, checks: Sequence[Check]) -> tuple[PlannedDataset, ...]:
    taken = {probe.metric for check in checks for probe in check.probes if isinstance(probe, Aggregate | Query)}
    watchers = {check.dataset: check.id for check in checks if check.kind is CheckKind.SCHEMA}
    return tuple(
        PlannedDataset(
            name=each.name,
            table=table_name(each),
            rows_metric=_free(f"{base_id(each.name)}.rows", taken),
            schema_check=watchers.get(each.name),
            window=window_of(contract, each, partial(_free, taken=taken)),
        )
        for each in contract.datasets
    )


def _free(metric: str, taken: set[str]) -> str:
    """Return the name, or one like it that no check has: a rule keeps its own id, what is counted beside it yields."""
    names = chain([metric], (f"{metric}-{number}" for number in count(2)))
    free = next(name for name in names if name not in taken)
    taken.add(free)
    return free


def _runbook(contract: Contract, check: Check) -> Runbook | None:
    """Return what to do where a rule does not say it itself: its column, its dataset or the contract does."""
    dataset = contract.dataset(check.dataset)
    columns = [dataset.column(name) for name in check.columns] if dataset else []
    nearest = [*(column and column.runbook for column in columns), dataset and dataset.runbook, contract.runbook]
    return next((runbook for runbook in nearest if runbook), None)


def _did_you_mean(word: str, known: Sequence[str]) -> str:
    near = get_close_matches(word, known, n=3, cutoff=0.5)
    return f"; did you mean {' or '.join(near)}?" if near else ""


def _drafts(contract: Contract) -> Iterator[Draft]:
    for dataset in contract.datasets:
        yield from _schema_checks(contract, dataset)
        yield from key_checks(dataset)
        for relationship in dataset.relationships:
            yield reference_check(contract, dataset, relationship)
        for column in dataset.columns:
            yield from column_checks(dataset, column)
            for relationship in column.relationships:
                yield reference_check(contract, dataset, relationship)
            for rule in column.rules:
                yield from _on_schedule(rule, _rule_checks(contract, dataset, column, rule))
        for rule in dataset.rules:
            yield from _on_schedule(rule, _rule_checks(contract, dataset, None, rule))
    for level in contract.service_levels:
        yield from _on_schedule(level, service_level_checks(contract, level))
    for promise in contract.unchecked:
        yield unchecked_promise(promise)


def _on_schedule(rule: QualityRule | ServiceLevel, drafts: Iterable[Draft]) -> Iterator[Draft]:
    """Give checks the schedule of their rule, where it has one that is ours to follow."""
    cron = cron_of(rule)
    for draft in drafts:
        yield draft if cron is None else replace(draft, check=replace(draft.check, schedule=cron))


def _rule_checks(contract: Contract, dataset: Dataset, column: Column | None, rule: QualityRule) -> Iterator[Draft]:
    columns = (column,) if column else ()
    if rule.type == "library" and (reason := _incomplete(rule)):
        yield unsupported_metric(dataset, columns, rule, reason)
        return
    if rule.pack is not None:
        yield pack_check(contract, dataset, rule, rule.pack)
        return
    match rule.type, rule.metric:
        case "text", _:
            yield text_check(dataset, columns, rule)
        case "sql", _:
            yield sql_check(dataset, column, rule)
        case "custom", _:
            yield from custom_checks(dataset, column, rule)
        case _ if rule.threshold is None and kind_of(rule.metric) is not CheckKind.CUSTOM:
            yield without_comparison(dataset, columns, rule)
        case _, "duplicateValues":
            yield duplicates_check(dataset, column, rule)
        case _, "rowCount" if column is None:
            yield row_count(dataset, rule)
        case _ if column is not None:
            yield metric_check(dataset, column, rule)
        case _:
            yield unsupported_metric(dataset, columns, rule, f"no library metric {rule.metric!r} for a dataset")


def _incomplete(rule: QualityRule) -> str | None:
    """Say what a library rule leaves open, beside a comparison."""
    if rule.metric == "invalidValues" and rule.arguments.valid_values is None and rule.arguments.pattern is None:
        return "invalidValues says neither which values are valid nor what pattern they have"
    return None


def _schema_checks(contract: Contract, dataset: Dataset) -> Iterator[Draft]:
    names = tuple(column.physical_name for column in dataset.columns)
    there = Need(table=table_name(dataset))
    words = f"{dataset.name} must exist" + (" with the declared columns" if names else "")
    probe = Catalogue(columns=names, physical_type=dataset.physical_type)
    yield structural(CheckKind.SCHEMA, dataset, (), words, probe, id_columns=False, unit="columns", needs=())
    if names and contract.extra_columns != "allow":
        severity = "warning" if contract.extra_columns == "warn" else "error"
        words = f"{dataset.name} must have no columns beside the declared ones"
        yield structural(
            CheckKind.EXTRA_COLUMNS,
            dataset,
            (),
            words,
            Catalogue(columns=names),
            id_columns=False,
            unit="columns",
            severity=severity,
            needs=(there,),
        )
    if names and contract.column_order != "allow":
        severity = "warning" if contract.column_order == "warn" else "error"
        words = f"{dataset.name} must have its columns in the declared order"
        yield structural(
            CheckKind.COLUMN_ORDER,
            dataset,
            (),
            words,
            Catalogue(columns=names),
            id_columns=False,
            unit="columns",
            severity=severity,
            needs=(there,),
        )
    for column in dataset.columns:
        declared = column.physical_type or column.logical_type
        if declared is not None:
            yield _type_check(contract, dataset, column, declared)


def _type_check(contract: Contract, dataset: Dataset, column: Column, declared: str) -> Draft:
    logical = column.logical_type
    if logical == "date" and contract.api_version.startswith("v3.0"):
        logical = "temporal"  # 3.0 has no logical type `timestamp`: its `date` covers both
    zone = column.limits.timezone if logical in {"timestamp", "time"} else None
    probe = Catalogue(
        columns=(column.physical_name,),
        physical_type=column.physical_type and sql.physical_type(column.physical_type),
        logical_type=logical,
        has_timezone=zone,
    )
    declared += {True: " with a time zone", False: " without a time zone", None: ""}[zone]
    return structural(
        CheckKind.COLUMN_TYPE,
        dataset,
        (column,),
        f"{dataset.name}.{column.name} must be of type {declared}",
        probe,
        expected=declared,
        unit=None,
        dimension=Dimension.CONFORMITY,
    )
