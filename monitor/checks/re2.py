r"""PostgreSQL's regular expressions → RE2's, which DuckDB speaks: the same meaning, or the reason why there is none.

A contract's `pattern` means the same wherever it is checked. What both languages write alike stays as it is; what RE2
writes otherwise is rewritten (`\Z`, `\uXXXX`, `\s`); what it cannot say (look-around, back references) or would
silently understand otherwise (`\b`, a backspace in PostgreSQL) is refused. Letters and digits are those of all scripts,
as in a database in UTF-8, and blanks those of ASCII. (PostgreSQL manual, "Regular Expression Details"; RE2, "Syntax".)
"""

from collections.abc import Iterator

from monitor.checks.pattern_tokens import IN_BRACKET, LETTERS, TOKEN, WORD, character, is_blind, options

FLAGS = "s"
"""How DuckDB is to search: a dot matches every character, a line's end too, as in PostgreSQL."""

_REWRITTEN = {
    "Z": r"\z", "s": "[[:space:]]", "S": "[^[:space:]]", "w": f"[{WORD}]", "W": f"[^{WORD}]",
    "e": r"\x1b", "0": r"\x00",
}  # fmt: skip
_IN_BRACKETS = {"d": "0-9", "w": WORD, "s": "[:space:]", "S": "[:^space:]"}
_OTHER_LETTERS = frozenset({"print", "graph", "punct"})
"""Classes that are those of ASCII in RE2, and of all scripts in PostgreSQL."""

_ALIKE = frozenset("AdDafnrtvz")
_REFUSED = {
    "b": r"\b is a backspace in PostgreSQL and the edge of a word in RE2",
    "B": r"\B is a backslash in PostgreSQL and no edge of a word in RE2",
    "m": r"RE2 has no \m", "M": r"RE2 has no \M", "y": r"RE2 has no \y", "Y": r"RE2 has no \Y",
    "c": r"RE2 has no \c",
}  # fmt: skip
_LOOKS = {
    "(?=": "look-ahead", "(?!": "look-ahead", "(?<=": "look-behind", "(?<!": "look-behind", "(?#": "a comment",
}  # fmt: skip


class NotRe2Error(ValueError):
    """RE2 cannot say what a pattern says; the message is for people."""


def to_re2(pattern: str) -> str:
    """Return the pattern that finds the same in RE2. Raises NotRe2Error.

    A malformed pattern may come back as it is: the server says what is wrong with it.
    """
    letters, rest = options(pattern)
    refused = set(letters) - set("isc")
    if refused:
        raise NotRe2Error(f"RE2 has no option (?{min(refused)})")
    return ("(?i)" if is_blind(letters) else "") + "".join(_translated(rest))


def _translated(pattern: str) -> Iterator[str]:
    position = 0
    while position < len(pattern):
        match = TOKEN.match(pattern, position)
        if match is None:  # a backslash at the very end
            yield pattern[position:]
            return
        position = match.end()
        text = match.group()
        match match.lastgroup:
            case "unicode":
                yield character(text)
            case "escape":
                yield _escaped(match["escape"])
            case "group" if text != "(?:":
                raise NotRe2Error(f"RE2 has no {_LOOKS.get(text, f'group {text}')}")
            case "director":
                raise NotRe2Error("RE2 has no director ***")
            case "bracket":
                inside, position = _bracket(pattern, position)
                yield text + inside
            case _:
                yield text


def _bracket(pattern: str, position: int) -> tuple[str, int]:
    """Return the rest of a bracket expression and where it ends."""
    parts: list[str] = []
    while position < len(pattern):
        match = IN_BRACKET.match(pattern, position)
        if match is None:
            break
        position = match.end()
        text = match.group()
        match match.lastgroup:
            case "unicode":
                parts.append(character(text))
            case "escape" if match["escape"] in _IN_BRACKETS:
                parts.append(_IN_BRACKETS[match["escape"]])
            case "escape" if match["escape"] == "W":
                raise NotRe2Error(r"RE2 has no \W of all scripts in brackets")
            case "escape":
                parts.append(_escaped(match["escape"]))
            case "class" if text.strip("[:^]") in _OTHER_LETTERS:
                raise NotRe2Error(f"RE2 has no {text} of all scripts")
            case "special":
                raise NotRe2Error(f"RE2 has no {text} in brackets")
            case "class":
                parts.append(LETTERS.get(text, text))
            case "end":
                return "".join([*parts, text]), position
            case _:
                parts.append(r"\[" if text == "[" else text)
    return "".join(parts) + pattern[position:], len(pattern)


def _escaped(letter: str) -> str:
    if letter in _REFUSED:
        raise NotRe2Error(_REFUSED[letter])
    if letter in "123456789":
        raise NotRe2Error("RE2 has no back references")
    if letter.isascii() and letter.isalpha() and letter not in _ALIKE | set(_REWRITTEN):
        raise NotRe2Error(f"\\{letter} is no escape of PostgreSQL's")
    return _REWRITTEN.get(letter, f"\\{letter}" if letter.isascii() else letter)
