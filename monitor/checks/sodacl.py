"""CheckPlan → SodaCL text: deterministic, byte for byte, and what runs is what can be read.

Nearly every rule becomes a user-defined metric: Soda puts all `expression` metrics of a dataset into one SELECT,
keeps `identity`, and returns integers exactly (measured on soda-core 3.5.6; see docs/decisions).
"""

import re
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from monitor.checks.dialect import dialect_of
from monitor.checks.windows import condition
from monitor.domain.check import (
    Aggregate,
    Catalogue,
    Check,
    CheckKind,
    CheckPlan,
    Elsewhere,
    Operator,
    PlannedDataset,
    Query,
    SodaBlock,
    Threshold,
)
from monitor.domain.scan import Outcome, broken_outcome

_TEMPLATE_START = "${"
MARK = "# Compiled by pactwatch"
"""How every compiled file begins."""
_UNPRINTABLE = re.compile(r"[^ -~\u00a1-\u1fff\u2030-\ud7ff\ue000-\ufdff\U00010000-\U0010ffff]")

_OPPOSITES = {
    Operator.EQUAL: Operator.NOT_EQUAL,
    Operator.NOT_EQUAL: Operator.EQUAL,
    Operator.GREATER: Operator.LESS_OR_EQUAL,
    Operator.GREATER_OR_EQUAL: Operator.LESS,
    Operator.LESS: Operator.GREATER_OR_EQUAL,
    Operator.LESS_OR_EQUAL: Operator.GREATER,
    Operator.BETWEEN: Operator.NOT_BETWEEN,
    Operator.NOT_BETWEEN: Operator.BETWEEN,
}


def render(plan: CheckPlan, checks: Sequence[Check]) -> str:
    """Return the SodaCL that measures these checks of the plan.

    Every aggregate or query probe becomes one check whose identity and metric name are `probe.metric`; a dataset
    with aggregates also counts its rows, in the same pass; checks that look through a window have a pass of their own,
    behind Soda's `filter`. Raises ValueError if `${` would reach Soda.
    """
    return _sections(plan, checks, lambda dataset, own: _measuring(dataset.rows_metric, own))


def compiled_file(plan: CheckPlan) -> str:
    """Return what is committed under `checks/`: the whole plan, runnable by plain `soda scan`.

    The catalogue's checks appear as Soda's nearest native `schema` check; custom blocks are appended as they stand.
    """
    body = _sections(plan, plan.checks, partial(_everything, plan))
    return "\n".join(part for part in (_header(plan), body) if part)


def excerpt(plan: CheckPlan, check: Check) -> str:
    """Return what the compiled file says of one check; empty for one that is never executed."""
    return _sections(plan, [check], partial(_everything, plan))


def scalar(text: str) -> str:
    """Write a text as a YAML double-quoted scalar on one line."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + _UNPRINTABLE.sub(lambda match: f"\\U{ord(match.group()):08X}", escaped) + '"'


def block(text: str, indent: int) -> str:
    """Write SQL as a literal YAML block, so that it reads as it runs; quoted where a block could change it."""
    lines = text.split("\n")
    if text != text.strip() or any(_UNPRINTABLE.search(line) for line in lines):
        return scalar(text)
    return "|-\n" + "\n".join(" " * indent + line if line else "" for line in lines)


def _sections(
    plan: CheckPlan, checks: Iterable[Check], lines_of: Callable[[PlannedDataset, Sequence[Check]], list[str]]
) -> str:
    """Write one `checks for …` per table and window: Soda refuses a file in which one stands twice."""
    sections: dict[str, list[str]] = {}
    sql = dialect_of(plan.server_type)
    own: dict[str, list[Check]] = {dataset.name: [] for dataset in plan.datasets}
    for check in checks:
        own.setdefault(check.dataset, []).append(check)
    for dataset in plan.datasets:
        head = sql.heading(dataset.table)
        of_all = [check for check in own[dataset.name] if check.window is None]
        sections.setdefault(f"checks for {head}", []).extend(lines_of(dataset, of_all))
        recent = [check for check in own[dataset.name] if check.window]
        if recent and dataset.window:
            head = f"{head} [{dataset.window.name}]"
            sections[f"filter {head}"] = [f"  where: {block(condition(dataset.window), 4)}"]
            sections[f"checks for {head}"] = _measuring(dataset.window.rows_metric, recent)
    text = "\n".join(f"{head}:\n{_joined(lines)}" for head, lines in sections.items() if lines)
    if _TEMPLATE_START in text:
        raise ValueError(f"compiled SodaCL contains {_TEMPLATE_START!r}, which would start Soda's template engine")
    return text


def _joined(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _everything(plan: CheckPlan, dataset: PlannedDataset, checks: Sequence[Check]) -> list[str]:
    blocks = [
        line
        for check in checks
        for probe in check.probes
        if isinstance(probe, SodaBlock)
        for line in _custom(check, probe)
    ]
    alone = [check for check in checks if not _goes_elsewhere(check)]
    elsewhere = [
        f"  # {check.id} compares with another server, which only `pactwatch` reaches"
        for check in checks
        if _goes_elsewhere(check)
    ]
    return [*_measuring(dataset.rows_metric, alone), *_native_schema(plan, dataset, checks), *blocks, *elsewhere]


def _goes_elsewhere(check: Check) -> bool:
    return any(isinstance(probe, Elsewhere) for probe in check.probes)


def _measuring(rows_metric: str, checks: Iterable[Check]) -> list[str]:
    probes = [(check, probe) for check in checks for probe in check.probes if isinstance(probe, Aggregate | Query)]
    if not probes:
        return []
    lines = []
    if any(isinstance(probe, Aggregate) for _, probe in probes):
        lines += _metric(rows_metric, ">= 0", "expression", "COUNT(*)")
    for check, probe in probes:
        warns = broken_outcome(check.severity) is Outcome.WARN
        how, sql = ("expression", probe.expression) if isinstance(probe, Aggregate) else ("query", probe.sql)
        lines += _metric(
            probe.metric, str(probe.threshold), how, sql, warn=opposite(probe.threshold) if warns else None
        )
    return lines


def _metric(metric: str, threshold: str, how: str, sql: str, *, warn: Threshold | None = None) -> list[str]:
    head = f"  - {metric}:" if warn else f"  - {metric} {threshold}:"
    lines = [head, f"      identity: {metric}", f"      {metric} {how}: {block(sql, 8)}"]
    return [*lines, f"      warn: when {warn}"] if warn else lines


def opposite(threshold: Threshold) -> Threshold:
    """Return the threshold that holds exactly when this one does not."""
    return Threshold(operator=_OPPOSITES[threshold.operator], value=threshold.value, upper=threshold.upper)


def _native_schema(plan: CheckPlan, dataset: PlannedDataset, checks: Iterable[Check]) -> list[str]:
    """Write Soda's `schema` check where it can work.

    It looks up no table whose heading is spelt with escapes, and would run a column name with `${` as a template.
    """
    if not dialect_of(plan.server_type).is_native_heading(dataset.table):
        return []
    for check in checks:
        if check.kind is not CheckKind.SCHEMA:
            continue
        columns = [name for probe in check.probes if isinstance(probe, Catalogue) for name in probe.columns]
        named = ", ".join(scalar(name) for name in columns if _TEMPLATE_START not in name)
        if named:
            return [
                "  - schema:",
                f"      identity: {check.id}",
                "      fail:",
                f"        when required column missing: [{named}]",
            ]
    return []


def _custom(check: Check, probe: SodaBlock) -> list[str]:
    """Write a custom block's one check as an entry of its dataset's list; plain Soda looks back only with a cloud."""
    _, *lines = probe.sodacl.rstrip("\n").split("\n")
    if probe.looks_back:
        return [
            f"  # {check.id} compares with earlier runs, which only `pactwatch` knows",
            *(f"  # {line}" for line in lines),
        ]
    return [f"  # {check.id}", *(f"  {line}" if line else "" for line in lines)]


def _header(plan: CheckPlan) -> str:
    unchecked = sum(
        not any(isinstance(probe, Aggregate | Query | SodaBlock) for probe in c.probes) for c in plan.checks
    )
    source, version = (" ".join(text.replace("${", "$ {").split()) for text in (plan.source, plan.version))
    return (
        f"{MARK} from {source}; do not edit: change the contract, then `pactwatch compile`.\n"
        f"# {plan.slug} {version}, {plan.fingerprint}, for {plan.server_type}\n"
        f"# {len(plan.checks)} checks. {unchecked} of them are judged from the catalogue or not from data at all;"
        " here stands only\n"
        "# Soda's nearest `schema` check (by lower-case name, blind to types, extra columns, materialised views and\n"
        "# tables of odd names or other schemas).\n"
    )
