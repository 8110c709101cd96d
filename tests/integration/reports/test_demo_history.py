"""The demo's month before today: it says that it is made up, and shows something."""

from datetime import timedelta
from pathlib import Path

from monitor import demo_history
from monitor.checks.plan import compile_plan
from monitor.contracts.reading import load
from monitor.domain.incident import IncidentState
from monitor.domain.scan import Outcome, Verdict
from monitor.domain.target import TargetKey
from monitor.store.store import open_store
from monitor.store.values import Trigger
from tests.markup import Page
from tests.runs import BROKEN
from tests.sites import FLIGHTS, build

TARGET = TargetKey(contract="nyc-flights", major="1", server="warehouse")
CONTRACT = Path("contracts/nyc-flights/1.0.0.odcs.yaml")


def test_the_days_before_today_are_made_up_and_today_is_real(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path}/state.db") as store:
        demo_history.simulate(store, FLIGHTS, compile_plan(load(CONTRACT), "postgres"), BROKEN)
        with store.reading() as reader:
            runs = reader.runs(limit=100, target=TARGET)
            states = {incident.state for incident in reader.target_incidents(TARGET, limit=50)}
            today = reader.run(runs[0].run_id)
        assert len(runs) == demo_history.DAYS + 1
        assert {run.trigger for run in runs} == {Trigger.SCHEDULED}
        assert {run.verdict for run in runs} == {Verdict.KEPT, Verdict.BROKEN, Verdict.UNVERIFIED}
        assert {IncidentState.ACKNOWLEDGED, IncidentState.OPEN} <= states
        assert today is not None
        assert [result.outcome for result in today[1].scan.results] == [each.outcome for each in BROKEN.scan.results]
        assert sum(run.counts[Outcome.BLOCKED] > 0 for run in runs) == 1
        build(store, tmp_path / "site", due=BROKEN.scan.started_at + timedelta(days=1), note=demo_history.NOTE)
    for path in (tmp_path / "site").rglob("*.html"):
        assert demo_history.NOTE in Page(path.read_text("utf-8")).text, path


def test_the_same_run_has_always_the_same_past(tmp_path: Path) -> None:
    pages = []
    for name in ("one", "two"):
        with open_store(f"sqlite:///{tmp_path}/{name}.db") as store:
            demo_history.simulate(store, FLIGHTS, compile_plan(load(CONTRACT), "postgres"), BROKEN)
            build(store, tmp_path / name)
        pages.append({str(path.relative_to(tmp_path / name)) for path in (tmp_path / name).rglob("*.html")})
    assert {path for path in pages[0] if "incidents" not in path} == {
        path for path in pages[1] if "incidents" not in path
    }
