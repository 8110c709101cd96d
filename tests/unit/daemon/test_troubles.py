"""What no run finds out is told of the contract that it concerns."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from monitor.daemon.library import Invalid
from monitor.daemon.others import sight, sights_of_others
from monitor.daemon.timetable import Timetable, timetable, watched_of
from monitor.daemon.troubles import invalid_files, is_in, missed_runs, whys
from monitor.domain.target import MONITOR, TargetKey
from monitor.run import Target
from monitor.settings import ScheduleSettings, ServerSettings
from monitor.store.values import Heartbeat
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


PROBLEMS = ("1: a", "2: b", "3: c", "4: d")
IN_FILE = {"in/a.odcs.yaml": (CONTRACT.id, CONTRACT.version)}


def test_an_invalid_file_is_the_trouble_of_the_contract_that_was_in_it_whoever_sees_it() -> None:
    """Who started before it broke runs on what was in it; who started after has never seen that."""
    runs_on = whys([Invalid(file="in/a.odcs.yaml", problems=PROBLEMS, running=CONTRACT)])
    has_never_seen = whys([Invalid(file="in/a.odcs.yaml", problems=PROBLEMS)])
    assert runs_on == {
        "in/a.odcs.yaml": "in/a.odcs.yaml: 1: a; 2: b; 3: c and 1 more problems; 1.0.0 runs on as it was"
    }
    one, other = (invalid_files(each, IN_FILE, TABLE.entries) for each in (runs_on, has_never_seen))
    assert [(each.target, each.key) for each in (*one, *other)] == [(KEY, "file:in/a.odcs.yaml")] * 2


def test_an_invalid_file_that_nobody_knows_is_the_monitors_own_trouble() -> None:
    (trouble,) = invalid_files({"b": "b: 1: x"}, IN_FILE, TABLE.entries)
    assert (trouble.target, trouble.key, trouble.why) == (MONITOR, "file:b", "b: 1: x")


def test_a_contract_is_in_a_file_and_below_a_folder() -> None:
    assert is_in(["in/a.odcs.yaml"], IN_FILE, KEY)
    assert is_in(["in"], IN_FILE, KEY)
    assert not is_in(["other", "in/b.odcs.yaml"], IN_FILE, KEY)
    assert not is_in(["in"], IN_FILE, replace(KEY, major="2"))


def test_what_daemons_watch_has_the_same_name_for_all_and_what_others_see_is_read_back() -> None:
    mine = sight(TABLE.entries, {"a": "a: 1: no"})
    assert sight(list(TABLE.entries), {}).watches == mine.watches != sight([], {}).watches
    beats = [
        Heartbeat(name="me", started_at=DUE, at=DUE, details=sight([], {}).told()),
        Heartbeat(name="dead", started_at=DUE, at=DUE - timedelta(minutes=2), details=sight([], {}).told()),
        Heartbeat(name="of an earlier version", started_at=DUE, at=DUE, details={"targets": 1}),
        Heartbeat(name="other", started_at=DUE, at=DUE, details=mine.told()),
    ]
    assert list(sights_of_others(beats, "me", DUE)) == [mine]


def test_a_server_never_sees_more_connections_than_it_allows() -> None:
    """A run wants one that holds the snapshot and one for each of two statements."""
    assert TABLE.rooms() == {"warehouse": 2}
    one = replace(TARGET, server=ServerSettings(name="warehouse", max_connections=1))
    assert timetable([one], ScheduleSettings(), Timetable()).rooms() == {"warehouse": 1}
