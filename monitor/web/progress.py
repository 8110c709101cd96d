"""How far a run is: asked for, under way, or done with its verdict and results."""

from monitor.exact_json import Json
from monitor.objects import SCHEMA_VERSION, record_object, run_object
from monitor.store.store import Store
from monitor.web.seam import Daemon

DONE, DUE = "done", "due"
ENDED = frozenset({DONE, "skipped"})


def progress_of(store: Store, daemon: Daemon, run_id: str) -> dict[str, Json] | None:
    """Return a run with its results, or how far a requested one is; None for one that nobody knows.

    The daemon is asked first: a run that ends meanwhile is then found in the store.
    """
    state = daemon.requested(run_id)
    with store.reading() as reader:
        found = reader.run(run_id)
    if found is None:
        return None if state is None else under_way(run_id, state)
    record, run = found
    told = {**record_object(record), "results": run_object(run)["results"], "pruned": record.pruned}
    return {**under_way(run_id, DONE), "verdict": record.verdict, "run": told}


def under_way(run_id: str, state: str) -> dict[str, Json]:
    """Return a run that has no verdict yet."""
    return {"schema_version": SCHEMA_VERSION, "run_id": run_id, "state": state, "verdict": None, "run": None}
