"""`pactwatch.toml` and the environment it refers to, read once into one frozen `Settings`."""

from dataclasses import dataclass, field
from pathlib import Path


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


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleSettings:
    """What may be shown of failing rows: `rows` per check, and the columns beside those classified `public`.

    An entry of `show` is `dataset.column` or `contract.dataset.column`. `columns_shown` decides with the contract.
    """

    rows: int = 0
    show: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything the user configured. Paths are absolute. `servers` maps the configured name to its settings."""

    file: Path | None = None
    contracts: tuple[Path, ...] = ()
    checks: Path = Path("checks")
    reports: Path = Path("reports")
    contract_variables: dict[str, str] = field(default_factory=dict)
    servers: dict[str, ServerSettings] = field(default_factory=dict)
    samples: SampleSettings = SampleSettings()
