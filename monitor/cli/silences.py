"""`pactwatch incidents silence`, `silences`, `unsilence`: stretches of time in which nobody wants to hear of it."""

import sys
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from monitor.cli.known import check_known, listed
from monitor.cli.layout import edged, line, wrap
from monitor.cli.options import BY, FORMAT, span_of, user_of
from monitor.cli.text import print_lines, terminal_width
from monitor.domain.silence import Facts, Silence
from monitor.errors import StoreError, UsageError
from monitor.exact_json import Json, encode, utc
from monitor.incidents.silences import covers, facts_of
from monitor.objects import SCHEMA_VERSION
from monitor.visible import visible

if TYPE_CHECKING:
    from monitor.cli.layout import Line
    from monitor.settings import Settings

GUTTER = 10
MOMENT = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M"])
CONDITIONS = ("contract", "dataset", "owner", "tag")


@click.command("silence")
@click.option("--contract", metavar="ID", help="Only of this contract.")
@click.option("--dataset", metavar="D", help="Only of datasets of this name.")
@click.option("--owner", metavar="TEAM", help="Only of contracts that this team owns.")
@click.option("--tag", metavar="T", help="Only where contract or dataset has this tag.")
@click.option("--everything", is_flag=True, help="All there is, the monitor's own troubles included.")
@click.option("--for", "span", default=None, help="How long, such as 30m, 4h or 1d.")
@click.option("--until", type=MOMENT, default=None, help="The end, in UTC.")
@click.option("--from", "start", type=MOMENT, default=None, help="The beginning, in UTC.  [default: now]")
@BY
@click.option("--why", required=True, help="Why; it stays in the history.")
@FORMAT
@click.pass_obj
def silence_command(
    settings_of: "Callable[[], Settings]",
    contract: str | None,
    dataset: str | None,
    owner: str | None,
    tag: str | None,
    everything: bool,
    span: str | None,
    until: datetime | None,
    start: datetime | None,
    by: str | None,
    why: str,
    output_format: str,
) -> int:
    """Hear nothing of incidents for a while, such as for maintenance.

    They are recorded all the same, and what still fails at the end is told then. A silence covers what fits every
    condition that it names.
    """
    from monitor.store.store import open_store

    if everything == any((contract, dataset, owner, tag)):
        raise UsageError("silence what? Name --contract, --dataset, --owner or --tag, or --everything")
    if (span is None) == (until is None):
        raise UsageError("for how long? Give --for or --until")
    settings = settings_of()
    with open_store(settings.state_url) as store:
        if contract is not None:
            with store.reading() as reader:  # it may read every contract file: nobody waits to write meanwhile
                check_known(contract, settings, reader, store.place)
        with store.writing() as writer:
            now = writer.now()
            begins = start.replace(tzinfo=UTC) if start else now
            ends = until.replace(tzinfo=UTC) if until else begins + span_of(span or "")
            if ends <= max(begins, now):
                raise UsageError(
                    f"--until {ends:%Y-%m-%d %H:%M}: the end must be in the future and after the beginning"
                )
            silence = Silence(
                id=uuid.uuid4().hex[:8],
                starts_at=begins,
                ends_at=ends,
                contract=contract,
                dataset=dataset,
                owner=owner,
                tag=tag,
                by=user_of(by),
                why=why,
            )
            writer.save_silence(silence)
            open_now = [
                Facts(contract=each.target.contract, dataset=each.dataset) for each in writer.all_open_incidents()
            ]
    if output_format == "json":
        sys.stdout.write(encode({"schema_version": SCHEMA_VERSION, "silence": _object(silence)}))
    else:
        click.echo(visible(f"silence {silence.id}: {_covers(silence)} until {ends:%Y-%m-%d %H:%M} UTC"))
    if dataset or owner or tag:  # a contract that nobody knows was refused
        warning = covers_nothing(silence, [*open_now, *_promised(settings)])
        if warning:
            click.echo(visible(warning), err=True)
    return 0


def covers_nothing(silence: Silence, known: Sequence[Facts]) -> str:
    """Say so where a silence covers nothing of what is known now, with what was probably meant; else nothing."""
    if any(covers(silence, facts) for facts in known):
        return ""
    values = {
        "dataset": {facts.dataset for facts in known if facts.dataset},
        "owner": {facts.owner for facts in known if facts.owner},
        "tag": {tag for facts in known for tag in facts.tags},
    }
    wanted = {name: getattr(silence, name) for name in values}
    strange = [
        f"no {name} {value!r}, {listed(value, values[name])}"
        for name, value in wanted.items()
        if value is not None and value not in values[name]
    ]
    why = "; ".join(strange) or "nothing has all of this"
    return f"silence {silence.id} covers nothing now: {why} (`pactwatch incidents unsilence {silence.id}` ends it)"


def _promised(settings: "Settings") -> list[Facts]:
    """Return what the contract files know of each dataset, and of each contract as a whole."""
    from monitor.contracts.versions import read_library

    contracts = read_library(settings.contracts, settings.contract_variables).contracts
    return [facts_of(each, name) for each in contracts for name in ("", *(dataset.name for dataset in each.datasets))]


@click.command("silences")
@click.option("--all", "is_all", is_flag=True, help="Also those that are over.")
@FORMAT
@click.pass_obj
def silences_command(settings_of: "Callable[[], Settings]", is_all: bool, output_format: str) -> int:
    """List silences, those to come included."""
    from monitor.store.store import open_store

    with open_store(settings_of().state_url) as store, store.reading() as reader:
        now = reader.now()
        found = [silence for silence in reader.silences() if is_all or silence.ends_at > now]
    if output_format == "json":
        sys.stdout.write(encode({"schema_version": SCHEMA_VERSION, "silences": [_object(each) for each in found]}))
    else:
        print_lines(render(found, now, width=terminal_width()), sys.stdout)
    return 0


@click.command("unsilence")
@click.argument("silence")
@FORMAT
@click.pass_obj
def unsilence_command(settings_of: "Callable[[], Settings]", silence: str, output_format: str) -> int:
    """End a silence now; what still fails is told. SILENCE is an id as `incidents silences` shows it."""
    from monitor.cli.alerting import can_tell, deliver, undelivered, upkeep_of
    from monitor.store.store import open_store

    settings = settings_of()
    with open_store(settings.state_url) as store:
        with store.writing() as writer:
            now = writer.now()
            found = next((each for each in writer.silences() if each.id == silence), None)
            if found is None:
                raise UsageError(f"no silence {visible(silence)} is recorded in {store.place}")
            if found.ends_at <= now:
                raise UsageError(f"silence {found.id} was over at {found.ends_at:%Y-%m-%d %H:%M} UTC")
            ended = replace(found, ends_at=now)
            writer.save_silence(ended)
        trouble = ""
        if can_tell(settings):
            upkeep_of(settings, store).once()
            trouble = undelivered(deliver(settings, store))
    if output_format == "json":
        sys.stdout.write(encode({"schema_version": SCHEMA_VERSION, "silence": _object(ended)}))
    else:
        click.echo(visible(f"silence {ended.id} is over: {_covers(ended)}"))
    if trouble:
        click.echo(visible(trouble), err=True)
    return StoreError.exit_code if trouble else 0


def render(silences: Sequence[Silence], now: datetime, *, width: int) -> "list[Line]":
    """Return two lines a silence: whether it is in force and what it covers until when, then who, why and its id."""
    if not silences:
        return [line("nothing is silenced")]
    lines: list[Line] = []
    for each in silences:
        word = "OVER" if each.ends_at <= now else "SILENT" if each.starts_at <= now else "TO COME"
        span = f"{each.starts_at:%Y-%m-%d %H:%M} to {each.ends_at:%Y-%m-%d %H:%M} UTC"
        style = "dim" if word == "OVER" else "bold"
        lines += edged(
            word, visible(_covers(each)), span, width=width, gutter=GUTTER, word_style=style, style="", right_style=""
        )
        told = wrap(visible(f"{each.why}; by {each.by}; {each.id}"), width - GUTTER)
        lines += [line(more, "dim", indent=GUTTER) for more in told]
    return lines


def _covers(silence: Silence) -> str:
    named = [f"{name} {getattr(silence, name)}" for name in CONDITIONS if getattr(silence, name) is not None]
    return ", ".join(named) or "everything"


def _object(silence: Silence) -> dict[str, Json]:
    return {
        "id": silence.id,
        "starts_at": utc(silence.starts_at),
        "ends_at": utc(silence.ends_at),
        **{name: getattr(silence, name) for name in CONDITIONS},
        "by": silence.by,
        "why": silence.why,
    }
