"""The text of `pactwatch.toml` → `Settings`: the only place where pydantic stands."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator

from monitor import settings_people as people
from monitor.errors import SettingsError
from monitor.settings import (
    LOCAL_SPARK,
    AlertSettings,
    Dispatcher,
    SampleSettings,
    ServerSettings,
    Settings,
    SlackSettings,
    Sources,
    StateSettings,
    WebhookSettings,
    variables_of,
)
from monitor.settings_base import REFERENCE, Environment, Seconds, Table, Zone, web_address
from monitor.settings_connection import CONNECTORS, filled, in_plain_text, written
from monitor.settings_http import Http
from monitor.settings_http import filled as filled_http
from monitor.settings_schedule import Daemon, Schedule
from monitor.settings_state import in_folder, state_url

_HIDDEN = (
    "password",
    "state.url",
    *(f"{table}.{key}" for table, key in people.SECRETS),
    "webhook.url",
    "daemon.ping_url",
)


FILE_TYPES = frozenset({"duckdb", "local"})
"""The types of servers that are files of this machine."""
SPARK = "spark"
_ONLY_POSTGRES = ("host", "port", "database", "user", "password", "sslmode")


def _paths(value: object) -> object:
    return [value] if isinstance(value, str) else value


class _Server(Table):
    type: str = "postgres"
    host: str | None = None
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    database: str | None = None
    schema_: Annotated[str | None, Field(alias="schema")] = None
    user: str | None = None
    password: str | None = None
    sslmode: Literal["disable", "allow", "prefer", "require", "verify-ca", "verify-full"] | None = None
    connect_timeout: Seconds = 10.0
    statement_timeout: Seconds = 300.0
    lock_timeout: Seconds = 30.0
    max_connections: Annotated[int, Field(ge=1)] = 4
    heavy_statements: Annotated[int, Field(ge=1)] = 2
    path: Annotated[str, Field(min_length=1)] | None = None
    format: str | None = None
    memory_limit: Annotated[str, Field(pattern=r"^\d+(\.\d+)? ?[KMGT]i?B$")] = "2GB"
    connection: dict[str, Any] | None = None
    master: Annotated[str, Field(pattern=r"^[a-z][a-z0-9+.-]*(\[|:|$)")] | None = None
    env: list[str] = Field(default_factory=list)

    @model_validator(mode="after")
    def has_its_place(self) -> Self:
        """Refuse files without a path, which a contract could choose, and a path where there are none."""
        is_of_files = self.type in FILE_TYPES
        if self.type == SPARK:
            return self.is_on_spark()
        if self.master is not None:
            raise ValueError(f"master is for servers of type spark, not {self.type}")
        if is_of_files and self.path is None:
            raise ValueError('path is missing: a DuckDB file or where files are, such as path = "data/{table}.csv"')
        if is_of_files and (unused := [key for key in _ONLY_POSTGRES if getattr(self, key) is not None]):
            raise ValueError(f"{' and '.join(unused)}: a server of type {self.type} has none, only a path")
        if self.connection is not None and self.type not in CONNECTORS:
            raise ValueError(f"connection is for servers of type {', '.join(sorted(CONNECTORS))}, not {self.type}")
        if not is_of_files and (self.path or self.format):
            raise ValueError(f"path and format are for servers of type duckdb, not {self.type}")
        return self

    def is_on_spark(self) -> Self:
        """Refuse what a session of Spark's has not, and a format of nothing."""
        if unused := [key for key in _ONLY_POSTGRES if getattr(self, key) is not None]:
            raise ValueError(f"{' and '.join(unused)}: a server of type spark has none, only master, path and schema")
        if self.format is not None and self.path is None:
            raise ValueError('path is missing: where the files are, such as path = "data/{table}"')
        return self


class _Samples(Table):
    rows: Annotated[int, Field(ge=0, le=1000)] = 0
    show: list[str] = Field(default_factory=list)


class _State(Table):
    url: str = StateSettings().url
    keep_results: Seconds = StateSettings().keep_results
    keep_rollups: Seconds = StateSettings().keep_rollups


Times = Annotated[int, Field(ge=1, le=100)]


class _Slack(Table):
    token: Annotated[str, Field(min_length=1)] | None = None
    webhook: Annotated[str, AfterValidator(web_address)] | None = None
    channel: people.Channel | None = None
    ops_channel: people.Channel | None = None
    app_token: Annotated[str, Field(min_length=1)] | None = None
    base_url: Annotated[str, AfterValidator(web_address)] = SlackSettings.BASE_URL

    @model_validator(mode="after")
    def is_one_way(self) -> Self:
        """Refuse a bot and a webhook in one, neither of them, and a webhook that chooses its channel."""
        if (self.token is None) == (self.webhook is None):
            raise ValueError("expected token (a bot) or webhook (an incoming webhook), one of them")
        if self.token is not None and self.channel is None:
            raise ValueError('channel is missing, such as channel = "#data-quality"')
        if self.webhook is not None and (self.channel or self.ops_channel or self.app_token):
            raise ValueError("a webhook is bound to one channel and has no buttons: leave the other keys out")
        return self

    def bot(self) -> SlackSettings | None:
        """Return the bot, None where it is a webhook."""
        if self.token is None or self.channel is None:
            return None
        return SlackSettings(
            token=self.token,
            channel=self.channel,
            ops_channel=self.ops_channel,
            app_token=self.app_token,
            base_url=self.base_url.rstrip("/") + "/",
        )


class _Alerts(Table):
    alert_after_failures: Times = AlertSettings().alert_after_failures
    resolve_after_passes: Times = AlertSettings().resolve_after_passes
    group: Seconds = AlertSettings().group
    to: Literal["slack", "webhook", "console"] | None = None
    quiet_hours: people.Hours | None = None
    quiet_weekends: bool = False
    timezone: Zone = "UTC"
    restrict: bool = False

    def value(self) -> AlertSettings:
        """Return it as the rest of the program knows it."""
        return AlertSettings(
            alert_after_failures=self.alert_after_failures,
            resolve_after_passes=self.resolve_after_passes,
            group=self.group,
            to=self.to,
            quiet=people.quiet_hours(self.quiet_hours, self.timezone, weekends=self.quiet_weekends),
            restrict=self.restrict,
        )


class _File(Table):
    contracts: Annotated[list[str], BeforeValidator(_paths)] = Field(default_factory=lambda: ["contracts"])
    checks: str = "checks"
    reports: str = "reports"
    contract_variables: list[str] = Field(default_factory=list)
    servers: dict[str, _Server] = Field(default_factory=dict)
    samples: _Samples = _Samples()
    state: _State = _State()
    slack: _Slack | None = None
    alerts: _Alerts = _Alerts()
    schedule: Schedule = Schedule()
    daemon: Daemon = Daemon()
    webhook: people.Webhook | None = None
    routes: list[people.Route] = Field(default_factory=list)
    http: Http = Http()


def parse(text: str, file: Path, environment: Mapping[str, str]) -> Settings:
    """Return the settings that a configuration text stands for; relative paths start at the file's folder.

    `${NAME}` is replaced from the environment; variables that are not set are `Settings.missing`. Raises SettingsError
    listing every problem.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{file}: not TOML: {error}") from error
    problems: list[str] = []
    known = Environment(environment)
    servers = document.get("servers")
    sources: dict[str, Sources] = {}
    if isinstance(servers, dict):
        for name, server in servers.items():
            if isinstance(server, dict):
                problems += _secrets_in_plain_text(name, server)
                problems += in_plain_text(server.get("connection"), f"servers.{name}.connection")
                sources[name] = _sources(name, server, file)
                servers[name] = filled(server, known, f"servers.{name}")
    _fill(document, known, problems)
    try:
        read = _File.model_validate(document)
    except ValidationError as error:
        problems += [_told(each["loc"], each["type"], each["msg"], each["input"]) for each in error.errors()]
        raise _error(file, problems) from None
    unset = [name for name in read.contract_variables if name not in environment]
    problems += [f"contract_variables: {name} is not set in the environment" for name in unset]
    if read.state.keep_rollups < read.state.keep_results:
        problems.append("state.keep_rollups: roll-ups must be kept at least as long as results (keep_results)")
    spreads = read.daemon.dispatcher is Dispatcher.PROCRASTINATE and "state.url" not in known.missing
    if spreads and not read.state.url.startswith("postgres"):
        kind = read.state.url.partition(":")[0]
        problems.append(f'daemon.dispatcher: "procrastinate" needs state.url in PostgreSQL, found {kind}')
    slack, incoming = (read.slack.bot(), read.slack.webhook) if read.slack else (None, None)
    webhook = WebhookSettings(**read.webhook.model_dump()) if read.webhook else None
    alerts = read.alerts.value()
    problems += people.contradictions(slack, incoming, webhook, alerts)
    if problems:
        raise _error(file, problems)
    folder = file.parent
    return Settings(
        file=file,
        contracts=tuple(folder / path for path in read.contracts),
        checks=folder / read.checks,
        reports=folder / read.reports,
        contract_variables={name: environment[name] for name in read.contract_variables},
        servers={name: _server(name, server, sources[name], folder) for name, server in read.servers.items()},
        samples=SampleSettings(rows=read.samples.rows, show=tuple(read.samples.show)),
        state=StateSettings(
            url=in_folder(read.state.url, folder),
            keep_results=read.state.keep_results,
            keep_rollups=read.state.keep_rollups,
        ),
        slack=slack,
        incoming=incoming,
        webhook=webhook,
        alerts=alerts,
        routes=tuple(route.value() for route in read.routes),
        http=read.http.value(),
        schedule=read.schedule.value(),
        daemon=read.daemon.value(folder),
        missing=known.missing,
    )


def _fill(document: dict[str, Any], environment: Environment, problems: list[str]) -> None:
    """Fill in the references of every table but the servers'; secrets in plain text are problems."""
    state = document.get("state")
    if isinstance(state, dict) and isinstance(state.get("url"), str):
        state["url"] = state_url(state["url"], environment, problems)
    problems += people.in_plain_text(document)
    daemon = document.get("daemon")
    if isinstance(daemon, dict) and "ping_url" in daemon:
        daemon["ping_url"] = environment.expand(daemon["ping_url"], "daemon.ping_url")
    for name in ("slack", "webhook"):
        table = document.get(name)
        if isinstance(table, dict):
            document[name] = {key: environment.expand(value, f"{name}.{key}") for key, value in table.items()}
    http = document.get("http")
    if isinstance(http, dict):
        document["http"] = filled_http(http, environment, problems)


def _server(name: str, server: _Server, sources: Sources, folder: Path) -> ServerSettings:
    return ServerSettings(
        name=name,
        type=server.type,
        host=server.host,
        port=server.port,
        database=server.database,
        schema=server.schema_,
        user=server.user,
        password=server.password,
        sslmode=server.sslmode,
        connect_timeout=server.connect_timeout,
        statement_timeout=server.statement_timeout,
        lock_timeout=server.lock_timeout,
        max_connections=server.max_connections,
        heavy_statements=server.heavy_statements,
        path=str((folder / server.path).absolute()) if server.path and "://" not in server.path else server.path,
        format=server.format,
        memory_limit=server.memory_limit,
        connection=written(server.connection),
        master=server.master or LOCAL_SPARK,
        env=tuple(server.env),
        sources=sources,
    )


def _sources(name: str, server: Mapping[str, object], file: Path) -> Sources:
    """Say where a server's parts come from: the variables that its values name, else the file, else the driver's."""

    def source(key: str, default: str) -> str:
        value = server.get(key)
        if value is None:
            return default
        variables = REFERENCE.findall(value) if isinstance(value, str) else []
        return " and ".join(variables) if variables else f"{key} under [servers.{name}] in {file}"

    default = Sources()
    if server.get("type") in CONNECTORS:
        place = f"[servers.{name}] in {file}"
        default = Sources(address=place, database=place, user=place, password=place)
    return Sources(
        address=source("path" if server.get("path") else "host", default.address),
        database=source("database", default.database),
        user=source("user", default.user),
        password=source("password", default.password),
    )


def _secrets_in_plain_text(name: str, server: Mapping[str, object]) -> list[str]:
    password = server.get("password")
    if not isinstance(password, str) or REFERENCE.fullmatch(password):
        return []
    _, variable = variables_of(name)
    return [
        f'servers.{name}.password: a secret in plain text; write password = "${{{variable}}}" and set that variable'
    ]


def _told(place: tuple[int | str, ...], kind: str, message: str, found: object) -> str:
    where = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in place).removeprefix(".")
    if kind == "extra_forbidden":
        return f"{where}: there is no such setting"
    message = message.removeprefix("Value error, ")
    told = f"{where}: {message[0].lower()}{message[1:]}"
    if not isinstance(found, str | int | float):
        return told  # a table may hold a secret
    is_secret = where.endswith(_HIDDEN) or where.startswith("http.tokens") or ".connection" in where
    return f"{told}, found {'a value' if is_secret else repr(found)}"


def _error(file: Path, problems: list[str]) -> SettingsError:
    return SettingsError("\n".join(f"{file}: {problem}" for problem in problems))
