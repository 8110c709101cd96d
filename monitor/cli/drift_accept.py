"""`pactwatch drift accept`: the smallest patch of a contract that makes it agree with its live tables."""

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.places import while_somebody_reads
from monitor.errors import ContractError, UsageError
from monitor.visible import visible

if TYPE_CHECKING:
    from monitor.domain.contract import Contract
    from monitor.drift.accept import Live
    from monitor.run import Target
    from monitor.settings import Settings


@click.command("accept")
@click.argument("contract")
@click.option("--server", metavar="NAME", help="Which of the contract's servers to look at.")
@click.pass_obj
def accept_command(settings_of: "Callable[[], Settings]", contract: str, server: str | None) -> int:
    """Write a new version of a contract that agrees with its live tables, for review.

    The new file lies beside the old one, with the version that its changes want and the status draft: it runs in the
    shadow until somebody makes it active. Comments and order stay; what is gone from a table goes with all that refers
    to it; a renamed column keeps its name in the contract. Where the server could not check a rule then, this rule is
    named and nothing is written. Of the server only the catalogue is read; which columns were renamed is also known
    from earlier runs.
    """
    from monitor.cli.diff_output import as_lines
    from monitor.cli.text import print_lines, terminal_width
    from monitor.drift.releases import compare_contracts

    settings = settings_of()
    target = _target(settings, contract, server)
    old = target.contract
    text, new = _patched(target, settings)
    if new is None:
        click.echo(visible(f"{old.id} {old.version} agrees with its tables on {target.server.name}"))
        return 0
    path = Path(new.file)
    try:
        with path.open("x", encoding="utf-8", newline="") as file:
            file.write(text)
    except FileExistsError as error:
        raise UsageError(f"{path} is there already: review it, or remove it first") from error
    with while_somebody_reads():
        release = compare_contracts(old, replace(new, status=old.status))  # that it is a draft, the last line says
        print_lines(as_lines([release], width=terminal_width()), sys.stdout)
        print(visible(f"wrote {path}; review it, then make its status active"))
    return 0


def _target(settings: "Settings", wanted: str, server: str | None) -> "Target":
    """Return the one version on the one server that is meant; drafts beside an active version are not."""
    from monitor.cli.verify_command import select
    from monitor.wiring import ALL, targets

    _, selected = select(settings, (wanted,))
    chosen = [each for each in selected if not each.shadow] or list(selected)
    if len(chosen) != 1:
        listed = ", ".join(f"{each.contract.id}@{each.contract.version}" for each in chosen) or "none that is valid"
        raise UsageError(f"{wanted}: name one version; there are {listed}")
    if server == ALL:
        raise UsageError("a contract can agree with one server at a time: name it")
    found, _ = targets(chosen, settings, os.environ, server)
    return found[0]


def _patched(target: "Target", settings: "Settings") -> "tuple[str, Contract | None]":
    """Return the text of the new version and the contract that it is; None where nothing is to be done."""
    from monitor.contracts.files import read, source_of
    from monitor.contracts.patch import PatchError, set_value
    from monitor.contracts.reading import parse
    from monitor.contracts.semver import Version
    from monitor.contracts.versions import read_library
    from monitor.contracts.yaml_reader import read_yaml
    from monitor.drift.accept import apply, mends
    from monitor.drift.bumps import next_version, required_bump
    from monitor.drift.diff import diff

    old, variables = target.contract, settings.contract_variables
    text = read(Path(old.file), old.file).text
    live = _live(target)
    renamed = _renamed(target, live, settings)
    edits = mends(old, read_yaml(text), live, target.server.type, renamed)
    if not edits:
        _refuse_what_cannot_run(old, target)
        return text, None
    try:
        text = apply(text, edits)
        changed = parse(source_of(text.encode(), old.file), old.file, variables=variables)
        version = next_version(Version.parse(old.version), required_bump(diff(old, changed)))
        text = set_value(set_value(text, (), "version", version), (), "status", "draft")
        path = Path(old.file).with_name(f"{version}.odcs.yaml")
        new = parse(source_of(text.encode(), str(path)), str(path), variables=variables)
    except PatchError as error:
        raise UsageError(f"{old.file} cannot be patched by itself: {error}; edit it by hand") from error
    except ContractError as error:
        listed = "\n".join(f"  {problem}" for problem in error.problems)
        raise UsageError(f"{old.file}: with these changes it would be no valid contract:\n{listed}") from error
    if mends(new, read_yaml(text), live, target.server.type, renamed):
        raise UsageError(f"{old.file} cannot be patched by itself: it would still differ; edit it by hand")
    _refuse_what_cannot_run(new, target)
    taken = [each.file for each in read_library(settings.contracts, variables).contracts if _same(each, new)]
    if taken:
        raise UsageError(f"{new.id} {new.version} is in {taken[0]} already: review it, or remove it first")
    return text, replace(new, file=str(path))


def _same(one: "Contract", other: "Contract") -> bool:
    return (one.id, one.version) == (other.id, other.version)


def _refuse_what_cannot_run(contract: "Contract", target: "Target") -> None:
    """Raise UsageError where the tables as they are refuse a check: no edit of names and types could keep its rule."""
    from monitor.checks.plan import compile_plan
    from monitor.wiring import unplannable

    refused = unplannable(target.server, compile_plan(contract, target.server.type))
    if refused:
        file = target.contract.file
        written = _lines_of(target.contract, target.server.type)
        listed = "\n".join(f"  {written.get(check.id, check.line)}: {check.id}: {why}" for check, why in refused)
        words = "with its tables as they are now these rules cannot be checked; edit or remove them by hand"
        raise UsageError(f"{file}: {words}:\n{listed}")


def _lines_of(contract: "Contract", server_type: str) -> "dict[str, int]":
    """Return where the rules stand in the file that is there, by the ids of their checks."""
    from monitor.checks.plan import compile_plan

    return {check.id: check.line for check in compile_plan(contract, server_type).checks}


def _renamed(target: "Target", live: "Live", settings: "Settings") -> "dict[str, dict[str, str]]":
    """Return what earlier runs know of renamed columns; nothing where there is no state yet."""
    from monitor.checks.plan import compile_plan
    from monitor.contracts.semver import Version
    from monitor.domain.drift import shape_of
    from monitor.domain.target import TargetKey
    from monitor.drift.renames import remembered
    from monitor.store.store import has_store, open_store
    from monitor.store.values import Against
    from monitor.telling import LEDGER

    if not has_store(settings.state_url):
        return {}
    contract, server = target.contract, target.server
    key = TargetKey(contract=contract.id, major=Version.parse(contract.version).major, server=server.name)
    with open_store(settings.state_url) as store, store.reading() as reader:
        before, records = reader.columns(key), reader.drift(limit=LEDGER, target=key)
    events = [record.event for record in reversed(records) if record.against is Against.LAST_TIME]
    found: dict[str, dict[str, str]] = {}
    for dataset in compile_plan(contract, server.type).datasets:
        was, now = before.get(dataset.table), live[dataset.name]
        if was is not None and now is not None:
            name = str(dataset.table)
            found[dataset.name] = remembered(name, events, shape_of(was), shape_of(now), server.type)
    return found


def _live(target: "Target") -> "Live":
    """Return what is there for each dataset of the contract; raises UsageError where nothing of it can be seen."""
    from monitor.checks.plan import compile_plan
    from monitor.wiring import look_at

    plan = compile_plan(target.contract, target.server.type)
    seen = look_at(target.server, target.contract.slug, plan.tables())
    live = {dataset.name: seen.get(dataset.table) for dataset in plan.datasets}
    if not any(live.values()):
        raise UsageError(
            f"none of the tables of {target.contract.id} is on {target.server.name}: nothing to agree with"
        )
    return live
