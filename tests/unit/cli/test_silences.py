"""What a silence covers is said before it is too late."""

from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.cli.silences import covers_nothing
from monitor.domain.silence import Facts, Silence
from tests.incidents import HOUR, START

KNOWN = [
    Facts(contract="orders", owner="sales", tags=frozenset({"gold"})),
    Facts(contract="orders", dataset="lines", owner="sales", tags=frozenset({"gold", "daily"})),
    Facts(contract="flights", dataset="flights", owner="air"),
]
EMPTY = Silence(id="s1", starts_at=START, ends_at=START + HOUR, by="mira", why="migration")


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ({"owner": "sale"}, "no owner 'sale', did you mean sales? known: air, sales"),
        ({"tag": "x"}, "no tag 'x', known: daily, gold"),
        ({"dataset": "line", "tag": "x"}, "no dataset 'line', did you mean lines? known: flights, lines; no tag 'x'"),
        ({"dataset": "flights", "owner": "sales"}, "nothing has all of this"),
    ],
)
def test_a_silence_that_covers_nothing_says_what_was_probably_meant(named: dict[str, str], said: str) -> None:
    words = covers_nothing(replace(EMPTY, **named), KNOWN)  # type: ignore[arg-type]
    assert words.startswith(f"silence s1 covers nothing now: {said}")


@pytest.mark.parametrize("named", [{"owner": "sales"}, {"tag": "daily"}, {"dataset": "flights", "owner": "air"}])
def test_a_silence_that_covers_anything_says_nothing(named: dict[str, str]) -> None:
    assert covers_nothing(replace(EMPTY, **named), KNOWN) == ""  # type: ignore[arg-type]
    later = replace(EMPTY, starts_at=START + timedelta(days=9), ends_at=START + timedelta(days=10), **named)  # type: ignore[arg-type]
    assert covers_nothing(later, KNOWN) == "", "a window to come covers what is there now"
