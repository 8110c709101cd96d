"""What no run finds out is told of the contract that it concerns."""

from dataclasses import replace
from datetime import UTC, datetime

from monitor.daemon.library import Invalid
from monitor.daemon.timetable import Timetable, timetable, watched_of
from monitor.daemon.troubles import invalid_files, missed_runs
from monitor.domain.target import MONITOR, TargetKey
from monitor.run import Target
from monitor.settings import ScheduleSettings, ServerSettings
from tests.runs import CONTRACT

TARGET = Target(contract=CONTRACT, shadow=False, server=ServerSettings(name="warehouse", max_connections=7))
TABLE = timetable([TARGET], ScheduleSettings(), Timetable())
KEY = watched_of(TARGET).target
DUE = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


def test_a_target_without_a_result_is_told_and_one_that_is_gone_is_not() -> None:
    gone = TargetKey(contract="gone", major="1", server="warehouse")
    (trouble,) = missed_runs({KEY: DUE, gone: DUE}, TABLE)
    assert (trouble.target, trouble.key) == (KEY, "no_run")
    assert trouble.why == "no result for 2026-11-23 06:00 UTC, when it was due"


def test_an_invalid_file_is_its_own_contracts_trouble_where_that_runs_on() -> None:
    problems = ("1: a", "2: b", "3: c", "4: d")
    own, other = invalid_files(
        [Invalid(file="a", problems=problems, running=CONTRACT), Invalid(file="b", problems=("1: x",))], TABLE
    )
    assert (own.target, own.key) == (KEY, "file:a")
    assert own.why == "a: 1: a; 2: b; 3: c and 1 more problems; 1.0.0 runs on as it was"
    assert (other.target, other.key, other.why) == (MONITOR, "file:b", "b: 1: x")


def test_a_server_never_sees_more_connections_than_it_allows() -> None:
    """A run wants one that holds the snapshot and one for each of two statements."""
    assert TABLE.rooms() == {"warehouse": 2}
    one = replace(TARGET, server=ServerSettings(name="warehouse", max_connections=1))
    assert timetable([one], ScheduleSettings(), Timetable()).rooms() == {"warehouse": 1}
