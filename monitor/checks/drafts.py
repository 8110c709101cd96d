"""Checks in the making: what every kind of rule shares, and how checks get their ids.

An id is stable and readable: from the contract's own names and rule ids, never from a position, a wording or (unless
nothing else tells two rules apart) a threshold. It is also the metric's name inside Soda, which merges metrics by name
and not by expression; so ids are unique within a contract.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from monitor.domain.check import (
    ZERO,
    Aggregate,
    Check,
    CheckKind,
    Dimension,
    Need,
    NotChecked,
    Operator,
    Probe,
    Query,
    TableName,
    Threshold,
)
from monitor.domain.contract import Column, Dataset, QualityRule

DIMENSIONS = {
    CheckKind.SCHEMA: Dimension.CONFORMITY,
    CheckKind.EXTRA_COLUMNS: Dimension.CONFORMITY,
    CheckKind.COLUMN_ORDER: Dimension.CONFORMITY,
    CheckKind.COLUMN_TYPE: Dimension.CONFORMITY,
    CheckKind.NOT_NULL: Dimension.COMPLETENESS,
    CheckKind.NULL_VALUES: Dimension.COMPLETENESS,
    CheckKind.MISSING_VALUES: Dimension.COMPLETENESS,
    CheckKind.ROW_COUNT: Dimension.COMPLETENESS,
    CheckKind.UNIQUE: Dimension.UNIQUENESS,
    CheckKind.PRIMARY_KEY: Dimension.UNIQUENESS,
    CheckKind.DUPLICATE_VALUES: Dimension.UNIQUENESS,
    CheckKind.FOREIGN_KEY: Dimension.CONSISTENCY,
    CheckKind.RANGE: Dimension.ACCURACY,
    CheckKind.MULTIPLE_OF: Dimension.ACCURACY,
    CheckKind.LENGTH: Dimension.CONFORMITY,
    CheckKind.PATTERN: Dimension.CONFORMITY,
    CheckKind.ENUM: Dimension.CONFORMITY,
    CheckKind.FORMAT: Dimension.CONFORMITY,
    CheckKind.ITEMS: Dimension.CONFORMITY,
    CheckKind.INVALID_VALUES: Dimension.CONFORMITY,
    CheckKind.FRESHNESS: Dimension.TIMELINESS,
    CheckKind.LATENCY: Dimension.TIMELINESS,
    CheckKind.RETENTION: Dimension.TIMELINESS,
    CheckKind.FREQUENCY: Dimension.TIMELINESS,
    CheckKind.CURRENT_ROW_PER_KEY: Dimension.UNIQUENESS,
    CheckKind.OVERLAPPING_PERIODS: Dimension.CONSISTENCY,
    CheckKind.GAPS_BETWEEN_PERIODS: Dimension.COVERAGE,
    CheckKind.GAPS_IN_SERIES: Dimension.COVERAGE,
    CheckKind.ROW_COUNT_DIFFERENCE: Dimension.CONSISTENCY,
    CheckKind.SUM_DIFFERENCE: Dimension.CONSISTENCY,
    CheckKind.ORPHANED_FACTS: Dimension.CONSISTENCY,
    CheckKind.FACTS_WITHOUT_KEY: Dimension.COMPLETENESS,
}

_OPERATOR_WORDS = {
    Operator.EQUAL: "eq",
    Operator.NOT_EQUAL: "ne",
    Operator.GREATER: "gt",
    Operator.GREATER_OR_EQUAL: "ge",
    Operator.LESS: "lt",
    Operator.LESS_OR_EQUAL: "le",
    Operator.BETWEEN: "between",
    Operator.NOT_BETWEEN: "not-between",
}
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")
_HASH_LENGTH = 6
_DEEPEST = 4
"""How many longer ids there are beside the plain one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A check whose id may still collide. In its probes, `metric` holds only the suffix behind the id.

    The rule's `threshold` tells rules of one kind apart; one that `has_own_id` keeps it whoever else would like it.
    """

    check: Check
    threshold: Threshold | None = None
    has_own_id: bool = False


def table_name(dataset: Dataset) -> TableName:
    """Return the exact name of a dataset's table."""
    return TableName(schema=dataset.schema, name=dataset.table)


def need(dataset: Dataset, *columns: Column) -> Need:
    """Return what a check of these columns needs."""
    return Need(table=table_name(dataset), columns=tuple(column.physical_name for column in columns))


def slug(name: str) -> str:
    """Make a name fit for an id: `[A-Za-z0-9_-]`, with a short hash where it had to be changed."""
    safe = _UNSAFE.sub("-", name).strip("-")
    return name if safe == name and safe else f"{safe}-{_digest(name)}".lstrip("-")


def base_id(dataset: str, *parts: str) -> str:
    """Join names to an id: `dataset.column.kind`. It always begins with a letter, as Soda's grammar wants it."""
    head = slug(dataset)
    head = head if head[0].isalpha() and head.isascii() else f"t-{head}"
    return ".".join([head, *(slug(part) for part in parts)])


def kind_word(kind: CheckKind) -> str:
    """Return a kind as it stands in ids: `foreign-key`."""
    return kind.value.replace("_", "-")


def dimension_of(kind: CheckKind, declared: str | None) -> Dimension | None:
    """Return the declared dimension where it is one of ODCS's seven, else the one that the kind speaks of."""
    if declared and declared.lower() in set(Dimension):
        return Dimension(declared.lower())
    return DIMENSIONS.get(kind)


def structural(
    kind: CheckKind,
    dataset: Dataset,
    columns: tuple[Column, ...],
    name: str,
    *probes: Probe,
    id_columns: bool = True,
    **more: object,
) -> Draft:
    """Draft a check for something a dataset or column declares by itself (required, unique, a bound, a type …)."""
    parts = [column.name for column in columns] if id_columns else []
    check = Check(
        id=base_id(dataset.name, *(["-".join(parts)] if parts else []), kind_word(kind)),
        name=name,
        kind=kind,
        dataset=dataset.name,
        columns=tuple(column.name for column in columns),
        dimension=DIMENSIONS.get(kind),
        probes=probes,
        needs=(need(dataset, *columns),),
        line=columns[0].line if columns else dataset.line,
    )
    return Draft(check=replace(check, **more))  # type: ignore[arg-type]  # `more` names fields of Check


def from_rule(
    kind: CheckKind,
    dataset: Dataset,
    columns: tuple[Column, ...],
    rule: QualityRule,
    name: str,
    *probes: Probe,
    at_column: bool = True,
    **more: object,
) -> Draft:
    """Draft a check for an entry of `quality[]`; its own name, dimension, severity and impact win."""
    parts = [column.name for column in columns] if at_column else []
    threshold = rule.threshold or ZERO
    check = Check(
        id=base_id(dataset.name, *parts, rule.id or kind_word(kind)),
        name=rule.name or name,
        kind=kind,
        dataset=dataset.name,
        columns=tuple(column.name for column in columns),
        dimension=dimension_of(kind, rule.dimension),
        severity=(rule.severity or "error").lower(),
        expected=str(threshold),
        unit=rule.unit,
        probes=probes,
        needs=(need(dataset, *columns),),
        impact=rule.business_impact,
        runbook=rule.runbook,
        line=rule.line,
    )
    return Draft(
        check=replace(check, **more),  # type: ignore[arg-type]  # `more` names fields of Check
        threshold=rule.threshold,
        has_own_id=rule.id is not None,
    )


def wanted(threshold: Threshold) -> str:
    """Return a threshold as it follows "must be": `0`, `not 0`, `< 5`, `between 1 and 3`."""
    return str(threshold).removeprefix("= ").replace("!= ", "not ")


def not_checked(reason: str, *, is_error: bool = False) -> NotChecked:
    """Return the probe of a rule that cannot be executed, with the reason that people will read."""
    return NotChecked(reason=reason, is_error=is_error)


def named(drafts: Iterable[Draft]) -> tuple[tuple[Check, ...], tuple[str, ...]]:
    """Give every draft its id; also return the ids that only a threshold or a digest could tell apart.

    Rules that share `dataset.column.kind` get a suffix from severity and operator, if still equal from the threshold,
    if still equal from what they measure, and only then from all that they say. Rules that are the same in everything
    get a number.
    """
    drafts = list(drafts)
    wanted = [draft.check.id for draft in drafts]
    depths = [0] * len(drafts)
    for depth in range(1, _DEEPEST + 1):
        for crowd in _crowds(wanted):
            owners = [place for place in crowd if drafts[place].has_own_id]
            for place in crowd:
                depths[place] = depths[place] if owners == [place] else depth
        wanted = [
            _id_at(draft, at) if at == depth else said for draft, at, said in zip(drafts, depths, wanted, strict=True)
        ]
    ties = {place: _id_at(drafts[place], _DEEPEST) for crowd in _crowds(wanted) for place in crowd}
    taken: set[str] = set()
    checks: dict[int, Check] = {}
    for place in sorted(range(len(drafts)), key=lambda place: (wanted[place], ties.get(place, ""))):
        check, identity, number = drafts[place].check, wanted[place], 1
        while taken & _metrics(check, identity):
            number += 1
            identity = f"{wanted[place]}-{number}"
        taken |= _metrics(check, identity)
        checks[place] = _with_id(check, identity)
    unclear = [checks[place].id for place, depth in enumerate(depths) if depth > 1]
    return tuple(checks[place] for place in range(len(drafts))), tuple(unclear)


def _crowds(ids: Sequence[str]) -> list[list[int]]:
    """Return the places that want the same id, for every id that several want."""
    places: dict[str, list[int]] = {}
    for place, identity in enumerate(ids):
        places.setdefault(identity, []).append(place)
    return [crowd for crowd in places.values() if len(crowd) > 1]


def _id_at(draft: Draft, depth: int) -> str:
    """Return the id that a draft takes when `depth` shorter ones are not its own alone."""
    check = draft.check
    operator = f"-{_OPERATOR_WORDS[draft.threshold.operator]}" if draft.threshold else ""
    identity = f"{check.id}-{slug(check.severity)}{operator}"
    if depth > 1 and draft.threshold:
        identity += f"-{_UNSAFE.sub('_', str(draft.threshold).split(' ', 1)[1])}"
    match depth:
        case 1 | 2:
            return identity
        case 3:
            return f"{identity}-{_digest(repr(check.probes))}"
        case _:
            return f"{identity}-{_digest(repr(replace(check, line=0)))}"


def _metrics(check: Check, identity: str) -> set[str]:
    return {identity} | {identity + probe.metric for probe in check.probes if isinstance(probe, Aggregate | Query)}


def _with_id(check: Check, identity: str) -> Check:
    probes = tuple(
        replace(probe, metric=identity + probe.metric) if isinstance(probe, Aggregate | Query) else probe
        for probe in check.probes
    )
    return replace(check, id=identity, probes=probes)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH_LENGTH]
