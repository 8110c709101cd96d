"""`/healthz` and `/readyz`."""

import itertools
from dataclasses import replace
from threading import Event

import pytest
from httpx import Client

from monitor.contracts.files import InvalidFile
from monitor.errors import StoreError
from monitor.store.store import Store
from monitor.web import health
from tests.integration.web.conftest import ALIVE, Said


def test_a_living_daemon_is_well_and_ready(client: Client) -> None:
    for path in ("/healthz", "/readyz"):
        answer = client.get(path, headers={"Host": "anything"})
        assert (answer.status_code, answer.json()["ok"], answer.json()["problems"]) == (200, True, [])
    assert client.get("/readyz").json()["targets"] == 1


SICK = (
    (replace(ALIVE, is_ticking=False), "the scheduler's thread has ended"),
    (replace(ALIVE, heartbeat_age=None), "no heartbeat yet"),
    (replace(ALIVE, heartbeat_age=61.2), "the last heartbeat is 61 s old, expected at most 60 s"),
    (replace(ALIVE, reconciled_age=90.0), "what is due was last looked for 90 s ago"),
)
NOT_YET = (
    (replace(ALIVE, loaded=None), "still being read"),
    (replace(ALIVE, is_stopping=True), "it is stopping"),
    (replace(ALIVE, reconciled_age=None), "not looked for yet"),
)


def test_a_sick_daemon_is_named_with_what_is_wrong(client: Client, said: Said) -> None:
    for (said.now, told), path in itertools.product(SICK, ("/healthz", "/readyz")):
        answer = client.get(path)
        assert answer.status_code == 503
        assert told in answer.json()["problems"][0]


def test_who_begins_or_ends_is_alive_but_not_ready(client: Client, said: Said) -> None:
    for said.now, told in NOT_YET:
        assert client.get("/healthz").status_code == 200
        answer = client.get("/readyz")
        assert answer.status_code == 503
        assert told in answer.json()["problems"][0]


def test_an_invalid_file_is_shown_and_stops_nobody(client: Client, said: Said) -> None:
    secret = InvalidFile(file="contracts/orders/2.0.0.odcs.yaml", problems=("12: customers: found 'secret'",))
    said.now = replace(ALIVE, invalid=(secret,))
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["invalid"] == [{"file": secret.file, "problems": 1}]
    assert "secret" not in answer.text


def test_a_state_database_that_is_gone_is_told_without_its_address(client: Client, store: Store) -> None:
    place = store.place
    store._database.reading = _broken  # type: ignore[method-assign]
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.json()["problems"] == ["the state database cannot be read; the log says why"]
    assert place not in answer.text


def test_a_state_database_that_hangs_keeps_nobody_waiting(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    released = Event()
    monkeypatch.setattr(health, "PATIENCE", 0.05)
    monkeypatch.setattr(health, "_ask", lambda _: released.wait(20))
    try:
        for _ in range(4):  # more than there are threads for it
            answer = client.get("/healthz")
            assert answer.status_code == 503
            assert "does not answer within 0.05 s" in answer.json()["problems"][0]
    finally:
        released.set()


def test_only_reading_is_understood(client: Client) -> None:
    answer = client.post("/healthz")
    assert (answer.status_code, answer.json()["error"]["code"]) == (405, "method_not_allowed")


def _broken() -> object:
    raise StoreError("the state database postgresql://me:***@10.0.0.1/state cannot be read: gone")


def test_a_part_that_cannot_do_its_work_is_named_and_stops_nobody(client: Client, said: Said) -> None:
    said.now = replace(ALIVE, behind=("site",))
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["behind"]) == (200, ["site"])
