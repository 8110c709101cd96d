"""The report site that `pactwatch serve` keeps: it says what the last run found, and troubles with it stop nobody."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.acceptance.daemon import BODY, EVERY_MINUTE, EVERY_SECOND, Serving, serving
from tests.acceptance.program import Program
from tests.conftest import until

HTTP = '[http]\nbind = "127.0.0.1:0"\n'
FOLDER = "contracts/test/v1/warehouse"


@pytest.fixture
def shop(program: Program) -> Program:
    program.warehouse.rows("CREATE TABLE orders (id int NOT NULL, amount int); INSERT INTO orders VALUES (1, 1)")
    program.configure(EVERY_SECOND + HTTP)
    program.contract(BODY)
    return program


def verdict_of(client: httpx.Client) -> Callable[[], Any]:
    def asked() -> Any:
        answer = client.get(f"/{FOLDER}/status.json")
        return answer.json()["verdict"] if answer.status_code == 200 else None

    return asked


def client_of(daemon: Serving) -> httpx.Client:
    return httpx.Client(base_url=daemon.wait_for("http_started")["url"], timeout=30)


def test_the_served_pages_follow_the_verdict(shop: Program) -> None:
    with serving(shop) as daemon, client_of(daemon) as client:
        verdict = verdict_of(client)
        until(lambda: verdict() == "kept", 30.0)
        until(lambda: "is kept." in client.get("/").text, 30.0)
        shop.warehouse.rows("ALTER TABLE orders DROP COLUMN amount")
        until(lambda: verdict() == "broken", 30.0)
        until(lambda: "is broken." in client.get("/").text, 30.0)
        page = client.get(f"/{FOLDER}/")
        assert "amount" in page.text
        assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
        assert client.get(f"/{FOLDER}/.made").status_code == 404
        assert client.get("/healthz").json()["ok"] is True
        assert client.get("/readyz").json()["behind"] == []
        assert daemon.end() == 0


def test_a_folder_that_takes_no_pages_stops_no_run_and_is_told(shop: Program) -> None:
    reports = shop.folder / "reports"
    reports.write_text("in the way")
    with serving(shop) as daemon, client_of(daemon) as client:
        daemon.wait_for("site_failed")
        done = daemon.actions().count("run_finished")
        daemon.wait_for("run_finished", done + 2)
        assert client.get("/readyz").json()["behind"] == ["site"]
        assert client.get("/healthz").json()["ok"] is True
        reports.unlink()
        until(lambda: client.get("/readyz").json()["behind"] == [], 30.0)
        assert verdict_of(client)() == "kept"
        assert daemon.end() == 0


def test_serve_once_leaves_a_site_behind(shop: Program) -> None:
    shop.configure(EVERY_MINUTE)
    assert shop.run("serve", "--once").code == 0
    assert json.loads((shop.folder / "reports" / FOLDER / "status.json").read_text())["verdict"] == "kept"
    assert "is kept." in (shop.folder / "reports" / "index.html").read_text()
