"""What is wrong that no run finds out: targets that were not run, files that are no contracts. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime

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


def invalid_files(invalid: Iterable[Invalid], table: Timetable) -> tuple[Trouble, ...]:
    """Return a trouble for each file that is no contract: that of the contract which runs in its place, if any."""
    found = []
    for file in invalid:
        told = "; ".join(file.problems[:SHOWN])
        more = f" and {len(file.problems) - SHOWN:,} more problems" if len(file.problems) > SHOWN else ""
        runs_on = f"; {file.running.version} runs on as it was" if file.running else ""
        general = invalid_file(file.file, f"{file.file}: {told}{more}{runs_on}")
        home = _home(file, table)
        found.append(general if home is None else Trouble(target=home, key=general.key, why=general.why))
    return tuple(found)


def _home(file: Invalid, table: Timetable) -> TargetKey | None:
    """Return the first target of the contract that runs in the place of a file."""
    if file.running is None:
        return None
    mine = [watched.target for watched, entry in table.entries.items() if entry.target.contract == file.running]
    return min(mine, default=None)
