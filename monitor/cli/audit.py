"""`pactwatch alerts audit` and `replay`: whether people heard of everything, and telling it again."""

import sys
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from monitor.cli.layout import edged, line
from monitor.cli.options import FORMAT, span_of
from monitor.cli.text import print_lines, terminal_width
from monitor.errors import MonitorError, UsageError
from monitor.exact_json import Json, encode, utc
from monitor.objects import SCHEMA_VERSION
from monitor.visible import visible

if TYPE_CHECKING:
    from monitor.alerts.audit import Audited
    from monitor.cli.layout import Line
    from monitor.settings import Settings

GUTTER = 12
STYLES = {"lost": "bold red", "untold": "bold red", "waiting": "bold yellow", "superseded": "dim"}
ALL = 1_000_000


@click.command("audit")
@click.option("--since", "span", default="30d", show_default=True, help="How far back, such as 12h or 90d.")
@FORMAT
@click.pass_obj
def audit_command(settings_of: "Callable[[], Settings]", span: str, output_format: str) -> int:
    """Prove that people heard of everything; exit 1 if they did not.

    Every change of an incident that should be told was told, was superseded by an alert that told more, or still
    waits, and then this says why. Older alerts than [state] keep_rollups are forgotten, and not looked for.
    """
    from monitor.alerts.audit import BAD, audit
    from monitor.store.store import open_store

    settings = settings_of()
    kept = timedelta(seconds=settings.state.keep_rollups)
    with open_store(settings.state_url) as store, store.reading() as reader:
        since = reader.now() - min(span_of(span, "--since"), kept)
        changes = reader.changes_since(since)
        found = audit(changes, reader.tellings({change.incident.id for change in changes}))
    is_good = BAD.isdisjoint(each.fate for each in found)
    if output_format == "json":
        document: dict[str, Json] = {
            "schema_version": SCHEMA_VERSION,
            "since": utc(since),
            "good": is_good,
            "counts": _counts(found),
            "changes": [_object(each) for each in found if each.fate != "told"],
        }
        sys.stdout.write(encode(document))
    else:
        print_lines(render(found, width=terminal_width()), sys.stdout)
    return 0 if is_good else 1


@click.command("replay")
@click.argument("alert", required=False)
@click.option("--dead", is_flag=True, help="All that were refused for good and told in no other way.")
@FORMAT
@click.pass_obj
def replay_command(settings_of: "Callable[[], Settings]", alert: str | None, dead: bool, output_format: str) -> int:
    """Tell an alert again, and say what became of it. ALERT is an id as `alerts list` shows it.

    One that is dead is sent after all; one that was told before is told a second time.
    """
    from monitor.cli.alerting import deliver, routes_of, undelivered
    from monitor.store.store import open_store
    from monitor.store.values import AlertState

    if (alert is None) != dead:
        raise UsageError("replay what? An alert id, or --dead")
    settings = settings_of()
    routes_of(settings)
    with open_store(settings.state_url) as store:
        with store.writing() as writer:
            known = writer.alerts(limit=ALL, states=[AlertState.DEAD]) if dead else writer.alerts_by_id([alert or ""])
            if alert is not None and not known:
                raise UsageError(f"no alert {visible(alert)} is recorded in {store.place}")
            wanted = [each for each in reversed(known) if not (dead and each.superseded_by)]
            for each in wanted:
                if not writer.replay(each.alert.id):
                    by = f" by {each.superseded_by}" if each.superseded_by else ""
                    raise UsageError(f"alert {each.alert.id} is {each.state}{by}: only one that is dead or was sent")
        done = deliver(settings, store)
        with store.reading() as reader:
            now_are = {each.alert.id: each.state for each in reader.alerts_by_id([each.alert.id for each in wanted])}
    told = [(each.alert.id, each.alert.destination, each.state, now_are[each.alert.id]) for each in wanted]
    if output_format == "json":
        replayed: list[Json] = [
            {"id": identity, "destination": place, "was": was, "state": state} for identity, place, was, state in told
        ]
        sys.stdout.write(encode({"schema_version": SCHEMA_VERSION, "replayed": replayed}))
    else:
        lines = [line(visible(f"{identity} in {place}: was {was}, is {state}")) for identity, place, was, state in told]
        print_lines(lines or [line("no alert is dead")], sys.stdout)
    if trouble := undelivered(done):
        click.echo(visible(trouble), err=True)
    return MonitorError.exit_code if trouble else 0


def render(found: "Sequence[Audited]", *, width: int) -> "list[Line]":
    """Return all that was not simply told, two lines each, then the counts."""
    lines: list[Line] = []
    for each in found:
        if each.fate == "told":
            continue
        change = each.change
        text = f"{change.incident.key} of {change.incident.target}: {change.kind.replace('_', ' ')}"
        when = change.at.strftime("%Y-%m-%d %H:%M:%S UTC")
        style = STYLES[each.fate]
        lines += edged(
            each.fate.upper(),
            visible(text),
            when,
            width=width,
            gutter=GUTTER,
            word_style=style,
            style="",
            right_style="dim",
        )
        parts = [each.destination, f"alert {each.alert}" if each.alert else "", each.why, change.incident.id]
        lines.append(line(visible("; ".join(part for part in parts if part)), "dim", indent=GUTTER))
    counts = ", ".join(f"{count:,} {fate}" for fate, count in _counts(found).items() if count)
    return [*lines, line(counts or "nothing was to be told")]


def _counts(found: "Sequence[Audited]") -> dict[str, int]:
    from monitor.alerts.audit import Fate

    counts = Counter(each.fate for each in found)
    return {fate.value: counts[fate] for fate in Fate}


def _object(each: "Audited") -> dict[str, Json]:
    change = each.change
    return {
        "incident": change.incident.id,
        "sequence": change.sequence,
        "key": change.incident.key,
        "target": str(change.incident.target),
        "kind": change.kind,
        "at": utc(change.at),
        "fate": each.fate,
        "destination": each.destination or None,
        "alert": each.alert or None,
        "why": each.why or None,
    }
