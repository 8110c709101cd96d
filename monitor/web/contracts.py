"""`/api/v1/contracts`: every contract that is watched or has run, with the verdict now of each of its targets."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from monitor.contracts.semver import Version
from monitor.domain.scan import Outcome
from monitor.domain.target import TargetKey
from monitor.exact_json import Json, utc
from monitor.objects import SCHEMA_VERSION
from monitor.run import Target
from monitor.store.pages import Latest
from monitor.store.store import Reader, Store
from monitor.web.answers import ProblemError, answer
from monitor.web.asked import Asked
from monitor.web.paths import BASE, CONTRACT
from monitor.web.seam import Daemon, Status

FEW = 100
"""So many targets are asked for by name; of more, all are read."""


@dataclass(slots=True, kw_only=True)
class _Known:
    """What is known of one contract."""

    loaded: list[Target] = field(default_factory=list)
    ran: dict[TargetKey, Latest] = field(default_factory=dict)


def routes(store: Store, daemon: Daemon) -> list[Route]:
    """Return the paths."""

    def listed(request: Request) -> Response:
        asked = Asked(request, ("limit", "cursor"))
        limit, after = asked.limit(), asked.text("cursor") or ""
        status = daemon.status()
        with store.reading() as reader:
            known = _known(status, reader.latest())
            ids = sorted(contract for contract in known if contract > after)
            shown = {contract: known[contract] for contract in ids[:limit]}
            objects = _objects(reader, shown)
        return answer(
            {
                "schema_version": SCHEMA_VERSION,
                "contracts": objects,
                "invalid": [{"file": file.file, "problems": list(file.problems)} for file in status.invalid],
                "next": ids[limit - 1] if len(ids) > limit else None,
            }
        )

    def one(request: Request) -> Response:
        Asked(request, ())
        wanted = request.path_params["contract"]
        with store.reading() as reader:
            known = _known(daemon.status(), reader.latest())
            if wanted not in known:
                raise ProblemError(404, "not_found", f"there is no contract {wanted!r}", "path.contract")
            (told,) = _objects(reader, {wanted: known[wanted]})
        return answer({"schema_version": SCHEMA_VERSION, "contract": told})

    return [Route(f"{BASE}/contracts", listed), Route(CONTRACT, one)]


def _known(status: Status, latest: Mapping[TargetKey, Latest]) -> dict[str, _Known]:
    known: dict[str, _Known] = {}
    for loaded in status.loaded or ():
        known.setdefault(loaded.contract.id, _Known()).loaded.append(loaded)
    for target, ran in latest.items():
        known.setdefault(target.contract, _Known()).ran[target] = ran
    return known


def _objects(reader: Reader, known: Mapping[str, _Known]) -> list[dict[str, Json]]:
    targets = [target for each in known.values() for target in each.ran]
    counts = reader.counts(*(targets if len(targets) <= FEW else ()))
    return [_object(contract, each, counts) for contract, each in known.items()]


def _object(contract: str, known: _Known, counts: Mapping[TargetKey, Mapping[Outcome, int]]) -> dict[str, Json]:
    versions = {each.contract.version: each.contract for each in known.loaded}
    runs = [each.run for each in known.ran.values()]
    name = next((each.name for each in versions.values()), None) or next((run.name for run in runs), contract)
    slug = next((each.slug for each in versions.values()), None) or next((run.slug for run in runs), contract)
    targets = sorted({*known.ran, *(_target(each) for each in known.loaded)})
    return {
        "id": contract,
        "slug": slug,
        "name": name,
        "watched": bool(known.loaded),
        "versions": [
            {"version": each.version, "status": each.status, "file": each.file, "fingerprint": each.fingerprint}
            for each in versions.values()
        ],
        "targets": [_target_object(target, known.ran.get(target), known.loaded, counts) for target in targets],
    }


def _target_object(
    target: TargetKey,
    latest: Latest | None,
    loaded: Sequence[Target],
    counts: Mapping[TargetKey, Mapping[Outcome, int]],
) -> dict[str, Json]:
    """Return one target: where each of its checks stands, and its latest run, null for one that has not run yet."""
    found = counts.get(target)
    run = None if latest is None else latest.run
    return {
        "major": target.major,
        "server": target.server or None,
        "watched": target in _targets(loaded),
        "counts": None if found is None else {outcome: found[outcome] for outcome in Outcome},
        "latest": None
        if run is None
        else {
            "run_id": run.run_id,
            "version": run.version,
            "verdict": run.verdict,
            "shadow": run.shadow,
            "stands": run.stands,
            "started_at": utc(run.started_at),
        },
    }


def _targets(loaded: Iterable[Target]) -> set[TargetKey]:
    return {_target(each) for each in loaded}


def _target(loaded: Target) -> TargetKey:
    major = Version.parse(loaded.contract.version).major
    return TargetKey(contract=loaded.contract.id, major=major, server=loaded.server.name)
