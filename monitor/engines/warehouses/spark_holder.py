"""Spark as the parent of a scan sees it: a session of its own, in which the files are views, and the catalogue."""

import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from monitor.checks.spark import identifier
from monitor.domain.check import TableName
from monitor.domain.scan import Seen
from monitor.engines.base import Interrupted
from monitor.engines.warehouses import spark_catalogue as catalogue
from monitor.engines.warehouses import spark_errors as errors
from monitor.engines.warehouses import spark_files as files
from monitor.engines.warehouses import spark_jvm as jvm
from monitor.engines.warehouses.base import Blocker, Route, Unreachable, Unsupported, session_for
from monitor.settings import ServerSettings

_NO_SOURCE = "DATA_SOURCE_NOT_FOUND"
_NO_PATH = "PATH_NOT_FOUND"
_GROUP = ("spark.jobGroup.id", "spark.job.description", "spark.job.interruptOnCancel")


class SparkHolder:
    """A scan's own session: its settings and views are nobody else's. There is no snapshot: tables may change."""

    role = "spark"

    def __init__(self, server: ServerSettings, slug: str, tables: Sequence[TableName], given: Any = None) -> None:  # noqa: ANN401 - a session
        """Open a session on the server's machine, or beside one that somebody has `given` us. Raises Unreachable."""
        self._server = server
        self._session: Any = None
        self._views: tuple[str, ...] = ()
        self.group = f"pactwatch/{slug}/{uuid.uuid4().hex}"
        if given is None:
            machine = jvm.machine_of(server)
            self.gateway, self._address = machine.gateway, (machine.port, machine.token)
        else:
            self.gateway, parameters = given._sc._gateway, given._sc._gateway.gateway_parameters  # noqa: SLF001
            self._address = (parameters.port, parameters.auth_token)
        try:
            with self._bounded(session_for(server, slug).statement_timeout):
                self._session = self._opened(given)
                self._lay_out(tables)
        except BaseException:
            self.close()
            raise

    @property
    def closed(self) -> bool:
        """Whether it is of no more use."""
        return self._session is None

    @property
    def session(self) -> Any:  # noqa: ANN401 - py4j has no types
        """The open session, as Java has it."""
        if self._session is None:
            raise ValueError("the session is closed")
        return self._session

    def look_up(self, tables: Sequence[TableName]) -> Seen:
        """Return every table of the list that exists, found by its exact name. Raises StatementFailedError."""
        try:
            return catalogue.look_up(self.session, tables, self._views)
        except self._java_errors() as error:
            raise errors.failed(error, self.gateway, is_over=False) from error

    def has_schema(self, name: str) -> bool:
        """Say whether a database of exactly this name exists."""
        return catalogue.has_schema(self.session, name)

    @contextmanager
    def cut_off_in_the_end(self, interrupted: Interrupted) -> Iterator[None]:  # noqa: ARG002 - the seam's own shape
        """Do nothing: nobody waits on a line that something on the way could swallow."""
        yield

    def export_snapshot(self) -> None:
        """Share nothing: one child measures, and Spark spreads a statement over its cores by itself."""

    def route(self) -> Route:
        """Return the way to this very session."""
        port, token = self._address
        return {"port": str(port), "token": token, "session": self.session._target_id, "group": self.group}  # noqa: SLF001

    def moment(self) -> datetime:
        """Return this moment: statements are given it as theirs."""
        return datetime.now(UTC)

    def blockers(self, backends: Sequence[int]) -> Mapping[int, Blocker]:  # noqa: ARG002 - the seam's own shape
        """Name nobody: Spark has no locks."""
        return {}

    def end_backends(self, backends: Sequence[int]) -> None:  # noqa: ARG002 - the seam's own shape
        """Cancel what this scan runs."""
        self._cancel()

    def close(self) -> None:
        """Cancel what still runs, and let the session go."""
        if self._session is not None:
            self._cancel()
            self._session = None

    def _cancel(self) -> None:
        from py4j.protocol import Py4JError

        try:
            self._session.sparkContext().cancelJobGroup(self.group)
        except (Py4JError, ConnectionError):  # then the machine is gone, and what it ran with it
            self._session = None

    def _opened(self, given: Any) -> Any:  # noqa: ANN401 - py4j has no types
        builder = self.gateway.jvm.org.apache.spark.sql.SparkSession.builder()
        opened = builder.getOrCreate().newSession() if given is None else given._jsparkSession.cloneSession()  # noqa: SLF001
        jvm.settings_of(opened)
        schema = self._server.schema
        if schema is not None and self._server.path is None and catalogue.has_schema(opened, schema):
            opened.catalog().setCurrentDatabase(identifier(schema))
        return opened

    def _lay_out(self, tables: Sequence[TableName]) -> None:
        """Make a view of each table's files. Of CSV and JSON all rows are read to find out their types."""
        path = self._server.path
        names = list(dict.fromkeys(table.name for table in tables if table.schema is None))
        if path is None:
            return
        format_ = files.format_of(path, self._server.format)
        laid_out = []
        for name in names:
            places = files.places_of(path, format_, name, is_only=len(names) == 1)
            if places and self._has_view(name, format_, places):
                laid_out.append(name)
        self._views = tuple(laid_out)

    def _has_view(self, name: str, format_: str, places: tuple[str, ...]) -> bool:
        try:
            rows = files.frame(self.gateway, self._session, format_, places)
            rows.createOrReplaceTempView(catalogue.quoted(TableName(schema=None, name=name)))
        except self._java_errors() as error:
            message = str(error.java_exception.getMessage()) if hasattr(error, "java_exception") else str(error)
            if _NO_PATH in message:
                return False
            if _NO_SOURCE in message:
                raise Unsupported(f"unsupported: this Spark has no package that reads {format_}") from error
            raise
        return True

    @contextmanager
    def _bounded(self, seconds: float) -> Iterator[None]:
        """Say what keeps a session from being opened, and do not wait for longer than for a statement."""
        context = self.gateway.jvm.org.apache.spark.SparkContext.getOrCreate()
        before = {name: context.getLocalProperty(name) for name in _GROUP}
        with jvm.limited(lambda: context.cancelJobGroup(self.group), seconds) as is_over:
            try:
                context.setJobGroup(self.group, "pactwatch", True)  # noqa: FBT003 - Java has no keywords
                yield
                for name, value in before.items():  # this thread may be that of somebody with jobs of his own
                    context.setLocalProperty(name, value)
            except self._java_errors() as error:
                if is_over():
                    raise Unreachable(
                        "it took longer than statement_timeout to find out what the files hold"
                    ) from error
                raise Unreachable(str(errors.failed(error, self.gateway, is_over=False))) from error

    def _java_errors(self) -> tuple[type[BaseException], ...]:
        from py4j.protocol import Py4JError

        captured: list[type[BaseException]] = [Py4JError, ConnectionError]
        try:  # in the process of a session that somebody gave us, pyspark speaks in its own errors
            from pyspark.errors import PySparkException

            captured.append(PySparkException)
        except ImportError:
            pass
        return tuple(captured)


def route_to(server: ServerSettings, tables: Sequence[TableName]) -> Route:
    """Return what is configured of the way to a server: who connects first opens a session of his own."""
    return {
        "master": server.master,
        "memory_limit": server.memory_limit,
        "path": server.path or "",
        "format": server.format or "",
        "schema": server.schema or "",
        "env": json.dumps(server.env),
        "tables": json.dumps([[table.schema, table.name] for table in tables]),
    }


def holder_on(route: Route, statement_timeout: float) -> SparkHolder:
    """Open the session that a route without one asks for. Raises Unreachable."""
    server = ServerSettings(
        name="spark",
        type="spark",
        master=route["master"],
        memory_limit=route["memory_limit"],
        path=route["path"] or None,
        format=route["format"] or None,
        schema=route["schema"] or None,
        statement_timeout=statement_timeout,
        env=tuple(json.loads(route["env"])),
    )
    tables = [TableName(schema=schema, name=name) for schema, name in json.loads(route["tables"])]
    return SparkHolder(server, "plan", tables)
