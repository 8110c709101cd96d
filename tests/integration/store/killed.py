"""A writer that is killed at each of its statements in turn; says after each death what the database holds.

Started as a program of its own: `python -m tests.integration.store.killed URL`. Exit code 1 if it ever was a part.
"""

import os
import signal
import sys
from collections import Counter
from dataclasses import replace

from sqlalchemy import event

from monitor.domain.drift import DriftEvent, DriftKind, Hurt
from monitor.domain.incident import ChangeKind, Incident, IncidentChange, IncidentKind, IncidentState
from monitor.store.rows import target_of
from monitor.store.store import Store, open_store
from monitor.store.values import Against, ChangeRef, DriftRecord, QueuedAlert, Trigger
from tests.runs import BROKEN, CONTRACT, STARTED

TARGET = target_of(BROKEN)
DRIFT = DriftEvent(kind=DriftKind.ADDED, hurts=Hurt.NOBODY, table="t0", column="c")


def write(store: Store, number: int) -> None:
    """Write all that one run leaves behind."""
    run = replace(BROKEN, run_id=f"run-{number}", fingerprint=f"sha256:{number}")
    incident = Incident(
        id=f"incident-{number}",
        target=TARGET,
        key=f"check-{number}",
        kind=IncidentKind.BROKEN,
        state=IncidentState.OPEN,
        first_failed_at=STARTED,
        last_seen_at=STARTED,
    )
    change = IncidentChange(incident=incident, kind=ChangeKind.OPENED, at=STARTED, sequence=1, run_id=run.run_id)
    drift = DriftRecord(target=TARGET, run_id=run.run_id, at=STARTED, against=Against.LAST_TIME, event=DRIFT)
    tells = (ChangeRef(incident=incident.id, sequence=1),)
    alert = QueuedAlert(id=f"alert-{number}", destination="d", kind="opened", payload={}, tells=tells, target=TARGET)
    with store.writing() as writer:
        writer.record_run(run, CONTRACT, trigger=Trigger.SCHEDULED)
        writer.save_drift([drift])
        writer.save_changes([change])
        writer.enqueue([alert])


def held(store: Store, number: int) -> tuple[bool, ...]:
    """Say which parts of a write are there."""
    with store.reading() as reader:
        found = reader.run(f"run-{number}")
        return (
            found is not None and len(found[1].scan.results) == len(BROKEN.scan.results),
            found is not None,
            any(drift.run_id == f"run-{number}" for drift in reader.drift(limit=1000)),
            reader.incident(f"incident-{number}") is not None,
            any(record.alert.id == f"alert-{number}" for record in reader.alerts(limit=1000)),
            any(standing.run_id == f"run-{number}" for standing in reader.verdict_now(TARGET)),
        )


def die_at(store: Store, statement: int) -> None:
    """Kill this process before its statement of this number, or before or after its commit."""
    seen = 0

    def count(*_: object) -> None:
        nonlocal seen
        seen += 1
        if seen == statement:
            os.kill(os.getpid(), signal.SIGKILL)

    engine = store._database._engine
    event.listen(engine, "before_cursor_execute", count)
    event.listen(engine, "commit", count)


def main(url: str) -> int:
    """Kill a writer at every point until one survives; the last to be killed dies in the act of committing."""
    outcomes: Counter[tuple[bool, ...]] = Counter()
    for number in range(1, 500):
        child = os.fork()
        if child == 0:
            store = open_store(url)
            die_at(store, number)
            write(store, number)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        with open_store(url) as store:
            outcomes[held(store, number)] += 1
        if status == 0:
            break
        assert os.WTERMSIG(status) == signal.SIGKILL
    sys.stdout.write(f"{outcomes}\n")
    parts = [outcome for outcome in outcomes if len(set(outcome)) > 1]
    return 1 if parts or outcomes[(True,) * 6] != 1 or outcomes[(False,) * 6] < 10 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
