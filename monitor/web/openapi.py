"""The OpenAPI document of `/api/v1`. Further keys may be added to answers; those named here do not change."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from monitor import __version__
from monitor.domain.change import Effect
from monitor.domain.check import CheckKind, Dimension
from monitor.domain.drift import DriftKind, Hurt
from monitor.domain.incident import ChangeKind, IncidentKind, IncidentState
from monitor.domain.scan import Outcome, Verdict
from monitor.store.values import Against, Trigger
from monitor.web.paths import BASE

LONGEST_WAIT = 600
"""Seconds that a request may wait for a verdict."""

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
TEXT_OR_NULL: Schema = {"type": ["string", "null"]}
COUNT: Schema = {"type": "integer", "minimum": 0}
NUMBER_OR_NULL: Schema = {"type": ["number", "null"]}
YES_NO: Schema = {"type": "boolean"}
UTC: Schema = {"type": "string", "format": "date-time", "pattern": "Z$"}
UTC_OR_NULL: Schema = {**UTC, "type": ["string", "null"]}


@cache
def document() -> Mapping[str, Any]:
    """Return the document."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Pactwatch",
            "version": __version__,
            "description": "What was found of data contracts. Lists come newest first; `next` goes on as `cursor`."
            " Measured numbers are exact: read them as decimals.",
        },
        "security": [{"token": []}],
        "paths": {
            f"{BASE}/contracts": _get("Every contract that is watched or has run", "Contracts", _paged()),
            f"{BASE}/contracts/{{contract}}": _get("One contract", "OneContract", [_in_path("contract")]),
            f"{BASE}/contracts/{{contract}}/verify": {"post": _verify()},
            f"{BASE}/runs": _get("Runs", "Runs", [*_paged(), *_target()]),
            f"{BASE}/runs/{{run}}": _get("One run with its results, or how far it is", "OneRun", [_in_path("run")]),
            f"{BASE}/results": _get(
                "The results of one check",
                "Results",
                [*_paged(), *(_query(name, TEXT, required=True) for name in ("contract", "major", "server", "check"))],
            ),
            f"{BASE}/incidents": _get(
                "Incidents",
                "Incidents",
                [*_paged(), *_target(), _query("state", {"enum": ["open", "over", "all"], "default": "open"})],
            ),
            f"{BASE}/incidents/{{incident}}": _get(
                "One incident with all that happened to it", "OneIncident", [_in_path("incident")]
            ),
            f"{BASE}/drift": _get("How tables and contracts changed", "Drift", [*_paged(), *_target()]),
        },
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": schemas(),
        },
    }


def schemas() -> Mapping[str, Schema]:
    """Return what the answers look like."""
    return {
        "Problem": _object(error=_object(code=TEXT, message=TEXT, where=TEXT_OR_NULL)),
        "Counts": _object(**{outcome.value: COUNT for outcome in Outcome}),
        "Contract": _contract(),
        "Run": _object(**_run(), pruned=YES_NO, results=_list(_ref("Result"))),
        "RunWithoutResults": _object(**_run()),
        "Result": _result(),
        "Point": _object(
            at=UTC,
            run_id=TEXT,
            outcome=_words(Outcome),
            stands=YES_NO,
            measured=NUMBER_OR_NULL,
            rows=_or_null(COUNT),
            seconds=NUMBER_OR_NULL,
            reason=TEXT_OR_NULL,
        ),
        "Incident": _object(**_incident()),
        "IncidentWithChanges": _object(**_incident(), changes=_list(_ref("Change"))),
        "Change": _object(
            sequence=COUNT,
            at=UTC,
            kind=_words(ChangeKind),
            state=_words(IncidentState),
            measured=NUMBER_OR_NULL,
            run_id=TEXT_OR_NULL,
            by=TEXT_OR_NULL,
            why=TEXT_OR_NULL,
        ),
        "DriftEvent": _object(
            at=UTC,
            contract=TEXT,
            major=TEXT,
            server=TEXT_OR_NULL,
            run_id=TEXT,
            against=_words(Against),
            kind=_words(DriftKind),
            hurts=_words(Hurt),
            effect=_words(Effect),
            table=TEXT_OR_NULL,
            column=TEXT_OR_NULL,
            before=TEXT_OR_NULL,
            after=TEXT_OR_NULL,
        ),
        "Contracts": _answer(
            contracts=_list(_ref("Contract")),
            invalid=_list(_object(file=TEXT, problems=_list(TEXT))),
            next=TEXT_OR_NULL,
        ),
        "OneContract": _answer(contract=_ref("Contract")),
        "Runs": _answer(runs=_list(_ref("RunWithoutResults")), next=TEXT_OR_NULL),
        "OneRun": _answer(**_progress()),
        "Verified": _answer(**_progress(), poll=TEXT),
        "Results": _answer(results=_list(_ref("Point")), next=TEXT_OR_NULL),
        "Incidents": _answer(incidents=_list(_ref("Incident")), next=TEXT_OR_NULL),
        "OneIncident": _answer(incident=_ref("IncidentWithChanges")),
        "Drift": _answer(drift=_list(_ref("DriftEvent")), next=TEXT_OR_NULL),
    }


def _contract() -> Schema:
    latest = _object(run_id=TEXT, version=TEXT, verdict=_words(Verdict), shadow=YES_NO, stands=YES_NO, started_at=UTC)
    target = _object(
        major=TEXT, server=TEXT_OR_NULL, watched=YES_NO, counts=_or_null(_ref("Counts")), latest=_or_null(latest)
    )
    version = _object(version=TEXT, status=TEXT, file=TEXT, fingerprint=TEXT)
    return _object(id=TEXT, slug=TEXT, name=TEXT, watched=YES_NO, versions=_list(version), targets=_list(target))


def _run() -> Mapping[str, Schema]:
    """Return the keys of a run: those of `verify --format json`, and what made it happen."""
    texts = ("run_id", "contract", "version", "fingerprint", "file")
    return {
        **dict.fromkeys(texts, TEXT),
        "server": TEXT_OR_NULL,
        "location": TEXT_OR_NULL,
        "verdict": _words(Verdict),
        "shadow": YES_NO,
        "started_at": UTC,
        "finished_at": UTC,
        "counts": _ref("Counts"),
        "slot": UTC_OR_NULL,
        "trigger": _words(Trigger),
        "subset": YES_NO,
    }


def _result() -> Schema:
    sample = _object(columns=_list(TEXT), rows=_list(_list(TEXT)))
    return _object(
        **dict.fromkeys(("check", "name", "dataset", "severity", "expected", "reason"), TEXT),
        **dict.fromkeys(("unit", "sql", "offending", "window", "business_impact", "runbook"), TEXT_OR_NULL),
        columns=_list(TEXT),
        kind=_words(CheckKind),
        dimension={"enum": [*(word.value for word in Dimension), None]},
        outcome=_words(Outcome),
        measured=NUMBER_OR_NULL,
        rows=_or_null(COUNT),
        seconds=NUMBER_OR_NULL,
        sample=_or_null(sample),
        line=_or_null(COUNT),
    )


def _incident() -> Mapping[str, Schema]:
    return {
        **dict.fromkeys(("id", "key", "severity"), TEXT),
        **dict.fromkeys(("contract", "major", "server", "dataset", "by", "why"), TEXT_OR_NULL),
        **dict.fromkeys(("first_failed_at", "last_seen_at"), UTC),
        **dict.fromkeys(("ended_at", "until"), UTC_OR_NULL),
        "kind": _words(IncidentKind),
        "state": _words(IncidentState),
        "failures": COUNT,
        "measured": NUMBER_OR_NULL,
        "children": _list(TEXT),
    }


def _progress() -> Mapping[str, Schema]:
    return {
        "run_id": TEXT,
        "state": {"enum": ["due", "running", "skipped", "done"]},
        "verdict": {"enum": [*(word.value for word in Verdict), None]},
        "run": _or_null(_ref("Run")),
    }


def _verify() -> Schema:
    key = {"name": "Idempotency-Key", "in": "header", "schema": {**TEXT, "maxLength": 255}}
    wait = {"type": "integer", "minimum": 0, "maximum": LONGEST_WAIT, "default": 0, "description": "Seconds."}
    return {
        "summary": "Verify now: wait for the verdict, or poll for it",
        "description": "Recorded as a run on demand; nobody is alerted. The same key asks for the same run.",
        "parameters": [_in_path("contract"), _query("server", TEXT), _query("wait", wait), key],
        "responses": {
            "200": _response("It has ended; the verdict is in the body", "Verified"),
            "202": _response("It is under way: poll `poll`", "Verified"),
            "default": _response("What is wrong with the request", "Problem"),
        },
    }


def _get(summary: str, schema: str, parameters: list[Schema]) -> Schema:
    return {
        "get": {
            "summary": summary,
            "parameters": parameters,
            "responses": {
                "200": _response(summary, schema),
                "default": _response("What is wrong with the request", "Problem"),
            },
        }
    }


def _response(description: str, schema: str) -> Schema:
    return {"description": description, "content": {"application/json": {"schema": _ref(schema)}}}


def _paged() -> list[Schema]:
    limit = {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}
    return [_query("limit", limit), _query("cursor", TEXT)]


def _target() -> list[Schema]:
    return [_query("contract", TEXT), _query("server", TEXT)]


def _query(name: str, schema: Schema, *, required: bool = False) -> Schema:
    return {"name": name, "in": "query", "required": required, "schema": schema}


def _in_path(name: str) -> Schema:
    return {"name": name, "in": "path", "required": True, "schema": TEXT}


def _answer(**properties: Schema) -> Schema:
    return _object(schema_version={"const": 1}, **properties)


def _object(**properties: Schema) -> Schema:
    return {"type": "object", "required": list(properties), "properties": properties}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _words(words: Iterable[Any]) -> Schema:
    return {"enum": [word.value for word in words]}


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}
