"""The guard of `type: sql` rules: one statement that only reads, and no text that a template engine would run."""

import logging
import re
from collections.abc import Sequence

from monitor.contracts import mysql_text, sql_text
from monitor.contracts.far_reads import far_read
from monitor.contracts.sql_text import Kind

PLACEHOLDER = re.compile(r"\$?\{(?:object|property)\}|\$?\{(?:table|column)\}")
STANDS_FOR = "placeholder_name"

LONGEST = 20_000
LONGEST_TOGETHER = 120_000
"""Characters of all queries of one contract, each counted a hundred longer: reading them takes a second at most."""

DIALECT_OF = {
    "postgres": "postgres",
    "postgresql": "postgres",
    "cloudsql": "postgres",
    "redshift": "redshift",
    "snowflake": "snowflake",
    "bigquery": "bigquery",
    "databricks": "databricks",
    "duckdb": "duckdb",
    "local": "duckdb",
    "sqlserver": "tsql",
    "synapse": "tsql",
    "oracle": "oracle",
    "mysql": "mysql",
    "mariadb": "mysql",
    "trino": "trino",
    "presto": "presto",
    "athena": "athena",
    "hive": "hive",
    "spark": "spark",
    "clickhouse": "clickhouse",
    "dremio": "dremio",
    "teradata": "teradata",
}
READ_ONLY_FORMS = frozenset({"Select", "Union", "Intersect", "Except", "Subquery", "Paren"})
REFUSED_IN_SPARK = re.compile(r"(?:try_)?reflect|java_method|read_files|http_request|ai_\w+", re.IGNORECASE)
"""Functions of Spark's that run Java's own methods, read files or ask the network."""
REFUSED_FORMS = {
    "Insert": "INSERT",
    "Update": "UPDATE",
    "Delete": "DELETE",
    "Merge": "MERGE",
    "Create": "CREATE",
    "Drop": "DROP",
    "Alter": "ALTER",
    "TruncateTable": "TRUNCATE",
    "Copy": "COPY",
    "Command": "a command",
    "Set": "SET",
    "Into": "SELECT INTO",
    "IntoFile": "SELECT INTO",
    "NextValueFor": "NEXT VALUE FOR",
    "PropertyEQ": "an assignment to a variable",
    "QueryTransform": "TRANSFORM, which runs a program",
    "Lock": "a row lock (FOR UPDATE or FOR SHARE)",
}
REFUSED_FUNCTIONS = re.compile(
    r"pg_(?!(?:typeof|input_is_valid|column_size|size_pretty|size_bytes)\Z)\w*"
    r"|(?:lo_(?:import|export|unlink|create|put|from)|dblink|set_config|setval|nextval|xp_)\w*"
    r"|(?:query|table|schema|database|cursor)_to_xml\w*",
    re.IGNORECASE,
)
"""Functions that act, wait, lock or read what is not a table. Of the server's own `pg_…` only harmless ones pass."""
REFUSED_IN_DUCKDB = re.compile(
    r"(?:read|sniff|parquet|duckdb|pragma|sqlite|postgres|mysql|delta|iceberg|spatial)_\w+|st_read\w*|\w+_scan|\w*checkpoint"
    r"|glob|query|query_table|getenv|which_secret|json_execute_serialized_sql|from_substrait\w*",
    re.IGNORECASE,
)
"""Functions of DuckDB's that read files, run text as SQL or look behind the tables; its guards refuse most too."""

REFUSED_IN_MYSQL = re.compile(
    r"load_file|sleep|benchmark|(?:get|release|is_free|is_used)_lock|release_all_locks|sys_\w+|lastval|name_const"
    r"|(?:master|source)_(?:pos|gtid)_wait|wait_\w+|gtid_\w+"
    r"|(?:asynchronous_connection|group_replication|version_tokens|audit_log|service|innodb_redo|keyring|wsrep|firewall)_\w+",
    re.IGNORECASE,
)
"""Functions of MySQL's and MariaDB's that read files, wait, lock or act."""

logging.getLogger("sqlglot").addHandler(logging.NullHandler())  # its warnings repeat the query on stderr


_DATA = frozenset({Kind.STRING, Kind.ESCAPE_STRING, Kind.DOLLAR_STRING, Kind.COMMENT})
"""Where `${` is only text."""


def dialects(server_types: Sequence[str]) -> tuple[str, ...]:
    """Return the SQL dialects of these servers, each once; PostgreSQL where none is known."""
    known = [DIALECT_OF[kind] for kind in server_types if kind in DIALECT_OF]
    return tuple(dict.fromkeys(known)) or ("postgres",)


def query_problem(query: str, dialect_names: Sequence[str]) -> str | None:
    """Return why a query must not run, or None when it is one read-only SELECT in at least one of the dialects."""
    if not query.strip():
        return "the query is empty, expected one SELECT"
    if len(query) > LONGEST:
        return f"the query has more than {LONGEST:,} characters"
    text = PLACEHOLDER.sub(STANDS_FOR, query)
    code = "".join("''" if piece.kind in _DATA else piece.text for piece in sql_text.pieces(text))
    if "${" in code:
        name = code[code.index("${") :][:40].splitlines()[0]
        return f"{name!r} is no placeholder; those are {{object}} and {{property}}"
    problems = [statement_problem(text, dialect) for dialect in dialect_names]
    return None if None in problems else problems[0]


def statement_problem(text: str, dialect: str = "postgres") -> str | None:
    """Return why a complete statement must not be sent, or None when it is one SELECT that only reads."""
    import sqlglot
    from sqlglot.errors import SqlglotError

    if problem := _hidden(text, dialect):
        return problem
    count, text = _as_the_server_reads(text, dialect)
    try:
        parsed = [statement for statement in sqlglot.parse(text, dialect=dialect) if statement is not None]
    except SqlglotError as error:
        return f"this is not SQL that can be read ({_first_line(error)})"
    except RecursionError:
        return "the query is nested too deeply to be checked"
    statements = [statement for statement in parsed if type(statement).__name__ != "Semicolon"]  # a comment behind one
    count = max(count, len(statements))
    if count != 1:
        return f"found {count} statements, expected one SELECT"
    statement = statements[0]
    if type(statement).__name__ not in READ_ONLY_FORMS:
        form = REFUSED_FORMS.get(type(statement).__name__, statement.key.upper())
        return f"found {form}, expected one SELECT that only reads"
    for node in statement.walk():
        name = type(node).__name__
        if name in REFUSED_FORMS:
            return f"found {REFUSED_FORMS[name]}, expected one SELECT that only reads"
        if dialect == "duckdb" and name in {"ReadCSV", "ReadParquet"}:
            return f"the function {name} does more than read rows"
        if name == "Anonymous" and _is_refused(node.name, dialect):
            return f"the function {node.name[:40]} does more than read rows"
    return far_read(statement, dialect)


def _hidden(text: str, dialect: str) -> str | None:
    """Say what a general parser would not see in a statement; None where there is nothing."""
    if dialect in {"postgres", "duckdb"} and sql_text.calls_a_disguised_name(text):
        return "a function is called by a name with escapes; write the name out"
    if dialect != "mysql":
        return None
    if mysql_text.runs_a_comment(text):
        return "a comment holds what MySQL would run; write it out, or leave it out"
    called = next((name for name in mysql_text.called_names(text) if _is_refused(name, dialect)), None)
    return f"the function {called[:40]} does more than read rows" if called else None


def _as_the_server_reads(text: str, dialect: str) -> tuple[int, str]:
    """Return how many statements a text is to the server's own lexer, and it as no parser can misread it."""
    if dialect in {"postgres", "duckdb"}:  # one lexer: DuckDB's is a descendant
        return sql_text.statements(sql_text.pieces(text)), sql_text.without_escaped_names(text)
    if dialect == "mysql":
        return sql_text.statements(mysql_text.pieces(text)), mysql_text.for_parsers(text)
    return 1, text


def _is_refused(function: str, dialect: str) -> bool:
    if dialect == "mysql" and REFUSED_IN_MYSQL.fullmatch(function):
        return True
    if dialect == "duckdb" and REFUSED_IN_DUCKDB.fullmatch(function):
        return True
    if dialect == "spark" and REFUSED_IN_SPARK.fullmatch(function):
        return True
    return REFUSED_FUNCTIONS.fullmatch(function) is not None


def _first_line(error: Exception) -> str:
    plain = re.sub(r"\x1b\[[0-9;]*m", "", str(error))
    return (plain.splitlines() or ["unreadable"])[0][:120].rstrip(". ")
