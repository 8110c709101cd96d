"""`/api/v1`: what was found, as JSON. Said with the same words as by the terminal; described by `openapi`."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from monitor.domain.incident import IncidentChange
from monitor.domain.scan import Outcome
from monitor.domain.target import TargetKey
from monitor.exact_json import Json, utc
from monitor.objects import SCHEMA_VERSION, drift_object, incident_object, record_object
from monitor.store.store import Store
from monitor.store.values import Point
from monitor.web import contracts, verify
from monitor.web.answers import ProblemError, answer
from monitor.web.asked import Asked, cursor_of
from monitor.web.openapi import document
from monitor.web.paths import BASE
from monitor.web.progress import progress_of
from monitor.web.seam import Daemon

PAGED = ("limit", "cursor")
STATES = {"open": False, "over": True, "all": None}


def routes(store: Store, daemon: Daemon) -> list[Route]:
    """Return the paths of the API."""

    def runs(request: Request) -> Response:
        asked = Asked(request, (*PAGED, "contract", "server"))
        with store.reading() as reader:
            page = reader.runs_page(
                limit=asked.limit(), after=asked.after(), contract=asked.text("contract"), server=asked.text("server")
            )
        return _listed("runs", [record_object(run) for run in page.items], cursor_of(page))

    def one_run(request: Request) -> Response:
        Asked(request, ())
        run_id = request.path_params["run"]
        found = progress_of(store, daemon, run_id)
        if found is None:
            raise ProblemError(404, "not_found", f"there is no run {run_id!r}", "path.run")
        return answer(found)

    def results(request: Request) -> Response:
        asked = Asked(request, (*PAGED, "contract", "major", "server", "check"))
        contract, server = asked.needed("contract"), asked.needed("server")
        target = TargetKey(contract=contract, major=asked.needed("major"), server=server)
        with store.reading() as reader:
            page = reader.results_page(target, asked.needed("check"), limit=asked.limit(), after=asked.after())
        return _listed("results", [_point(point) for point in page.items], cursor_of(page))

    def incidents(request: Request) -> Response:
        asked = Asked(request, (*PAGED, "contract", "server", "state"))
        is_over = STATES[asked.word("state", STATES, "open")]
        contract, server = asked.text("contract"), asked.text("server")
        with store.reading() as reader:
            page = reader.incidents_page(
                limit=asked.limit(), after=asked.after(), contract=contract, server=server, is_over=is_over
            )
        return _listed("incidents", [incident_object(each) for each in page.items], cursor_of(page))

    def one_incident(request: Request) -> Response:
        Asked(request, ())
        wanted = request.path_params["incident"]
        with store.reading() as reader:
            found = reader.incident(wanted)
        if found is None:
            raise ProblemError(404, "not_found", f"there is no incident {wanted!r}", "path.incident")
        incident, changes = found
        told = {**incident_object(incident), "changes": [_change(change) for change in changes]}
        return answer({"schema_version": SCHEMA_VERSION, "incident": told})

    def drift(request: Request) -> Response:
        asked = Asked(request, (*PAGED, "contract", "server"))
        with store.reading() as reader:
            page = reader.drift_page(
                limit=asked.limit(), after=asked.after(), contract=asked.text("contract"), server=asked.text("server")
            )
        return _listed("drift", [drift_object(event) for event in page.items], cursor_of(page))

    def openapi(request: Request) -> Response:
        Asked(request, ())
        return answer(document())

    return [
        Route(f"{BASE}/openapi.json", openapi),
        *verify.routes(store, daemon),
        *contracts.routes(store, daemon),
        Route(f"{BASE}/runs", runs),
        Route(f"{BASE}/runs/{{run}}", one_run),
        Route(f"{BASE}/results", results),
        Route(f"{BASE}/incidents", incidents),
        Route(f"{BASE}/incidents/{{incident}}", one_incident),
        Route(f"{BASE}/drift", drift),
    ]


def _listed(name: str, items: list[dict[str, Json]], cursor: Json) -> Response:
    return answer({"schema_version": SCHEMA_VERSION, name: items, "next": cursor})


def _point(point: Point) -> dict[str, Json]:
    return {
        "at": utc(point.at),
        "run_id": point.run_id,
        "outcome": Outcome(point.outcome),
        "stands": point.stands,
        "measured": point.measured,
        "rows": point.rows,
        "seconds": point.seconds,
        "reason": point.reason or None,
    }


def _change(change: IncidentChange) -> dict[str, Json]:
    return {
        "sequence": change.sequence,
        "at": utc(change.at),
        "kind": change.kind,
        "state": change.incident.state,
        "measured": change.incident.measured,
        "run_id": change.run_id,
        "by": change.by,
        "why": change.why,
    }
