"""Failpoints cost nothing and do nothing unless one is asked for by its name; `tests/campaigns` reaches each of them."""

import os
import signal
import subprocess
import sys

import pytest

from monitor.errors import UsageError
from monitor.failpoints import VARIABLE, Point, arm, reach


def test_nothing_happens_where_nothing_is_armed() -> None:
    arm({})
    for point in Point:
        reach(point)


@pytest.mark.parametrize("wanted", ["nonsense", "delivery.told:x", "delivery.told:-1"])
def test_a_point_that_is_not_there_is_refused_and_those_that_are_are_named(wanted: str) -> None:
    with pytest.raises(UsageError, match=r"delivery\.told"):
        arm({VARIABLE: wanted})


def test_the_third_time_kills() -> None:
    program = (
        "import os, sys; from monitor.failpoints import *; arm(os.environ)\n"
        "for place in range(1, 9): print(place, flush=True); reach(Point.CLAIM_WRITTEN); reach(Point.TOLD)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, VARIABLE: "delivery.told:3"},
        capture_output=True,
        check=False,
    )

    assert (done.returncode, done.stdout.split()) == (-signal.SIGKILL, [b"1", b"2", b"3"])
