r"""The part of PostgreSQL's regular expressions that every server reads alike, written as a server wants it.

Literal characters, `^` and `$` at an end, `.`, `\d`, plain brackets, groups, alternatives and quantifiers. Whatever is
more (classes by name, `\w`, `\b`, look-around, back references, options) is refused: engines differ there, silently.
"""

import re
from dataclasses import dataclass

from monitor.checks.unsupported import UnsupportedError

_TOKEN = re.compile(
    r"""
      (?P<quantifier>(?:[*+?]|\{[0-9]{1,3}(?:,[0-9]{0,3})?\})\??)
    | (?P<group>\((?:\?:)?(?!\?))
    | (?P<edge>[\^$])
    | \\(?P<escape>.)
    | (?P<bracket>\[)
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_IN_BRACKET = re.compile(r"(?P<end>\])|(?P<special>\[[.:=])|\\(?P<escape>.)|(?P<other>.)", re.DOTALL)
_PUNCTUATION = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ ")
_IN_BRACKETS_SPECIAL = frozenset("[]\\^-")
_DOUBLED = re.compile(r"&&|--|\|\||~~")


@dataclass(frozen=True, slots=True, kw_only=True)
class Flavour:
    r"""How a server writes it: what makes a dot match every character, what the very end is.

    `escapes_in_brackets` says whether a backslash escapes between brackets; in POSIX it is a character there.
    """

    prefix: str = ""
    end: str = "$"
    escapes_in_brackets: bool = True


POSIX = Flavour(escapes_in_brackets=False)
RE2 = Flavour(prefix="(?s)")
JAVA = Flavour(prefix="(?s)", end=r"\z")


def to_flavour(pattern: str, flavour: Flavour) -> str:
    """Return the pattern as a server reads it, to be searched for anywhere in a text. Raises UnsupportedError."""
    written = [flavour.prefix]
    position, before, depth = 0, "start", 0
    while position < len(pattern):
        found = _TOKEN.match(pattern, position)
        if found is None:
            raise ValueError(pattern)  # a dot matches everything
        position, kind = found.end(), found.lastgroup or ""
        text = found[kind]
        if kind == "bracket":
            text, position = _bracket(pattern, position, flavour)
            written.append(text)
        else:
            at_end = position == len(pattern) or pattern[position] in ")|"
            written.append(_piece(kind, text, before, flavour, at_end=at_end))
        depth += (kind == "group") - (kind == "other" and text == ")")
        if depth < 0:
            raise _refused(")", "has no partner")
        before = "start" if kind == "group" or (kind == "other" and text == "|") else kind
    if depth:
        raise _refused("(", "has no partner")
    return "".join(written)


def _piece(kind: str, text: str, before: str, flavour: Flavour, *, at_end: bool) -> str:
    """Return how a token is written; greedy or not, a quantifier finds a match or finds none."""
    match kind:
        case "quantifier" if before in {"start", "quantifier", "edge"}:
            raise _refused(text, "repeats nothing")
        case "quantifier":
            return text if len(text) == 1 else text.removesuffix("?")
        case "group":
            return "("
        case "edge" if not (before == "start" if text == "^" else at_end):
            raise _refused(text, "stands inside")
        case "edge":
            return "^" if text == "^" else flavour.end
        case "escape":
            return _escaped(text)
        case _ if text == "(":
            raise _refused("(?", "is not read alike by every server")
        case _ if text == "{":
            raise _refused(text, "has no partner")
        case _:
            return text


def _escaped(letter: str) -> str:
    if letter == "d":
        return "[0-9]"
    if letter not in _PUNCTUATION:
        raise _refused(f"\\{letter}", "is not read alike by every server")
    return f"\\{letter}" if letter in "\\^[]$.*+?(){}|" else letter


def _bracket(pattern: str, position: int, flavour: Flavour) -> tuple[str, int]:
    """Return a bracket expression as it is written, and where it ends."""
    written = ["["]
    if pattern.startswith("^", position):
        written.append("^")
        position += 1
    begin = position
    while position < len(pattern):
        found = _IN_BRACKET.match(pattern, position)
        if found is None:
            raise ValueError(pattern)
        kind = found.lastgroup or ""
        text = found[kind]
        if kind == "end" and position > begin:
            inside = "".join(written)
            if _DOUBLED.search(inside):
                raise _refused(inside, "is not read alike by every server")
            return f"{inside}]", found.end()
        is_range = text == "-" and kind == "other" and begin < position and not pattern.startswith("]", position + 1)
        position = found.end()
        if kind in {"special", "end"}:
            raise _refused(text, "in brackets is not read alike by every server")
        written.append(text if is_range else _member(text, kind, flavour, is_last=pattern.startswith("]", position)))
    raise _refused("[", "has no partner")


def _member(text: str, kind: str, flavour: Flavour, *, is_last: bool) -> str:
    if kind == "escape" and text == "d":
        return "0-9"
    if kind == "escape" and text not in _PUNCTUATION:
        raise _refused(f"\\{text}", "is not read alike by every server")
    if text == "-" and kind == "other" and is_last:
        return "-" if not flavour.escapes_in_brackets else r"\-"
    if text == "^" and kind == "other":
        return "^" if not flavour.escapes_in_brackets else r"\^"
    if text in _IN_BRACKETS_SPECIAL:
        if not flavour.escapes_in_brackets:
            raise _refused(text, "cannot stand in brackets there")
        return f"\\{text}"
    return text


def _refused(what: str, why: str) -> UnsupportedError:
    return UnsupportedError(f"the pattern's {what!r} {why}")
