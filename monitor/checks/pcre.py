r"""PostgreSQL's regular expressions → what MariaDB (PCRE2) and MySQL (ICU) both understand so, or why there is nothing.

RE2's language lies within both, so a pattern is first written in that (see `re2`). What is left differs in a few
tokens: `$` is also before a last line's end, `\v` is any end of a line, digits and blanks are those of all scripts, a
brace or an ampersand may mean more. (PCRE2 manual, "pcre2pattern"; ICU User Guide, "Regular Expressions".)
"""

import re
from collections.abc import Iterator

from monitor.checks.re2 import NotRe2Error, to_re2

_BLANKS = r"\x{9}-\x{d}\x{20}"
_CLASSES = {"[:space:]": _BLANKS, "[:digit:]": "0-9", "[:xdigit:]": "0-9A-Fa-f", "[:blank:]": r"\x{9}\x{20}"}
_ESCAPES = {r"\d": "[0-9]", r"\D": "[^0-9]", r"\v": r"\x{b}", r"\a": r"\x{7}", r"\z": r"\z"}
_TOKEN = re.compile(
    r"""
      (?P<escape>\\[pP]\{[^}]*\}|\\x\{[0-9A-Fa-f]+\}|\\.)
    | (?P<bracket>\[\^?\]?)
    | (?P<verb>\(\*)
    | (?P<possessive>(?:[*+?]|\{\d+(?:,\d*)?\})\+)
    | (?P<count>\{\d+(?:,\d*)?\})
    | (?P<brace>[{}\]])
    | (?P<end>\$)
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_IN_BRACKET = re.compile(
    r"""
      (?P<escape>\\[pP]\{[^}]*\}|\\x\{[0-9A-Fa-f]+\}|\\.)
    | (?P<class>\[:\^?\w+:\])
    | (?P<end>\])
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)


class NotPcreError(ValueError):
    """MySQL or MariaDB cannot say what a pattern says; the message is for people."""


def to_pcre(pattern: str) -> str:
    """Return the pattern that finds the same in MariaDB and MySQL. Raises NotPcreError.

    A malformed pattern may come back as it is: the server says what is wrong with it.
    """
    try:
        standard = to_re2(pattern)
    except NotRe2Error as error:
        raise NotPcreError(str(error).replace("RE2", "the common language of MySQL and MariaDB")) from error
    is_blind = standard.startswith("(?i)")
    rest = standard.removeprefix("(?i)")
    return ("(?is)" if is_blind else "(?s)") + "".join(_translated(rest))


def _translated(pattern: str) -> Iterator[str]:
    position = 0
    while match := _TOKEN.match(pattern, position):
        position, text = match.end(), match.group()
        match match.lastgroup:
            case "escape":
                yield _ESCAPES.get(text, text)
            case "bracket":
                inside, position = _bracket(pattern, position)
                yield text.removesuffix("]") + (r"\]" if text.endswith("]") else "") + inside
            case "verb" | "possessive":
                raise NotPcreError(f"{text} is no regular expression of PostgreSQL's")
            case "brace":
                yield f"\\{text}"
            case "end":
                yield r"\z"
            case _:
                yield text
    yield pattern[position:]


def _bracket(pattern: str, position: int) -> tuple[str, int]:
    """Return the rest of a bracket expression and where it ends."""
    parts: list[str] = []
    while match := _IN_BRACKET.match(pattern, position):
        position, text = match.end(), match.group()
        match match.lastgroup:
            case "class" if text in _CLASSES:
                parts.append(_CLASSES[text])
            case "class":
                raise NotPcreError(f"the common language of MySQL and MariaDB has no {text}")
            case "escape" if text in _ESCAPES:
                parts.append(_ESCAPES[text].strip("[]") if text != r"\D" else text)
            case "end":
                return "".join([*parts, text]), position
            case "other" if text in "&~|":
                parts.append(f"\\{text}")
            case _:
                parts.append(text)
    return "".join(parts) + pattern[position:], len(pattern)
