"""dbt's properties files → drafts: what they say of models, seeds, snapshots and sources; `dbt_tests` knows tests."""

from collections.abc import Iterator
from dataclasses import dataclass

from monitor.contracts.document import Document, Value
from monitor.contracts.findings import Path
from monitor.drafting.dbt_tests import Arguments, Tables, Test, carry, folded, is_template
from monitor.drafting.imported import Imported, Rule, none_of

_SECTIONS = ("models", "seeds", "snapshots")
_HARMLESS = {"severity", "tags", "meta", "enabled", "store_failures", "name", "description", "config", "arguments"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Node:
    """A model, seed, snapshot or source's table: where it stands, what is said of it, what it is called in both worlds.

    `known_as` is the pair with which a test refers to it: (source, table), or ("", model).
    """

    path: Path
    said: Arguments
    known_as: tuple[str, str]
    table: str
    schema: str | None
    left: tuple[str, ...] = ()


def imported(document: Document, file: str) -> list[Imported]:
    """Return a draft for each node of a properties file; what is left names its line."""
    nodes = [*_project_nodes(document), *_source_tables(document)]
    tables = {node.known_as: (node.schema, node.table) for node in nodes}
    found = [_draft(document, node, file, tables) for node in nodes]
    nowhere = Imported(name="")
    for key in ("tests", "data_tests"):
        settings = document.root.get(key)
        if isinstance(settings, dict):  # dbt_project.yml, of all tests or those of a package
            where = f"{file}:{document.line_of((key,))}: {key}"
            nowhere.left.append(f"{where}: {', '.join(settings)}: what holds for many tests is not read")
    return [*found, nowhere] if nowhere.left else found


def _project_nodes(document: Document) -> Iterator[_Node]:
    for section in _SECTIONS:
        for place, said in enumerate(_mappings(document.root.get(section))):
            name, config = str(said.get("name", "")), _mapping(said.get("config"))
            alias = _text(config.get("alias", said.get("alias")))
            left = []
            if alias is not None and is_template(alias):
                left.append(f"alias: {alias}: it is a template")
                alias = None
            if (schema := config.get("schema", said.get("schema"))) is not None:
                left.append(f"schema: {schema}: which one it becomes is known to dbt's target only")
            if said.get("versions") is not None:
                left.append("versions: each is a table of its own")
            yield _Node(
                path=(section, place),
                said=said,
                known_as=("", name),
                table=alias or name,
                schema=None,
                left=tuple(left),
            )


def _source_tables(document: Document) -> Iterator[_Node]:
    for place, source in enumerate(_mappings(document.root.get("sources"))):
        schema = _text(source.get("schema")) or _text(source.get("name"))
        left: tuple[str, ...] = ()
        if schema is not None and is_template(schema):
            schema, left = None, (f"schema: {schema}: it is a template",)
        for index, table in enumerate(_mappings(source.get("tables"))):
            inherited = {key: source[key] for key in ("freshness", "loaded_at_field", "meta") if key in source}
            config = {**_mapping(source.get("config")), **_mapping(table.get("config"))}
            yield _Node(
                path=("sources", place, "tables", index),
                said={**inherited, **table, "config": config},
                known_as=(str(source.get("name", "")), str(table.get("name", ""))),
                table=str(table.get("identifier", table.get("name", ""))),
                schema=schema,
                left=left,
            )


def _draft(document: Document, node: _Node, file: str, tables: Tables) -> Imported:
    said, where = node.said, f"{file}:{document.line_of(node.path)}"
    table = Imported(name=node.table, schema=node.schema, description=_text(said.get("description")))
    config = _mapping(said.get("config"))
    if _is_off(said):
        table.left.append(f"{where}: {node.table}: it is switched off")
        return table
    table.left += [f"{where}: {node.table}: {left}" for left in node.left]
    tags = config.get("tags", said.get("tags"))
    table.tags = tuple(str(tag) for tag in tags) if isinstance(tags, list) else (tags,) if isinstance(tags, str) else ()
    owner = _mapping(config.get("meta", said.get("meta"))).get("owner", config.get("group", said.get("group")))
    table.team = _text(owner)
    is_enforced = _mapping(config.get("contract")).get("enforced") is True
    _constraints(table, None, said, where, is_enforced=is_enforced)
    for place, column in enumerate(_mappings(said.get("columns"))):
        at = f"{file}:{document.line_of((*node.path, 'columns', place))}"
        _column(table, column, at, is_enforced=is_enforced)
    _freshness(table, said, where)
    for test in _tests(document, node, file, tables):
        carry(table, test)
    return table


def _column(table: Imported, column: Arguments, where: str, *, is_enforced: bool) -> None:
    found = table.column(_known_as(column))
    if isinstance(description := column.get("description"), str) and description:
        found["description"] = description
    if isinstance(type_ := column.get("data_type"), str):
        if is_enforced:
            found["physicalType"] = type_
        else:
            table.left.append(f"{where}: {found['name']}: data_type {type_}: dbt does not hold it without a contract")
    _constraints(table, str(found["name"]), column, where, is_enforced=is_enforced)


def _known_as(column: Arguments) -> str:
    return folded(str(column.get("name", "")), is_quoted=column.get("quote") is True)


def _constraints(table: Imported, column: str | None, owner: Arguments, where: str, *, is_enforced: bool) -> None:
    for constraint in _mappings(owner.get("constraints")):
        names = [column] if column is not None else [folded(name) for name in _texts(constraint.get("columns"))]
        if not is_enforced:
            kind = constraint.get("type")
            table.left.append(f"{where}: constraint {kind}: dbt does not hold it without a contract")
            continue
        match constraint.get("type"):
            case "not_null":
                for name in names:
                    table.column(name)["required"] = True
            case "unique" if len(names) == 1:
                table.column(names[0])["unique"] = True
            case "primary_key":
                for place, name in enumerate(names, start=1):
                    table.column(name).update({"primaryKey": True, "primaryKeyPosition": place})
            case "check" if isinstance(condition := constraint.get("expression"), str) and not is_template(condition):
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
    field = folded(field)
    hardest = limits.get("error_after") or limits["warn_after"]
    if len(limits) > 1:
        table.left.append(f"{where}: freshness: warn_after: a service level has one limit, error_after was taken")
    elif "warn_after" in limits:
        table.left.append(f"{where}: freshness: warn_after: a service level does not warn, it is held")
    if "filter" in freshness:
        table.left.append(f"{where}: freshness: filter: all rows are looked at")
    table.column(field)
    level: Rule = {"property": "freshness", "value": hardest.get("count"), "unit": hardest.get("period")}
    table.levels.append({**level, "element": f"{table.name}.{field}"})


def _tests(document: Document, node: _Node, file: str, tables: Tables) -> Iterator[Test]:
    owners: list[tuple[Path, Arguments, str | None]] = [(node.path, node.said, None)]
    for place, column in enumerate(_mappings(node.said.get("columns"))):
        owners.append(((*node.path, "columns", place), column, _known_as(column)))
    for owner_path, owner, name in owners:
        for key in ("tests", "data_tests"):
            tests = owner.get(key)
            for index, test in enumerate(tests if isinstance(tests, list) else ()):
                where = f"{file}:{document.line_of((*owner_path, key, index))}"
                yield _test(test, name, where, tables)


def _test(test: Value, column: str | None, where: str, tables: Tables) -> Test:
    said = test if isinstance(test, dict) else {str(test): {}}
    name = str(said.get("test_name") or next(iter(said), ""))
    body = _mapping(said.get(name)) if name in said else said
    config = _mapping(body.get("config"))
    arguments = {
        **{key: value for key, value in body.items() if key not in _HARMLESS},
        **_mapping(body.get("arguments")),
    }
    arguments.pop("test_name", None)
    arguments |= {key: value for key, value in config.items() if key not in _HARMLESS}
    severity = str(config.get("severity", body.get("severity", "error"))).lower()
    return Test(
        name=name,
        column=column,
        arguments=arguments,
        severity=severity,
        is_off=_is_off(body),
        where=where,
        tables=tables,
    )


def _is_off(said: Arguments) -> bool:
    return _mapping(said.get("config")).get("enabled", said.get("enabled")) is False


def _mapping(value: Value) -> Arguments:
    return value if isinstance(value, dict) else {}


def _mappings(value: Value) -> list[Arguments]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _texts(value: Value) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []


def _text(value: Value) -> str | None:
    return value if isinstance(value, str) and value else None
