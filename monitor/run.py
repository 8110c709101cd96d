"""One run of one contract, start to end."""

from collections.abc import Callable
from uuid import uuid4

from monitor.domain.check import CheckPlan
from monitor.domain.contract import Contract
from monitor.domain.scan import CheckResult, Run
from monitor.engines.base import Engine
from monitor.settings import SampleSettings, ServerSettings


def run_contract(
    contract: Contract,
    plan: CheckPlan,
    server: ServerSettings,
    engine: Engine,
    *,
    samples: SampleSettings,
    shadow: bool = False,
    progress: Callable[[CheckResult], None] = lambda _: None,
) -> Run:
    """Scan a plan and say what was found; every planned check has exactly one result."""
    scan = engine.scan(plan, samples=samples, shown=columns_shown(contract, samples), progress=progress)
    return Run(
        run_id=uuid4().hex[:12],
        contract=contract.id,
        slug=contract.slug,
        version=contract.version,
        file=contract.file,
        fingerprint=contract.fingerprint,
        server=server.name,
        location=f"schema {server.schema}" if server.schema else server.database,
        shadow=shadow,
        scan=scan,
    )


def columns_shown(contract: Contract, samples: SampleSettings) -> frozenset[tuple[str, str]]:
    """Return the (dataset, column) pairs whose values may be seen: `public`, or named in `[samples] show`."""
    return frozenset(
        (dataset.name, column.name)
        for dataset, column in contract.columns()
        if (column.classification or "").lower() == "public"
        or f"{dataset.name}.{column.name}" in samples.show
        or f"{contract.id}.{dataset.name}.{column.name}" in samples.show
    )
