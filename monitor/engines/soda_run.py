"""One Soda scan over a guarded connection of ours: SodaCL text → exact values with Soda's own outcomes.

With `soda_child` this is the only place that imports soda, and only inside functions: the parent never pays for it.
Soda's values are floats where a query is a user's own; the rows its queries fetched keep what the server said.
"""

import functools
import inspect
import logging
import sys
import types
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol, Self

from monitor.engines import sql_errors
from monitor.engines.messages import Measured
from monitor.engines.soda_history import LocalHistory
from monitor.errors import EngineError

_SOURCE = "guarded"
_MAX_AGGREGATES = 1600  # PostgreSQL takes 1,664 columns in a SELECT


class SeesOneSnapshot(Protocol):
    """What Soda's data source needs of a guarded connection."""

    @property
    def connection(self) -> Any:  # noqa: ANN401 - PEP 249 has no types
        """The connection to take cursors of."""

    @property
    def source(self) -> str:
        """Which of the data sources registered here knows its dialect."""

    def recover(self, error: BaseException) -> None:
        """Get back to the snapshot after a failed statement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenStatement:
    """A statement of Soda's that the server did not answer, with the identities of all checks it was for."""

    identities: tuple[str, ...]
    error: BaseException
    sql: str
    seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SodaScan:
    """What one Soda scan said.

    `outcomes` and `values` are those of all its checks, identified or not; None where it gave none.
    """

    measured: tuple[Measured, ...]
    broken: tuple[BrokenStatement, ...]
    outcomes: tuple[str | None, ...]
    values: tuple[Decimal | None, ...]
    errors: tuple[str, ...]


def preload() -> None:
    """Import Soda without telemetry, without a `.env` file, without its log handlers; nothing is written in HOME."""
    logging.getLogger().addHandler(logging.NullHandler())
    _stand_in("soda.telemetry.soda_telemetry", SodaTelemetry=_NoTelemetry)
    _stand_in("requests", Response=object)
    _stand_in("distutils.util", strtobool=_is_true)
    import soda.common.env_helper
    import soda.execution.metric.numeric_query_metric
    import soda.scan
    import soda.sodacl.sodacl_parser

    soda.common.env_helper.load_dotenv = lambda **_: False
    # For every float it would import pandas where that is installed (0.25 s); psycopg2 returns no numpy values.
    soda.execution.metric.numeric_query_metric.find_spec = lambda _: None
    # For every check it asks 17 times what the same constructor takes: half of the time of a scan of 20 checks.
    soda.sodacl.sodacl_parser.inspect = types.SimpleNamespace(signature=functools.cache(inspect.signature))
    _register_data_sources()
    logging.disable()
    _warm_up()


def _stand_in(name: str, **contents: object) -> None:
    """Put a module of ours where Soda would import another.

    Telemetry and HTTP that are not there cannot post anything or write a configuration to HOME, and cost no 0.1 s;
    `distutils` (0.05 s through setuptools, gone from Python 3.12) is wanted for one function only.
    """
    module = types.ModuleType(name)
    vars(module).update(contents)
    sys.modules[name] = module


class _NoTelemetry:
    @staticmethod
    def get_instance() -> "_NoTelemetry":
        return _NoTelemetry()

    def set_attribute(self, *_: object) -> None:
        """Tell nobody."""

    def set_attributes(self, *_: object) -> None:
        """Tell nobody."""

    def obtain_datasource_hash(self, *_: object) -> None:
        """Identify nobody."""


def _is_true(value: str) -> bool:
    return value.lower() in {"y", "yes", "t", "true", "on", "1"}


def run_sodacl(guarded: SeesOneSnapshot, sodacl: str, history: LocalHistory | None = None) -> SodaScan:
    """Run SodaCL text over the connection. Soda never raises: what went wrong is in the result.

    A check that compares runs asks `history` where Soda would ask its cloud, and `history` takes what it measured.
    """
    from soda.scan import Scan

    if guarded.source == "guarded_mysql":  # its driver takes 0.1 s to import
        from monitor.engines import soda_mysql

        soda_mysql.register()
    if guarded.source == "guarded_spark":
        _register_spark()
    scan = Scan()
    scan.set_data_source_name(_SOURCE)
    scan._configuration.data_source_properties_by_name[_SOURCE] = {"type": guarded.source, "guarded": guarded}  # noqa: SLF001
    scan._configuration.samples_limit = 0  # noqa: SLF001 - there is no public way to keep it from fetching failing rows
    if history is not None:
        scan.set_scan_definition_name(_SOURCE)
        scan._configuration.soda_cloud = history  # noqa: SLF001
    scan.disable_telemetry()
    scan.build_scan_results = dict  # a third of the time of a wide scan, and nobody reads it
    scan.add_sodacl_yaml_str(sodacl)
    scan.execute()
    return _read(scan)


def _read(scan: Any) -> SodaScan:  # noqa: ANN401
    checks = scan._checks  # noqa: SLF001
    places = {
        (id(query), id(metric)): place
        for query in scan._queries  # noqa: SLF001
        for place, metric in enumerate(getattr(query, "metrics", ()))
    }
    measured = []
    victims: dict[int, tuple[Any, list[str]]] = {
        id(query): (query, [])
        for query in scan._queries  # noqa: SLF001
        if query.exception is not None
    }
    for check in checks:
        identity = _identity(check)
        for metric in check.metrics.values() if identity else ():
            for query in metric.queries[:1]:
                if id(query) in victims:
                    victims[id(query)][1].append(identity)
                elif query.row is not None:
                    measured.append(
                        Measured(
                            metric=identity,
                            value=exact(query.row[places[id(query), id(metric)] if hasattr(query, "metrics") else 0]),
                            kept=_kept(check),
                            sql=query.sql,
                            seconds=query.duration.total_seconds(),
                        )
                    )
    return SodaScan(
        measured=tuple(measured),
        broken=tuple(
            BrokenStatement(
                identities=tuple(identities),
                error=query.exception,
                sql=query.sql,
                seconds=query.duration.total_seconds() if query.duration else None,
            )
            for query, identities in victims.values()
        ),
        outcomes=tuple(check.outcome.value if check.outcome else None for check in checks),
        values=tuple(exact(getattr(check, "check_value", None)) for check in checks),
        errors=tuple(_errors(scan)),
    )


def exact(value: object) -> Decimal | None:
    """Return a number of the server's exactly; None for what is no number. Floats read as they print."""
    match value:
        case bool():
            return Decimal(int(value))
        case int() | Decimal():
            return Decimal(value)
        case float():
            return Decimal(repr(value))
        case _:
            return None


def _identity(check: Any) -> str:  # noqa: ANN401
    configuration = check.check_cfg.source_configurations
    return str(configuration.get("identity", "")) if isinstance(configuration, dict) else ""


def _kept(check: Any) -> bool | None:  # noqa: ANN401
    from soda.execution.check_outcome import CheckOutcome

    return None if check.outcome is None else check.outcome is CheckOutcome.PASS


def _errors(scan: Any) -> Iterator[str]:  # noqa: ANN401
    for log in scan.get_error_logs():
        if not isinstance(log.exception, sql_errors.SERVER_ERRORS):
            detail = f": {log.exception}" if log.exception else ""
            yield f"{log.message.splitlines()[0]}{detail}"


def _register_data_sources() -> None:
    from soda.data_sources.postgres_data_source import PostgresDataSource

    class GuardedPostgresDataSource(PostgresDataSource):  # type: ignore[misc]
        """Soda's PostgreSQL over the connection it is given; means exactly what the compiled file means."""

        def connect(self) -> None:
            self.connection = self.data_source_properties["guarded"].connection

        def query_failed(self, e: BaseException) -> None:
            self.data_source_properties["guarded"].recover(e)

        def get_max_aggregation_fields(self) -> int:
            return _MAX_AGGREGATES

    class GuardedDuckdbDataSource(GuardedPostgresDataSource):
        """The same over DuckDB, whose SQL is PostgreSQL's but for how a pattern is searched for."""

        def expr_regexp_like(self, expr: str, excaped_regex_pattern: str) -> str:
            return f"REGEXP_MATCHES({expr}, '{excaped_regex_pattern}')"

    for each in (GuardedPostgresDataSource, GuardedDuckdbDataSource):
        _register(each.__name__.removeprefix("Guarded").removesuffix("DataSource").lower(), each)


def _register(kind: str, source: type) -> None:
    module = types.ModuleType(f"soda.data_sources.guarded_{kind}_data_source")
    setattr(module, f"Guarded_{kind}DataSource", source)  # as Soda spells the class of `guarded_<kind>`
    sys.modules[module.__name__] = module


def _register_spark() -> None:
    """Make Soda's Spark known, once a scan wants it."""
    if "soda.data_sources.guarded_spark_data_source" not in sys.modules:
        from monitor.engines.soda_spark import data_source

        _register("spark", data_source())


class _NoConnection:
    """Answers every statement of the warm-up with one number."""

    description = ("count",)
    source = "guarded_postgres"

    @property
    def connection(self) -> Self:
        return self

    def recover(self, error: BaseException) -> None:
        raise error

    def cursor(self) -> Self:
        return self

    def execute(self, _: str) -> None:
        pass

    def fetchone(self) -> tuple[int, ...]:
        return (1, 1, 1)

    def close(self) -> None:
        pass


def _warm_up() -> None:
    """Let Soda import and build, before the fork, all that it puts off until its first scan (18 ms of each child)."""
    forms = {" = 0": "", " between -1 and 0.5": "", "": "\n      warn: when not between 1 and 2"}
    for how in ("expression: COUNT(*)", "query: SELECT 1"):
        checks = [
            f"  - t.n{i}{when}:\n      identity: t.n{i}\n      t.n{i} {how}{more}\n"
            for i, (when, more) in enumerate(forms.items())
        ]
        if len(run_sodacl(_NoConnection(), 'checks for "t":\n' + "".join(checks)).measured) != len(forms):
            raise EngineError("soda-core did not understand its own language; is it version 3.5.6?")
