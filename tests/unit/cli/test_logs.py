"""Logs go to stderr where they are asked for, and whatever they quote cannot move the cursor."""

import logging

from click.testing import CliRunner

from monitor.cli import cli
from monitor.cli.logs import Lines


def test_what_a_log_quotes_is_shown_and_not_obeyed() -> None:
    record = logging.LogRecord("monitor.x", logging.INFO, "x.py", 1, "told in %s", ("#a\x1b[2J\u202eb",), None)

    line = Lines("%(levelname)s %(name)s: %(message)s").format(record)

    assert line.startswith("INFO monitor.x: told in #a")
    assert "\x1b" not in line
    assert "\u202e" not in line


def test_an_unknown_level_is_a_wrong_call() -> None:
    done = CliRunner().invoke(cli, ["--log-level", "loud", "runs"])

    assert done.exit_code == 2
    assert "debug" in done.output
