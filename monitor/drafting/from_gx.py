"""Great Expectations suites (0.x and 1.x, JSON) → drafts; `mostly` is a share of the rows that have a value."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from monitor.contracts.document import Document, Value
from monitor.contracts.identifiers import quoted
from monitor.drafting.imported import Imported, Rule, exact_row_count, literal, none_of, row_count

_PLAIN = frozenset(
    {"column", "mostly", "batch_id", "result_format", "catch_exceptions", "include_config", "notes", "meta"}
)
_DEFAULTS: Mapping[str, Value] = {"strict_min": False, "strict_max": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Expectation:
    """One expectation with its arguments; `most` is the percentage of rows that may break it, None if none may."""

    column: str | None
    arguments: Mapping[str, Value]
    most: Decimal | None


def imported(document: Document, file: str) -> list[Imported]:
    """Return the one draft of a suite, called like it; what is left names its line. What is no suite gives none."""
    root = document.root
    if not isinstance(root.get("expectations"), list):
        return []
    name = root.get("name") or root.get("expectation_suite_name") or ""
    table = Imported(name=str(name))
    expectations = root.get("expectations")
    for place, item in enumerate(expectations if isinstance(expectations, list) else ()):
        where = f"{file}:{document.line_of(('expectations', place))}"
        _carry(table, item if isinstance(item, dict) else {}, where)
    return [table]


def _carry(table: Imported, item: Mapping[str, Value], where: str) -> None:
    kind = str(item.get("type") or item.get("expectation_type") or "")
    kwargs = item.get("kwargs")
    arguments = dict(kwargs) if isinstance(kwargs, dict) else {}
    column, mostly = arguments.get("column"), arguments.get("mostly")
    what = f"{where}: {f'{column}: ' if column else ''}{kind}"
    carry = CARRIED.get(kind)
    if carry is None:
        table.left.append(f"{what}: no rule says the same")
        return
    known, make = carry
    strange = [
        key
        for key, value in arguments.items()
        if key not in known | _PLAIN and value is not None and value != _DEFAULTS.get(key)
    ]
    is_share = isinstance(mostly, int | Decimal) and not isinstance(mostly, bool)
    if strange or "${" in str(arguments) or "$PARAMETER" in str(arguments) or not (mostly is None or is_share):
        table.left.append(f"{what}: {', '.join(strange) or 'a parameter'}: no rule says the same")
        return
    most = None if mostly in {None, 1} else (1 - Decimal(str(mostly))) * 100
    expectation = _Expectation(column=str(column) if column is not None else None, arguments=arguments, most=most)
    rule = make(table, expectation)
    if rule is None:
        table.left.append(f"{what}: its arguments are not understood")
    elif rule:
        if item.get("severity") in {"warning", "info"}:
            rule["severity"] = item["severity"]
        is_own = rule.get("metric") in {"nullValues", "duplicateValues"} and "arguments" not in rule
        table.rule(expectation.column if is_own else None, rule)


def _bad(table: Imported, asked: _Expectation, condition: str, words: str) -> Rule | None:
    """Return the rule that no row is bad; the share is of the rows that have a value."""
    if asked.column is None:
        return None
    table.column(asked.column)
    return none_of(condition, f"{asked.column} {words}", most=asked.most, of=quoted(asked.column))


def _not_null(table: Imported, asked: _Expectation) -> Rule | None:
    if asked.column is None:
        return None
    table.column(asked.column)
    if asked.most is None:
        return {"metric": "nullValues", "mustBe": 0}
    return {"metric": "nullValues", "unit": "percent", "mustBeLessOrEqualTo": asked.most}


def _null(table: Imported, asked: _Expectation) -> Rule | None:
    if asked.column is None or asked.most is not None:
        return None
    return _bad(table, asked, f"{quoted(asked.column)} IS NOT NULL", "must be null")


def _unique(table: Imported, asked: _Expectation) -> Rule | None:
    if asked.column is None or asked.most is not None:
        return None
    table.column(asked.column)
    return {"metric": "duplicateValues", "mustBe": 0}


def _membership(sign: str, words: str) -> "Make":
    def rule(table: Imported, asked: _Expectation) -> Rule | None:
        values = asked.arguments.get("value_set")
        listed = ", ".join(literal(value) for value in values if value is not None) if isinstance(values, list) else ""
        if asked.column is None or not listed:
            return None
        return _bad(table, asked, f"{quoted(asked.column)} {sign} ({listed})", f"{words} {listed}")

    return rule


def _bounds(measured: str, asked: _Expectation) -> str | None:
    """Return what a measured value has to keep; None if no bound is given."""
    parts = []
    for key, strict, sign in (("min_value", "strict_min", ">"), ("max_value", "strict_max", "<")):
        bound = asked.arguments.get(key)
        if bound is not None:
            parts.append(f"{measured} {sign}{'' if asked.arguments.get(strict) is True else '='} {literal(bound)}")
    return " AND ".join(parts) or None


def _between(table: Imported, asked: _Expectation) -> Rule | None:
    kept = _bounds(quoted(asked.column or ""), asked)
    return None if kept is None else _bad(table, asked, f"NOT ({kept})", f"must keep {kept}")


def _lengths(table: Imported, asked: _Expectation) -> Rule | None:
    kept = _bounds(f"char_length({quoted(asked.column or '')})", asked)
    return None if kept is None else _bad(table, asked, f"NOT ({kept})", f"must keep {kept}")


def _length(table: Imported, asked: _Expectation) -> Rule | None:
    value = asked.arguments.get("value")
    if not isinstance(value, int):
        return None
    return _bad(table, asked, f"char_length({quoted(asked.column or '')}) <> {value}", f"must have {value} characters")


def _regex(sign: str, words: str) -> "Make":
    def rule(table: Imported, asked: _Expectation) -> Rule | None:
        pattern = asked.arguments.get("regex")
        if not isinstance(pattern, str):
            return None
        return _bad(table, asked, f"{quoted(asked.column or '')} {sign} {literal(pattern)}", f"{words} {pattern}")

    return rule


def _rows(_: Imported, asked: _Expectation) -> Rule | None:
    return row_count(asked.arguments.get("min_value"), asked.arguments.get("max_value"))


def _exact_rows(_: Imported, asked: _Expectation) -> Rule | None:
    return exact_row_count(asked.arguments.get("value"))


def _exists(table: Imported, asked: _Expectation) -> Rule | None:
    if asked.column is None:
        return None
    table.column(asked.column)
    return {}


def _columns(table: Imported, asked: _Expectation) -> Rule | None:
    columns = asked.arguments.get("column_set")
    if not isinstance(columns, list):
        return None
    for name in columns:
        table.column(str(name))
    table.extra_columns = "allow" if asked.arguments.get("exact_match") is False else "fail"
    return {}


def _compound(table: Imported, asked: _Expectation) -> Rule | None:
    """Great Expectations joins a table with itself by equality: a key with NULL in it has no twin there either."""
    columns = asked.arguments.get("column_list")
    if asked.arguments.get("ignore_row_if") not in {None, "all_values_are_missing", "any_value_is_missing"}:
        return None
    if not isinstance(columns, list) or not columns or asked.most is not None:
        return None
    for name in columns:
        table.column(str(name))
    return {"metric": "duplicateValues", "arguments": {"properties": [str(name) for name in columns]}, "mustBe": 0}


def _aggregate(function: str) -> "Make":
    def rule(table: Imported, asked: _Expectation) -> Rule | None:
        if asked.column is None or asked.most is not None:
            return None
        measured = function.format(quoted(asked.column))
        kept = _bounds("v", asked)
        if kept is None:
            return None
        table.column(asked.column)
        query = f"SELECT CASE WHEN {kept} THEN 0 ELSE 1 END FROM (SELECT {measured} AS v FROM {{object}}) AS m"
        return {"name": f"{measured} must keep {kept}", "type": "sql", "query": query, "mustBe": 0}

    return rule


Make = Callable[[Imported, _Expectation], Rule | None]
_BOUNDS = frozenset({"min_value", "max_value", "strict_min", "strict_max"})
_SET = frozenset({"value_set"})
CARRIED: Mapping[str, tuple[frozenset[str], Make]] = {
    "expect_column_values_to_not_be_null": (frozenset(), _not_null),
    "expect_column_values_to_be_null": (frozenset(), _null),
    "expect_column_values_to_be_unique": (frozenset(), _unique),
    "expect_column_values_to_be_in_set": (_SET, _membership("NOT IN", "must be one of")),
    "expect_column_values_to_not_be_in_set": (_SET, _membership("IN", "must be none of")),
    "expect_column_values_to_be_between": (_BOUNDS, _between),
    "expect_column_value_lengths_to_be_between": (_BOUNDS, _lengths),
    "expect_column_value_lengths_to_equal": (frozenset({"value"}), _length),
    "expect_column_values_to_match_regex": (frozenset({"regex"}), _regex("!~", "must match")),
    "expect_column_values_to_not_match_regex": (frozenset({"regex"}), _regex("~", "must not match")),
    "expect_table_row_count_to_be_between": (frozenset({"min_value", "max_value"}), _rows),
    "expect_table_row_count_to_equal": (frozenset({"value"}), _exact_rows),
    "expect_column_to_exist": (frozenset(), _exists),
    "expect_table_columns_to_match_set": (frozenset({"column_set", "exact_match"}), _columns),
    "expect_compound_columns_to_be_unique": (frozenset({"column_list", "ignore_row_if"}), _compound),
    "expect_column_min_to_be_between": (_BOUNDS, _aggregate("MIN({})")),
    "expect_column_max_to_be_between": (_BOUNDS, _aggregate("MAX({})")),
    "expect_column_mean_to_be_between": (_BOUNDS, _aggregate("AVG({})")),
    "expect_column_sum_to_be_between": (_BOUNDS, _aggregate("SUM({})")),
    "expect_column_unique_value_count_to_be_between": (_BOUNDS, _aggregate("COUNT(DISTINCT {})")),
}
