"""`/api/v1`: what is answered, held against its own OpenAPI document."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from threading import Thread
from typing import Any
from urllib.parse import quote

from httpx import Client, Response
from jsonschema import Draft202012Validator

from monitor.contracts.files import InvalidFile
from monitor.domain.check import CheckKind
from monitor.domain.drift import DriftEvent, DriftKind, Hurt
from monitor.domain.scan import Outcome, Run
from monitor.domain.target import TargetKey
from monitor.exact_json import encode
from monitor.objects import run_object
from monitor.store.store import Store
from monitor.store.values import Against, DriftRecord
from monitor.web.openapi import document, schemas
from tests.incidents import Story, result
from tests.integration.web.conftest import ALIVE, Said, keep, loaded
from tests.runs import BROKEN, CONTRACT, HOSTILE, KEPT, STARTED, check, run_of
from tests.runs import result as result_of

TARGET = TargetKey(contract="nyc-flights", major="1", server="warehouse")
AIR_TIME = "flights.air_time.range"


def asked(client: Client, path: str, schema: str, method: str = "GET", **more: Any) -> dict[str, Any]:
    """Ask, and hold the answer against the document that the server itself hands out: every key is described."""
    response = client.request(method, f"/api/v1{path}", **more)
    assert response.status_code in {200, 202}, response.text
    return described(response, schema)


def described(response: Response, schema: str) -> dict[str, Any]:
    assert response.headers["content-type"] == "application/json"
    assert response.headers["cache-control"] == "no-store"
    told: dict[str, Any] = response.json()
    components = {"components": {"schemas": strict(json.loads(encode(schemas())))}}
    Draft202012Validator({"$ref": f"#/components/schemas/{schema}", **components}).validate(told)
    return told


def strict(schema: Any) -> Any:
    """Return the schema with no room for a key that it does not name."""
    if isinstance(schema, list):
        return [strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    inside = {key: strict(value) for key, value in schema.items()}
    return {**inside, "additionalProperties": False} if schema.get("type") == "object" else inside


def problem(response: Response) -> tuple[int, str, str | None]:
    told = described(response, "Problem")["error"]
    return response.status_code, told["code"], told["where"]


def at(hour: int, run: Run = BROKEN) -> Run:
    start = STARTED + timedelta(hours=hour)
    scan = replace(run.scan, started_at=start, finished_at=start + timedelta(seconds=1))
    return replace(run, run_id=f"run-{hour}", scan=scan)


def pages(client: Client, path: str, schema: str, name: str) -> Iterator[Any]:
    """Yield a list, three at a time."""
    cursor, sign = None, "&" if "?" in path else "?"
    while True:
        more = f"&cursor={quote(cursor)}" if cursor else ""
        told = asked(client, f"{path}{sign}limit=3{more}", schema)
        assert len(told[name]) <= 3
        yield from told[name]
        cursor = told["next"]
        if cursor is None:
            return


def test_the_document_describes_every_path_that_there_is(client: Client) -> None:
    told = client.get("/api/v1/openapi.json").json()
    assert told == json.loads(encode(document()))
    for name, schema in told["components"]["schemas"].items():
        Draft202012Validator.check_schema(schema)
        assert f"#/components/schemas/{name}" in json.dumps(told)
    for path, methods in told["paths"].items():
        for method in methods:
            answer = client.request(method, path.replace("{", "").replace("}", ""))
            code = answer.json().get("error", {}).get("code")
            assert code != "method_not_allowed"
            assert answer.status_code == 200 or answer.json()["error"]["where"] not in {None, "path"}


def test_a_run_is_told_as_the_terminal_tells_it(client: Client, store: Store) -> None:
    keep(store, at(0))
    told = asked(client, "/runs/run-0", "OneRun")
    assert (told["state"], told["verdict"]) == ("done", "broken")
    terminal = json.loads(encode(run_object(at(0))))
    assert {key: told["run"][key] for key in terminal} == terminal
    assert (told["run"]["trigger"], told["run"]["slot"]) == ("scheduled", None)


def test_hostile_names_stay_text(client: Client, store: Store) -> None:
    keep(store, HOSTILE)
    (run,) = asked(client, "/runs", "Runs")["runs"]
    assert run["contract"] == HOSTILE.contract
    found = client.get("/api/v1/contracts/" + quote(HOSTILE.contract.replace("\ud800", ""), safe=""))
    assert found.status_code == 404  # a lone surrogate has no spelling in a URL; no other contract is taken for it
    assert problem(client.get("/api/v1/runs/%00%3Cscript%3E")) == (404, "not_found", "path.run")
    assert b"<script>" not in client.get("/api/v1/runs/x%00%3Cb%3E").content.replace(b"<b>", b"")


def test_any_id_is_found_by_its_path(client: Client, store: Store) -> None:
    for number, contract in enumerate(("a/b", "a b", "ä%2F?#", "x/verify", "../runs", "a\nb")):
        keep(store, replace(KEPT, contract=contract, run_id=str(number)))
        told = asked(client, f"/contracts/{quote(contract, safe='')}", "OneContract")
        assert told["contract"]["id"] == contract


def test_long_lists_come_in_pages_without_a_gap(client: Client, store: Store) -> None:
    keep(store, *(replace(at(number // 3), run_id=f"r{number}") for number in range(8)))  # three at one moment
    runs = list(pages(client, "/runs", "Runs", "runs"))
    assert [run["started_at"] for run in runs] == sorted((run["started_at"] for run in runs), reverse=True)
    assert len({run["run_id"] for run in runs}) == len(runs)
    with store.reading() as reader:
        assert [run["run_id"] for run in runs] == [run.run_id for run in reader.runs(limit=100)]
    path = f"/results?contract=nyc-flights&major=1&server=warehouse&check={AIR_TIME}"
    points = list(pages(client, path, "Results", "results"))
    assert [point["run_id"] for point in points] == [run["run_id"] for run in runs]
    assert {point["measured"] for point in points} == {1618}


def test_a_list_is_of_one_contract_and_server_where_that_is_asked(client: Client, store: Store) -> None:
    keep(store, at(0), replace(at(1), server="staging"), replace(at(2), contract="orders"))
    assert [run["run_id"] for run in asked(client, "/runs?contract=nyc-flights", "Runs")["runs"]] == ["run-1", "run-0"]
    assert [run["run_id"] for run in asked(client, "/runs?server=staging", "Runs")["runs"]] == ["run-1"]
    assert asked(client, "/runs?contract=nobody", "Runs")["runs"] == []


def test_incidents_come_with_all_that_happened(client: Client, store: Store) -> None:
    story = Story()
    for outcome in ("f", "f", "p", "f"):
        story.run(*(result(f"flights.c{number}.range", outcome, 3) for number in range(5)))
    with store.writing() as writer:
        writer.save_changes(story.log)
    listed = list(pages(client, "/incidents", "Incidents", "incidents"))
    assert len(listed) == 5
    over = list(pages(client, "/incidents?state=over&contract=nyc-flights", "Incidents", "incidents"))
    everything = list(pages(client, "/incidents?state=all", "Incidents", "incidents"))
    assert len(everything) == len(listed) + len(over)
    told = asked(client, f"/incidents/{listed[0]['id']}", "OneIncident")["incident"]
    assert [change["sequence"] for change in told["changes"]] == list(range(1, len(told["changes"]) + 1))
    assert told["changes"][0]["kind"] == "opened"
    assert problem(client.get("/api/v1/incidents/nobody")) == (404, "not_found", "path.incident")


def test_drift_is_a_ledger(client: Client, store: Store) -> None:
    keep(store, at(0))
    event = DriftEvent(kind=DriftKind.ADDED, hurts=Hurt.NOBODY, table="flights", column="c")
    with store.writing() as writer:
        writer.save_drift(
            DriftRecord(
                target=TARGET,
                run_id="run-0",
                at=STARTED,
                against=Against.LAST_TIME,
                event=replace(event, column=f"c{n}"),
            )
            for n in range(7)
        )
    told = [event["column"] for event in pages(client, "/drift?contract=nyc-flights", "Drift", "drift")]
    assert told == [f"c{n}" for n in reversed(range(7))]


def test_contracts_are_those_that_are_watched_and_those_that_ran(client: Client, store: Store, said: Said) -> None:
    keep(store, at(0), replace(at(1, KEPT), contract="orders"), stands=True)
    fresh = replace(CONTRACT, id="brand-new", slug="brand-new", name="Brand new")
    bad = InvalidFile(file="contracts/x.odcs.yaml", problems=("1: id: missing",))
    said.now = replace(ALIVE, loaded=(*(ALIVE.loaded or ()), loaded(fresh, "staging")), invalid=(bad,))
    told = asked(client, "/contracts", "Contracts")
    assert [(each["id"], each["watched"]) for each in told["contracts"]] == [
        ("brand-new", True),
        ("nyc-flights", True),
        ("orders", False),
    ]
    new, flights, orders = told["contracts"]
    assert new["targets"] == [{"major": "1", "server": "staging", "watched": True, "counts": None, "latest": None}]
    assert (flights["targets"][0]["latest"]["verdict"], flights["targets"][0]["counts"]["fail"]) == ("broken", 2)
    assert (orders["targets"][0]["watched"], orders["targets"][0]["latest"]["verdict"]) == (False, "kept")
    assert told["invalid"] == [{"file": bad.file, "problems": list(bad.problems)}]
    assert asked(client, "/contracts/orders", "OneContract")["contract"] == orders
    first = asked(client, "/contracts?limit=2", "Contracts")
    rest = asked(client, f"/contracts?limit=2&cursor={first['next']}", "Contracts")
    assert [*first["contracts"], *rest["contracts"]] == told["contracts"]
    assert rest["next"] is None


def test_numbers_stay_exact(client: Client, store: Store) -> None:
    big = 9_007_199_254_740_993
    keep(store, run_of([result_of(check("flights.a.b", "a", CheckKind.SQL), Outcome.FAIL, measured=big)], run_id="big"))
    assert f'"measured": {big}' in client.get("/api/v1/runs/big").text


MISTAKES = (
    ("/runs?limit=0", "bad_parameter", "query.limit"),
    ("/runs?limit=1001", "bad_parameter", "query.limit"),
    ("/runs?limit=9999999999999999999999", "bad_parameter", "query.limit"),
    ("/runs?limit=%C2%B2", "bad_parameter", "query.limit"),
    ("/runs?limit=1&limit=2", "bad_parameter", "query.limit"),
    ("/runs?cursor=nonsense", "bad_parameter", "query.cursor"),
    ("/runs?cursor=WyIyMDI2LTAxLTAxIiwgMV0=", "bad_parameter", "query.cursor"),
    ("/runs?contrat=orders", "unknown_parameter", "query.contrat"),
    ("/runs?contract=" + "x" * 10_001, "bad_parameter", "query.contract"),
    ("/incidents?state=closed", "bad_parameter", "query.state"),
    ("/results?contract=orders&major=1&server=w", "missing_parameter", "query.check"),
)


def test_a_mistake_is_told_with_its_place(client: Client) -> None:
    for path, code, where in MISTAKES:
        assert problem(client.get(f"/api/v1{path}")) == (400, code, where), path


def test_what_is_not_there_is_said_in_json(client: Client) -> None:
    assert problem(client.get("/api/v1/nothing")) == (404, "not_found", "path")
    assert problem(client.delete("/api/v1/runs")) == (405, "method_not_allowed", "method")
    assert problem(client.get("/api/v1/contracts/nobody")) == (404, "not_found", "path.contract")


def test_a_pipeline_waits_for_its_verdict(client: Client, said: Said) -> None:
    said.at_once = BROKEN
    response = client.post("/api/v1/contracts/nyc-flights/verify?wait=10")
    told = described(response, "Verified")
    assert (response.status_code, told["state"], told["verdict"]) == (200, "done", "broken")
    assert told["run"]["trigger"] == "api"
    assert asked(client, told["poll"].removeprefix("/api/v1"), "OneRun")["run"] == told["run"]


def test_a_run_that_ends_while_somebody_waits_is_told_at_once(client: Client, said: Said) -> None:
    told: list[dict[str, Any]] = []
    waiter = Thread(
        target=lambda: told.append(asked(client, "/contracts/nyc-flights/verify?wait=20", "Verified", "POST"))
    )
    waiter.start()
    while not said.asked:
        waiter.join(0.01)
    said.work(next(iter(said.asked)), KEPT)
    waiter.join(10)
    assert told[0]["verdict"] == "kept"


def test_who_does_not_wait_gets_a_run_to_poll(client: Client, said: Said) -> None:
    response = client.post("/api/v1/contracts/nyc-flights/verify")
    told = described(response, "Verified")
    assert (response.status_code, told["state"], told["verdict"], told["run"]) == (202, "due", None, None)
    assert response.headers["location"] == told["poll"]
    path = told["poll"].removeprefix("/api/v1")
    said.asked[told["run_id"]] = "running"
    assert asked(client, path, "OneRun")["state"] == "running"
    said.work(told["run_id"], KEPT)
    assert asked(client, path, "OneRun")["verdict"] == "kept"


def test_the_same_key_asks_for_the_same_run(client: Client, said: Said) -> None:
    def run_id(key: str, path: str = "nyc-flights") -> Any:
        headers = {"Idempotency-Key": key}
        return asked(client, f"/contracts/{path}/verify", "Verified", "POST", headers=headers)["run_id"]

    first = run_id("load-2026-11-23")
    assert run_id("load-2026-11-23") == first
    assert run_id("load-2026-11-24") != first
    assert said.asked.keys() == {first, run_id("load-2026-11-24")}
    for key in ("", "x" * 256):
        response = client.post("/api/v1/contracts/nyc-flights/verify", headers={"Idempotency-Key": key})
        assert problem(response) == (400, "bad_header", "header.idempotency-key")


def test_a_gate_on_nothing_is_a_mistake_and_never_green(client: Client, said: Said) -> None:
    assert problem(client.post("/api/v1/contracts/nobody/verify")) == (404, "not_found", "path.contract")
    response = client.post("/api/v1/contracts/nyc-flights/verify?server=prod")
    assert problem(response) == (400, "bad_parameter", "query.server")
    assert "expected warehouse" in response.text
    said.now = replace(ALIVE, loaded=(*(ALIVE.loaded or ()), loaded(CONTRACT, "unplugged")))
    response = client.post("/api/v1/contracts/nyc-flights/verify")
    assert problem(response) == (400, "bad_parameter", "query.server")
    assert "expected unplugged or warehouse" in response.text
    assert problem(client.post("/api/v1/contracts/nyc-flights/verify?server=unplugged")) == (400, "bad_request", None)
    said.now = replace(ALIVE, loaded=None)
    assert problem(client.post("/api/v1/contracts/nyc-flights/verify")) == (503, "not_ready", None)
    assert said.asked == {}
