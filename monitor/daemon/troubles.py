"""What is wrong that no run finds out: targets that were not run, files that are no contracts. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from monitor.contracts.semver import Version
from monitor.daemon.library import Invalid
from monitor.daemon.timetable import Timetable
from monitor.domain.target import TargetKey
from monitor.incidents.troubles import Trouble, invalid_file, missed_run
from monitor.store.slots import Watched

SHOWN = 3
"""So many problems of a file are told; `lint` tells all."""


def missed_runs(overdue: Mapping[TargetKey, datetime], table: Timetable) -> tuple[Trouble, ...]:
    """Return the targets that run and have no result for a slot whose grace is over."""
    return tuple(
        missed_run(target, f"no result for {instant:%Y-%m-%d %H:%M} UTC, when it was due")
        for target, instant in sorted(overdue.items())
        if Watched(target=target) in table.entries
    )


def whys(invalid: Iterable[Invalid]) -> Mapping[str, str]:
    """Say of each file that is no contract what is wrong with it."""
    found = {}
    for file in invalid:
        told = "; ".join(file.problems[:SHOWN])
        more = f" and {len(file.problems) - SHOWN:,} more problems" if len(file.problems) > SHOWN else ""
        runs_on = f"; {file.running.version} runs on as it was" if file.running else ""
        found[file.file] = f"{file.file}: {told}{more}{runs_on}"
    return found


def invalid_files(
    invalid: Mapping[str, str], versions: Mapping[str, tuple[str, str]], known: Iterable[Watched]
) -> tuple[Trouble, ...]:
    """Return a trouble for each file that is no contract: that of the contract which was in it last, if any.

    `versions` are the ids and versions that were last run from each file, `known` all targets of the state database: so
    it is the same trouble whoever sees it, also one that has never seen that contract.
    """
    homes: dict[tuple[str, str], TargetKey] = {}
    for watched in sorted(known):
        homes.setdefault((watched.target.contract, watched.target.major), watched.target)
    found = []
    for file, why in invalid.items():
        general = invalid_file(file, why)
        home = homes.get(_with_major(versions[file])) if file in versions else None
        found.append(general if home is None else replace(general, target=home))
    return tuple(found)


def is_in(invalid: Iterable[str], versions: Mapping[str, tuple[str, str]], target: TargetKey) -> bool:
    """Say whether the contract of a target was last run from a file that is none now, or that lies below one."""
    mine = {file for file, version in versions.items() if _with_major(version) == (target.contract, target.major)}
    below = {str(parent) for file in mine for parent in Path(file).parents}
    return any(file in mine or file in below for file in invalid)


def _with_major(version: tuple[str, str]) -> tuple[str, str]:
    """Return an id and the major of a version: what slots are kept under."""
    return version[0], Version.parse(version[1]).major
