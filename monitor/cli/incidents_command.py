"""`pactwatch incidents`: what is wrong, and who takes care of it."""

import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from monitor.cli.layout import edged, line, wrap
from monitor.cli.options import BY, FORMAT, span_of, user_of
from monitor.cli.silences import silence_command, silences_command, unsilence_command
from monitor.cli.text import print_lines, terminal_width
from monitor.domain.incident import Incident, IncidentChange, IncidentKind
from monitor.domain.scan import Verdict
from monitor.errors import StoreError, UsageError
from monitor.exact_json import encode
from monitor.incidents.actions import over_since
from monitor.objects import SCHEMA_VERSION, incident_object
from monitor.visible import visible
from monitor.words import counted

if TYPE_CHECKING:
    from monitor.cli.layout import Line
    from monitor.settings import Settings
    from monitor.store.store import Reader
    from monitor.store.values import RunRecord

    Decision = Callable[[Incident, datetime], IncidentChange]

GUTTER = 14
MOST = 5
"""So many targets are named whose last verdict is not kept; the others are counted."""
STYLES = {IncidentKind.BROKEN: "bold red", IncidentKind.WARNING: "bold yellow"}
WHY = click.option("--why", default=None, help="Why; it stays in the history.")


@click.group("incidents", invoke_without_command=True)
@click.pass_context
def incidents_command(context: click.Context) -> int:
    """List what is wrong; take care of it. Without a command: list.

    INCIDENT is an id as `incidents list` shows it, or the id of a check that has one open incident.
    """
    return int(context.invoke(list_command)) if context.invoked_subcommand is None else 0


@incidents_command.command("list")
@click.argument("contract", required=False)
@click.option("--all", "everything", is_flag=True, help="Also those that are over.")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="How many, last seen first.")
@FORMAT
@click.pass_obj
def list_command(
    settings_of: "Callable[[], Settings]", contract: str | None, everything: bool, limit: int, output_format: str
) -> int:
    """List open incidents, last seen first. CONTRACT is an id."""
    from monitor.store.store import open_store

    with open_store(settings_of().state_url) as store, store.reading() as reader:
        found = reader.incidents(limit=limit, contract=contract, is_over=None if everything else False)
        latest = {} if found or output_format == "json" else reader.latest()
    if output_format == "json":
        sys.stdout.write(
            encode({"schema_version": SCHEMA_VERSION, "incidents": [incident_object(each) for each in found]})
        )
    else:
        last = [each.run for target, each in latest.items() if contract in {None, target.contract}]
        print_lines(render(found, width=terminal_width(), last=last), sys.stdout)
    return 0


@incidents_command.command("ack")
@click.argument("incident")
@BY
@WHY
@click.pass_obj
def ack_command(settings_of: "Callable[[], Settings]", incident: str, by: str | None, why: str | None) -> int:
    """Take care of an incident: no reminders until it is over."""
    from monitor.incidents.actions import acknowledge

    who = user_of(by)
    return _act(settings_of(), incident, lambda found, now: acknowledge(found, who, why, now))


@incidents_command.command("snooze")
@click.argument("incident")
@click.option("--for", "span", default="1h", show_default=True, help="How long, such as 30m, 1h or 1d.")
@BY
@WHY
@click.pass_obj
def snooze_command(
    settings_of: "Callable[[], Settings]", incident: str, span: str, by: str | None, why: str | None
) -> int:
    """Hear nothing of an incident for a while; if it still fails then, that is said."""
    from monitor.incidents.actions import snooze

    who, pause = user_of(by), span_of(span)
    return _act(settings_of(), incident, lambda found, now: snooze(found, who, why, now + pause, now))


@incidents_command.command("accept")
@click.argument("incident")
@click.option("--until", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M"]), required=True, help="In UTC.")
@BY
@click.option("--why", required=True, help="Why; it stays in the history.")
@click.pass_obj
def accept_command(
    settings_of: "Callable[[], Settings]", incident: str, until: datetime, by: str | None, why: str
) -> int:
    """Make an incident a known breach: visible, and quiet until a date."""
    from monitor.incidents.actions import accept

    who, end = user_of(by), until.replace(tzinfo=UTC)
    return _act(settings_of(), incident, lambda found, now: accept(found, who, why, end, now))


@incidents_command.command("resolve")
@click.argument("incident")
@BY
@WHY
@click.pass_obj
def resolve_command(settings_of: "Callable[[], Settings]", incident: str, by: str | None, why: str | None) -> int:
    """Call an incident over; if its check fails again it comes back."""
    from monitor.incidents.actions import resolve

    who = user_of(by)
    return _act(settings_of(), incident, lambda found, now: resolve(found, who, why, now))


for _command in (silence_command, silences_command, unsilence_command):
    incidents_command.add_command(_command)


def render(incidents: Sequence[Incident], *, width: int, last: "Sequence[RunRecord]" = ()) -> "list[Line]":
    """Return two lines an incident: its state and key with since when, then of what, how often and its id.

    Where there is none, the `last` run of each target may still say that something is wrong.
    """
    if not incidents:
        return [line(each) for each in wrap(_none(last), width)]
    lines: list[Line] = []
    for each in incidents:
        since = each.first_failed_at.strftime("since %Y-%m-%d %H:%M UTC")
        style = "dim" if each.is_over else STYLES.get(each.kind, "bold magenta")
        text = visible(each.key)
        lines += edged(
            each.state.upper(), text, since, width=width, gutter=GUTTER, word_style=style, style="bold", right_style=""
        )
        parts = [each.kind.replace("_", " "), str(each.target), f"{counted(each.failures, 'failing run')} in a row"]
        parts += [f"{counted(len(each.children), 'check')} below it"] if each.children else []
        parts += [f"until {each.until:%Y-%m-%d %H:%M} UTC"] if each.until else []
        parts += [f"by {each.by}"] if each.by else []
        told = wrap(visible("; ".join([*parts, each.id])), width - GUTTER)
        lines += [line(more, "dim", indent=GUTTER) for more in told]
    return lines


def _none(last: "Sequence[RunRecord]") -> str:
    """Say that no incident is open; "nothing is wrong" only where the last verdicts say so as well."""
    wrong = [run for run in last if run.verdict is not Verdict.KEPT]
    if not wrong:
        return "nothing is wrong"
    told = [f"{run.target.contract} {run.verdict} (on {run.target.server})" for run in wrong[:MOST]]
    more = [f"and {len(wrong) - MOST:,} more"] if len(wrong) > MOST else []
    verdicts = "last verdict" if len(wrong) == 1 else "last verdicts"
    return (
        "no incident is open. They move with `verify --alert` and `serve`;"
        f" {verdicts}: {visible(', '.join([*told, *more]))}"
    )


def _say_if_over(reader: "Reader", check: str) -> None:
    """Raise UsageError if all incidents of a check have ended: there is nothing to decide any more."""
    ended = [each for each in reader.incidents(limit=10_000, is_over=True) if each.key == check and each.ended_at]
    if ended:
        raise UsageError("\n".join(over_since(each) for each in ended[:MOST]))


def _act(settings: "Settings", wanted: str, decision: "Decision") -> int:
    """Record a decision, tell the incident's thread where Slack is configured, and say what was done."""
    from monitor.cli.alerting import alerting_of, can_tell, contracts_of, deliver, undelivered
    from monitor.record import decide
    from monitor.store.store import open_store

    with open_store(settings.state_url) as store:
        with store.reading() as reader:
            identity = wanted if reader.incident(wanted) else ""
            if not identity:
                found = [each for each in reader.incidents(limit=10_000, is_over=False) if each.key == wanted]
                identity = found[0].id if len(found) == 1 else wanted
                if len(found) > 1:
                    ids = ", ".join(f"{each.id} ({each.target})" for each in found)
                    raise UsageError(f"which incident of {wanted}? {ids}")
                if not found:
                    _say_if_over(reader, wanted)
        alerting = alerting_of(settings) if can_tell(settings) else None
        change = decide(store, identity, decision, contracts_of(settings), alerting)
        click.echo(visible(f"{change.incident.key} of {change.incident.target}: {change.incident.state}"))
        if alerting is not None:
            trouble = undelivered(deliver(settings, store))
            if trouble:
                click.echo(visible(trouble), err=True)
                return StoreError.exit_code
    return 0
