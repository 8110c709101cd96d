"""What a silence covers is said before it is too late."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from monitor.cli import cli
from monitor.cli.silences import covers_nothing
from monitor.contracts import versions
from monitor.contracts.versions import Library
from monitor.domain.silence import Facts, Silence
from monitor.errors import UsageError
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


def test_nobody_who_wants_to_write_waits_while_contract_files_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    others: list[str] = []

    def read_library(*_: object) -> Library:
        with closing(sqlite3.connect(tmp_path / "state.db", timeout=0)) as other:
            other.execute("BEGIN IMMEDIATE")
            others.append("wrote")
        return Library(contracts=(), invalid=())

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(versions, "read_library", read_library)
    (tmp_path / "pactwatch.toml").write_text('[state]\nurl = "sqlite:///state.db"\n', encoding="utf-8")
    command = ["incidents", "silence", "--contract", "order", "--for", "1h", "--why", "migration"]
    done = CliRunner().invoke(cli, command, standalone_mode=False)
    assert isinstance(done.exception, UsageError), done.output
    assert others == ["wrote"]
