"""`pactwatch doctor`: what could keep Pactwatch from its work, and how to mend it."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from monitor.cli.layout import edged, hanging, line
from monitor.cli.text import print_lines, terminal_width
from monitor.doctor.finding import Finding, Grade, bad, fine, warn
from monitor.errors import SettingsError
from monitor.exact_json import encode
from monitor.objects import SCHEMA_VERSION
from monitor.visible import visible
from monitor.words import counted

if TYPE_CHECKING:
    from monitor.cli.layout import Line
    from monitor.contracts.versions import Library
    from monitor.domain.contract import Contract
    from monitor.run import Target
    from monitor.settings import Settings

GRADE = 6
GUTTER = 22
STYLES = {Grade.OK: "green", Grade.WARN: "bold yellow", Grade.BAD: "bold red"}


@click.command("doctor")
@click.option("--format", "output_format", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.pass_obj
def doctor_command(settings_of: "Callable[[], Settings]", output_format: str) -> int:
    """Look at configuration, contracts, servers, state, Slack and disks, and say how to mend what is wrong.

    Nothing is written to any server and nothing is sent. Exit code 1 if anything keeps Pactwatch from its work;
    warnings change nothing.
    """
    findings = list(examine(settings_of))
    is_bad = any(finding.grade is Grade.BAD for finding in findings)
    if output_format == "json":
        told = [{"about": each.about, "grade": each.grade, "told": each.told, "mend": each.mend} for each in findings]
        sys.stdout.write(encode({"schema_version": SCHEMA_VERSION, "ok": not is_bad, "findings": told}))
    else:
        print_lines(render(findings, width=terminal_width()), sys.stdout)
    return int(is_bad)


def examine(settings_of: "Callable[[], Settings]") -> Iterator[Finding]:
    """Yield everything that is found, in the order in which it is needed."""
    from monitor.contracts.versions import read_library
    from monitor.doctor import places, servers
    from monitor.wiring import placement

    try:
        settings = settings_of()
    except SettingsError as error:
        for problem in str(error).splitlines():
            yield bad("configuration", problem, "correct it; nothing else is looked at before")
        return
    yield _configured(settings)
    library = read_library(settings.contracts, settings.contract_variables)
    for problem in settings.lacking():
        yield bad("configuration", problem, "set it; what does not need it goes on without")
    targets, unplaced = placement(replace(settings, missing={}), os.environ)(library)
    yield from _contracts(settings, library)
    for file in unplaced:
        yield bad(file.file, "; ".join(file.problems), "name a server of the configuration in the contract")
    met = {target.server.name: target.server for target in targets}
    for name, server in {**settings.servers, **met}.items():
        if settings.lacking(f"servers.{name}"):
            continue
        yield from servers.examine(server, [target for target in targets if target.server.name == name])
    if not settings.lacking("state"):
        yield from places.state(settings.state_url, settings.daemon.dispatcher)
    yield from places.disks(settings.state.url, settings.reports)
    yield from _people(settings, targets)


def render(findings: Sequence[Finding], *, width: int) -> "list[Line]":
    """Return a line for each finding, with how to mend it below."""
    lines: list[Line] = []
    for each in findings:
        word = f"{each.grade:<{GRADE}}{visible(each.about)}"
        lines += edged(
            word,
            visible(each.told),
            "",
            width=width,
            gutter=GUTTER,
            word_style=STYLES[each.grade],
            style="",
            right_style="",
        )
        if each.mend is not None:
            lines += hanging("mend", visible(each.mend), width=width, indent=GUTTER)
    grades = [finding.grade for finding in findings]
    wrong, warned = grades.count(Grade.BAD), grades.count(Grade.WARN)
    told = f"{wrong:,} to mend, {counted(warned, 'warning')}, {grades.count(Grade.OK):,} fine"
    return [*lines, line(told, "bold red" if wrong else "bold")]


def _configured(settings: "Settings") -> Finding:
    if settings.file is None:
        return warn("configuration", "no pactwatch.toml here: defaults count", "write one, or name it with --config")
    return fine("configuration", f"{settings.file}: {counted(len(settings.servers), 'server')}")


def _contracts(settings: "Settings", library: "Library") -> Iterator[Finding]:
    for file in library.invalid:
        yield bad(file.file, "; ".join(file.problems), "correct it: `pactwatch lint` tells all problems")
    if library.contracts:
        yield fine("contracts", f"{counted(len(library.contracts), 'version')} can be read")
    elif not library.invalid:
        folders = ", ".join(str(path) for path in settings.contracts)
        yield warn("contracts", f"there is none in {folders}", "see `contracts` in the configuration")


def _people(settings: "Settings", targets: "Sequence[Target]") -> Iterator[Finding]:
    from monitor.cli.alerting import MISSING, can_tell
    from monitor.doctor import people, places

    if not can_tell(settings):
        yield warn("alerts", "nobody is told of anything", MISSING.partition(": ")[2])
    elif settings.alerts.to == "console":
        yield fine("alerts", "are lines on stderr")
    elif settings.lacking(settings.alerts.to or ("webhook" if settings.webhook is not None else "slack")):
        pass  # told among the variables that are not set
    elif settings.slack is not None and settings.alerts.to != "webhook":
        contracts = [target.contract for target in targets]
        members = {member for contract in contracts for member in contract.owner.members}
        mentioned = members | {each for route in settings.routes for each in route.mention}
        yield from people.slack(
            settings.slack, _channels(settings, contracts), mentions_by_mail=any("@" in each for each in mentioned)
        )
    elif settings.incoming is not None and settings.alerts.to != "webhook":
        yield people.webhook("slack webhook", settings.incoming)
    elif settings.webhook is not None:
        yield people.webhook("webhook", settings.webhook.url)
    yield from places.http(settings.http, is_told=can_tell(settings))


def _channels(settings: "Settings", contracts: "Iterable[Contract]") -> set[str]:
    """Return every channel of Slack that an alert may go to."""
    from monitor.alerts.routing import named

    slack = settings.slack
    own = [] if slack is None else [slack.channel, slack.ops_channel or slack.channel]
    routed = [route.channel for route in settings.routes if route.channel]
    supported = [
        each.channel
        for contract in contracts
        for each in contract.support
        if (each.tool or "").casefold() == "slack" and (each.scope or "").casefold() == "notifications"
    ]
    return {named(channel) for channel in (*own, *routed, *supported)}
