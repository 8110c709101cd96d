"""What GitHub Actions read: annotations on stdout, and Markdown for the page of a run (workflow commands)."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from monitor.visible import visible

SUMMARY = "GITHUB_STEP_SUMMARY"
MARKS = str.maketrans({mark: f"&#{ord(mark)};" for mark in "&<>|`*_[]\\~#@$!"})
LONGEST = 4_000
"""Characters of one annotation; GitHub cuts longer ones without a word."""


def annotation(level: str, message: str, *, title: str, file: str = "", line: int = 1) -> str:
    """Return one annotation; `level` is error, warning or notice. Text of strangers cannot become another command."""
    cut = message if len(message) <= LONGEST else message[: LONGEST - 1] + "…"
    places = [f"file={_property(file)}", f"line={line}"] if file else []
    return f"::{level} {','.join([*places, f'title={_property(title)}'])}::{_escaped(visible(cut))}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table; what stands in its cells is text, never markup."""
    lines = [head, ["---"] * len(head), *([cell(word) for word in row] for row in rows)]
    return "".join(f"| {' | '.join(words)} |\n" for words in lines)


def cell(text: str) -> str:
    """Return text that Markdown and HTML show as it is."""
    return visible(text).translate(MARKS)


def add_to_summary(markdown: str, environment: Mapping[str, str] = os.environ) -> None:
    """Add to the page of this step where GitHub wants one; elsewhere do nothing."""
    place = environment.get(SUMMARY)
    if place:
        with Path(place).open("a", encoding="utf-8") as page:
            page.write(markdown + "\n")


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(visible(text)).replace(":", "%3A").replace(",", "%2C")
