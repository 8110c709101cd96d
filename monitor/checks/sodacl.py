"""CheckPlan → SodaCL text: deterministic, byte for byte, and what runs is what can be read.

Nearly every rule becomes a user-defined metric: Soda puts all `expression` metrics of a dataset into one SELECT,
keeps `identity`, and returns integers exactly (measured on soda-core 3.5.6; see docs/decisions).
"""

import re
from collections.abc import Iterable, Sequence

from monitor.checks import postgres
from monitor.domain.check import (
    Aggregate,
    Catalogue,
    Check,
    CheckKind,
    CheckPlan,
    Operator,
    PlannedDataset,
    Query,
    SodaBlock,
    Threshold,
)
from monitor.domain.scan import Outcome, broken_outcome

_UNPRINTABLE = re.compile(r"[^ -~\u00a1-\u1fff\u2030-\ud7ff\ue000-\ufdff\U00010000-\U0010ffff]")
_TEMPLATE_START = "${"

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
    with aggregates also counts its rows, in the same pass. Raises ValueError if `${` would reach Soda.
    """
    return _document((dataset, _measures(dataset, _of(dataset, checks))) for dataset in plan.datasets)


def compiled_file(plan: CheckPlan) -> str:
    """Return what is committed under `checks/`: the whole plan, runnable by plain `soda scan`.

    The catalogue's checks appear as Soda's nearest native `schema` check; custom blocks stand behind the measures.
    """
    blocks = []
    for dataset in plan.datasets:
        checks = _of(dataset, plan.checks)
        blocks.append((dataset, [*_native_schema(checks), *_measures(dataset, checks), *_custom(checks)]))
    return _header(plan) + "\n" + _document(blocks)


def _document(blocks: Iterable[tuple[PlannedDataset, list[str]]]) -> str:
    """Write one `checks for …` per dataset that has any: Soda refuses a heading that comes twice."""
    text = "\n".join(
        f"checks for {postgres.heading(dataset.table)}:\n" + "".join(f"{line}\n" for line in lines)
        for dataset, lines in blocks
        if lines
    )
    if _TEMPLATE_START in text:
        raise ValueError("compiled SodaCL contains '${', which would start Soda's template engine")
    return text


def _of(dataset: PlannedDataset, checks: Iterable[Check]) -> list[Check]:
    return [check for check in checks if check.dataset == dataset.name]


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


def _measures(dataset: PlannedDataset, checks: Iterable[Check]) -> list[str]:
    probes = [(check, probe) for check in checks for probe in check.probes if isinstance(probe, Aggregate | Query)]
    if not probes:
        return []
    lines = []
    if any(isinstance(probe, Aggregate) for _, probe in probes):
        lines += _metric(dataset.rows_metric, ">= 0", "expression", "COUNT(*)")
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


def _native_schema(checks: Iterable[Check]) -> list[str]:
    for check in checks:
        columns = [name for probe in check.probes if isinstance(probe, Catalogue) for name in probe.columns]
        told = [name for name in columns if _TEMPLATE_START not in name]  # the others cannot be said to plain Soda
        if check.kind is CheckKind.SCHEMA and told:
            names = ", ".join(scalar(name) for name in told)
            return [
                "  - schema:",
                f"      identity: {check.id}",
                "      fail:",
                f"        when required column missing: [{names}]",
            ]
    return []


def _custom(checks: Iterable[Check]) -> list[str]:
    """Return the items of custom blocks: each block is a document of one heading and one item."""
    lines = []
    for check in checks:
        for probe in check.probes:
            if isinstance(probe, SodaBlock):
                lines += [f"  # {check.id}", *(f"  {line}" for line in probe.sodacl.splitlines()[1:])]
    return lines


def _header(plan: CheckPlan) -> str:
    unchecked = sum(
        not any(isinstance(probe, Aggregate | Query | SodaBlock) for probe in c.probes) for c in plan.checks
    )
    return (
        f"# Compiled by pactwatch from {plan.source}; do not edit: change the contract, then `pactwatch compile`.\n"
        f"# {plan.slug} {plan.version}, {plan.fingerprint}, for {plan.server_type}\n"
        f"# {len(plan.checks)} checks. {unchecked} of them are judged from the catalogue or not from data at all;"
        " here stands only\n"
        "# Soda's nearest `schema` check (by lower-case name, blind to types, extra columns and materialised views).\n"
    )
