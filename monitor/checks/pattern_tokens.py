"""How PostgreSQL spells regular expressions: what every translation of a contract's `pattern` reads first.

(PostgreSQL manual, "Regular Expression Details".)
"""

import re

TOKEN = re.compile(
    r"""
      (?P<unicode>\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8}|\\x[0-9A-Fa-f]+)
    | (?P<named>\\[pP](?:\{\^?\w+\}|[A-Z]))
    | \\(?P<escape>.)
    | (?P<group>\(\?(?:[:=!<#P'&|>]|<[=!])?)
    | (?P<bracket>\[\^?\]?)
    | (?P<director>\A\*\*\*)
    | (?P<quantifier>(?:[*+?]|\{\d+(?:,\d*)?\})\??(?P<more>[*+?]|\{\d+(?:,\d*)?\})?)
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
IN_BRACKET = re.compile(
    r"""
      (?P<unicode>\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8}|\\x[0-9A-Fa-f]+)
    | \\(?P<escape>.)
    | (?P<class>\[:\^?\w+:\])
    | (?P<special>\[[.=:])
    | (?P<end>\])
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
WORD = r"\p{L}\p{Nd}_"
"""Letters and digits of all scripts, as in a database in UTF-8."""

LETTERS = {
    "[:alpha:]": r"\p{L}", "[:alnum:]": r"\p{L}\p{Nd}", "[:word:]": WORD,
    "[:upper:]": r"\p{Lu}", "[:lower:]": r"\p{Ll}",
}  # fmt: skip
_OPTIONS = re.compile(r"\(\?(?P<letters>[a-z]+)\)")


def options(pattern: str) -> tuple[str, str]:
    """Return the letters of the options that a pattern begins with, and the rest of it."""
    start = _OPTIONS.match(pattern)
    return (start["letters"], pattern[start.end() :]) if start else ("", pattern)


def is_blind(letters: str) -> bool:
    """Say whether options let upper and lower case be the same: the last of `i` and `c` counts."""
    return "i" in letters and letters.rfind("i") > letters.rfind("c")


def character(text: str) -> str:
    """Write a character that is given by its number, as RE2 and Java know it."""
    return f"\\x{{{text[2:].lstrip('0') or '0'}}}"
