"""What `pactwatch serve` shows to the outside: health, metrics, the API that a pipeline waits for."""

import time
from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType
from typing import Any

import httpx
import pytest

from tests.acceptance.daemon import BODY, Serving, runs, serving, state
from tests.acceptance.program import ROOT, Program

TOKEN = "a-token-of-24-characters"
FAR = """
    [schedule]
    default = "0 0 1 1 *"
    catch_up = "skip"
    [http]
    bind = "127.0.0.1:0"
    [http.tokens]
    airflow = "${AIRFLOW_TOKEN}"
    """


@pytest.fixture
def shop(program: Program) -> Program:
    program.warehouse.rows("CREATE TABLE orders (id int NOT NULL, amount int); INSERT INTO orders VALUES (1, 1)")
    program.environment["AIRFLOW_TOKEN"] = TOKEN
    program.configure(FAR)
    program.contract(BODY)
    return program


def gate_of_airflow() -> ModuleType:
    """Return what the example of an Airflow DAG asks with."""
    path = ROOT / "deploy" / "airflow" / "pactwatch_gate.py"
    spec = spec_from_file_location("pactwatch_gate", path)
    assert spec is not None
    assert spec.loader is not None
    gate = module_from_spec(spec)
    spec.loader.exec_module(gate)
    return gate


def client_of(daemon: Serving) -> httpx.Client:
    url = daemon.wait_for("http_started")["url"]
    return httpx.Client(base_url=url, timeout=60, headers={"Authorization": f"Bearer {TOKEN}"})


def ready(client: httpx.Client) -> dict[str, Any]:
    end = time.monotonic() + 20
    while True:
        answer = client.get("/readyz")
        if answer.status_code == 200 or time.monotonic() > end:
            assert answer.status_code == 200, answer.text
            return dict(answer.json())
        time.sleep(0.05)


def test_a_gate_gets_its_verdict_and_nobody_is_alerted(shop: Program) -> None:
    gate = gate_of_airflow()
    with serving(shop) as daemon, client_of(daemon) as client:
        assert ready(client) == {"ok": True, "problems": [], "targets": 1, "invalid": [], "behind": []}
        assert httpx.get(f"{client.base_url}/api/v1/runs").status_code == 401
        headers = {"Idempotency-Key": "load-1"}
        kept = client.post("/api/v1/contracts/test/verify?wait=50", headers=headers).json()
        assert (kept["verdict"], kept["run"]["trigger"]) == ("kept", "api")
        again = client.post("/api/v1/contracts/test/verify?wait=50", headers=headers).json()
        assert again == kept
        shop.warehouse.rows("UPDATE orders SET amount = -1")
        broken = client.post("/api/v1/contracts/test/verify?server=warehouse&wait=50").json()
        assert broken["verdict"] == "broken"
        assert client.get("/api/v1/incidents").json()["incidents"] == []
        assert "pactwatch_check_results_total" in client.get("/metrics").text
        with pytest.raises(gate.PromiseNotKeptError, match=r"test is broken: orders\.amount\.\S+: ."):
            gate.require_kept(str(client.base_url), TOKEN, "test", "load-2")
        assert gate.require_kept(str(client.base_url), TOKEN, "test", "load-1") == kept["run_id"]
        polled = client.post("/api/v1/contracts/test/verify")
        assert polled.status_code == 202
        assert daemon.end() == 0
    with state(shop) as store:
        assert [run.run_id for run in runs(store)][-2:] == [broken["run_id"], kept["run_id"]]
