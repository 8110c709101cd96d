"""Five messages as people read them: `python -m tests.unit.alerts.stories` writes them anew into `golden/`."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from monitor.alerts.compose import alerts_for
from monitor.alerts.context import Background, Context, Routes
from monitor.domain.contract import Owner, SupportChannel
from monitor.domain.incident import Incident, IncidentChange
from monitor.domain.runbook import Runbook
from monitor.domain.scan import CheckResult, Outcome, Run
from monitor.domain.target import TargetKey
from monitor.incidents.moment import Silenced, never_silenced
from monitor.incidents.policy import Policy
from monitor.incidents.reconcile import Evaluation, reconcile
from monitor.incidents.tick import tick
from monitor.store.values import Held, QueuedAlert
from tests import runs

GOLDEN = Path(__file__).parent / "golden"
NOW = datetime(2026, 11, 23, 2, 0, 15, tzinfo=UTC)
HOUR = timedelta(hours=1)
TARGET = TargetKey(contract="nyc-flights", major="1", server="warehouse")
CONTRACT = replace(
    runs.CONTRACT,
    owner=Owner(team="flights", members=("Mira",), usernames=("mira@example.com",)),
    support=(SupportChannel(channel="#flights-oncall", tool="slack", scope="notifications"),),
)
HELD = Held(at=NOW - HOUR, since=NOW - timedelta(days=41), run_id="5c01", measured=12)


class Teller:
    """A target's story, run by run, with what people have heard so far."""

    def __init__(self) -> None:
        self.now = NOW - HOUR
        self.incidents: dict[str, Incident] = {}
        self.told: set[str] = set()
        self.is_silenced: Silenced = never_silenced
        self.routes = Routes(
            channel="data-quality",
            ops_channel="#data-platform",
            public_url="https://dq.example.com",
            has_buttons=True,
        )

    def run(
        self, *results: CheckResult, first: bool = False, changed: tuple[str, ...] = (), **more: Any
    ) -> tuple[QueuedAlert, ...]:
        self.now += HOUR
        run = replace(runs.run_of(results), run_id=f"7f{self.now.hour:02}")
        before = dict(self.incidents)
        planned = frozenset(result.check.id for result in results)
        evaluation = Evaluation(target=TARGET, run_id=run.run_id, results=results, planned=planned, is_first=first)
        changes = reconcile(before.values(), evaluation, self.now, Policy(), self.is_silenced)
        return self.tell(changes, run, changed=changed, is_first_run=first, **more)

    def wait(self, pause: timedelta, run: Run, **more: Any) -> tuple[QueuedAlert, ...]:
        """Time passes without another run than this one, which was before."""
        self.now += pause
        return self.tell(tick(tuple(self.incidents.values()), self.now, Policy(), self.is_silenced), run, **more)

    def tell(
        self, changes: tuple[IncidentChange, ...], run: Run, *, changed: tuple[str, ...] = (), **more: Any
    ) -> tuple[QueuedAlert, ...]:
        heard = {incident.id: incident.told for incident in self.incidents.values() if incident.told is not None}
        self.incidents |= {change.incident.id: change.incident for change in changes}
        members: dict[str, tuple[Incident, ...]] = {}
        for incident in self.incidents.values():
            members[incident.group or ""] = (*members.get(incident.group or "", ()), incident)
        context = Context(
            target=TARGET,
            routes=self.routes,
            contract=more.pop("contract", CONTRACT),
            run=run,
            members=members,
            told=frozenset(self.told),
            results={result.check.id: result for result in run.scan.results},
            backgrounds=more.pop("backgrounds", None)
            or {identity: Background(held=HELD, changed=changed) for identity in self.incidents},
            heard=heard,
            **more,
        )
        alerts = alerts_for(changes, context, self.now)
        self.told |= {ref.incident for alert in alerts for ref in alert.tells}
        return alerts


def passing(result: CheckResult) -> CheckResult:
    return replace(result, outcome=Outcome.PASS, reason="", measured=0)


def many(count: int) -> tuple[CheckResult, ...]:
    """So many broken checks in two datasets."""
    return tuple(
        replace(
            runs.RANGE,
            check=replace(
                runs.RANGE.check,
                id=f"{'flights' if n % 3 else 'weather'}.c{n:03}.range",
                dataset="flights" if n % 3 else "weather",
                columns=(f"c{n:03}",),
                name=f"column {n} must lie in 0..1",
            ),
            measured=n + 1,
        )
        for n in range(count)
    )


def stories() -> Mapping[str, tuple[QueuedAlert, ...]]:
    changed = (
        "airports: 1,462 → 1,458 rows (\N{MINUS SIGN}4)",
        "schema, contract version: unchanged",
        "18 of 19 other checks of flights hold",
    )
    told: dict[str, tuple[QueuedAlert, ...]] = {}
    teller = Teller()
    runbook = Runbook(url="https://wiki.example.com/airports?a=1&b=2", summary="reload airports, then press Re-verify")
    orphans = replace(runs.FOREIGN_KEY, check=replace(runs.FOREIGN_KEY.check, runbook=runbook))
    told["first_breach"] = teller.run(orphans, runs.RANGE, changed=changed)
    worse = replace(runs.RANGE, measured=9_000)
    told["worse"] = teller.run(orphans, worse, changed=changed)
    told["resolved"] = teller.run(passing(runs.FOREIGN_KEY), passing(worse))
    schema = next(each for each in runs.holding() if each.check.id == "flights.schema")
    gone = replace(schema, outcome=Outcome.FAIL, reason="flights.dest is missing", measured=1)
    gone = replace(gone, check=replace(gone.check, unit="columns"))
    blocked = [
        replace(
            each,
            outcome=Outcome.BLOCKED,
            reason="column flights.dest is missing",
            cause="flights.schema",
            measured=None,
        )
        for each in (*runs.holding()[:4], runs.FOREIGN_KEY)
    ]
    told["root_cause"] = Teller().run(gone, *blocked, changed=("flights.dest is gone (was text)",))
    told["storm"] = Teller().run(*many(200), changed=changed)
    return told


def shown(alerts: tuple[QueuedAlert, ...]) -> str:
    """Return alerts as text: where and what, then each block as Slack gets it."""
    parts = []
    for alert in alerts:
        payload = alert.payload
        called = " ".join(f"@{each['value']}" for each in payload["mentions"])  # type: ignore[index,union-attr,call-overload,misc]
        parts.append(f"=== {alert.kind} in {alert.destination} {called}".rstrip())
        parts += ["\n".join(_texts(block)) for block in payload["blocks"]]  # type: ignore[union-attr]
    return "\n\n".join(parts) + "\n"


def _texts(block: Any) -> list[str]:
    if block["type"] == "context":
        return [f"({element['text']})" for element in block["elements"]]
    if block["type"] == "actions":
        return [" ".join(f"[ {each['text']['text']} ]" for each in block["elements"])]
    return [block["text"]["text"]] if "text" in block else [block["type"]]


if __name__ == "__main__":
    for name, alerts in stories().items():
        (GOLDEN / f"{name}.txt").write_text(shown(alerts), encoding="utf-8")
