"""`pactwatch drift`: how tables and contracts changed."""

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import click

from monitor.cli.drift_accept import accept_command
from monitor.cli.known import check_known
from monitor.cli.layout import edged, line, wrap
from monitor.cli.text import print_lines, terminal_width
from monitor.drift.words import consequence, sentence
from monitor.exact_json import encode
from monitor.objects import SCHEMA_VERSION, drift_object
from monitor.visible import visible

if TYPE_CHECKING:
    from monitor.cli.layout import Line
    from monitor.settings import Settings
    from monitor.store.values import DriftRecord

AGAINST = {"contract": "against the contract", "last_time": "against last time"}

ONE_RUN = 1_000
"""One run adds hardly more events to the ledger than these."""


class _ListFirst(click.Group):
    """A group that lists where no command of it is named, so that `drift orders` is `drift list orders`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put `list` before what names no command."""
        if not args or (args[0] not in self.commands and args[0] not in ctx.help_option_names):
            args = ["list", *args]
        return super().parse_args(ctx, args)


@click.group("drift", cls=_ListFirst)
def drift_command() -> None:
    """List how tables and contracts changed; accept it. Without a command: list.

    Tables are compared with what they were and with what their contract promises.
    """


drift_command.add_command(accept_command)


@drift_command.command("list")
@click.argument("contract", required=False)
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="How many, latest first.")
@click.option("--format", "output_format", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.pass_obj
def list_command(settings_of: "Callable[[], Settings]", contract: str | None, limit: int, output_format: str) -> int:
    """List how tables and contracts changed, latest first, and whom it hurts. CONTRACT is an id."""
    from monitor.store.store import open_store

    settings = settings_of()
    with open_store(settings.state_url) as store, store.reading() as reader:
        at_hand = 2 * limit + ONE_RUN if output_format == "text" else limit  # text shows once what was found twice
        events = reader.drift(limit=at_hand, contract=contract)
        if contract is not None and not events:
            check_known(contract, settings, reader, store.place)
    if output_format == "json":
        sys.stdout.write(encode({"schema_version": SCHEMA_VERSION, "drift": [drift_object(event) for event in events]}))
    else:
        print_lines(render(events, width=terminal_width(), limit=limit), sys.stdout)
    return 0


def render(events: "Sequence[DriftRecord]", *, width: int, limit: int | None = None) -> "list[Line]":
    """Return two lines a change: what changed with when, then whom it hurts, against what, and which run found it.

    What differs both from last time and from the contract is one change; at most `limit` are shown.
    """
    if not events:
        return [line("no drift is recorded")]
    found: dict[object, list[DriftRecord]] = {}
    for event in events:
        found.setdefault(_fact(event), []).append(event)
    lines: list[Line] = []
    for both in list(found.values())[:limit]:
        event, *more = sorted(both, key=lambda each: each.against, reverse=True)  # last time tells what really was
        when = event.at.strftime("%Y-%m-%d %H:%M:%S UTC")
        text = visible(sentence(event.event))
        lines += edged("", text, when, width=width, gutter=0, word_style="", style="bold", right_style="dim")
        against = " and ".join([AGAINST[event.against], *(_also(each, event) for each in more)])
        told = f"{consequence(event.event)}; {against}, {event.target}, run {event.run_id}"
        lines += [line(part, "dim", indent=2) for part in wrap(visible(told), width - 2)]
    return lines


def _fact(found: "DriftRecord") -> object:
    """Return what two comparisons agree on where they have found the same."""
    event = found.event
    return found.target, found.run_id, event.kind, event.table, event.column, event.after, event.hurts


def _also(other: "DriftRecord", told: "DriftRecord") -> str:
    """Return what else it was compared with, and what that says where it is not the same."""
    before = other.event.before
    return AGAINST[other.against] + (f" ({before})" if before and before != told.event.before else "")
