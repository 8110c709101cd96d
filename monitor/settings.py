"""`pactwatch.toml` and the environment it refers to, read once into one frozen `Settings`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import ClassVar

from monitor.errors import SettingsError

FILE_NAME = "pactwatch.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Where the parts of the way to a server come from, in words, for whoever has to correct one. Never a value."""

    address: str = "PGHOST and PGPORT"
    database: str = "PGDATABASE"
    user: str = "PGUSER"
    password: str = "PGPASSWORD or ~/.pgpass"  # noqa: S105 - names, not secrets


LOCAL_SPARK = "local[*]"
"""Spark inside one virtual machine of ours, on all cores."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """How to reach one warehouse. Durations are seconds; `password` never appears in a repr.

    `path`, `format` and `memory_limit` are DuckDB's and Spark's: a database file, or where files are and how they are
    written. `master` is where Spark runs; without a `path` its own catalogue says what there is.
    `connection` is what a connector's package wants to know, as JSON; it never appears in a repr either.
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
    path: str | None = None
    format: str | None = None
    memory_limit: str = "2GB"
    connection: str | None = field(default=None, repr=False)
    master: str = LOCAL_SPARK
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
    """How to reach people in Slack with a bot. `ops_channel` hears of trouble of the monitor, None means `channel`.

    Without an `app_token` messages have no buttons to press.
    """

    BASE_URL: ClassVar[str] = "https://slack.com/api/"

    token: str = field(repr=False)
    channel: str
    ops_channel: str | None = None
    app_token: str | None = field(default=None, repr=False)
    base_url: str = BASE_URL


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSettings:
    """A receiver of signed JSON. `allow_private` lets it be inside our own network."""

    url: str = field(repr=False)
    secret: str = field(repr=False)
    allow_private: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """When only what is urgent is told: from `start` until before `end` of the zone's own day, and on weekends.

    Equal times are no hours at all.
    """

    start: time
    end: time
    timezone: str = "UTC"
    weekends: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteSettings:
    """Where alerts go that match: each condition has patterns, of which one must fit (`*` is anything).

    `mention` are e-mail addresses and Slack's ids; whoever is named here is called instead of the contract's team.
    """

    CONDITIONS: ClassVar[tuple[str, ...]] = ("contract", "tag", "owner", "severity", "dimension", "domain")

    matches: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    channel: str | None = None
    mention: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertSettings:
    """How often a check must fail before people hear of it, and pass before they hear that it is over; in a row.

    For so many seconds as `group` says a story of which people know nothing waits for others.
    `to` chooses between the ways to tell people: slack, webhook or console; None is the one that is configured. With
    `restrict` only a contract's team may press the buttons.
    """

    alert_after_failures: int = 1
    resolve_after_passes: int = 1
    group: float = 30.0
    to: str | None = None
    quiet: QuietHours | None = None
    restrict: bool = False


class Pages(StrEnum):
    """Who may open the pages: whoever reaches them, callers with a token, or those whom a proxy in front lets in."""

    OPEN = "open"
    TOKEN = "token"  # noqa: S105 - a word, not a secret
    PROXY = "proxy"


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpSettings:
    """Where Pactwatch is seen from outside. `tokens` are by caller; `public_url` is what people call the site."""

    host: str = "127.0.0.1"
    port: int = 8650
    public_url: str | None = None
    pages: Pages = Pages.OPEN
    tokens: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def is_local(self) -> bool:
        """Say whether only programs of this machine can connect."""
        try:
            return self.host == "localhost" or ip_address(self.host).is_loopback
        except ValueError:
            return False


class CatchUp(StrEnum):
    """What becomes of slots that were missed: the last one of each part runs, all of them, or none."""

    LATEST = "latest"
    ALL = "all"
    SKIP = "skip"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleSettings:
    """When contracts are verified that do not say it themselves, and what becomes of what was missed. Seconds.

    `window` is how far back missed slots are looked for, `grace` how long after its moment a slot may be without a
    result before that is an incident. The work of one moment begins spread over `spread`. `schema_every` looks at the
    schema besides (None: when the contract is verified).
    """

    default: str = "0 6 * * *"
    timezone: str = "UTC"
    catch_up: CatchUp = CatchUp.LATEST
    window: float = DAY
    grace: float = 3_600.0
    spread: float = 30.0
    schema_every: float | None = None


class Dispatcher(StrEnum):
    """How slots come to those who run them: each looks for them, or jobs of Procrastinate spread them over hosts."""

    DATABASE = "database"
    PROCRASTINATE = "procrastinate"


@dataclass(frozen=True, slots=True, kw_only=True)
class DaemonSettings:
    """How the daemon works. Durations are seconds.

    `workers` runs go on at once. A run that lasts longer than `run_timeout` is ended. A slot belongs to its daemon for
    `lease` after it was last heard of. What could not be evaluated is tried again up to `retries` times. While all is
    well the time is written to `heartbeat_file` and `ping_url` is called.
    """

    workers: int = 4
    dispatcher: Dispatcher = Dispatcher.DATABASE
    run_timeout: float = 1_800.0
    lease: float = 60.0
    retries: int = 2
    heartbeat_file: Path | None = None
    ping_url: str | None = field(default=None, repr=False)
    ping_every: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything the user configured. Paths are as the user wrote them, from the folder of `file`.

    `contract_variables` holds the allowed names and their values; `servers` is empty without a configuration file.
    Without `slack`, `incoming` (the URL of a Slack webhook), `webhook` or `alerts.to` nobody can be alerted. The
    `routes` are in order: the first that matches counts. `missing` are the variables that are not set, by the
    setting that refers to them: a mistake only for whoever needs it.
    """

    file: Path | None = None
    contracts: tuple[Path, ...] = (Path("contracts"),)
    checks: Path = Path("checks")
    reports: Path = Path("reports")
    contract_variables: Mapping[str, str] = field(default_factory=dict)
    servers: Mapping[str, ServerSettings] = field(default_factory=dict)
    samples: SampleSettings = SampleSettings()
    state: StateSettings = StateSettings()
    slack: SlackSettings | None = None
    incoming: str | None = field(default=None, repr=False)
    webhook: WebhookSettings | None = None
    alerts: AlertSettings = AlertSettings()
    http: HttpSettings = HttpSettings()
    schedule: ScheduleSettings = ScheduleSettings()
    daemon: DaemonSettings = DaemonSettings()
    routes: tuple[RouteSettings, ...] = ()
    missing: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def state_url(self) -> str:
        """Return where Pactwatch remembers. Raises SettingsError where that refers to a variable that is not set."""
        self.need("state.url")
        return self.state.url

    def need(self, *tables: str) -> None:
        """Raise SettingsError if a setting of these tables refers to variables that are not set, naming them all."""
        lacking = self.lacking(*tables)
        if lacking:
            raise SettingsError("\n".join(f"{self.file}: {problem}" for problem in lacking))

    def lacking(self, *tables: str) -> list[str]:
        """Return which settings of these tables refer to variables that are not set; of all tables if none is named."""
        return [
            f"{where}: the environment variable {name} is not set"
            for where, names in self.missing.items()
            if not tables or any(f"{where}.".startswith(f"{table}.") for table in tables)
            for name in names
        ]


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
    except IsADirectoryError:
        raise SettingsError(f"{file}: found a folder, expected a file such as {file / FILE_NAME}") from None
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
