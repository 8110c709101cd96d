"""The warm process behind the Soda engine: silent, and no verdict on anybody's data when it cannot warm up."""

import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from monitor.domain.scan import Outcome
from monitor.engines import split
from monitor.engines.process import Nursery
from monitor.engines.soda import SodaEngine
from monitor.engines.warehouses import postgres
from monitor.errors import EngineError
from tests.conftest import Warehouse
from tests.integration.engines.conftest import verify
from tests.plans import AT_LEAST_NOTHING, aggregate, equals, plan, query


@pytest.mark.parametrize("program", ["monitor.engines.nowhere:run", "monitor.engines.soda_child:nothing"])
def test_an_engine_that_cannot_start_raises(warehouse: Warehouse, program: str) -> None:
    warehouse.rows("CREATE TABLE t AS SELECT 1 n")
    nursery = Nursery(program, {})
    broken = pytest.raises(EngineError, match="ended before it could begin")
    with closing(nursery), SodaEngine(warehouse.settings, nursery) as engine, broken:
        verify(engine, plan(aggregate("t.count", "COUNT(*)", equals(1))))

    warehouse.wait_until_alone()


def test_soda_neither_calls_home_nor_asks_who_wants_it_to(tmp_path: Path) -> None:
    config = tmp_path / ".soda" / "config.yml"
    config.parent.mkdir()
    config.write_text("send_anonymous_usage_stats: true\nuser_cookie_id: somebody\n")
    program = (
        "from monitor.engines.soda_run import preload; preload();"
        "import sys, threading;"
        "print([name for name in ('opentelemetry', 'urllib3') if name in sys.modules], threading.active_count())"
    )

    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"HOME": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[3])},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )

    assert (done.stdout, done.stderr) == ("[] 1\n", "")
    assert config.read_text().endswith("user_cookie_id: somebody\n")


def test_a_server_without_exported_snapshots_is_scanned_on_one_connection(
    warehouse: Warehouse, nursery: Nursery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(split, "SMALL", 0)
    monkeypatch.setattr(postgres, "export_snapshot", lambda *_: None)
    warehouse.rows("CREATE TABLE t AS SELECT 1 n")
    checks = [query(f"t.pid{i}", "SELECT pg_backend_pid()", AT_LEAST_NOTHING) for i in range(4)]

    with SodaEngine(warehouse.settings, nursery) as engine:
        results = verify(engine, plan(*checks)).results

    assert {result.outcome for result in results} == {Outcome.PASS}
    assert len({result.measured for result in results}) == 1
