"""Text of a contract reaches the server literally, whatever it is: in names, values, patterns and keys.

Arbitrary text is planted in real tables by parameters and driver-quoted names; what a scan measures has to be what
parameterised SQL by hand says.
"""

import json
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg2 import sql
from psycopg2.extensions import cursor
from ruamel.yaml import YAML

from monitor.checks.plan import compile_plan
from monitor.checks.sodacl import compiled_file, render
from monitor.contracts.reading import load
from monitor.domain.check import ZERO, Aggregate, CheckKind, CheckPlan, Query
from monitor.domain.contract import (
    Column,
    Contract,
    Dataset,
    Limits,
    QualityRule,
    Reference,
    Relationship,
    RuleArguments,
)
from monitor.domain.scan import Outcome
from monitor.engines.base import Engine
from monitor.engines.soda import SodaEngine
from tests.conftest import Warehouse
from tests.contracts import scan

SPICES = [
    "'", "''", '"', '""', "\\", "\\\\", "\\'", "$", "$$", "${HOME}", "${", "}", "{{ 7*7 }}", "{{", "{% for %}",
    "{%", "{#", "#}", "%", "%s", "%(x)s", "--", "/*", "*/", ";", "; DROP TABLE t; --", "\n", "\r", "\r\n", "\t",
    "\x0b", "\x1f", "\x7f", "\x85", "\u2028", "\u2029", "\ufeff", "\u200b", "\u202e", "\u0627\u0644", "\xa0",
    "\u0301", "ß", "İ", "\U0001f600", "\U000e0001", "\ufffe", "\uffff", ":", ": ", " #", "- ", "? ", "!", "&a",
    "*a", "|", ">", "@", "`", "[", "]", "(", ")", ",", ".", "^", "+", "?", "E'", "U&", "U&'\\0041'", 'U&"',
    "\\u0041", "\\044", "\\x41", "NULL", "null", "true", "1", "1e5", "~", " ", "  ", "a", "***:", "(?i)",
    "select", "between", "and", "warn", "rows",
]  # fmt: skip
ANYTHING = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=5)
TEXTS = st.lists(st.sampled_from(SPICES) | ANYTHING, max_size=5).map("".join)
NAMES = TEXTS.filter(lambda name: 0 < len(name.encode()) <= 63 and not name.startswith("pg_"))
VALUES = st.lists(TEXTS, min_size=1, max_size=4, unique=True).map(tuple)


@dataclass(frozen=True)
class Planted:
    """A column of text with its values and all that the contract says of it."""

    name: str
    told: str
    values: tuple[str | None, ...]
    listed: tuple[str, ...]
    missing: tuple[str, ...]
    piece: str


@dataclass(frozen=True)
class Table:
    """A table of text columns and one document column."""

    schema: str | None
    name: str
    told: str
    columns: tuple[Planted, ...]
    document: str
    documents: tuple[dict[str, str], ...]
    keys: tuple[str, ...]


@dataclass
class Expected:
    """What the number of a check is found by: a statement with parameters, run by hand."""

    by_hand: dict[tuple[str, tuple[str, ...], CheckKind], tuple[str, tuple[Any, ...]]] = field(default_factory=dict)


@st.composite
def tables(draw: st.DrawFn) -> list[Table]:
    schemas: list[str | None] = [None, *draw(st.lists(NAMES, max_size=1))]
    names = draw(st.lists(NAMES, min_size=1, max_size=3, unique=True))
    told = draw(st.lists(NAMES, min_size=len(names), max_size=len(names), unique=True))
    return [
        draw(table(draw(st.sampled_from(schemas)), name, told_name))
        for name, told_name in zip(names, told, strict=True)
    ]


@st.composite
def table(draw: st.DrawFn, schema: str | None, name: str, told: str) -> Table:
    count = draw(st.integers(1, 4))
    names = draw(st.lists(NAMES, min_size=count + 1, max_size=count + 1, unique=True))
    told_names = draw(st.lists(NAMES, min_size=count + 1, max_size=count + 1, unique=True))
    pool = draw(VALUES)
    columns = []
    for column_name, told_name in zip(names[1:], told_names[1:], strict=True):
        listed = draw(st.lists(st.sampled_from(pool) | TEXTS, min_size=1, max_size=3, unique=True))
        columns.append(
            Planted(
                name=column_name,
                told=told_name,
                values=tuple(draw(st.lists(st.sampled_from([*pool, None]), min_size=3, max_size=3))),
                listed=tuple(listed),
                missing=tuple(draw(st.lists(st.sampled_from(pool) | TEXTS, min_size=1, max_size=2, unique=True))),
                piece=draw(st.sampled_from(pool) | TEXTS),
            )
        )
    keys = draw(VALUES)
    documents = tuple(draw(st.dictionaries(st.sampled_from(keys), TEXTS, max_size=3)) for _ in range(3))
    return Table(
        schema=schema,
        name=name,
        told=told,
        columns=tuple(columns),
        document=names[0],
        documents=documents,
        keys=tuple(draw(st.lists(st.sampled_from(keys), min_size=1, max_size=2, unique=True))),
    )


def escaped(text: str) -> str:
    """Write a text as a PostgreSQL regular expression that matches nothing else."""
    return "".join(
        f"\\{char}" if char.isascii() and char.isprintable() and not char.isalnum() else char for char in text
    )


def rule(identity: str, metric: str, **arguments: Any) -> dict[str, Any]:
    return {"id": identity, "metric": metric, "mustBe": 0, **({"arguments": arguments} if arguments else {})}


def quoted(name: str) -> str:
    """Write a physical name so that no dot or quote in it is read as anything."""
    return '"' + name.replace('"', '""') + '"'


def as_document(planted: list[Table]) -> dict[str, Any]:
    """Write the contract as its YAML says it."""
    first = planted[0].columns[0]
    return {
        "apiVersion": "v3.1.0",  # in which ${…} is plain text
        "kind": "DataContract",
        "id": "literal",
        "version": "1.0.0",
        "status": "active",
        "schema": [
            *(
                {
                    "name": each.told,
                    "physicalName": f"{quoted(each.schema)}.{quoted(each.name)}" if each.schema else quoted(each.name),
                    "properties": [
                        {
                            "name": "document of " + each.document,
                            "physicalName": quoted(each.document),
                            "logicalType": "object",
                            "logicalTypeOptions": {"required": list(each.keys)},
                        },
                        *(
                            {
                                "name": column.told,
                                "physicalName": quoted(column.name),
                                "logicalType": "string",
                                "required": True,
                                "unique": True,
                                "enum": [{"value": value} for value in column.listed],
                                "logicalTypeOptions": {"pattern": escaped(column.piece)},
                                "quality": [
                                    rule("missing", "missingValues", missingValues=list(column.missing)),
                                    rule("invalid", "invalidValues", validValues=list(column.listed)),
                                ],
                            }
                            for column in each.columns
                        ),
                    ],
                }
                for each in planted
            ),
            {
                "name": "child",
                "physicalName": "the child",
                "properties": [
                    {"name": "c", "physicalName": quoted(first.name), "relationships": [{"to": "parent.p"}]}
                ],
            },
            {
                "name": "parent",
                "physicalName": "the parent",
                "properties": [{"name": "p", "physicalName": quoted(first.name)}],
            },
        ],
    }


def as_yaml(value: object) -> str:
    """Write a document in YAML's flow style, every text in double quotes with all that is odd as escapes."""
    match value:
        case dict():
            return "{" + ", ".join(f"{as_yaml(key)}: {as_yaml(item)}" for key, item in value.items()) + "}\n"
        case list():
            return "[" + ", ".join(as_yaml(item) for item in value) + "]"
        case str():
            safe = (c if c.isprintable() and c not in '"\\' else f"\\U{ord(c):08X}" for c in value)
            return f'"{"".join(safe)}"'
        case _:
            return json.dumps(value)


def as_values(planted: list[Table]) -> tuple[Dataset, ...]:
    """Write the same contract as the domain's values."""
    first = planted[0].columns[0].name
    return (
        *(
            Dataset(
                name=each.told,
                schema=each.schema,
                table=each.name,
                line=1,
                columns=(
                    Column(
                        name="document of " + each.document,
                        physical_name=each.document,
                        logical_type="object",
                        limits=Limits(required_properties=each.keys),
                        line=1,
                    ),
                    *(in_values(column) for column in each.columns),
                ),
            )
            for each in planted
        ),
        Dataset(
            name="child",
            schema=None,
            table="the child",
            line=1,
            columns=(
                Column(
                    name="c",
                    physical_name=first,
                    relationships=(
                        Relationship(
                            id=None,
                            columns=("c",),
                            to=Reference(dataset="parent", columns=("p",), text="parent.p"),
                            line=1,
                        ),
                    ),
                    line=1,
                ),
            ),
        ),
        Dataset(
            name="parent",
            schema=None,
            table="the parent",
            line=1,
            columns=(Column(name="p", physical_name=first, line=1),),
        ),
    )


def in_values(column: Planted) -> Column:
    plain = {"name": None, "description": None, "type": "library", "threshold": ZERO, "line": 1}
    return Column(
        name=column.told,
        physical_name=column.name,
        logical_type="string",
        required=True,
        unique=True,
        enum=column.listed,
        limits=Limits(pattern=escaped(column.piece)),
        rules=(
            QualityRule(
                id="missing",
                metric="missingValues",
                arguments=RuleArguments(missing_values=column.missing),
                **plain,  # type: ignore[arg-type]
            ),
            QualityRule(
                id="invalid",
                metric="invalidValues",
                arguments=RuleArguments(valid_values=column.listed),
                **plain,  # type: ignore[arg-type]
            ),
        ),
        line=1,
    )


def plant(database: cursor, planted: list[Table]) -> Expected:
    """Create the tables and return the statements that count by hand what each check has to measure."""

    def name(*parts: str | None) -> str:
        text: str = sql.Identifier(*(part for part in parts if part is not None)).as_string(database)
        return text.replace("%", "%%")

    database.execute("SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'")
    for (schema,) in database.fetchall():
        database.execute(f"DROP SCHEMA {name(schema)} CASCADE", ())
    expected = Expected()
    for schema in {each.schema or "public" for each in planted} | {"public"}:
        database.execute(f"CREATE SCHEMA {name(schema)}", ())
    for each in planted:
        where = name(each.schema, each.name)
        columns = ", ".join(f"{name(column.name)} text" for column in each.columns)
        database.execute(f"CREATE TABLE {where} ({name(each.document)} jsonb, {columns})", ())
        for place, document in enumerate(each.documents):
            row = [json.dumps(document), *(column.values[place] for column in each.columns)]
            database.execute(f"INSERT INTO {where} VALUES ({', '.join(['%s'] * len(row))})", row)
        count = f"SELECT COUNT(*) FROM {where} WHERE "
        document_column = ("document of " + each.document,)
        expected.by_hand[each.told, document_column, CheckKind.ITEMS] = (
            f"{count} NOT {name(each.document)} ?& %s",
            (list(each.keys),),
        )
        for column in each.columns:
            c = name(column.name)
            repeated = (
                f"SELECT COUNT(*) FROM (SELECT 1 FROM {where} WHERE {c} IS NOT NULL GROUP BY {c} HAVING COUNT(*) > 1) r"
            )
            for kind, statement, values in (
                (CheckKind.NOT_NULL, f"{count} {c} IS NULL", ()),
                (CheckKind.UNIQUE, repeated, ()),
                (CheckKind.ENUM, f"{count} {c} <> ALL (%s)", (list(column.listed),)),
                (CheckKind.PATTERN, f"{count} position(%s IN {c}) = 0", (column.piece,)),
                (CheckKind.MISSING_VALUES, f"{count} {c} IS NULL OR {c} = ANY (%s)", (list(column.missing),)),
                (CheckKind.INVALID_VALUES, f"{count} {c} <> ALL (%s)", (list(column.listed),)),
            ):
                expected.by_hand[each.told, (column.told,), kind] = (statement, values)
    first = planted[0].columns[0]
    for table_name, values in (("the child", first.values), ("the parent", first.values[:1])):
        database.execute(f"CREATE TABLE {name(table_name)} ({name(first.name)} text)", ())
        for value in values:
            database.execute(f"INSERT INTO {name(table_name)} VALUES (%s)", (value,))
    orphans = (
        'SELECT COUNT(*) FROM "the child" WHERE {0} IS NOT NULL'
        ' AND {0} NOT IN (SELECT {0} FROM "the parent" WHERE {0} IS NOT NULL)'
    )
    expected.by_hand["child", ("c",), CheckKind.FOREIGN_KEY] = (orphans.format(name(first.name)), ())
    return expected


def read_back(text: str) -> dict[str, str]:
    """Return the SQL of each identity as a plain YAML reader understands the compiled text."""
    found = {}
    for entries in (YAML(typ="safe", pure=True).load(text) or {}).values():
        for entry in entries:
            for body in entry.values():
                identity = body["identity"]
                found[identity] = body.get(f"{identity} expression") or body.get(f"{identity} query")
    return found


def written(plan: CheckPlan) -> dict[str, str]:
    """Return the SQL of each metric as it was meant."""
    probes = [probe for check in plan.checks for probe in check.probes if isinstance(probe, Aggregate | Query)]
    texts = {probe.metric: probe.expression if isinstance(probe, Aggregate) else probe.sql for probe in probes}
    counted = {check.dataset for check in plan.checks for probe in check.probes if isinstance(probe, Aggregate)}
    return texts | {each.rows_metric: "COUNT(*)" for each in plan.datasets if each.name in counted}


def hold(engine: Engine, warehouse: Warehouse, folder: Path, planted: list[Table]) -> None:
    """Scan the planted tables and compare every number with the one found by hand."""
    with closing(warehouse.connect()) as opened, opened.cursor() as database:
        opened.autocommit = False
        expected = plant(database, planted)
        opened.commit()
        (folder / "literal.odcs.yaml").write_text(as_yaml(as_document(planted)), encoding="utf-8")
        loaded = load(folder / "literal.odcs.yaml")
        plan = compile_plan(loaded, "postgres")
        direct: Contract = replace(loaded, datasets=as_values(planted))
        assert render(compile_plan(direct, "postgres"), compile_plan(direct, "postgres").checks) == render(
            plan, plan.checks
        )
        assert "${" not in compiled_file(plan)
        assert read_back(render(plan, plan.checks)) == written(plan)

        results = scan(engine, loaded, samples=2).results

        left = dict(expected.by_hand)
        for result in results:
            assert result.outcome not in {Outcome.ERROR, Outcome.BLOCKED}, (result.check.id, result.reason, result.sql)
            assert not (result.offending or "").startswith("sample not available"), (result.check, result.offending)
            by_hand = left.pop((result.check.dataset, result.check.columns, result.check.kind), None)
            if by_hand is not None:
                database.execute(*by_hand)
                assert (result.measured,) == database.fetchone(), (result.check.id, result.sql, by_hand)
            elif result.check.kind is CheckKind.SCHEMA:
                assert result.outcome is Outcome.PASS, result.reason
        assert not left


@pytest.fixture
def patient_engine(warehouse: Warehouse) -> Any:
    with SodaEngine(warehouse.settings) as started:
        yield started


COMMON: dict[str, Any] = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
}


@settings(max_examples=60, derandomize=True, database=None, **COMMON)
@given(planted=tables())
def test_any_text_is_only_text(
    patient_engine: Engine, warehouse: Warehouse, tmp_path: Path, planted: list[Table]
) -> None:
    hold(patient_engine, warehouse, tmp_path, planted)


@pytest.mark.soak
@settings(max_examples=3000, **COMMON)
@given(planted=tables())
def test_any_text_is_only_text_in_a_long_campaign(
    patient_engine: Engine, warehouse: Warehouse, tmp_path: Path, planted: list[Table]
) -> None:
    hold(patient_engine, warehouse, tmp_path, planted)


def one(text: str) -> Table:
    """Return a table in which a text stands everywhere."""
    column = Planted(name=text, told=text, values=(text, text, None), listed=(text,), missing=(text,), piece=text)
    document = text[:-1] + ("a" if text[-1:] != "a" else "b")
    return Table(
        schema=text,
        name=text,
        told=text,
        columns=(column,),
        document=document,
        documents=({text: text}, {}, {"x": text}),
        keys=(text,),
    )


def test_every_spice_alone_is_only_text(patient_engine: Engine, warehouse: Warehouse, tmp_path: Path) -> None:
    for start in range(0, len(SPICES), 12):
        hold(patient_engine, warehouse, tmp_path, [one(spice) for spice in SPICES[start : start + 12]])


def test_every_character_of_the_basic_plane_is_only_text(
    patient_engine: Engine, warehouse: Warehouse, tmp_path: Path
) -> None:
    characters = [chr(code) for code in [*range(1, 0xD800), *range(0xE000, 0x10000)]]
    lines = ["".join(characters[start : start + 4096]) for start in range(0, len(characters), 4096)]
    columns = tuple(
        Planted(
            name=f"c{place}",
            told=f"c{place}",
            values=(line, line[:-1], None),
            listed=(line,),
            missing=(line,),
            piece=line[place * 16 : place * 16 + 300],
        )
        for place, line in enumerate(lines)
    )
    plain = Table(schema=None, name="t", told="t", columns=(), document="d", documents=({},) * 3, keys=("a",))
    for start in range(0, len(columns), 4):
        hold(patient_engine, warehouse, tmp_path, [replace(plain, columns=columns[start : start + 4])])
