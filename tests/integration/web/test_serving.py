"""The server itself: the door, the pages, a clean end."""

import socket
import time
from pathlib import Path
from threading import Thread
from threading import enumerate as enumerate_threads

import httpx
import pytest

from monitor.errors import SettingsError
from monitor.settings import HttpSettings, Pages
from monitor.store.store import Store
from monitor.web.app import app
from monitor.web.server import Server
from tests.integration.web.conftest import Said, client_of

TOKEN = "a-token-of-24-characters"
OUTSIDE = HttpSettings(host="0.0.0.0", port=0, tokens={"airflow": TOKEN})  # noqa: S104
BEARER = {"Authorization": f"Bearer {TOKEN}"}


def served() -> bool:
    """Say whether the thread of a server still answers."""
    return any(thread.name == "http" for thread in enumerate_threads())


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "reports"
    (folder / "contracts").mkdir(parents=True)
    (folder / "index.html").write_text("<h1>all</h1>")
    (folder / "contracts" / "index.html").write_text("<h1>one</h1>")
    (folder / ".half.html").write_text("half")
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "out").symlink_to(tmp_path)
    return folder


def test_off_this_machine_only_a_token_opens_api_and_metrics(store: Store, said: Said) -> None:
    with client_of(store, said, OUTSIDE) as client:
        client.base_url = str(client.base_url).replace("0.0.0.0", "127.0.0.1")  # noqa: S104
        for path in ("/metrics", "/api/v1/runs", "/api/v1/openapi.json", "/api/v1/nothing", "/api"):
            refused = client.get(path)
            assert (refused.status_code, refused.json()["error"]["code"]) == (401, "token_needed")
            assert refused.headers["www-authenticate"].startswith("Bearer")
            assert client.get(path, headers={"Authorization": f"Bearer {TOKEN}x"}).status_code == 401
            assert client.get(path, headers=[("Authorization", "x"), *BEARER.items()]).status_code == 401
            assert client.get(path, headers=BEARER).status_code in {200, 404}
        assert client.get("/healthz").status_code == 200


def test_a_strangers_name_is_not_served(store: Store, said: Said, site: Path) -> None:
    with client_of(store, said, site=site) as client:
        for path in ("/", "/metrics", "/api/v1/runs"):
            answer = client.get(path, headers={"Host": "rebound.evil.example"})
            assert (answer.status_code, answer.json()["error"]["code"]) == (421, "unknown_host")
            assert "<h1>" not in answer.text
        assert client.get("/").status_code == 200


def test_pages_come_with_headers_that_let_them_do_nothing(store: Store, said: Said, site: Path) -> None:
    with client_of(store, said, site=site) as client:
        for path, told in (("/", "all"), ("/index.html", "all"), ("/contracts/", "one")):
            page = client.get(path)
            assert (page.status_code, page.text) == (200, f"<h1>{told}</h1>")
            assert page.headers["content-security-policy"].startswith("default-src 'none'; ")
            assert page.headers["x-content-type-options"] == "nosniff"
            assert client.get(path, headers={"If-None-Match": page.headers["etag"]}).status_code == 304


def test_nothing_beside_the_site_is_served(store: Store, said: Said, site: Path) -> None:
    with client_of(store, said, site=site) as client:
        for path in (
            "/.half.html",
            "/out/secret.txt",
            "/..%2fsecret.txt",
            "/%2e%2e/secret.txt",
            "/contracts/%00",
            "/no",
        ):
            answer = client.get(path)
            assert answer.status_code == 404, path
            assert "secret" not in answer.text
    with client_of(store, said, site=site / "not-there-yet") as client:
        assert client.get("/").status_code == 404


def test_pages_may_want_a_token_too(store: Store, said: Said, site: Path) -> None:
    settings = HttpSettings(port=0, pages=Pages.TOKEN, tokens={"anna": TOKEN})
    with client_of(store, said, settings, site) as client:
        refused = client.get("/")
        assert (refused.status_code, refused.headers["www-authenticate"][:5]) == (401, "Basic")
        assert client.get("/", auth=("anna", TOKEN)).status_code == 200
        assert client.get("/", headers=BEARER).status_code == 200


def test_an_answer_under_way_is_finished_at_the_end(store: Store, said: Said) -> None:
    settings = HttpSettings(port=0)
    server = Server(app(store, said, settings), settings)
    server.start()
    told: list[httpx.Response] = []
    url = f"{server.url}/api/v1/contracts/nyc-flights/verify?wait=1"
    waiter = Thread(target=lambda: told.append(httpx.post(url, timeout=20)))
    waiter.start()
    while not said.asked:
        waiter.join(0.01)
    server.stop()
    waiter.join(5)
    assert told[0].status_code == 202
    assert not served()
    with pytest.raises(httpx.ConnectError):
        httpx.get(server.url)


def test_an_end_does_not_wait_for_who_waits_long(store: Store, said: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.web.server.GRACE", 0)
    settings = HttpSettings(port=0)
    server = Server(app(store, said, settings), settings)
    server.start()
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as slow:
        slow.sendall(b"POST /api/v1/contracts/nyc-flights/verify?wait=600 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        while not said.asked:
            time.sleep(0.01)
        begun = time.monotonic()
        server.stop()
        assert time.monotonic() - begun < 5
    assert not served()


def test_an_address_that_is_taken_is_said_at_once(store: Store, said: Said) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = HttpSettings(port=taken.getsockname()[1])
        with pytest.raises(SettingsError, match=r"\[http\] bind 127.0.0.1:\d+: Address already in use"):
            Server(app(store, said, settings), settings)
