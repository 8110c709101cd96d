"""Check packs: a slowly changing dimension, a time series, two datasets in balance, a star schema (docs/packs.md).

Each rule is a statement of its own that counts what is broken in a source: the table with what a row needs to know of
its neighbours. The same source shows the offending rows. The SQL is standard but for its intervals.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from monitor.checks.dialect import sql
from monitor.checks.drafts import Draft, from_rule, need, table_name, wanted
from monitor.domain.check import (
    ANY_NUMBER,
    ZERO,
    CheckKind,
    Elsewhere,
    Need,
    Offenders,
    Probe,
    Query,
    TableName,
)
from monitor.domain.contract import Column, Contract, Dataset, QualityRule
from monitor.domain.packs import Balance, Facts, Pack, Periods, Steps

KINDS = {
    "currentRowPerKey": CheckKind.CURRENT_ROW_PER_KEY,
    "overlappingPeriods": CheckKind.OVERLAPPING_PERIODS,
    "gapsBetweenPeriods": CheckKind.GAPS_BETWEEN_PERIODS,
    "gapsInSeries": CheckKind.GAPS_IN_SERIES,
    "rowCountDifference": CheckKind.ROW_COUNT_DIFFERENCE,
    "sumDifference": CheckKind.SUM_DIFFERENCE,
    "orphanedFacts": CheckKind.ORPHANED_FACTS,
    "factsWithoutKey": CheckKind.FACTS_WITHOUT_KEY,
}
PACKS = frozenset(KINDS.values())
_SORT_COST = 8.0
_SCAN_COST = 1.0
_ANTI_JOIN_COST = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What a rule counts: the rows of `source` (aliased `c`) for which `broken` is true.

    `shown` are the columns of an offending row with their SQL, the first `keys` of which identify it.
    """

    words: str
    columns: tuple[Column, ...]
    source: str
    broken: str
    shown: tuple[tuple[str, str], ...]
    keys: int = 0
    unit: str = "rows"
    cost: float = _SCAN_COST
    needs: tuple[Need, ...] = ()


def pack_check(contract: Contract, dataset: Dataset, rule: QualityRule, pack: Pack) -> Draft:
    """Draft the check of a rule of a pack. The contract's reader has seen to it that all its columns are declared."""
    match pack:
        case Balance():
            return _balance(contract, dataset, rule, pack)
        case Steps():
            asked = _series(dataset, pack)
        case Facts():
            asked = _facts(contract, dataset, pack)
        case Periods(metric="currentRowPerKey"):
            asked = _current(dataset, pack)
        case Periods():
            asked = _periods(dataset, pack)
    threshold = rule.threshold or ZERO
    is_share = rule.unit == "percent"
    number = "COUNT(*)"
    if is_share:
        number = sql.share_of("COUNT(*)", f"(SELECT COUNT(*) FROM {asked.source})")
    query = f"SELECT {number} FROM {asked.source} WHERE {asked.broken}"
    return from_rule(
        KINDS[pack.metric],
        dataset,
        asked.columns,
        rule,
        f"{dataset.name}: {asked.words} must be {wanted(threshold)}{' %' if is_share else ''}",
        Query(metric="", sql=query, threshold=threshold, cost=asked.cost),
        at_column=False,
        unit="percent" if is_share else asked.unit,
        needs=(need(dataset, *asked.columns), *asked.needs),
        offenders=Offenders(table=asked.source, condition=asked.broken, columns=asked.shown, keys=asked.keys),
    )


def _current(dataset: Dataset, pack: Periods) -> _Asked:
    """Count the keys that have no current row, or several. Keys with NULL are ignored."""
    key = _columns(dataset, pack.key)
    flag, end = _column(dataset, pack.current), _column(dataset, pack.valid_to)
    if flag is not None:
        current = sql.is_true(_name(flag))
    else:
        ended = "NULL" if end is None else _name(end)
        never = f"{ended} IS NULL"
        current = f"{never} OR {ended} = {_open_end(end, pack.open_end)}" if pack.open_end else never
    listed = ", ".join(_name(each) for each in key)
    source = (
        f"(SELECT {_aliased(key)}, {sql.counted(current)} AS n FROM {sql.table(table_name(dataset))}"
        f" WHERE {_all_there(key)} GROUP BY {listed}) AS c"
    )
    return _Asked(
        words=f"keys ({_names(key)}) without exactly one current row",
        columns=(*key, *(each for each in (flag or end,) if each is not None)),
        source=source,
        broken="c.n <> 1",
        shown=_shown(key),
        unit="keys",
        cost=_SORT_COST,
    )


def _open_end(end: Column | None, text: str) -> str:
    return sql.typed_literal(end.logical_type if end else None, text)


def _periods(dataset: Dataset, pack: Periods) -> _Asked:
    """Hold every period against all earlier ones of its key: how far they reach, and whether one never ends.

    A row without a beginning, or one that ends before it begins, has no period that could be right: it counts as
    overlapping. Keys with NULL are ignored.
    """
    key = _columns(dataset, pack.key)
    begin, end = _columns(dataset, tuple(name for name in (pack.valid_from, pack.valid_to) if name))
    since, until = _name(begin), _name(end)
    before = (
        f"OVER (PARTITION BY {', '.join(_name(each) for each in key)}"
        f" ORDER BY {sql.nulls_last(since)}, {sql.nulls_last(until)}"
        " ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)"
    )
    source = (
        f"(SELECT {_aliased(key)}, {since} AS since, {until} AS until, MAX({until}) {before} AS reached,"
        f" MAX(CASE WHEN {until} IS NULL THEN 1 ELSE 0 END) {before} AS endless"
        f" FROM {sql.table(table_name(dataset))} WHERE {_all_there(key)}) AS c"
    )
    if pack.metric == "overlappingPeriods":
        words = f"rows that overlap an earlier period of their key ({_names(key)})"
        touches = "<=" if pack.is_inclusive else "<"
        broken = f"c.since IS NULL OR c.until < c.since OR c.endless = 1 OR c.since {touches} c.reached"
    else:
        words = f"rows that begin after a gap in the history of their key ({_names(key)})"
        reached = sql.next_day("c.reached") if pack.is_inclusive else "c.reached"
        broken = f"c.endless = 0 AND c.since > {reached}"
    return _Asked(
        words=words,
        columns=(*key, begin, end),
        source=source,
        broken=broken,
        shown=(*_shown(key), (begin.name, "c.since"), (end.name, "c.until")),
        keys=len(key),
        cost=_SORT_COST,
    )


def _series(dataset: Dataset, pack: Steps) -> _Asked:
    """Count the rows of a series whose successor comes later than a step. Rows without a moment are ignored."""
    (element,) = _columns(dataset, (pack.element,))
    series = _columns(dataset, pack.series)
    at = _name(element)
    parts = f"PARTITION BY {', '.join(_name(each) for each in series)} " if series else ""
    heads = f"{_aliased(series)}, " if series else ""
    source = (
        f"(SELECT {heads}{at} AS moment, LEAD({at}) OVER ({parts}ORDER BY {at}) AS next_moment"
        f" FROM {sql.table(table_name(dataset))} WHERE {at} IS NOT NULL) AS c"
    )
    months = pack.step.months + pack.tolerance.months
    expected = sql.later("c.moment", months, pack.step.seconds + pack.tolerance.seconds)
    each_series = f" of each series ({_names(series)})" if series else ""
    late = f" and {pack.tolerance}" if pack.tolerance.roughly else ""
    return _Asked(
        words=f"gaps of more than {pack.step}{late} in {element.name}{each_series}",
        columns=(*series, element),
        source=source,
        broken=f"c.next_moment > {expected}",
        shown=(*_shown(series), (element.name, "c.moment")),
        keys=len(series),
        unit="gaps",
        cost=_SORT_COST,
    )


def _facts(contract: Contract, dataset: Dataset, pack: Facts) -> _Asked:
    """Count facts whose whole key stands in no row of the dimension, or those of which a part of the key is NULL."""
    key = _columns(dataset, pack.key)
    table = f"{sql.table(table_name(dataset))} AS c"
    shown = tuple((each.name, f"c.{_name(each)}") for each in key)
    identity = tuple((each.name, f"c.{_name(each)}") for each in dataset.primary_key if each not in key)
    dimension = contract.dataset(pack.dimension) if pack.dimension else None
    if dimension is None:
        return _Asked(
            words=f"rows without a key ({_names(key)})",
            columns=key,
            source=table,
            broken=" OR ".join(f"c.{_name(each)} IS NULL" for each in key),
            shown=(*identity, *shown),
            keys=len(identity),
        )
    targets = _columns(dimension, pack.dimension_key)
    same = " AND ".join(f"p.{_name(there)} = c.{_name(here)}" for here, there in zip(key, targets, strict=True))
    present = " AND ".join(f"c.{_name(each)} IS NOT NULL" for each in key)
    found = f"SELECT 1 FROM {sql.table(table_name(dimension))} AS p WHERE {same}"
    return _Asked(
        words=f"rows whose {_names(key)} stands in no row of {dimension.name}",
        columns=key,
        source=table,
        broken=f"{present} AND NOT EXISTS ({found})",
        shown=(*identity, *shown),
        keys=len(identity),
        cost=_ANTI_JOIN_COST,
        needs=(need(dimension, *targets),),
    )


def _balance(contract: Contract, dataset: Dataset, rule: QualityRule, pack: Balance) -> Draft:
    """Draft the difference between two numbers, each the whole of its table; percent is of the other one."""
    column = _column(dataset, pack.column)
    own = () if column is None else (column,)
    here = total(table_name(dataset), column.physical_name if column else None)
    threshold = rule.threshold or ZERO
    is_share = rule.unit == "percent"
    probes: tuple[Probe, ...]
    needs: tuple[Need, ...]
    if pack.server is not None and pack.table is not None:
        against, needs = f"{pack.table} on {pack.server}", ()
        far = Elsewhere(
            server=pack.server,
            table=pack.table,
            column=pack.other_column,
            threshold=threshold,
            is_share=is_share,
        )
        probes = (Query(metric="", sql=here, threshold=ANY_NUMBER, cost=_SCAN_COST), far)
    else:
        other, target = _other(contract, pack)
        against, needs = other.name, (need(other, *target),)
        there = total(table_name(other), target[0].physical_name if target else None)
        statement = _difference(here, there, is_share)
        probes = (Query(metric="", sql=statement, threshold=threshold, cost=2 * _SCAN_COST),)
    what = "rows" if column is None else f"sum of {column.name}"
    against = f"{against}.{pack.other_column}" if pack.other_column and pack.server is None else against
    return from_rule(
        KINDS[pack.metric],
        dataset,
        own,
        rule,
        f"{dataset.name}: difference of {what} from {against} must be {wanted(threshold)}{' %' if is_share else ''}",
        *probes,
        at_column=False,
        unit="percent" if is_share else "rows" if column is None else None,
        needs=(need(dataset, *own), *needs),
    )


def _other(contract: Contract, pack: Balance) -> tuple[Dataset, tuple[Column, ...]]:
    other = contract.dataset(pack.other)
    if other is None:
        raise ValueError(pack.other)
    return other, _columns(other, () if pack.other_column is None else (pack.other_column,))


def _difference(here: str, there: str, is_share: bool) -> str:
    difference = "ABS(a.n - b.n)"
    if is_share:
        share = sql.percent(difference, "ABS(b.n)")
        difference = f"CASE WHEN b.n <> 0 THEN {share} WHEN a.n = 0 THEN 0 ELSE 100 END"
    return f"SELECT {difference} FROM ({here}) AS a CROSS JOIN ({there}) AS b"


def total(table: TableName, column: str | None) -> str:
    """Return the statement that counts the rows of a table, or sums a column of it, as is spoken where it is asked."""
    number = "COUNT(*)" if column is None else sql.exact_sum(sql.identifier(column))
    return f"SELECT {number} AS n FROM {sql.table(table)}"


def _columns(dataset: Dataset, names: Sequence[str]) -> tuple[Column, ...]:
    return tuple(column for column in (dataset.column(name) for name in names) if column is not None)


def _column(dataset: Dataset, name: str | None) -> Column | None:
    return dataset.column(name) if name is not None else None


def _aliased(columns: Sequence[Column]) -> str:
    return ", ".join(f"{_name(column)} AS k{place}" for place, column in enumerate(columns, start=1))


def _shown(columns: Sequence[Column]) -> tuple[tuple[str, str], ...]:
    return tuple((column.name, f"c.k{place}") for place, column in enumerate(columns, start=1))


def _all_there(columns: Sequence[Column]) -> str:
    return " AND ".join(f"{_name(column)} IS NOT NULL" for column in columns)


def _names(columns: Sequence[Column]) -> str:
    return ", ".join(column.name for column in columns)


def _name(column: Column) -> str:
    return sql.identifier(column.physical_name)
