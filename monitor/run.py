"""One run of one contract, start to end."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import uuid4

from monitor.domain.check import CheckPlan, SodaBlock
from monitor.domain.contract import Contract
from monitor.domain.scan import CheckResult, History, Run, Scan
from monitor.engines.base import Engine, Wishes
from monitor.settings import SampleSettings, ServerSettings

_POSTGRES_PORT = 5432


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One contract version on one server: what one run verifies."""

    contract: Contract
    shadow: bool
    server: ServerSettings


def new_run_id() -> str:
    """Return a name for a run that no other run has."""
    return uuid4().hex[:16]


def run_contract(  # noqa: PLR0913 - all that a run is made of, by name
    contract: Contract,
    plan: CheckPlan,
    server: ServerSettings,
    engine: Engine,
    *,
    samples: SampleSettings,
    shadow: bool = False,
    progress: Callable[[CheckResult], None] = lambda _: None,
    history: History | None = None,
) -> Run:
    """Scan a plan and say what was found; every planned check has exactly one result.

    `history` is for the checks that `looking_back` names; None says that nobody remembers.
    """
    shown = columns_shown(contract, samples)
    scan = engine.scan(plan, Wishes(samples=samples, shown=shown, progress=progress, history=history))
    return run_of(Target(contract=contract, shadow=shadow, server=server), scan)


def run_of(target: Target, scan: Scan, run_id: str | None = None) -> Run:
    """Return the run that a scan of a target is; without an id it gets one of its own."""
    contract = target.contract
    return Run(
        run_id=run_id or new_run_id(),
        contract=contract.id,
        slug=contract.slug,
        version=contract.version,
        file=contract.file,
        fingerprint=contract.fingerprint,
        server=target.server.name,
        location=location_of(target.server),
        shadow=target.shadow,
        scan=scan,
    )


def looking_back(plan: CheckPlan) -> dict[str, int]:
    """Return the checks that compare with earlier runs, each with how many measurements it needs."""
    return {
        check.id: probe.looks_back
        for check in plan.checks
        for probe in check.probes
        if isinstance(probe, SodaBlock) and probe.looks_back
    }


def location_of(server: ServerSettings) -> str | None:
    """Say where on a server the tables are, as far as that is known: `shop@db.example.com, schema public`.

    A socket's folder is no place that people know; PostgreSQL's own port goes without saying.
    """
    if server.path is not None:
        return ", ".join(filter(None, (server.path, server.schema and f"schema {server.schema}")))
    host = None if (server.host or "/").startswith(("/", "@")) else server.host
    if host and server.port and server.port != _POSTGRES_PORT:
        host = f"{host}:{server.port}"
    where = "@".join(filter(None, (server.database, host)))
    return ", ".join(filter(None, (where, server.schema and f"schema {server.schema}"))) or None


def columns_shown(contract: Contract, samples: SampleSettings) -> frozenset[tuple[str, str]]:
    """Return the (dataset, column) pairs whose values may be seen: `public`, or named in `[samples] show`."""
    return frozenset(
        (dataset.name, column.name)
        for dataset, column in contract.columns()
        if (column.classification or "").lower() == "public"
        or f"{dataset.name}.{column.name}" in samples.show
        or f"{contract.id}.{dataset.name}.{column.name}" in samples.show
    )
