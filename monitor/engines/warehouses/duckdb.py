"""How to open a guarded DuckDB connection: read only, nothing else on this machine in reach, every statement bounded.

The database is attached, or the files are views, in a database of its own in memory; then DuckDB's own guards are
closed and locked: no other file, no network, no extension, no other setting (DuckDB manual, "Securing DuckDB").
With `duckdb_catalogue` and `duckdb_holder` this is the only place that knows the library, imported only when needed.
"""

import json
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from monitor.checks.duckdb import identifier
from monitor.contracts import sql_text
from monitor.contracts.sql_text import Kind
from monitor.domain.check import TableName
from monitor.engines.sql_errors import StatementFailedError
from monitor.engines.warehouses import duckdb_files as files
from monitor.engines.warehouses.base import Route, Session, Unreachable, Unsupported
from monitor.engines.warehouses.cursor import Cursor
from monitor.settings import ServerSettings

if TYPE_CHECKING:
    import duckdb

DATABASE = "pactwatch"
"""What the attached database is called: no schema has this name, so `schema.table` is never ambiguous."""
DEFAULT_SCHEMA = "main"
TIMED_OUT = "canceling statement due to statement timeout"
_KINDS = re.compile(r"(?P<kind>[A-Z][\w ]*) Error: ")
_ESCAPED = re.compile(r"\\(?:\+([0-9A-Fa-f]{6})|([0-9A-Fa-f]{4}))")
_HOLDER = re.compile(r"Conflicting lock is held in (?P<program>\S+)(?: \(PID (?P<process>\d+)\))?")
_CODES = {
    "Binder": "42000", "Catalog": "42000", "Parser": "42000", "Syntax": "42000", "Permission": "42000",
    "Not implemented": "42000", "Conversion": "22000", "Out of Range": "22000", "Invalid Input": "22000",
    "Mismatch Type": "22000", "Invalid type": "22000", "INTERRUPT": "57014", "Out of Memory": "53200", "IO": "58030",
}  # fmt: skip
"""Which SQLSTATE each kind of DuckDB's errors comes next to; any other is the server's own trouble."""


def route_to(server: ServerSettings, tables: Sequence[TableName]) -> Route:
    """Return what a connection needs to know; of files, the tables that are asked for."""
    return {
        "path": server.path or "",
        "format": server.format or "",
        "threads": str(server.heavy_statements),
        "memory_limit": server.memory_limit,
        "spill": "",
        "tables": json.dumps([table.name for table in tables if table.schema is None]),
    }


def connect(route: Route, session: Session) -> "duckdb.DuckDBPyConnection":
    """Open a connection in which nothing but the server's tables can be read. Raises Unreachable."""
    library = _library()
    config = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "allow_community_extensions": "false",
        "threads": route["threads"],
        "memory_limit": route["memory_limit"],
        "temp_directory": route["spill"],
    }
    try:
        opened: duckdb.DuckDBPyConnection = library.connect(":memory:", config=config)
    except library.Error as error:
        raise Unreachable(first_line(error)) from error
    try:
        with limited(opened, session.statement_timeout):
            opened.execute("SET TimeZone = 'UTC'")
            _furnish(opened, route, session.schema)
    except library.Error as error:
        opened.close()
        raise Unreachable(_why(error)) from error
    except BaseException:
        opened.close()
        raise
    return opened


def first_line(error: BaseException) -> str:
    """Return DuckDB's message without the excerpt of the statement."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


@contextmanager
def limited(opened: "duckdb.DuckDBPyConnection", seconds: float) -> Iterator[Callable[[], bool]]:
    """While the block runs, interrupt its statement when its time is over; says whether it was."""
    over = threading.Event()

    def end() -> None:
        over.set()
        opened.interrupt()

    timer = threading.Timer(seconds or threading.TIMEOUT_MAX, end)
    timer.daemon = True
    timer.start()
    try:
        yield over.is_set
    finally:
        timer.cancel()


class Guarded:
    """A guarded connection in one transaction: one snapshot of a database, one time of day, before and after errors."""

    source = "guarded_duckdb"

    def __init__(self, opened: "duckdb.DuckDBPyConnection", session: Session) -> None:
        """Begin the transaction."""
        self._opened = opened
        self._timeout = session.statement_timeout
        self._loss: str | None = None
        self._opened.execute("BEGIN TRANSACTION")

    @property
    def connection(self) -> Self:
        """Be the connection that Soda takes its cursors of."""
        return self

    @property
    def backend(self) -> int:
        """No process but our own answers."""
        return 0

    def cursor(self) -> Cursor:
        """Return a cursor in this very transaction."""
        return Cursor(self)

    def run(self, statement: str) -> tuple[list[tuple[Any, ...]], Any]:
        """Return the rows and the description of a statement. Raises StatementFailedError."""
        library = _library()
        with limited(self._opened, self._timeout) as is_over:
            try:
                self._opened.execute(written_out(statement))
                return self._opened.fetchall(), self._opened.description
            except library.Error as error:
                raise _failed(error, is_over=is_over()) from error

    def rows(self, statement: str) -> list[tuple[object, ...]]:
        """Return the rows of a complete statement. Raises StatementFailedError after having recovered."""
        try:
            return self.run(statement)[0]
        except StatementFailedError as error:
            self.recover(error)
            raise

    def rewritten(self) -> tuple[str, ...]:
        """Name nothing: while it is open, nobody else writes to a database."""
        return ()

    def recover(self, error: BaseException) -> None:
        """Begin again after a failed statement; where that is impossible, `loss` says why."""
        library = _library()
        try:
            with suppress(library.TransactionException):  # there is none where it could not even be read
                self._opened.execute("ROLLBACK")
            self._opened.execute("BEGIN TRANSACTION")
        except library.Error:
            self._loss = self._loss or first_line(error)

    def loss(self) -> str | None:
        """Say why the connection is of no more use; None while it is."""
        return self._loss

    def close(self) -> None:
        """End the connection."""
        with suppress(_library().Error):
            self._opened.execute("ROLLBACK")
        self._opened.close()


def written_out(statement: str) -> str:
    """Return a statement with each name that stands as `U&"…"` as DuckDB writes it, which knows no escapes."""
    if 'U&"' not in statement:
        return statement
    return "".join(
        identifier_of(piece.text) if piece.kind is Kind.NAME and piece.text.startswith("U&") else piece.text
        for piece in sql_text.pieces(statement)
    )


def identifier_of(escaped: str) -> str:
    """Return a name with escapes as a quoted one."""
    name = _ESCAPED.sub(lambda match: chr(int(match[1] or match[2], 16)), escaped[3:-1])
    return '"' + name.replace('"', '""') + '"'


def _furnish(opened: "duckdb.DuckDBPyConnection", route: Route, schema: str | None) -> None:
    """Attach the database or lay out the files, then close and lock every other way out."""
    path, format_ = route["path"], route["format"] or None
    if not path:
        raise Unreachable("neither a database file nor a path to files is given")
    if path == ":memory:":
        raise Unsupported("unsupported: a database in memory is gone with the program that made it")
    if "://" in path:
        raise Unsupported(f"unsupported: {path.partition('://')[0]}://, only files of this machine are read")
    readable: list[str] = []
    if files.is_database(path, format_):
        if not Path(path).is_file():
            raise Unreachable(f"there is no database file {path}")
        opened.execute(f"ATTACH {_text(path)} AS {DATABASE} (READ_ONLY, TYPE duckdb)")
        known = opened.execute(
            "SELECT schema_name FROM duckdb_schemas() WHERE database_name = ?", [DATABASE]
        ).fetchall()
        if (schema or DEFAULT_SCHEMA,) in known:
            opened.execute(f"USE {DATABASE}.{identifier(schema or DEFAULT_SCHEMA)}")
    else:
        readable = _lay_out(opened, path, files.format_of(path, format_), json.loads(route["tables"]))
    opened.execute(f"SET allowed_paths = [{', '.join(map(_text, readable))}]")
    opened.execute("SET enable_external_access = false")
    opened.execute("SET lock_configuration = true")


def _lay_out(opened: "duckdb.DuckDBPyConnection", path: str, format_: str, tables: Sequence[str]) -> list[str]:
    """Make a view of each table's files and return all files. What types the files have is looked up once, in all rows.

    Raises Unreachable where a file cannot be read.
    """
    readable: list[str] = []
    for table in dict.fromkeys(tables):
        found = files.files_of(path, format_, table, is_only=len(tables) == 1)
        if not found:
            continue
        listed, reader = f"[{', '.join(map(_text, found))}]", files.READERS[format_]
        settled = ""
        if format_ != "parquet":
            types = opened.execute(f"DESCRIBE SELECT * FROM {reader}({listed}, sample_size = -1)").fetchall()
            word = "types" if format_ == "csv" else "columns"
            settled = f", {word} = {{{', '.join(f'{_text(name)}: {_text(type_)}' for name, type_, *_ in types)}}}"
        name = '"' + table.replace('"', '""') + '"'
        opened.execute(f"CREATE VIEW {name} AS SELECT * FROM {reader}({listed}{settled})")
        readable += found
    return readable


def _why(error: BaseException) -> str:
    """Say why a database or files cannot be opened; a lock names its holder."""
    if str(error).startswith("INTERRUPT"):
        return "it took longer than statement_timeout to find out what the files hold"
    held = _HOLDER.search(str(error))
    if held is None:
        return first_line(error)
    process = f" (process {held['process']})" if held["process"] else ""
    return f"the database is locked: {held['program']}{process} has it open for writing"


def _failed(error: BaseException, *, is_over: bool) -> StatementFailedError:
    found = _KINDS.match(str(error))
    kind = found["kind"] if found else ""
    if kind == "INTERRUPT" and is_over:
        return StatementFailedError(TIMED_OUT, _CODES[kind])
    return StatementFailedError(first_line(error), _CODES.get(kind, "XX000"))


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _library() -> Any:  # noqa: ANN401 - a module
    try:
        import duckdb as library
    except ImportError:
        raise Unreachable("the package duckdb is not installed: pip install 'pactwatch[duckdb]'") from None
    return library
