"""Rules about the values of one column: null, in range, of a length, like a pattern, one of a list."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from monitor.checks import postgres as sql
from monitor.checks.drafts import Draft, from_rule, not_checked, structural, table_name, wanted
from monitor.checks.formats import NUMBER_FORMATS, TEXT_FORMATS
from monitor.domain.check import ZERO, Aggregate, CheckKind, Offenders, plain
from monitor.domain.contract import Column, Dataset, Limits, QualityRule, Scalar

_NUMERIC_TYPES = frozenset({"integer", "number"})
_TEMPORAL_TYPES = frozenset({"date", "timestamp", "time"})
_SHOWN_VALUES = 5


def column_checks(dataset: Dataset, column: Column) -> Iterator[Draft]:
    """Yield a draft for everything that a column declares about its values outside `quality`."""
    if column.required and column.primary_key_position is None:
        yield _violations(CheckKind.NOT_NULL, dataset, column, "must not be null", f"{_name(column)} IS NULL")
    limits = column.limits
    yield from _range(dataset, column, limits)
    if limits.multiple_of is not None:
        condition = f"MOD(CAST({_name(column)} AS numeric), {sql.number(limits.multiple_of)}) <> 0"
        words = f"must be a multiple of {plain(Decimal(limits.multiple_of))}"
        yield _violations(CheckKind.MULTIPLE_OF, dataset, column, words, condition)
    if limits.min_length is not None or limits.max_length is not None:
        length = f"CHAR_LENGTH({sql.text_of(_name(column))})"
        words = f"must have {_span(limits.min_length, limits.max_length)} characters"
        condition = _outside(length, limits.min_length, limits.max_length)
        yield _violations(CheckKind.LENGTH, dataset, column, words, condition)
    if limits.pattern is not None:
        yield _violations(
            CheckKind.PATTERN, dataset, column, f"must match {limits.pattern}", _unlike(column, limits.pattern)
        )
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
        return sql.literal(bound if column.logical_type != "timestamp" else _zoned(bound, column))
    return sql.number(bound)


def _zoned(bound: str, column: Column) -> str:
    """Add the default zone to a timestamp without one; a column without zones ignores it."""
    date, _, time = bound.partition("T")
    has_zone = time.upper().endswith("Z") or "+" in time or "-" in time
    if has_zone or not time:
        return bound
    return f"{date}T{time} {column.limits.default_timezone or 'UTC'}"


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
    document = f"to_jsonb({_name(column)})"
    if limits.min_items is not None or limits.max_items is not None:
        condition = _outside(f"jsonb_array_length({document})", limits.min_items, limits.max_items)
        words = f"must have {_span(limits.min_items, limits.max_items)} items"
        yield _violations(CheckKind.ITEMS, dataset, column, words, condition)
    if limits.unique_items:
        condition = f"(SELECT COUNT(*) > COUNT(DISTINCT item) FROM jsonb_array_elements({document}) AS item)"
        yield _violations(CheckKind.ITEMS, dataset, column, "must not repeat an item", condition)
    if limits.min_properties is not None or limits.max_properties is not None:
        count = f"(SELECT COUNT(*) FROM jsonb_object_keys({document}))"
        words = f"must have {_span(limits.min_properties, limits.max_properties)} properties"
        condition = f"{_name(column)} IS NOT NULL AND ({_outside(count, limits.min_properties, limits.max_properties)})"
        yield _violations(CheckKind.ITEMS, dataset, column, words, condition)
    if limits.required_properties:
        keys = ", ".join(sql.literal(key) for key in limits.required_properties)
        words = f"must have the properties {', '.join(limits.required_properties)}"
        condition = f"NOT jsonb_exists_all({document}, ARRAY[{keys}])"
        yield _violations(CheckKind.ITEMS, dataset, column, words, condition)


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
    """Compare as numbers or dates where both sides are such, else as text, so that no comparison can be refused."""
    name = _name(column)
    if all(isinstance(value, bool) for value in values):
        return f"{name} IN ({', '.join(str(value).upper() for value in values)})"
    numbers = [value for value in values if isinstance(value, int | Decimal) and not isinstance(value, bool)]
    if len(numbers) == len(values) and column.logical_type != "string":
        return f"{name} IN ({', '.join(sql.number(value) for value in numbers)})"
    texts = ", ".join(sql.literal(_shown(value)) for value in values)
    if column.logical_type in _TEMPORAL_TYPES:
        return f"{name} IN ({texts})"
    return f"{sql.text_of(name)} IN ({texts})"


def _unlike(column: Column, pattern: str) -> str:
    return f"NOT ({sql.text_of(_name(column))} ~ {sql.literal(pattern)})"


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
