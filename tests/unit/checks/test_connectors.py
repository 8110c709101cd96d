"""What is compiled for warehouses that nobody here has: it parses in their SQL, and hostile text stays what it was."""

import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from sqlglot import exp

from monitor import settings_connection
from monitor.checks.connectors import DIALECTS
from monitor.checks.dialect import CONNECTORS, dialect_of
from monitor.checks.plan import compile_plan
from monitor.checks.sodacl import compiled_file
from monitor.checks.unsupported import UnsupportedError
from monitor.checks.windows import anchored, has_windows
from monitor.domain.check import Check, CheckKind, NotChecked, TableName
from monitor.engines.warehouses.connector_kinds import KINDS
from monitor.errors import ContractError
from tests.contracts import contract
from tests.unit.checks.connector_cells import plans, table
from tests.unit.checks.regenerate import ROOT

MOMENT = datetime(2026, 1, 2, 3, 4, 5, 678_901, tzinfo=UTC)
EXTRAS = {
    name
    for name, packages in tomllib.loads((ROOT / "pyproject.toml").read_text())["project"][
        "optional-dependencies"
    ].items()
    if any(package.startswith("soda-core-") and name in CONNECTORS for package in packages)
}

TEXTS = [
    "it's", "''", "'", '"', '""', "\\", "\\'", "\\\\'; DROP TABLE t; --", "a\\", "`", "``", "]", "]]", "[x]", "${HOME}",
    "$${", "{{ 7*7 }}", "{% if %}", "--", "/*", "*/", "#", ";", "%s", "%(x)s", "\n", "\r\n", "\t", "\x0b", "\x1f", "\x85",
    "\u2028", "\ufeff", "\u202e", "ß", "\U0001f600", "$$", "E'", "N'x'", "r'\\n'", "'''", '"""', "?", ":x", "@x", "", " ",
]  # fmt: skip
ANY = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)

SODA = """\
import json, sys
from monitor.engines.soda_run import preload
preload()
from soda.scan import Scan
found = []
for text in json.load(sys.stdin):
    scan = Scan()
    scan.disable_telemetry()
    scan.add_sodacl_yaml_str(text)
    found.append([str(log) for log in scan.get_error_logs()] + ([] if scan._sodacl_cfg else ["nothing was read"]))
print(json.dumps(found))
"""


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def statements(sodacl: str) -> Iterator[str]:
    """Return what the server will be asked, as it stands in the compiled text."""
    document = YAML(typ="safe", pure=True).load(sodacl) or {}
    for head, entries in document.items():
        if head.startswith("filter "):
            yield f"SELECT 1 FROM x WHERE {entries['where']}"
            continue
        for entry in entries if head.startswith("checks for ") else ():
            for key, value in next(iter(entry.values())).items() if isinstance(entry, dict) else ():
                if str(key).endswith(" expression"):
                    yield f"SELECT {value} FROM x"
                elif str(key).endswith(" query") and "identity" in next(iter(entry.values())):
                    yield str(value)


def skipped(check: Check) -> bool:
    return any(isinstance(probe, NotChecked) for probe in check.probes)


@pytest.mark.parametrize("server", CONNECTORS)
def test_every_statement_parses_in_the_server_s_sql_and_reads_the_same_again(server: str) -> None:
    dialect = dialect_of(server).NAME
    asked = [
        text
        for plan in plans(server)
        for text in statements(compiled_file(anchored(plan, MOMENT) if has_windows(plan) else plan))
    ]

    assert len(asked) > 60
    for text in asked:
        parsed = sqlglot.parse(text, dialect=dialect)
        written = [each.sql(dialect=dialect) for each in parsed if each]
        assert len(written) == 1, text
        assert type(parsed[0]).__name__ == "Select", text
        assert [each.sql(dialect=dialect) for each in sqlglot.parse(written[0], dialect=dialect) if each] == written


def test_soda_reads_what_is_compiled() -> None:
    quoted_differently = [plan for server in ("bigquery", "trino") for plan in plans(server)]
    texts = [compiled_file(plan) for plan in (*quoted_differently, *(plans(server)[-1] for server in CONNECTORS))]
    executed = [text for text in texts if "checks for " in text]

    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SODA],
        input=json.dumps(executed),
        capture_output=True,
        text=True,
        check=True,
    )

    assert len(executed) >= 60
    assert [each for each in json.loads(ran.stdout) if each] == []


@pytest.mark.parametrize("server", CONNECTORS)
@settings(max_examples=40, deadline=None)
@given(text=st.sampled_from(TEXTS) | ANY)
def test_a_literal_is_the_very_text_to_the_server(server: str, text: str) -> None:
    for each in (text, *TEXTS[:12]):
        written = dialect_of(server).literal(each)
        assert value_of(written, server) == each
        assert "\\" not in written
        assert "${" not in written


@pytest.mark.parametrize("server", CONNECTORS)
def test_a_name_is_the_very_name_to_the_server_or_the_check_is_skipped(server: str) -> None:
    dialect = dialect_of(server)
    for name in filter(None, TEXTS):
        if is_refused(name, server):
            with pytest.raises(UnsupportedError, match="takes no such name"):
                dialect.identifier(name)
            continue
        written = dialect.table(TableName(schema=name, name=name))
        table = sqlglot.parse_one(f"SELECT 1 FROM {written}", dialect=dialect.NAME).find(exp.Table)
        assert table is not None
        assert (table.name, table.db) == (name, name)


@pytest.mark.parametrize("server", CONNECTORS)
def test_patterns_that_servers_read_otherwise_are_skipped(server: str) -> None:
    dialect = dialect_of(server)

    for pattern in (r"\bx", "(?i)x", "(?=x)", r"(a)\1", "[[:alpha:]]", r"\w", r"[\w]", "x$y", "x++", "a{", "(", "[a"):
        assert dialect.pattern_problem(pattern), pattern
    assert (dialect.pattern_problem("^[A-Z]{2}-[0-9]+$") is None) is (server not in {"sqlserver", "dremio"})


@pytest.mark.parametrize("server", CONNECTORS)
def test_a_query_in_which_strings_may_end_elsewhere_is_skipped(server: str, tmp_path: Path) -> None:
    for query in (r"SELECT 1 WHERE 'a\' = ''", "SELECT 1 # it's", "SELECT 1 WHERE '''a' = 'b'"):
        rule = json.dumps({"id": "q", "type": "sql", "query": query, "mustBe": 1})
        body = f"servers: [{{server: w, type: {server}}}]\nschema: [{{name: t, quality: [{rule}]}}]\n"
        try:
            promised = contract(tmp_path, body)
        except ContractError:  # it is refused as it is read
            continue
        (check,) = (check for check in compile_plan(promised, server).checks if check.kind is CheckKind.SQL)
        assert skipped(check), query


@pytest.mark.parametrize("server", CONNECTORS)
def test_what_cannot_be_said_exactly_says_so_and_nothing_is_left_of_it(server: str) -> None:
    for plan in plans(server):
        text = compiled_file(plan)
        assert "\0" not in text
        for check in plan.checks:
            for probe in check.probes:
                if isinstance(probe, NotChecked) and check.kind is CheckKind.ITEMS:
                    assert probe.reason.startswith("unsupported: documents")


def test_the_documented_cells_are_what_compiles() -> None:
    """The table is written from what this says: `python -m tests.unit.checks.connector_cells`."""
    documented = (ROOT / "docs" / "checks.md").read_text(encoding="utf-8")

    assert table() in documented


def test_the_settings_know_the_same_connectors() -> None:
    assert set(CONNECTORS) == settings_connection.CONNECTORS == set(KINDS) == set(EXTRAS)


def test_every_connector_has_its_dialect_and_no_other() -> None:
    assert set(DIALECTS) == set(CONNECTORS)


def is_refused(name: str, server: str) -> bool:
    """Say whether a name cannot be quoted: by template or control characters, or by what the server makes of it."""
    controls = any(ord(char) < 0xA0 and not char.isprintable() and char != "\xa0" for char in name)
    own = {"bigquery": "`" in name or "\\" in name, "sqlserver": name.startswith("#")}
    return controls or "${" in name or own.get(server, False)


def value_of(written: str, server: str) -> str:
    """Return the text that a literal stands for, as sqlglot's reader of the dialect understands it."""
    parsed = sqlglot.parse_one(f"SELECT {written}", dialect=dialect_of(server).NAME)
    assert isinstance(parsed, exp.Select)
    (expression,) = parsed.expressions
    return _text(expression)


def _text(node: exp.Expression) -> str:
    match node:
        case exp.Paren():
            return _text(node.this)
        case exp.DPipe() | exp.Add():
            return _text(node.left) + _text(node.right)
        case exp.Literal(is_string=True):
            return str(node.this)
        case exp.National():
            return str(node.this)
        case exp.Chr():
            return chr(int(node.expressions[0].this))
        case exp.Anonymous() if node.name == "NCHAR":
            return chr(int(node.expressions[0].this))
        case _:
            raise AssertionError(repr(node))
