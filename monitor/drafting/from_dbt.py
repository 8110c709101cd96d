"""dbt's properties files → drafts: tests, constraints, freshness, owners of models, seeds, snapshots and sources."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from monitor.contracts.document import Document, Value
from monitor.contracts.findings import Path
from monitor.contracts.identifiers import quoted
from monitor.drafting.imported import Imported, Rule, literal, none_of

_SECTIONS = ("models", "seeds", "snapshots")
_REF = re.compile(r"""(?:ref|source)\(\s*(?:['"][^'"]*['"]\s*,\s*)?['"](?P<name>[^'"]+)['"]\s*\)""")
_TEMPLATE = ("{{", "{%", "${")
_HARMLESS = {"severity", "tags", "meta", "enabled", "store_failures", "name", "description", "config", "arguments"}

Arguments = Mapping[str, Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Test:
    """One test of a node: `column` is None for the node itself."""

    name: str
    column: str | None
    arguments: Arguments
    severity: str
    where: str


def imported(document: Document, file: str) -> list[Imported]:
    """Return a draft for each node of a properties file; what is left names its line."""
    found = []
    for path, node, schema in _nodes(document):
        table = Imported(name=str(node.get("name", "")), schema=schema, description=_text(node.get("description")))
        config = _mapping(node.get("config"))
        tags = config.get("tags", node.get("tags"))
        table.tags = (
            tuple(str(tag) for tag in tags) if isinstance(tags, list) else (tags,) if isinstance(tags, str) else ()
        )
        owner = _mapping(config.get("meta", node.get("meta"))).get("owner", config.get("group", node.get("group")))
        table.team = _text(owner)
        is_enforced = _mapping(config.get("contract")).get("enforced") is True
        _constraints(table, None, node, f"{file}:{document.line_of(path)}")
        for place, column in enumerate(_mappings(node.get("columns"))):
            where = f"{file}:{document.line_of((*path, 'columns', place))}"
            _column(table, column, where, is_enforced=is_enforced)
        _freshness(table, node, f"{file}:{document.line_of(path)}")
        for test in _tests(document, path, node, file):
            _carry(table, test)
        found.append(table)
    return found


def _nodes(document: Document) -> Iterator[tuple[Path, Arguments, str | None]]:
    for section in _SECTIONS:
        for place, node in enumerate(_mappings(document.root.get(section))):
            yield (section, place), node, None
    for place, source in enumerate(_mappings(document.root.get("sources"))):
        schema = _text(source.get("schema")) or _text(source.get("name"))
        for index, table in enumerate(_mappings(source.get("tables"))):
            inherited = {
                key: source[key] for key in ("freshness", "loaded_at_field", "config", "meta") if key in source
            }
            name = table.get("identifier", table.get("name"))
            is_plain = schema is not None and not any(mark in schema for mark in _TEMPLATE)
            yield (
                ("sources", place, "tables", index),
                {**inherited, **table, "name": name},
                schema if is_plain else None,
            )


def _column(table: Imported, column: Arguments, where: str, *, is_enforced: bool) -> None:
    found = table.column(str(column.get("name", "")))
    if isinstance(description := column.get("description"), str) and description:
        found["description"] = description
    if isinstance(type_ := column.get("data_type"), str):
        if is_enforced:
            found["physicalType"] = type_
        else:
            table.left.append(f"{where}: {found['name']}: data_type {type_}: dbt does not hold it without a contract")
    _constraints(table, str(found["name"]), column, where)


def _constraints(table: Imported, column: str | None, owner: Arguments, where: str) -> None:
    for constraint in _mappings(owner.get("constraints")):
        names = [column] if column is not None else _texts(constraint.get("columns"))
        match constraint.get("type"):
            case "not_null":
                for name in names:
                    table.column(name)["required"] = True
            case "unique" if len(names) == 1:
                table.column(names[0])["unique"] = True
            case "primary_key":
                for place, name in enumerate(names, start=1):
                    table.column(name).update({"primaryKey": True, "primaryKeyPosition": place})
            case "check" if isinstance(condition := constraint.get("expression"), str) and not _is_template(condition):
                table.rule(column, none_of(f"NOT ({condition})", f"{table.name}: {condition}"))
            case other:
                table.left.append(f"{where}: constraint {other}: no rule says the same")


def _freshness(table: Imported, node: Arguments, where: str) -> None:
    config = _mapping(node.get("config"))
    freshness = _mapping(config.get("freshness", node.get("freshness")))
    field = _text(config.get("loaded_at_field", node.get("loaded_at_field")))
    limits = {
        key: _mapping(freshness.get(key)) for key in ("error_after", "warn_after") if _mapping(freshness.get(key))
    }
    if not limits:
        return
    if field is None or not field.isidentifier():
        table.left.append(f"{where}: freshness: loaded_at_field is no plain column")
        return
    hardest = limits.get("error_after") or limits["warn_after"]
    if len(limits) > 1:
        table.left.append(f"{where}: freshness: warn_after: a service level has one limit, error_after was taken")
    if "filter" in freshness:
        table.left.append(f"{where}: freshness: filter: all rows are looked at")
    table.column(field)
    level: Rule = {"property": "freshness", "value": hardest.get("count"), "unit": hardest.get("period")}
    table.levels.append({**level, "element": f"{table.name}.{field}"})


def _tests(document: Document, path: Path, node: Arguments, file: str) -> Iterator[_Test]:
    owners: list[tuple[Path, Arguments, str | None]] = [(path, node, None)]
    for place, column in enumerate(_mappings(node.get("columns"))):
        owners.append(((*path, "columns", place), column, str(column.get("name", ""))))
    for owner_path, owner, name in owners:
        for key in ("tests", "data_tests"):
            tests = owner.get(key)
            for index, test in enumerate(tests if isinstance(tests, list) else ()):
                where = f"{file}:{document.line_of((*owner_path, key, index))}"
                yield _test(test, name, where)


def _test(test: Value, column: str | None, where: str) -> _Test:
    if not isinstance(test, dict):
        return _Test(name=str(test), column=column, arguments={}, severity="error", where=where)
    name = str(test.get("test_name") or next(iter(test), ""))
    body = _mapping(test.get(name)) if name in test else test
    config = _mapping(body.get("config"))
    arguments = {
        **{key: value for key, value in body.items() if key not in _HARMLESS},
        **_mapping(body.get("arguments")),
    }
    arguments |= {key: value for key, value in config.items() if key not in _HARMLESS}
    severity = str(config.get("severity", body.get("severity", "error"))).lower()
    return _Test(name=name, column=column, arguments=arguments, severity=severity, where=where)


def _carry(table: Imported, test: _Test) -> None:
    what = f"{test.where}: {f'{test.column}: ' if test.column else ''}{test.name}"
    carry = _CARRIED.get(test.name)
    if carry is None:
        table.left.append(f"{what}: no rule says the same")
        return
    known, make = carry
    strange = [key for key in test.arguments if key not in known and test.arguments[key] is not None]
    if strange:
        table.left.append(f"{what}: {', '.join(strange)}: no rule says the same")
        return
    if _is_template(str(dict(test.arguments)).replace(str(test.arguments.get("to")), "")):
        table.left.append(f"{what}: it is a template")
        return
    rule = make(table, test)
    if rule is None:
        table.left.append(f"{what}: its arguments are not understood")
    elif rule:
        if test.severity == "warn":
            rule["severity"] = "warning"
        column = test.column if rule.get("type") != "sql" and "properties" not in str(rule) else None
        table.rule(None if rule.get("metric") == "rowCount" else column, rule)


def _unique(table: Imported, test: _Test) -> Rule | None:
    return _flag(table, test, "unique", {"metric": "duplicateValues", "mustBe": 0})


def _not_null(table: Imported, test: _Test) -> Rule | None:
    return _flag(table, test, "required", {"metric": "nullValues", "mustBe": 0})


def _flag(table: Imported, test: _Test, key: str, rule: Rule) -> Rule | None:
    """Promise by a column's own key where a breach is an error; a milder one needs a rule. Empty: nothing to add."""
    if test.column is None:
        return None
    if test.severity == "error":
        table.column(test.column)[key] = True
        return {}
    return rule


def _accepted(_: Imported, test: _Test) -> Rule | None:
    values = test.arguments.get("values", test.arguments.get("value_set"))
    if test.column is None or not isinstance(values, list) or not values:
        return None
    written = [str(value).lower() if isinstance(value, bool) else value for value in values]
    return {"metric": "invalidValues", "arguments": {"validValues": written}, "mustBe": 0}


def _not_accepted(_: Imported, test: _Test) -> Rule | None:
    values = test.arguments.get("values", test.arguments.get("value_set"))
    if test.column is None or not isinstance(values, list) or not values:
        return None
    listed = ", ".join(literal(value) for value in values)
    return none_of(f"{quoted(test.column)} IN ({listed})", f"{test.column} must be none of {listed}")


def _relationship(_: Imported, test: _Test) -> Rule | None:
    to, field = _REF.search(str(test.arguments.get("to", ""))), test.arguments.get("field")
    if test.column is None or to is None or not isinstance(field, str):
        return None
    own, parent, far = quoted(test.column), quoted(to["name"]), quoted(field)
    missing = f"NOT EXISTS (SELECT 1 FROM {parent} AS p WHERE p.{far} = c.{own})"
    query = f"SELECT COUNT(*) FROM {{object}} AS c WHERE c.{own} IS NOT NULL AND {missing}"
    name = f"{test.column} must exist in {to['name']}.{field}"
    return {"name": name, "type": "sql", "query": query, "mustBe": 0}


def _range(_: Imported, test: _Test) -> Rule | None:
    low, high = test.arguments.get("min_value"), test.arguments.get("max_value")
    is_strict = test.arguments.get("inclusive") is False or test.arguments.get("strictly") is True
    if test.column is None or (low is None and high is None):
        return None
    name, equal = quoted(test.column), "" if is_strict else "="
    bounds = [f"{name} {sign}{equal} {_sql(bound)}" for sign, bound in ((">", low), ("<", high)) if bound is not None]
    return none_of(f"NOT ({' AND '.join(bounds)})", f"{test.column}: {' and '.join(bounds)}")


def _lengths(_: Imported, test: _Test) -> Rule | None:
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


def _combination(table: Imported, test: _Test) -> Rule | None:
    columns = _texts(test.arguments.get("combination_of_columns", test.arguments.get("column_list")))
    for name in columns:
        table.column(name)
    return {"metric": "duplicateValues", "arguments": {"properties": list(columns)}, "mustBe": 0} if columns else None


def _expression(_: Imported, test: _Test) -> Rule | None:
    expression = test.arguments.get("expression")
    if not isinstance(expression, str):
        return None
    whole = f"{quoted(test.column)} {expression}" if test.column else expression
    return none_of(f"NOT ({whole})", whole)


def _proportion(_: Imported, test: _Test) -> Rule | None:
    least = test.arguments.get("at_least")
    if test.column is None or not isinstance(least, int | Decimal):
        return None
    return {"metric": "nullValues", "unit": "percent", "mustBeLessOrEqualTo": (1 - Decimal(least)) * 100}


def _not_empty(_: Imported, test: _Test) -> Rule | None:
    if test.column is None:
        return None
    return none_of(f"TRIM({quoted(test.column)}) = ''", f"{test.column} must not be empty")


def _regex(_: Imported, test: _Test) -> Rule | None:
    pattern = test.arguments.get("regex")
    if test.column is None or not isinstance(pattern, str):
        return None
    return {"metric": "invalidValues", "arguments": {"pattern": pattern}, "mustBe": 0}


def _row_count(_: Imported, test: _Test) -> Rule | None:
    low, high, exact = (test.arguments.get(key) for key in ("min_value", "max_value", "value"))
    if isinstance(exact, int):
        return {"metric": "rowCount", "mustBe": exact}
    if isinstance(low, int) and isinstance(high, int):
        return {"metric": "rowCount", "mustBeBetween": [low, high]}
    if isinstance(low, int):
        return {"metric": "rowCount", "mustBeGreaterOrEqualTo": low}
    return {"metric": "rowCount", "mustBeLessOrEqualTo": high} if isinstance(high, int) else None


Make = Callable[[Imported, _Test], Rule | None]
_BOUNDS = frozenset({"min_value", "max_value"})
_CARRIED: Mapping[str, tuple[frozenset[str], Make]] = {
    "unique": (frozenset(), _unique),
    "not_null": (frozenset(), _not_null),
    "accepted_values": (frozenset({"values", "quote"}), _accepted),
    "relationships": (frozenset({"to", "field"}), _relationship),
    "dbt_utils.accepted_range": (_BOUNDS | {"inclusive"}, _range),
    "dbt_utils.unique_combination_of_columns": (frozenset({"combination_of_columns"}), _combination),
    "dbt_utils.expression_is_true": (frozenset({"expression"}), _expression),
    "dbt_utils.not_accepted_values": (frozenset({"values"}), _not_accepted),
    "dbt_utils.not_empty_string": (frozenset(), _not_empty),
    "dbt_utils.not_null_proportion": (frozenset({"at_least"}), _proportion),
    "dbt_expectations.expect_column_values_to_be_unique": (frozenset(), _unique),
    "dbt_expectations.expect_column_values_to_not_be_null": (frozenset(), _not_null),
    "dbt_expectations.expect_column_values_to_be_in_set": (frozenset({"value_set"}), _accepted),
    "dbt_expectations.expect_column_values_to_not_be_in_set": (frozenset({"value_set"}), _not_accepted),
    "dbt_expectations.expect_column_values_to_be_between": (_BOUNDS | {"strictly"}, _range),
    "dbt_expectations.expect_column_value_lengths_to_be_between": (_BOUNDS, _lengths),
    "dbt_expectations.expect_column_values_to_match_regex": (frozenset({"regex"}), _regex),
    "dbt_expectations.expect_compound_columns_to_be_unique": (frozenset({"column_list"}), _combination),
    "dbt_expectations.expect_table_row_count_to_be_between": (_BOUNDS, _row_count),
    "dbt_expectations.expect_table_row_count_to_equal": (frozenset({"value"}), _row_count),
}


def _sql(bound: Value) -> str:
    """Return a bound as dbt pastes it: text is SQL."""
    return bound if isinstance(bound, str) else literal(bound)


def _is_template(text: str) -> bool:
    return any(mark in text for mark in _TEMPLATE)


def _mapping(value: Value) -> Arguments:
    return value if isinstance(value, dict) else {}


def _mappings(value: Value) -> list[Arguments]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _texts(value: Value) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []


def _text(value: Value) -> str | None:
    return value if isinstance(value, str) and value else None
