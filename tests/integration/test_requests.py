"""Runs that somebody asks a daemon for: one for each id, none lost, on both databases."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from monitor.checks.plan import compile_plan
from monitor.daemon.requests import request
from monitor.daemon.timetable import Entry, Timetable
from monitor.errors import UsageError
from monitor.run import Target
from monitor.settings import ServerSettings
from monitor.store.rows import target_of
from monitor.store.slots import Watched
from monitor.store.store import Store
from tests.integration.store.conftest import empty_url, store, url
from tests.runs import BROKEN, CONTRACT

__all__ = ["empty_url", "store", "url"]

TARGET = Target(contract=CONTRACT, shadow=False, server=ServerSettings(name="warehouse"))
ENTRY = Entry(target=TARGET, plan=compile_plan(CONTRACT, "postgres"), cadences=())
TABLE = Timetable(entries={Watched(target=target_of(BROKEN)): ENTRY})


def test_many_who_ask_at_one_moment_get_a_run_each_and_the_same_id_one(store: Store) -> None:
    asked = [f"run-{number % 20}" for number in range(60)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda run_id: request(store, TABLE, "nyc-flights", "warehouse", run_id), asked))
    assert len(store.slots.slots(limit=100)) == 20
    assert all(store.slots.requested(run_id) is not None for run_id in asked)


def test_a_contract_that_nobody_watches_there_is_refused(store: Store) -> None:
    with pytest.raises(UsageError, match="no contract 'nyc-flights' is watched on 'staging'"):
        request(store, TABLE, "nyc-flights", "staging", "run-1")
    assert store.slots.slots(limit=9) == ()
