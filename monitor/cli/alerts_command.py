"""`pactwatch alerts`: what people were told, and what waits to be."""

import sys
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from monitor.cli.audit import audit_command, replay_command
from monitor.cli.layout import edged, line, wrap
from monitor.cli.options import FORMAT
from monitor.cli.text import print_lines, terminal_width
from monitor.errors import MonitorError
from monitor.exact_json import Json, encode, utc
from monitor.mrkdwn import plain
from monitor.objects import SCHEMA_VERSION
from monitor.visible import visible

if TYPE_CHECKING:
    from monitor.cli.layout import Line
    from monitor.settings import Settings
    from monitor.store.values import AlertRecord

GUTTER = 12
STYLES = {"sent": "green", "dead": "bold red", "failed": "bold yellow", "superseded": "dim"}


@click.group("alerts", invoke_without_command=True)
@click.pass_context
def alerts_command(context: click.Context) -> int:
    """List what people were told; deliver what waits; hear what they press. Without a command: list."""
    return int(context.invoke(list_command)) if context.invoked_subcommand is None else 0


@alerts_command.command("list")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="How many, latest first.")
@FORMAT
@click.pass_obj
def list_command(settings_of: "Callable[[], Settings]", limit: int, output_format: str) -> int:
    """List alerts with what became of them, latest first."""
    from monitor.store.store import open_store

    with open_store(settings_of().state_url) as store, store.reading() as reader:
        alerts = reader.alerts(limit=limit)
    if output_format == "json":
        sys.stdout.write(encode({"schema_version": SCHEMA_VERSION, "alerts": [_object(alert) for alert in alerts]}))
    else:
        print_lines(render(alerts, width=terminal_width()), sys.stdout)
    return 0


@alerts_command.command("deliver")
@FORMAT
@click.pass_obj
def deliver_command(settings_of: "Callable[[], Settings]", output_format: str) -> int:
    """Do what is due, deliver what waits; exit 3 if anything could not be.

    Reminders and the ends of snoozes and silences are told, and what is older than `[state] keep_results` and
    `keep_rollups` is forgotten. What Slack refused for its credentials is tried again at once.
    """
    from monitor.cli.alerting import deliver, routes_of, undelivered, upkeep_of
    from monitor.store.store import open_store

    settings = settings_of()
    routes_of(settings)
    with open_store(settings.state_url) as store:
        upkeep = upkeep_of(settings, store)
        kept = upkeep.once()
        state = settings.state
        upkeep.prune(
            keep_results=timedelta(seconds=state.keep_results), keep_rollups=timedelta(seconds=state.keep_rollups)
        )
        store.outbox.probe()
        done = deliver(settings, store)
        with store.reading() as reader:
            waiting = reader.waiting()
    counts: dict[str, Json] = {
        "due": kept.changes,
        "sent": done.sent,
        "superseded": done.superseded,
        "put_off": done.put_off,
        "dead": done.dead,
        "elsewhere": done.elsewhere,
        "waiting": waiting,
    }
    if output_format == "json":
        sys.stdout.write(encode({"schema_version": SCHEMA_VERSION, **counts, "refused": list(done.refused)}))
    else:
        told = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in counts.items() if count)
        print_lines([line(told or "nothing waits")], sys.stdout)
    if trouble := undelivered(done):
        click.echo(visible(trouble), err=True)
    return MonitorError.exit_code if trouble else 0


for _command in (audit_command, replay_command):
    alerts_command.add_command(_command)


@alerts_command.command("listen")
@click.pass_obj
def listen_command(settings_of: "Callable[[], Settings]") -> int:
    """Do what people press in Slack, remind, and deliver what waits, until interrupted.

    What only time does (reminders, the ends of snoozes and silences) is looked at every minute, as a daemon does. Old
    history is not removed: a daemon or `alerts deliver` does that.
    """
    from monitor.cli.listening import listen
    from monitor.store.store import open_store

    settings = settings_of()
    with open_store(settings.state_url) as store:
        return listen(settings, store)


def render(alerts: "Sequence[AlertRecord]", *, width: int) -> "list[Line]":
    """Return two lines an alert: its state and text with when, then where and what went wrong."""
    if not alerts:
        return [line("nobody was ever alerted")]
    lines: list[Line] = []
    for each in alerts:
        when = each.queued_at.strftime("%Y-%m-%d %H:%M:%S UTC")
        text = visible(plain(str(each.alert.payload.get("text", ""))))
        style = STYLES.get(each.state, "bold")
        lines += edged(
            each.state.upper(), text, when, width=width, gutter=GUTTER, word_style=style, style="", right_style="dim"
        )
        errors = [delivery.error for delivery in each.deliveries if delivery.error]
        trouble = f"; {errors[-1]}" if errors else ""
        tries = "1 try" if each.attempts == 1 else f"{each.attempts:,} tries"
        told = f"{each.alert.kind} in {each.alert.destination}, {tries}{trouble}; {each.alert.id}"
        lines += [line(more, "dim", indent=GUTTER) for more in wrap(visible(told), width - GUTTER)]
    return lines


def _object(record: "AlertRecord") -> dict[str, Json]:
    alert = record.alert
    return {
        "id": alert.id,
        "state": record.state,
        "kind": alert.kind,
        "destination": alert.destination,
        "target": None if alert.target is None else str(alert.target),
        "text": plain(str(alert.payload.get("text", ""))),
        "queued_at": utc(record.queued_at),
        "finished_at": None if record.finished_at is None else utc(record.finished_at),
        "superseded_by": record.superseded_by,
        "attempts": record.attempts,
        "tells": [{"incident": ref.incident, "sequence": ref.sequence} for ref in alert.tells],
        "deliveries": [
            {
                "attempt": each.attempt,
                "at": utc(each.at),
                "outcome": each.outcome,
                "error": each.error,
                "channel": each.channel,
                "ts": each.ts,
            }
            for each in record.deliveries
        ],
    }
