"""Settings and contracts → targets and engines: the composition root."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

from monitor.domain.contract import Contract, ContractServer
from monitor.engines.base import Engine
from monitor.engines.warm import soda_nursery
from monitor.errors import ContractError, EngineError, SettingsError, UsageError
from monitor.run import Target
from monitor.settings import ServerSettings, Settings, Sources, server_from_environment, variables_of

if TYPE_CHECKING:
    from monitor.contracts.versions import Library, Selected
    from monitor.domain.check import Check, CheckPlan, TableName
    from monitor.domain.scan import TableSeen
    from monitor.engines.warehouses.base import Tables

ALL = "all"


class Engines:
    """The engines of one program. Servers that ask for no variables of their own share one warm process."""

    def __init__(self) -> None:
        """Start to warm up at once: the import of Soda hides behind all that comes before the first scan."""
        self._nursery = soda_nursery()
        self._nursery.start()
        self._engines: dict[ServerSettings, Engine] = {}
        self._settings: Settings | None = None

    def of(self, server: ServerSettings) -> Engine:
        """Return the engine that scans this server, always the same one."""
        from monitor.engines.across import Across
        from monitor.engines.soda import SodaEngine

        known = self._engines.get(server)
        if known is not None:
            return known
        near = SodaEngine(server, None if server.env else self._nursery)
        return self._engines.setdefault(server, Across(near, self._elsewhere))

    def reach(self, settings: Settings) -> None:
        """Let checks compare with the servers that are configured, and with no other."""
        self._settings = settings

    def _elsewhere(self, name: str) -> tuple[Engine, str]:
        """Return the engine of a configured server, and its type as dialects are named. Raises SettingsError."""
        from monitor.checks.dialect import SERVER_TYPES

        known = self._settings.servers if self._settings else {}
        if self._settings is None or name not in known:
            listed = ", ".join(known) or "none"
            raise SettingsError(f"no server {name} to compare with is configured; known: {listed}")
        self._settings.need(f"servers.{name}")
        server_type = SERVER_TYPES.get(known[name].type)
        if server_type is None:
            raise SettingsError(f"server {name} is of type {known[name].type}, which cannot be compared with")
        return self.of(known[name]), server_type

    def __enter__(self) -> Self:
        """Do nothing more: it is warming up already."""
        return self

    def __exit__(self, *_: object) -> None:
        """End every engine and the warm process."""
        for engine in self._engines.values():
            engine.close()
        self._nursery.close()


def targets(
    selected: "Sequence[Selected]", settings: Settings, environment: Mapping[str, str], wanted: str | None
) -> tuple[tuple[Target, ...], tuple[ContractError, ...]]:
    """Return what to verify: each selected contract on the server that is asked for, or on its only one.

    With a configuration, connections go only to servers it names, and only its host and port count: no contract can
    send our password to a host of its choosing. Without one, the contract's own `servers` entry says where.

    A contract whose server is not to be found, not clear or not supported does not stop the others: it comes back as
    an error of its file. Where it is the only one, or was asked for by name, UsageError or SettingsError is raised.
    SettingsError is raised as well where settings of a chosen server refer to a variable that is not set.
    """
    chosen: list[Target] = []
    unplaced: list[ContractError] = []
    for each in selected:
        try:
            servers = _servers(each.contract, settings, environment, wanted)
        except (UsageError, SettingsError) as error:
            if each.named or len(selected) == 1:
                raise
            unplaced.append(ContractError(each.contract.file, [f"1: servers: {error}"]))
        else:
            chosen += [Target(contract=each.contract, shadow=each.shadow, server=server) for server in servers]
    for name in dict.fromkeys(target.server.name for target in chosen):
        settings.need(f"servers.{name}")
    if not chosen and unplaced and wanted not in {None, ALL}:
        raise UsageError("\n".join(str(error) for error in unplaced))
    return tuple(chosen), tuple(unplaced)


def placement(
    settings: Settings, environment: Mapping[str, str]
) -> "Callable[[Library], tuple[tuple[Target, ...], tuple[ContractError, ...]]]":
    """Return what says where the contracts of a library run: each on every one of its servers.

    A contract that names no server runs on the only one that is configured. What has no clear place comes back as an
    error of its file.
    """

    def place(library: "Library") -> tuple[tuple[Target, ...], tuple[ContractError, ...]]:
        from monitor.contracts.versions import current

        chosen: list[Target] = []
        unplaced: list[ContractError] = []
        for each in current(library):
            try:
                servers = _servers(each.contract, settings, environment, ALL if each.contract.servers else None)
                for server in servers:
                    settings.need(f"servers.{server.name}")
            except (UsageError, SettingsError) as error:
                unplaced.append(ContractError(each.contract.file, [f"1: servers: {error}"]))
            else:
                chosen += [Target(contract=each.contract, shadow=each.shadow, server=server) for server in servers]
        return tuple(chosen), tuple(unplaced)

    return place


def _servers(
    contract: Contract, settings: Settings, environment: Mapping[str, str], wanted: str | None
) -> tuple[ServerSettings, ...]:
    from monitor.checks.dialect import SERVER_TYPES

    is_configured = settings.file is not None or settings.servers
    known = _configured(contract, settings) if is_configured else _declared(contract, environment)
    chosen = _chosen(contract, settings, known, wanted)
    for server in chosen:
        if server.type not in SERVER_TYPES:
            supported = ", ".join(sorted(set(SERVER_TYPES.values())))
            raise UsageError(f"{contract.id}: servers of type {server.type!r} are not supported, only {supported}")
    return chosen


def _chosen(
    contract: Contract, settings: Settings, known: tuple[ServerSettings, ...], wanted: str | None
) -> tuple[ServerSettings, ...]:
    names = [server.name for server in known]
    if wanted == ALL and known:
        return known
    if wanted is not None and wanted != ALL:
        if wanted in names:
            return (known[names.index(wanted)],)
        raise UsageError(f"{contract.id}: no server {wanted!r}; {_offer(contract, settings, names)}")
    if len(known) == 1:
        return known
    if known:
        raise UsageError(f"{contract.id}: which server? --server {' | '.join([*names, ALL])}")
    raise UsageError(f"{contract.id}: no server to verify on; {_offer(contract, settings, names)}")


def _offer(contract: Contract, settings: Settings, names: Sequence[str]) -> str:
    if names:
        return f"it has {', '.join(names)}"
    declared = ", ".join(server.name for server in contract.servers) or "none"
    if settings.servers or settings.file:
        configured = ", ".join(settings.servers) or "none"
        return f"the contract declares {declared}, {settings.file} configures {configured}"
    return f"{contract.file} declares {declared}: add `servers`, or name one in pactwatch.toml"


def _configured(contract: Contract, settings: Settings) -> tuple[ServerSettings, ...]:
    if not contract.servers:
        return tuple(settings.servers.values())
    return tuple(
        _completed(contract, server, settings.servers[server.name])
        for server in contract.servers
        if server.name in settings.servers
    )


_READ_BY_SPARK = frozenset({"azure", "custom", "glue", "hive", "iceberg", "local", "s3"})
"""What ODCS, which has no type `spark`, calls the servers whose data Spark may be configured to read."""


def _completed(contract: Contract, declared: ContractServer, server: ServerSettings) -> ServerSettings:
    from monitor.checks.dialect import SERVER_TYPES

    if server.type == "spark" and declared.type in _READ_BY_SPARK:
        database = declared.database if declared.type == "hive" else None
        return replace(server, schema=server.schema or declared.schema or database)
    if SERVER_TYPES.get(declared.type, declared.type) != SERVER_TYPES.get(server.type, server.type):
        raise SettingsError(
            f"{contract.file}:{declared.line}: server {server.name} is of type {declared.type},"
            f" the configuration says {server.type}"
        )
    schema = server.schema or declared.schema
    if server.path is not None:  # a contract cannot choose which files of this machine are read
        return replace(server, schema=schema)
    if server.database or not declared.database:
        return replace(server, schema=schema)
    sources = replace(server.sources, database=_place(contract, declared))
    return replace(server, schema=schema, database=declared.database, sources=sources)


def _declared(contract: Contract, environment: Mapping[str, str]) -> tuple[ServerSettings, ...]:
    servers = []
    for declared in contract.servers:
        user, password = server_from_environment(declared.name, environment)
        servers.append(
            ServerSettings(
                name=declared.name,
                type=declared.type,
                host=declared.host,
                port=declared.port,
                database=declared.database,
                schema=declared.schema,
                path=_path(declared),
                format=declared.format,
                user=user,
                password=password,
                sources=_sources(contract, declared, has_user=user is not None, has_password=password is not None),
            )
        )
    return tuple(servers)


def _path(declared: ContractServer) -> str | None:
    """Return where files are: ODCS calls a DuckDB file its `database`, and a `local` server has a `path`."""
    from monitor.checks.dialect import SERVER_TYPES

    if SERVER_TYPES.get(declared.type) != "duckdb":
        return None
    path = declared.path or declared.database
    return str(Path(path).absolute()) if path and "://" not in path and path != ":memory:" else path


def _sources(contract: Contract, declared: ContractServer, *, has_user: bool, has_password: bool) -> Sources:
    """Say where the parts of a server come from that only its contract names."""
    user, password = variables_of(declared.name)
    default, place = Sources(), _place(contract, declared)
    return Sources(
        address=place if declared.host or _path(declared) else default.address,
        database=place if declared.database else default.database,
        user=user if has_user else f"{default.user} ({user} is not set)",
        password=password if has_password else f"{default.password} ({password} is not set)",
    )


def _place(contract: Contract, declared: ContractServer) -> str:
    return f"{contract.file}:{declared.line}"


def look_at(server: ServerSettings, slug: str, tables: "Sequence[TableName]") -> "Mapping[TableName, TableSeen]":
    """Return the tables of a list that exist on a server, as its catalogue shows them.

    Raises:
        EngineError: The server cannot be reached.
    """
    from monitor.engines.warehouses.base import Unreachable
    from monitor.engines.warehouses.opening import open_holder

    try:
        with closing(open_holder(server, slug, tables)) as holder:
            return holder.look_up(tables)
    except Unreachable as error:
        raise EngineError(f"{server.name}: {error}") from error


def unplannable(server: ServerSettings, plan: "CheckPlan") -> "tuple[tuple[Check, str], ...]":
    """Return the checks of a plan whose SQL a server refuses, with its words; no row is read.

    Raises:
        EngineError: The server cannot be reached.
    """
    from monitor.engines import planning
    from monitor.engines.warehouses.base import Unreachable, session_for
    from monitor.engines.warehouses.opening import open_guarded, route_to

    route, session = route_to(server, plan.tables()), session_for(server, plan.slug)
    try:
        with closing(open_guarded(plan.server_type, route, session, None)) as guarded:
            return planning.unplannable(guarded, plan)
    except Unreachable as error:
        raise EngineError(f"{server.name}: {error}") from error


@contextmanager
def catalogue(server: ServerSettings) -> "Iterator[Tables]":
    """Read a server's catalogue while the block runs, by one guarded connection.

    Raises:
        EngineError: The server cannot be reached.
    """
    from monitor.checks.dialect import SERVER_TYPES
    from monitor.engines.warehouses.base import Unreachable
    from monitor.engines.warehouses.opening import open_tables

    if server.type not in SERVER_TYPES:
        raise UsageError(f"{server.name}: servers of type {server.type!r} are not supported")
    try:
        opened = open_tables(server)
    except Unreachable as error:
        raise EngineError(f"{server.name}: {error}") from error
    with closing(opened):
        yield opened
