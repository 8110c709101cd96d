"""`pactwatch.toml` and the environment it refers to, read once into one frozen `Settings`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from monitor.errors import SettingsError

FILE_NAME = "pactwatch.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Where the parts of the way to a server come from, in words, for whoever has to correct one. Never a value."""

    address: str = "PGHOST and PGPORT"
    database: str = "PGDATABASE"
    user: str = "PGUSER"
    password: str = "PGPASSWORD or ~/.pgpass"  # noqa: S105 - names, not secrets


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """How to reach one warehouse. Durations are seconds; `password` never appears in a repr.

    `schema` is what unqualified table names resolve in (None: the role's own search path).
    `env` names the variables that the scanning process may see beside PATH, HOME and LANG.
    """

    name: str
    type: str = "postgres"
    host: str | None = None
    port: int | None = None
    database: str | None = None
    schema: str | None = None
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    sslmode: str | None = None
    connect_timeout: float = 10.0
    statement_timeout: float = 300.0
    lock_timeout: float = 30.0
    max_connections: int = 4
    heavy_statements: int = 2
    env: tuple[str, ...] = ()
    sources: Sources = Sources()


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleSettings:
    """What may be shown of failing rows: `rows` per check, and columns beside those classified `public`.

    An entry of `show` is `dataset.column` or `contract.dataset.column`, by the contract's own names.
    """

    rows: int = 0
    show: tuple[str, ...] = ()


DAY = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StateSettings:
    """Where Pactwatch remembers, as a URL of SQLAlchemy, and for how many seconds: results one by one, then by day."""

    url: str = field(default="sqlite:///.pactwatch/state.db", repr=False)
    keep_results: float = 14 * DAY
    keep_rollups: float = 400 * DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackSettings:
    """How to reach people in Slack. `ops_channel` hears of trouble of the monitor itself, None means `channel`."""

    token: str = field(repr=False)
    channel: str
    ops_channel: str | None = None
    base_url: str = "https://slack.com/api/"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertSettings:
    """How often a check must fail before people hear of it, and pass before they hear that it is over; in a row.

    For so many seconds as `group` says a story of which people know nothing waits for others.
    """

    alert_after_failures: int = 1
    resolve_after_passes: int = 1
    group: float = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything the user configured. Paths are as the user wrote them, from the folder of `file`.

    `contract_variables` holds the allowed names and their values; `servers` is empty without a configuration file.
    Without `slack` nobody can be alerted.
    """

    file: Path | None = None
    contracts: tuple[Path, ...] = (Path("contracts"),)
    checks: Path = Path("checks")
    contract_variables: Mapping[str, str] = field(default_factory=dict)
    servers: Mapping[str, ServerSettings] = field(default_factory=dict)
    samples: SampleSettings = SampleSettings()
    state: StateSettings = StateSettings()
    slack: SlackSettings | None = None
    alerts: AlertSettings = AlertSettings()


def load_settings(file: Path | None, environment: Mapping[str, str]) -> Settings:
    """Read the named file, else `pactwatch.toml` of this folder if there is one, else return the defaults.

    Raises SettingsError with every problem: where, what was found, what was expected.
    """
    if file is None:
        file = Path(FILE_NAME)
        if not file.exists():
            return Settings()
    from monitor.settings_file import parse

    try:
        text = file.read_bytes().decode()
    except FileNotFoundError:
        raise SettingsError(f"{file}: there is no such configuration file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file}: cannot be read: {error}") from error
    return parse(text, file, environment)


def server_from_environment(name: str, environment: Mapping[str, str]) -> tuple[str | None, str | None]:
    """Return user and password for a server that no configuration names: `PACTWATCH_<SERVER>_USER` / `_PASSWORD`.

    None leaves the choice to the driver's own variables (`PGUSER`, `PGPASSWORD`, `~/.pgpass`).
    """
    user, password = variables_of(name)
    return environment.get(user), environment.get(password)


def variables_of(name: str) -> tuple[str, str]:
    """Return the names of the variables that hold user and password of a server without configuration."""
    prefix = "PACTWATCH_" + "".join(char if char.isalnum() else "_" for char in name).upper()
    return f"{prefix}_USER", f"{prefix}_PASSWORD"
