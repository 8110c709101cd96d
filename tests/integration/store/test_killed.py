"""Killing the process at any point leaves all of a run, or nothing."""

import subprocess
import sys
from pathlib import Path


def test_a_writer_that_is_killed_at_any_statement_leaves_all_or_nothing(url: str) -> None:
    command = [sys.executable, "-m", "tests.integration.store.killed", url]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path.cwd(), timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
