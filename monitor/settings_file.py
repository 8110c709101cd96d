"""The text of `pactwatch.toml` → `Settings`: the only place where pydantic stands."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from monitor.errors import SettingsError
from monitor.settings import (
    AlertSettings,
    SampleSettings,
    ServerSettings,
    Settings,
    SlackSettings,
    Sources,
    StateSettings,
    variables_of,
)
from monitor.settings_state import in_folder, state_url

_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_DURATION = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>ms|s|m|h|d)\Z")
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}


def _duration(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError('expected a duration such as "30s", "5m" or "1h"')  # noqa: TRY004 - pydantic reports ValueError
    match = _DURATION.match(value.strip())
    if match is None:
        raise ValueError('expected a duration such as "30s", "5m" or "1h"')
    return float(match["number"]) * _SECONDS[match["unit"]]


def _paths(value: object) -> object:
    return [value] if isinstance(value, str) else value


Seconds = Annotated[float, BeforeValidator(_duration), Field(gt=0)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _Server(_Table):
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
    env: list[str] = []


class _Samples(_Table):
    rows: Annotated[int, Field(ge=0, le=1000)] = 0
    show: list[str] = []


class _State(_Table):
    url: str = StateSettings().url
    keep_results: Seconds = StateSettings().keep_results
    keep_rollups: Seconds = StateSettings().keep_rollups


def _web_address(value: object) -> object:
    """Refuse an address to which the token would travel in plain text; a server on this machine is fine."""
    parts = urlsplit(value) if isinstance(value, str) else None
    is_local = parts is not None and parts.hostname in {"127.0.0.1", "localhost", "::1"}
    if parts is None or not parts.hostname or parts.scheme not in {"https", *(["http"] if is_local else [])}:
        raise ValueError("expected an address that begins with https://")
    return str(value).rstrip("/") + "/"


Channel = Annotated[str, Field(pattern=r"^#?[^\s#@<>]{1,80}$")]
Times = Annotated[int, Field(ge=1, le=100)]


class _Slack(_Table):
    token: Annotated[str, Field(min_length=1)]
    channel: Channel
    ops_channel: Channel | None = None
    base_url: Annotated[str, BeforeValidator(_web_address)] = "https://slack.com/api/"


class _Alerts(_Table):
    alert_after_failures: Times = AlertSettings().alert_after_failures
    resolve_after_passes: Times = AlertSettings().resolve_after_passes
    group: Seconds = AlertSettings().group


class _File(_Table):
    contracts: Annotated[list[str], BeforeValidator(_paths)] = ["contracts"]
    checks: str = "checks"
    contract_variables: list[str] = []
    servers: dict[str, _Server] = {}
    samples: _Samples = _Samples()
    state: _State = _State()
    slack: _Slack | None = None
    alerts: _Alerts = _Alerts()


def parse(text: str, file: Path, environment: Mapping[str, str]) -> Settings:
    """Return the settings that a configuration text stands for; relative paths start at the file's folder.

    `${NAME}` in a server's values is replaced from the environment. Raises SettingsError listing every problem.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{file}: not TOML: {error}") from error
    problems: list[str] = []
    servers = document.get("servers")
    sources: dict[str, Sources] = {}
    if isinstance(servers, dict):
        for name, server in servers.items():
            if isinstance(server, dict):
                problems += _secrets_in_plain_text(name, server)
                sources[name] = _sources(name, server, file)
                servers[name] = {
                    key: _expand(value, f"servers.{name}.{key}", environment, problems) for key, value in server.items()
                }
    state = document.get("state")
    if isinstance(state, dict) and isinstance(state.get("url"), str):
        state["url"] = state_url(state["url"], environment, problems)
    slack = document.get("slack")
    if isinstance(slack, dict):
        problems += _token_in_plain_text(slack)
        document["slack"] = {key: _expand(value, f"slack.{key}", environment, problems) for key, value in slack.items()}
    try:
        read = _File.model_validate(document)
    except ValidationError as error:
        problems += [_told(each["loc"], each["type"], each["msg"], each["input"]) for each in error.errors()]
        raise _error(file, problems) from None
    missing = [name for name in read.contract_variables if name not in environment]
    problems += [f"contract_variables: {name} is not set in the environment" for name in missing]
    if read.state.keep_rollups < read.state.keep_results:
        problems.append("state.keep_rollups: roll-ups must be kept at least as long as results (keep_results)")
    if problems:
        raise _error(file, problems)
    folder = file.parent
    return Settings(
        file=file,
        contracts=tuple(folder / path for path in read.contracts),
        checks=folder / read.checks,
        contract_variables={name: environment[name] for name in read.contract_variables},
        servers={name: _server(name, server, sources[name]) for name, server in read.servers.items()},
        samples=SampleSettings(rows=read.samples.rows, show=tuple(read.samples.show)),
        state=StateSettings(
            url=in_folder(read.state.url, folder),
            keep_results=read.state.keep_results,
            keep_rollups=read.state.keep_rollups,
        ),
        slack=None if read.slack is None else SlackSettings(**read.slack.model_dump()),
        alerts=AlertSettings(**read.alerts.model_dump()),
    )


def _server(name: str, server: _Server, sources: Sources) -> ServerSettings:
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
        env=tuple(server.env),
        sources=sources,
    )


def _sources(name: str, server: Mapping[str, object], file: Path) -> Sources:
    """Say where a server's parts come from: the variables that its values name, else the file, else the driver's."""

    def source(key: str, default: str) -> str:
        value = server.get(key)
        if value is None:
            return default
        variables = _REFERENCE.findall(value) if isinstance(value, str) else []
        return " and ".join(variables) if variables else f"{key} under [servers.{name}] in {file}"

    default = Sources()
    return Sources(
        address=source("host", default.address),
        database=source("database", default.database),
        user=source("user", default.user),
        password=source("password", default.password),
    )


def _secrets_in_plain_text(name: str, server: Mapping[str, object]) -> list[str]:
    password = server.get("password")
    if not isinstance(password, str) or _REFERENCE.fullmatch(password):
        return []
    _, variable = variables_of(name)
    return [
        f'servers.{name}.password: a secret in plain text; write password = "${{{variable}}}" and set that variable'
    ]


def _token_in_plain_text(slack: Mapping[str, object]) -> list[str]:
    token = slack.get("token")
    if not isinstance(token, str) or _REFERENCE.fullmatch(token):
        return []
    return ['slack.token: a secret in plain text; write token = "${SLACK_BOT_TOKEN}" and set that variable']


def _expand(value: object, where: str, environment: Mapping[str, str], problems: list[str]) -> object:
    if not isinstance(value, str):
        return value

    def found(match: re.Match[str]) -> str:
        if match[1] not in environment:
            problems.append(f"{where}: the environment variable {match[1]} is not set")
        return environment.get(match[1], "")

    return _REFERENCE.sub(found, value)


def _told(place: tuple[int | str, ...], kind: str, message: str, found: object) -> str:
    where = ".".join(str(part) for part in place)
    if kind == "extra_forbidden":
        return f"{where}: there is no such setting"
    message = message.removeprefix("Value error, ")
    shown = "a value" if where.endswith(("password", "state.url", "slack.token")) else repr(found)
    return f"{where}: {message[0].lower()}{message[1:]}, found {shown}"


def _error(file: Path, problems: list[str]) -> SettingsError:
    return SettingsError("\n".join(f"{file}: {problem}" for problem in problems))
