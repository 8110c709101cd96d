"""dbt's generic tests → rules: its own four, those of dbt_utils and of dbt_expectations that look at one table."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from monitor.contracts.document import Value
from monitor.contracts.identifiers import quoted
from monitor.drafting.imported import Imported, Rule, exact_row_count, literal, none_of, repeated, row_count

_TEMPLATE = ("{{", "{%", "${")
_SEVERITIES = frozenset({"error", "warn"})
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*")
_REF = re.compile(r"""(?P<kind>ref|source)\(\s*(?:['"](?P<owner>[^'"]*)['"]\s*,\s*)?['"](?P<name>[^'"]+)['"]\s*\)""")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_ -]*")
_NOT_ONLY_TEXT = re.compile(
    r"[tfyn]|tr(ue?)?|fa(l(se?)?)?|y(es?)?|no|on|off?|nan|inf|infinity|null|none|now|today|tomorrow|yesterday|epoch"
    r"|allballs|[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}",
    re.IGNORECASE,
)

Arguments = Mapping[str, Value]
Tables = Mapping[tuple[str, str], tuple[str | None, str]]
"""What a node of a project is called → its schema and table: (source, table), or ("", model)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """One test of a node: `column` is None for the node itself."""

    __test__ = False  # no test of ours

    name: str
    column: str | None
    arguments: Arguments
    severity: str
    is_off: bool
    where: str
    tables: Tables


def carry(table: Imported, test: Test) -> None:
    """Add what a test asks for to a draft, or the reason why no rule says the same."""
    what = f"{test.where}: {f'{test.column}: ' if test.column else ''}{test.name}"
    found = CARRIED.get(test.name)
    if test.is_off or found is None:
        table.left.append(f"{what}: {'it is switched off' if test.is_off else 'no rule says the same'}")
        return
    known, make = found
    strange = [key for key in test.arguments if key not in known and test.arguments[key] is not None]
    if strange:
        table.left.append(f"{what}: {', '.join(strange)}: no rule says the same")
        return
    if is_template(str(dict(test.arguments)).replace(str(test.arguments.get("to")), "") + test.severity):
        table.left.append(f"{what}: it is a template")
        return
    rule = make(table, test) if test.severity in _SEVERITIES else None
    if rule is None:
        table.left.append(f"{what}: its arguments are not understood")
    elif rule:
        if test.severity == "warn":
            rule["severity"] = "warning"
        column = test.column if rule.get("type") != "sql" else None
        table.rule(None if rule.get("metric") == "rowCount" else column, rule)


def folded(name: str, *, is_quoted: bool = False) -> str:
    """Return a column's name as the database knows it: dbt does not quote names, so PostgreSQL reads small letters."""
    return name.lower() if not is_quoted and _PLAIN_NAME.fullmatch(name) else name


def is_template(text: str) -> bool:
    """Say whether a text is worked out by dbt when it runs, or by us when we read."""
    return any(mark in text for mark in _TEMPLATE)


def _unique(table: Imported, test: Test) -> Rule | None:
    return _flag(table, test, "unique", {"metric": "duplicateValues", "mustBe": 0})


def _not_null(table: Imported, test: Test) -> Rule | None:
    return _flag(table, test, "required", {"metric": "nullValues", "mustBe": 0})


def _flag(table: Imported, test: Test, key: str, rule: Rule) -> Rule | None:
    """Promise by a column's own key where a breach is an error; a milder one needs a rule. Empty: nothing to add."""
    if test.column is None:
        return None
    if test.severity == "error":
        table.column(test.column)[key] = True
        return {}
    return rule


def _accepted(_: Imported, test: Test) -> Rule | None:
    """Compare as dbt does: the database reads the pasted text as the column's type. Only text is text everywhere."""
    listed = _values(test, "values", "quote")
    if test.column is None or listed is None:
        return None
    values = test.arguments["values"]
    if test.arguments.get("quote") is not False and isinstance(values, list) and all(map(_is_only_text, values)):
        return {"metric": "invalidValues", "arguments": {"validValues": values}, "mustBe": 0}
    return none_of(f"{quoted(test.column)} NOT IN ({listed})", f"{test.column} must be one of {listed}")


def _in_set(_: Imported, test: Test) -> Rule | None:
    """A value that is not there is in no set: dbt_expectations finds it by an outer join."""
    listed = _values(test, "value_set", "quote_values")
    if test.column is None or listed is None:
        return None
    return none_of(f"({quoted(test.column)} IN ({listed})) IS NOT TRUE", f"{test.column} must be one of {listed}")


def _none_in(values: str, quote: str) -> "Make":
    def rule(_: Imported, test: Test) -> Rule | None:
        listed = _values(test, values, quote)
        if test.column is None or listed is None:
            return None
        return none_of(f"{quoted(test.column)} IN ({listed})", f"{test.column} must be none of {listed}")

    return rule


def _values(test: Test, key: str, quote: str) -> str | None:
    """Return a list of values as dbt pastes it into SQL: in quotes unless it was told not to; None if it is none."""
    values, is_pasted = test.arguments.get(key), test.arguments.get(quote) is False
    if not isinstance(values, list) or not values or any(isinstance(value, list | dict | None) for value in values):
        return None
    written = [_sql(value) if is_pasted else _in_quotes(_pasted(value)) for value in values]
    return None if None in written else ", ".join(filter(None, written))


def _pasted(value: Value) -> str:
    """Return a value as a template writes it: Python's text of it."""
    return str(float(value)) if isinstance(value, Decimal) else str(value)


def _in_quotes(text: str) -> str | None:
    """Return SQL for what stands between quotes there; None for a quote that is not doubled, which is no SQL."""
    meant = text.replace("''", "\0")
    return None if "'" in meant else literal(meant.replace("\0", "'"))


def _is_only_text(value: Value) -> bool:
    return isinstance(value, str) and bool(_WORD.fullmatch(value)) and not _NOT_ONLY_TEXT.fullmatch(value)


def _relationship(_: Imported, test: Test) -> Rule | None:
    to, field = _REF.search(str(test.arguments.get("to", ""))), test.arguments.get("field")
    if test.column is None or to is None or not isinstance(field, str):
        return None
    own, far = quoted(test.column), quoted(folded(field))
    source = (to["owner"] or "") if to["kind"] == "source" else ""
    schema, table = test.tables.get((source, to["name"]), (source or None, to["name"]))
    parent = f"{quoted(schema)}.{quoted(table)}" if schema else quoted(table)
    missing = f"NOT EXISTS (SELECT 1 FROM {parent} AS p WHERE p.{far} = c.{own})"
    query = f"SELECT COUNT(*) FROM {{object}} AS c WHERE c.{own} IS NOT NULL AND {missing}"
    name = f"{test.column} must exist in {table}.{folded(field)}"
    return {"name": name, "type": "sql", "query": query, "mustBe": 0}


def _range(_: Imported, test: Test) -> Rule | None:
    low, high = test.arguments.get("min_value"), test.arguments.get("max_value")
    is_strict = test.arguments.get("inclusive") is False or test.arguments.get("strictly") is True
    if test.column is None or (low is None and high is None):
        return None
    name, equal = quoted(test.column), "" if is_strict else "="
    bounds = [f"{name} {sign}{equal} {_sql(bound)}" for sign, bound in ((">", low), ("<", high)) if bound is not None]
    return none_of(f"NOT ({' AND '.join(bounds)})", f"{test.column}: {' and '.join(bounds)}")


def _lengths(_: Imported, test: Test) -> Rule | None:
    low, high = test.arguments.get("min_value"), test.arguments.get("max_value")
    if (
        test.column is None
        or not isinstance(low, int | None)
        or not isinstance(high, int | None)
        or low is high is None
    ):
        return None
    length = f"char_length({quoted(test.column)})"
    bounds = [f"{length} {sign} {bound}" for sign, bound in ((">=", low), ("<=", high)) if bound is not None]
    return none_of(f"NOT ({' AND '.join(bounds)})", f"{test.column}: {' and '.join(bounds)}")


def _combination(table: Imported, test: Test) -> Rule | None:
    """dbt_utils groups all rows: NULL is NULL's twin there."""
    found = _combined(table, test, "combination_of_columns")
    return None if found is None else repeated(found[0], found[1])


def _compound(table: Imported, test: Test) -> Rule | None:
    """dbt_expectations passes over rows in which all columns are NULL, or, if asked, any."""
    found = _combined(table, test, "column_list")
    if found is None:
        return None
    ignored = test.arguments.get("ignore_row_if") or "all_values_are_missing"
    if ignored not in {"all_values_are_missing", "any_value_is_missing"}:
        return None
    return repeated(found[0], found[1], ignored="all" if ignored == "all_values_are_missing" else "any")


def _combined(table: Imported, test: Test, key: str) -> tuple[list[str], str] | None:
    """Return columns as SQL and as words. What is no name is an expression: dbt pastes it."""
    listed, is_quoted = test.arguments.get(key), test.arguments.get("quote_columns") is True
    if not isinstance(listed, list) or not listed:
        return None
    columns = []
    for name in map(str, listed):
        if is_quoted or _PLAIN_NAME.fullmatch(name):
            known = folded(name, is_quoted=is_quoted)
            table.column(known)
            columns.append(quoted(known))
        else:
            columns.append(f"({name})")
    return columns, ", ".join(map(str, listed))


def _expression(_: Imported, test: Test) -> Rule | None:
    expression = test.arguments.get("expression")
    if not isinstance(expression, str):
        return None
    whole = f"{quoted(test.column)} {expression}" if test.column else expression
    return none_of(f"NOT ({whole})", whole)


def _proportion(_: Imported, test: Test) -> Rule | None:
    least = test.arguments.get("at_least")
    if test.column is None or not isinstance(least, int | Decimal):
        return None
    return {"metric": "nullValues", "unit": "percent", "mustBeLessOrEqualTo": (1 - Decimal(least)) * 100}


def _not_empty(_: Imported, test: Test) -> Rule | None:
    if test.column is None:
        return None
    return none_of(f"TRIM({quoted(test.column)}) = ''", f"{test.column} must not be empty")


def _regex(_: Imported, test: Test) -> Rule | None:
    """A value that is not there matches nothing: dbt_expectations counts matches, and finds none."""
    pattern = test.arguments.get("regex")
    written = _in_quotes(pattern) if isinstance(pattern, str) else None
    if test.column is None or written is None:
        return None
    return none_of(f"({quoted(test.column)} ~ {written}) IS NOT TRUE", f"{test.column} must match {pattern}")


def _row_count(_: Imported, test: Test) -> Rule | None:
    low, high, exact = (test.arguments.get(key) for key in ("min_value", "max_value", "value"))
    return row_count(low, high) if exact is None else exact_row_count(exact)


def _sql(value: Value) -> str:
    """Return a value as dbt pastes it: text is SQL."""
    return value if isinstance(value, str) else literal(value)


Make = Callable[[Imported, Test], Rule | None]
_BOUNDS = frozenset({"min_value", "max_value"})
_SET = frozenset({"value_set", "quote_values"})
CARRIED: Mapping[str, tuple[frozenset[str], Make]] = {
    "unique": (frozenset(), _unique),
    "not_null": (frozenset(), _not_null),
    "accepted_values": (frozenset({"values", "quote"}), _accepted),
    "relationships": (frozenset({"to", "field"}), _relationship),
    "dbt_utils.accepted_range": (_BOUNDS | {"inclusive"}, _range),
    "dbt_utils.unique_combination_of_columns": (frozenset({"combination_of_columns", "quote_columns"}), _combination),
    "dbt_utils.expression_is_true": (frozenset({"expression"}), _expression),
    "dbt_utils.not_accepted_values": (frozenset({"values", "quote"}), _none_in("values", "quote")),
    "dbt_utils.not_empty_string": (frozenset(), _not_empty),
    "dbt_utils.not_null_proportion": (frozenset({"at_least"}), _proportion),
    "dbt_expectations.expect_column_values_to_be_unique": (frozenset(), _unique),
    "dbt_expectations.expect_column_values_to_not_be_null": (frozenset(), _not_null),
    "dbt_expectations.expect_column_values_to_be_in_set": (_SET, _in_set),
    "dbt_expectations.expect_column_values_to_not_be_in_set": (_SET, _none_in("value_set", "quote_values")),
    "dbt_expectations.expect_column_values_to_be_between": (_BOUNDS | {"strictly"}, _range),
    "dbt_expectations.expect_column_value_lengths_to_be_between": (_BOUNDS, _lengths),
    "dbt_expectations.expect_column_values_to_match_regex": (frozenset({"regex"}), _regex),
    "dbt_expectations.expect_compound_columns_to_be_unique": (
        frozenset({"column_list", "quote_columns", "ignore_row_if"}),
        _compound,
    ),
    "dbt_expectations.expect_table_row_count_to_be_between": (_BOUNDS, _row_count),
    "dbt_expectations.expect_table_row_count_to_equal": (frozenset({"value"}), _row_count),
}
"""Every test that is carried over, with the arguments that are understood; any other argument leaves it out."""
