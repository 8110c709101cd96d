"""Rules about the values of one column: null, in range, of a length, like a pattern, one of a list."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, time
from decimal import Decimal

from monitor.checks import mysql_zones
from monitor.checks.dialect import sql
from monitor.checks.drafts import Draft, base_id, from_rule, not_checked, structural, table_name, wanted
from monitor.checks.formats import NUMBER_FORMATS, TEXT_FORMATS
from monitor.checks.types import is_category
from monitor.domain.check import ZERO, Aggregate, CheckKind, Offenders, plain
from monitor.domain.contract import Column, Dataset, Limits, QualityRule, Scalar

_NUMERIC_TYPES = frozenset({"integer", "number"})
_MOMENTS = {"date": date.fromisoformat, "timestamp": datetime.fromisoformat, "time": time.fromisoformat}
_LOCAL_TIME = re.compile(r"\d{4}-\d\d-\d\d([Tt ]\d\d:?\d\d(:?\d\d([.,]\d+)?)?)?\Z")
_OFFSET = re.compile(r"(?<=\d)\s*([Zz]|[+-]\d\d(:?\d\d)?)\Z")
_NUMBER = re.compile(r"[+-]?\d{1,100}(\.\d{1,100})?\Z", re.ASCII)
_SHOWN_VALUES = 5
_METRICS = {
    "nullValues": CheckKind.NULL_VALUES,
    "missingValues": CheckKind.MISSING_VALUES,
    "invalidValues": CheckKind.INVALID_VALUES,
    "duplicateValues": CheckKind.DUPLICATE_VALUES,
    "rowCount": CheckKind.ROW_COUNT,
}


def column_checks(dataset: Dataset, column: Column) -> Iterator[Draft]:
    """Yield a draft for everything that a column declares about its values outside `quality`."""
    if column.required and column.primary_key_position is None:
        yield _violations(CheckKind.NOT_NULL, dataset, column, "must not be null", f"{_name(column)} IS NULL")
    limits = column.limits
    yield from _range(dataset, column, limits)
    if limits.multiple_of is not None:
        condition = sql.no_multiple(_name(column), limits.multiple_of)
        words = f"must be a multiple of {plain(Decimal(limits.multiple_of))}"
        yield _violations(CheckKind.MULTIPLE_OF, dataset, column, words, condition)
    if limits.min_length is not None or limits.max_length is not None:
        length = sql.length_of(_name(column))
        words = f"must have {_span(limits.min_length, limits.max_length)} characters"
        condition = _outside(length, limits.min_length, limits.max_length)
        yield _violations(CheckKind.LENGTH, dataset, column, words, condition)
    if limits.pattern is not None:
        yield _pattern(dataset, column, limits.pattern)
    if limits.format is not None:
        yield _format(dataset, column, limits.format)
    if column.enum is not None:
        condition = _not_in(column, column.enum)
        yield _violations(CheckKind.ENUM, dataset, column, f"must be one of {_listed(column.enum)}", condition)
    yield from _items(dataset, column, limits)


def metric_check(dataset: Dataset, column: Column, rule: QualityRule) -> Draft:
    """Draft a library metric of a column other than `duplicateValues` (ODCS data-quality, "Library metrics")."""
    arguments = rule.arguments
    name = _name(column)
    if rule.metric == "invalidValues" and arguments.valid_values is None and arguments.pattern is None:
        probe = not_checked("it says neither validValues nor pattern")
        words = f"{dataset.name}.{column.name}: invalid values"
        return from_rule(CheckKind.INVALID_VALUES, dataset, (column,), rule, words, probe, expected="", unit=None)
    if rule.metric == "invalidValues" and (problem := sql.pattern_problem(arguments.pattern or "")):
        return unsupported_metric(dataset, (column,), rule, problem)
    match rule.metric:
        case "nullValues":
            kind, what, condition = CheckKind.NULL_VALUES, "null values", f"{name} IS NULL"
        case "missingValues":
            kind, what, condition = (
                CheckKind.MISSING_VALUES,
                "missing values",
                _missing(column, arguments.missing_values),
            )
        case "invalidValues":
            kind, what, condition = CheckKind.INVALID_VALUES, "invalid values", _invalid(column, rule)
        case _:
            return unsupported_metric(dataset, (column,), rule, f"no library metric {rule.metric!r} for a column")
    unit = " %" if rule.unit == "percent" else ""
    expression = sql.share(condition) if rule.unit == "percent" else sql.counted(condition)
    threshold = rule.threshold or ZERO
    return from_rule(
        kind,
        dataset,
        (column,),
        rule,
        f"{dataset.name}.{column.name}: {what} must be {wanted(threshold)}{unit}",
        Aggregate(metric="", expression=expression, threshold=threshold),
        offenders=offenders(dataset, column, condition),
    )


def row_count(dataset: Dataset, rule: QualityRule) -> Draft:
    """Draft the library metric `rowCount` of a dataset."""
    threshold = rule.threshold or ZERO
    return from_rule(
        CheckKind.ROW_COUNT,
        dataset,
        (),
        rule,
        f"{dataset.name}: rows must be {wanted(threshold)}",
        Aggregate(metric="", expression="COUNT(*)", threshold=threshold),
    )


def unsupported_metric(dataset: Dataset, columns: tuple[Column, ...], rule: QualityRule, reason: str) -> Draft:
    """Draft the skip of a library rule that cannot be measured as it stands."""
    name = f"{'.'.join([dataset.name, *(column.name for column in columns)])}: {rule.metric}"
    probe = not_checked(f"unsupported: {reason}")
    return from_rule(CheckKind.CUSTOM, dataset, columns, rule, name, probe, expected="", unit=None)


def without_comparison(dataset: Dataset, columns: tuple[Column, ...], rule: QualityRule) -> Draft:
    """Draft the skip of a rule that says what to measure and not what to expect; only 3.0 allows that."""
    name = f"{dataset.name}: {rule.metric}"
    probe = not_checked("it names no comparison, such as mustBe")
    return from_rule(kind_of(rule.metric), dataset, columns, rule, name, probe, expected="", unit=None)


def kind_of(metric: str | None) -> CheckKind:
    """Return the kind of a library metric."""
    return _METRICS.get(metric or "", CheckKind.CUSTOM)


def offenders(dataset: Dataset, column: Column, condition: str) -> Offenders:
    """Say how to find the rows in which a column breaks its rule."""
    keys = [key for key in dataset.primary_key if key is not column]
    shown = [*keys, column]
    return Offenders(
        table=sql.table(table_name(dataset)),
        condition=condition,
        columns=tuple((each.name, sql.identifier(each.physical_name)) for each in shown),
        keys=len(keys),
    )


def _violations(kind: CheckKind, dataset: Dataset, column: Column, words: str, condition: str) -> Draft:
    return structural(
        kind,
        dataset,
        (column,),
        f"{dataset.name}.{column.name} {words}",
        Aggregate(metric="", expression=sql.counted(condition), threshold=ZERO),
        offenders=offenders(dataset, column, condition),
    )


def _range(dataset: Dataset, column: Column, limits: Limits) -> Iterator[Draft]:
    name = _name(column)
    bounds = (
        ("<", limits.minimum, "at least"),
        ("<=", limits.exclusive_minimum, "greater than"),
        (">", limits.maximum, "at most"),
        (">=", limits.exclusive_maximum, "less than"),
    )
    declared = [(operator, bound, words) for operator, bound, words in bounds if bound is not None]
    if not declared:
        return
    condition = " OR ".join(f"{name} {operator} {_bound(column, bound)}" for operator, bound, _ in declared)
    if limits.minimum is not None and limits.maximum is not None and len(declared) == 2:  # noqa: PLR2004
        words = f"must lie in {_shown(limits.minimum)}..{_shown(limits.maximum)}"
    else:
        words = "must be " + " and ".join(f"{word} {_shown(bound)}" for _, bound, word in declared)
    yield _violations(CheckKind.RANGE, dataset, column, words, condition)


def _bound(column: Column, bound: int | Decimal | str) -> str:
    if isinstance(bound, str):
        if column.logical_type != "timestamp":
            return sql.typed_literal(column.logical_type, bound)
        local, zoned = _local_and_zoned(bound, column)
        if sql.NAME == "mysql":
            local, zoned = mysql_zones.as_declared(column, local, zoned)
        return sql.moment_literal(_name(column), local, zoned)
    return sql.number(bound)


def _local_and_zoned(bound: str, column: Column) -> tuple[str, str]:
    """Return a timestamp without any zone, and with its own or else the default one."""
    if _LOCAL_TIME.match(bound):
        return bound, f"{bound} {column.limits.default_timezone or 'UTC'}"
    return _OFFSET.sub("", bound), bound


def _pattern(dataset: Dataset, column: Column, pattern: str) -> Draft:
    words = f"must match {pattern}"
    if problem := sql.pattern_problem(pattern):
        promise, probe = f"{dataset.name}.{column.name} {words}", not_checked(f"unsupported: {problem}")
        return structural(CheckKind.PATTERN, dataset, (column,), promise, probe, unit=None)
    return _violations(CheckKind.PATTERN, dataset, column, words, _unlike(column, pattern))


def _format(dataset: Dataset, column: Column, name: str) -> Draft:
    words = f"must be a valid {name}"
    if column.logical_type in _NUMERIC_TYPES and name in NUMBER_FORMATS:
        low, high = NUMBER_FORMATS[name]
        condition = f"{_name(column)} < {sql.number(low)} OR {_name(column)} > {sql.number(high)}"
        return _violations(CheckKind.FORMAT, dataset, column, words, condition)
    if column.logical_type == "string" and name.lower() in TEXT_FORMATS:
        return _violations(CheckKind.FORMAT, dataset, column, words, _unlike(column, TEXT_FORMATS[name.lower()]))
    reason = f"unsupported: the format {name!r} of a {column.logical_type or 'column'} cannot be checked"
    promise = f"{dataset.name}.{column.name} {words}"
    return structural(CheckKind.FORMAT, dataset, (column,), promise, not_checked(reason), unit=None)


def _items(dataset: Dataset, column: Column, limits: Limits) -> Iterator[Draft]:
    """Judge documents and arrays. JSON's `null` is no value; a document that is no array (object) has no items."""
    name = _name(column)
    if limits.min_items is not None or limits.max_items is not None:
        outside = _outside(sql.item_count(name), limits.min_items, limits.max_items)
        words = f"must have {_span(limits.min_items, limits.max_items)} items"
        yield _about_items(dataset, column, "items", words, "array", outside)
    if limits.unique_items:
        repeated = sql.repeats_an_item(name)
        yield _about_items(dataset, column, "unique-items", "must not repeat an item", "array", repeated)
    if limits.min_properties is not None or limits.max_properties is not None:
        outside = _outside(sql.property_count(name), limits.min_properties, limits.max_properties)
        words = f"must have {_span(limits.min_properties, limits.max_properties)} properties"
        yield _about_items(dataset, column, "properties", words, "object", outside)
    if limits.required_properties:
        words = f"must have the properties {', '.join(limits.required_properties)}"
        lacking = sql.lacks_a_property(name, limits.required_properties)
        yield _about_items(dataset, column, "required-properties", words, "object", lacking)


def _about_items(dataset: Dataset, column: Column, word: str, promise: str, wanted: str, condition: str) -> Draft:
    kind = sql.document_kind(_name(column))
    broken = f"CASE {kind} WHEN '{wanted}' THEN {condition} ELSE {kind} <> 'null' END"
    draft = _violations(CheckKind.ITEMS, dataset, column, promise, broken)
    return replace(draft, check=replace(draft.check, id=base_id(dataset.name, column.name, word)))


def _invalid(column: Column, rule: QualityRule) -> str:
    arguments = rule.arguments
    broken = []
    if arguments.valid_values is not None:
        broken.append(_not_in(column, arguments.valid_values))
    if arguments.pattern is not None:
        broken.append(_unlike(column, arguments.pattern))
    condition = " OR ".join(f"({each})" for each in broken) if len(broken) > 1 else broken[0]
    if not arguments.missing_values:
        return condition
    return f"NOT ({_missing(column, arguments.missing_values)}) AND ({condition})"


def _missing(column: Column, values: Iterable[Scalar]) -> str:
    listed = [value for value in values if value is not None]
    condition = f"{_name(column)} IS NULL"
    return f"{condition} OR {_in(column, listed)}" if listed else condition


def _not_in(column: Column, values: Iterable[Scalar]) -> str:
    listed = [value for value in values if value is not None]
    return f"NOT ({_in(column, listed)})" if listed else f"{_name(column)} IS NOT NULL"


def _in(column: Column, values: Sequence[Scalar]) -> str:
    """Compare as numbers, truths or moments where the column's logical type and the value are such, else as text.

    So 1 is 1.00 in a column of numbers, and "n/a" can be asked of every column.
    """
    exact: list[str] = []
    texts: list[str] = []
    for value in values:
        comparable = _comparable(column, value)
        if comparable is None:
            texts.append(_shown(value))
        else:
            exact.append(comparable)
    name = _name(column)
    parts = [f"{name} IN ({', '.join(exact)})"] if exact else []
    parts += [sql.text_in(name, texts)] if texts else []
    return " OR ".join(parts)


def _comparable(column: Column, value: Scalar) -> str | None:
    """Write a value in the column's own type; None where it has to be compared as text."""
    is_number = isinstance(value, int | Decimal) and not isinstance(value, bool)
    match column.logical_type:
        case "integer" | "number" if is_number or (isinstance(value, str) and _NUMBER.match(value)):
            return sql.number(Decimal(str(value)))
        case "boolean" if isinstance(value, bool) or value in {"true", "false"}:
            return sql.truth(value in {True, "true"})
        case "date" | "timestamp" | "time" if isinstance(value, str) and _is_moment(column.logical_type, value):
            return _bound(column, value)
        case None if is_number and _is_declared_number(column):
            return sql.number(Decimal(str(value)))
        case _:
            return None


def _is_moment(logical_type: str, text: str) -> bool:
    try:
        _MOMENTS[logical_type](text)
    except ValueError:
        return False
    return True


def _is_declared_number(column: Column) -> bool:
    return column.physical_type is None or is_category("number", column.physical_type)


def _unlike(column: Column, pattern: str) -> str:
    return sql.unlike(_name(column), pattern)


def _outside(measure: str, low: int | None, high: int | None) -> str:
    below = [f"{measure} < {low}"] if low is not None else []
    above = [f"{measure} > {high}"] if high is not None else []
    return " OR ".join([*below, *above])


def _span(low: int | None, high: int | None) -> str:
    if low == high:
        return str(low)
    if high is None:
        return f"at least {low}"
    return f"at most {high}" if low is None else f"{low}..{high}"


def _listed(values: tuple[Scalar, ...]) -> str:
    shown = ", ".join(_shown(value) for value in values[:_SHOWN_VALUES])
    return f"{shown}, … ({len(values)} values)" if len(values) > _SHOWN_VALUES else shown


def _shown(value: Scalar) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return plain(Decimal(value)) if isinstance(value, int | Decimal) else str(value)


def _name(column: Column) -> str:
    return sql.identifier(column.physical_name)
