"""How to measure on Spark: a session that is there already, every statement bounded by cancelling its jobs.

With `spark_holder` and `spark_jvm` this is the only place that knows pyspark, imported only when needed. Statements go
through the cursor of soda-core-spark-df. Spark has no transactions: each statement sees the tables as they are then.
"""

import re
import signal
import threading
from typing import Any, Self

from monitor.engines.warehouses import spark_errors as errors
from monitor.engines.warehouses import spark_jvm as jvm
from monitor.engines.warehouses.base import Route, Session, Unreachable
from monitor.engines.warehouses.cursor import Cursor
from monitor.engines.warehouses.spark_holder import holder_on

_EXPLAIN = "EXPLAIN "
_PIECE = re.compile(
    r"""
      (?P<kept>'(?:[^'\\]|\\.)*+' | `(?:[^`]|``)*+` | --[^\n]*+ | /\*.*?\*/)
    | U&"(?P<name>(?:[^"]|"")*+)"
    | (?P<other>"(?:[^"\\]|\\.|"")*+")
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPED = re.compile(r"\\(?:\+([0-9A-Fa-f]{6})|([0-9A-Fa-f]{4}))")


def written_out(statement: str) -> str:
    """Return a statement with each name that stands as `U&"…"` as Spark writes it, which knows no escapes."""
    return _PIECE.sub(lambda piece: piece.group() if piece["name"] is None else _name(piece["name"]), statement)


class Guarded:
    """A guarded connection: what it is asked runs within its time, and nothing that it is asked is left running."""

    source = "guarded_spark"
    backend = 0

    def __init__(self, route: Route, session: Session) -> None:
        """Take up the session of a route, or open the one it asks for. Raises Unreachable."""
        self._own = None if "session" in route else holder_on(route, session.statement_timeout)
        if self._own is not None:
            route = self._own.route()
        self._gateway = self._own.gateway if self._own else jvm.connected(int(route["port"]), route["token"])
        self._timeout, self._group = session.statement_timeout, route["group"]
        self._loss: str | None = None
        self.spark_session = _taken_up(self._gateway, route["session"])
        self._context = self.spark_session.sparkContext
        self._context.setJobGroup(self._group, "pactwatch", interruptOnCancel=True)

    @property
    def connection(self) -> Self:
        """Be the connection that Soda takes its cursors of."""
        return self

    def cursor(self) -> Cursor:
        """Return a cursor in this very session."""
        return Cursor(self)

    def run(self, statement: str) -> tuple[list[tuple[Any, ...]], Any]:
        """Return the rows and the description of a statement. Raises StatementFailedError.

        Of an EXPLAIN only the statement behind it is analysed: Spark itself would return the error as a plan.
        """
        from py4j.protocol import Py4JError
        from pyspark.errors import PySparkException
        from soda.data_sources.spark_df_connection import SparkDfConnection

        cursor = SparkDfConnection(self.spark_session).cursor()
        text = written_out(statement)
        with jvm.limited(self._cancel, self._timeout) as is_over:
            try:
                cursor.execute(text.removeprefix(_EXPLAIN))
                if text.startswith(_EXPLAIN):
                    return [], None
                return [tuple(row) for row in cursor.fetchall()], cursor.description
            except (Py4JError, PySparkException, ConnectionError) as error:
                if errors.is_of_the_network(error):
                    self._loss = errors.GONE
                raise errors.failed(error, self._gateway, is_over=is_over()) from error

    def rows(self, statement: str) -> list[tuple[object, ...]]:
        """Return the rows of a complete statement. Raises StatementFailedError."""
        return self.run(statement)[0]

    def rewritten(self) -> tuple[str, ...]:
        """Name nothing: there is no snapshot that a table could leave."""
        return ()

    def recover(self, error: BaseException) -> None:
        """Do nothing: a failed statement leaves nothing behind."""

    def loss(self) -> str | None:
        """Say why the connection is of no more use; None while it is."""
        return self._loss

    def close(self) -> None:
        """Leave the session to whoever opened it."""
        if self._own is not None:
            self._own.close()
            _let_go()

    def _cancel(self) -> None:
        self._context.cancelJobGroup(self._group)


def _taken_up(gateway: Any, target: str) -> Any:  # noqa: ANN401 - py4j and pyspark have no types that help
    """Return Python's side of a session that another process has opened in the machine. Raises Unreachable."""
    try:
        import soda.data_sources.spark_df_connection  # noqa: F401 - is it there?
        from py4j.java_gateway import JavaObject
        from py4j.protocol import Py4JError
        from pyspark import SparkConf, SparkContext
        from pyspark.sql import SparkSession
    except ImportError:
        raise Unreachable(jvm.NOT_INSTALLED) from None
    java = JavaObject(target, gateway._gateway_client)  # noqa: SLF001 - pyspark's own way to it
    try:
        context = SparkContext._active_spark_context  # noqa: SLF001 - a process has one at most
        if context is not None and context._gateway is not gateway:  # noqa: SLF001
            raise Unreachable("this process has a session of Spark of its own: use monitor.spark.verify")
        if context is None:
            SparkContext._gateway, SparkContext._jvm = gateway, gateway.jvm  # noqa: SLF001 - else it starts a machine
            interrupts = signal.getsignal(signal.SIGINT)
            machine = gateway.jvm.JavaSparkContext(java.sparkContext())
            context = SparkContext(gateway=gateway, jsc=machine, conf=SparkConf(_jconf=machine.getConf()))
            if threading.current_thread() is threading.main_thread():
                signal.signal(signal.SIGINT, interrupts)
        sessions = gateway.jvm.org.apache.spark.sql.SparkSession
        default = sessions.getDefaultSession()
        taken = SparkSession(context, java)
        if default.isDefined():  # pyspark makes ours everybody's
            sessions.setDefaultSession(default.get())
    except (Py4JError, ConnectionError) as error:
        raise Unreachable(errors.first_line(str(error))) from error
    return taken


def _let_go() -> None:
    """Let pyspark forget the session that it took up, so that this process may take up another, or do without it."""
    from py4j import java_gateway, protocol
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

    SparkContext._active_spark_context = SparkContext._gateway = SparkContext._jvm = None  # noqa: SLF001
    SparkSession._instantiatedSession = SparkSession._activeSession = None  # noqa: SLF001
    java_gateway.get_return_value = protocol.get_return_value  # its hook cannot read an error without a session


def _name(escaped: str) -> str:
    name = _ESCAPED.sub(lambda match: chr(int(match[1] or match[2], 16)), escaped)
    return "`" + name.replace("`", "``") + "`"
