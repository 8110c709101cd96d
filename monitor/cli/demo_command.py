"""`pactwatch demo`: real data in an embedded PostgreSQL, verified, with a report to open."""

import sys
from dataclasses import replace
from datetime import timedelta
from importlib.resources import as_file, files
from pathlib import Path

import click

from monitor import demo
from monitor.cli.exits import exit_code
from monitor.cli.text import print_runs
from monitor.cli.verify_command import Asked, verify
from monitor.contracts.reading import load
from monitor.contracts.versions import Selected
from monitor.domain.contract import Contract
from monitor.domain.scan import Run
from monitor.settings import SampleSettings, Settings
from monitor.wiring import Engines, targets

CONTRACT = Path("contracts/nyc-flights/1.0.0.odcs.yaml")
FOLDER = Path(".pactwatch/demo")
SAMPLE_ROWS = 5
DAY = timedelta(days=1)


@click.command("demo")
@click.option("-v", "--verbose", is_flag=True, help="List what holds, show SQL and what else is known.")
@click.option("-q", "--quiet", is_flag=True, help="No progress on stderr.")
def demo_command(verbose: bool, quiet: bool) -> int:
    """Verify real data in an embedded PostgreSQL.

    Loads every flight that left New York City in 2013 and verifies the contract that is shipped for it. Some of its
    promises are broken by the real data, and shown so; the demo itself ends with exit code 0.
    """
    selected = shipped()
    with demo.warehouse(FOLDER / "postgres", lambda words: None if quiet else click.echo(words, err=True)) as server:
        settings = Settings(servers={server.name: server}, samples=SampleSettings(rows=SAMPLE_ROWS))
        with Engines() as engines:
            chosen, _ = targets([selected], settings, {}, None)
            told = list(verify(settings, chosen, Asked(quiet=quiet), engines))
    page = _site(chosen[0].contract, told[0].run)
    told = [replace(each, report=str(page)) for each in told]
    code = exit_code([one.run for one in told], invalid=False)
    print_runs(told, [], exit_code=code, stream=sys.stdout, verbose=verbose)
    click.echo("The days before today were made up for the report, in a state database of the demo's own.")
    click.echo(f"This was a demo, so it ends with 0; `pactwatch verify` would have ended with {code}.")
    return 0


def _site(contract: Contract, run: Run) -> Path:
    """Build the report of this run after a simulated month, and return its first page."""
    from monitor import demo_history
    from monitor.checks.plan import compile_plan
    from monitor.reports.promises import Promises
    from monitor.reports.site import Site
    from monitor.store.store import open_store

    state, folder = FOLDER / "state.db", FOLDER / "reports"
    for file in FOLDER.glob(f"{state.name}*"):
        file.unlink()
    with open_store(f"sqlite:///{state}") as store:
        demo_history.simulate(store, contract, compile_plan(contract, "postgres"), run)
        promises = Promises([Selected(contract=contract, shadow=False)], lambda *_: run.scan.started_at + DAY)
        Site(folder, note=demo_history.NOTE).build(store, promises, run.scan.finished_at)
    return folder / "index.html"


def shipped() -> Selected:
    """Return the contract of this folder or of the program's own repository, else the one that a wheel carries."""
    for root in (Path(), Path(__file__).parents[2]):
        if (root / CONTRACT).exists():
            return Selected(contract=load(root / CONTRACT, shown_as=str(CONTRACT)), shadow=False)
    with as_file(files("monitor") / "_contracts" / CONTRACT.relative_to("contracts")) as path:
        return Selected(contract=load(path, shown_as=str(CONTRACT)), shadow=False)
