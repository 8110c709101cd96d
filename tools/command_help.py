"""Keeps the commands in README.md and docs/cli.md equal to what the program prints; `--check` only looks."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from click import Command, Context, Group
from click.testing import CliRunner

from monitor.cli import COMMANDS, cli

ROOT = Path(__file__).parents[1]
README, REFERENCE = ROOT / "README.md", ROOT / "docs" / "cli.md"
PART = re.compile(r"(?<=<!-- commands -->\n).*?(?=<!-- end of commands -->)", re.DOTALL)


def table() -> str:
    """Return a row for each command, with the line that `pactwatch --help` says of it."""
    rows = (f"| [`{name}`](docs/cli.md#pactwatch-{name}) | {words} |\n" for name, words in COMMANDS.items())
    return "".join(("| command | what it does |\n|---|---|\n", *rows))


def reference() -> str:
    """Return a section for the program and for each command, with what `--help` prints at 80 columns."""
    sections = (f"\n## {' '.join(path)}\n\n```text\n{_help(path)}```\n" for path in _paths(["pactwatch"], cli))
    return "".join((*sections, "\n"))


def filled(file: Path, part: str) -> tuple[str, str]:
    """Return what a file says and what it should say."""
    found = file.read_text(encoding="utf-8")
    if len(PART.findall(found)) != 1:
        raise SystemExit(f"{file}: expected one part between <!-- commands --> and <!-- end of commands -->")
    return found, PART.sub(lambda _: part, found)


def _paths(path: list[str], command: Command) -> Iterator[list[str]]:
    yield path
    if isinstance(command, Group):
        context = Context(command)
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            if child is not None:
                yield from _paths([*path, name], child)


def _help(path: list[str]) -> str:
    result = CliRunner().invoke(cli, [*path[1:], "--help"], prog_name=path[0], terminal_width=80)
    if result.exit_code:
        raise SystemExit(result.output)
    return result.output


if __name__ == "__main__":
    for file, part in ((README, table()), (REFERENCE, reference())):
        found, wanted = filled(file, part)
        if found != wanted and "--check" in sys.argv:
            raise SystemExit(f"{file}: a help text is out of date; run `make format`")
        if found != wanted:
            file.write_text(wanted, encoding="utf-8")
