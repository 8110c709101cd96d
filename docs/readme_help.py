"""Keeps the help texts in README.md equal to what the program prints; `--check` only looks."""

import re
import sys
from pathlib import Path

from click.testing import CliRunner

from monitor.cli import cli

README = Path(__file__).parent.parent / "README.md"
BLOCK = re.compile(r"(<!-- help:(?P<command>[a-z ]*) -->\n```text\n).*?(```\n)", re.DOTALL)


def current(text: str) -> str:
    """Return the README with every marked block filled with the command's present help."""
    return BLOCK.sub(lambda match: match[1] + help_of(match["command"].split()) + match[3], text)


def help_of(command: list[str]) -> str:
    """Return what `pactwatch COMMAND --help` prints at 80 columns."""
    result = CliRunner().invoke(cli, [*command, "--help"], prog_name="pactwatch", terminal_width=80)
    if result.exit_code:
        raise SystemExit(result.output)
    return result.output


if __name__ == "__main__":
    found = README.read_text()
    if "<!-- help:" not in found:
        raise SystemExit("README.md has no marked help text")
    wanted = current(found)
    if found != wanted and "--check" in sys.argv:
        raise SystemExit("README.md: a help text is out of date; run `make format`")
    if found != wanted:
        README.write_text(wanted)
    if re.search(r"```text\n```", wanted):
        raise SystemExit("README.md: a marked block is empty")
