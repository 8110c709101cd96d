"""Every engine runs the shared suite."""

from collections.abc import Callable, Iterator

import pytest

from monitor.domain.check import CheckPlan
from monitor.domain.scan import CheckResult, Scan
from monitor.engines.base import Engine, Wishes
from monitor.engines.process import Nursery
from monitor.engines.soda import SodaEngine
from monitor.engines.warm import soda_nursery
from monitor.settings import SampleSettings, ServerSettings
from tests.conftest import Warehouse

MakeEngine = Callable[[ServerSettings], Engine]


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    warm = soda_nursery()
    yield warm
    warm.close()


@pytest.fixture(params=[SodaEngine])
def make_engine(request: pytest.FixtureRequest, nursery: Nursery) -> Iterator[MakeEngine]:
    """Make engines that share one warm process, except for servers that want environment variables of their own."""
    engines: list[Engine] = []

    def make(server: ServerSettings) -> Engine:
        engines.append(request.param(server) if server.env else request.param(server, nursery))
        return engines[-1]

    yield make
    for engine in engines:
        engine.close()


@pytest.fixture
def engine(make_engine: MakeEngine, warehouse: Warehouse) -> Engine:
    return make_engine(warehouse.settings)


def verify(
    engine: Engine,
    plan: CheckPlan,
    *,
    samples: int = 0,
    shown: frozenset[tuple[str, str]] = frozenset(),
    progress: Callable[[CheckResult], None] = lambda _: None,
) -> Scan:
    return engine.scan(plan, Wishes(samples=SampleSettings(rows=samples), shown=shown, progress=progress))


def by_id(scan: Scan) -> dict[str, CheckResult]:
    return {result.check.id: result for result in scan.results}
