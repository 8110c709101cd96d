r"""PostgreSQL's regular expressions → Java's, which Spark speaks: the same meaning, or the reason why there is none.

A contract's `pattern` means the same wherever it is checked. What both languages write alike stays as it is; what Java
writes otherwise is rewritten (`$`, `\Z`, `\v`, `[[:alpha:]]`, a `{` that is no quantifier); what it would silently
understand otherwise (`\b`, `a++`, `[a&&b]`) is rewritten or refused. Letters and digits are those of all scripts, as in
a database in UTF-8, and blanks those of ASCII. (PostgreSQL manual, "Regular Expression Details"; Java's `Pattern`.)
"""

from collections.abc import Iterator

from monitor.checks.pattern_tokens import IN_BRACKET, LETTERS, TOKEN, WORD, character, is_blind, options

_BLANKS = r" \t\n\x0B\f\r"
_REWRITTEN = {
    "A": r"\A", "Z": r"\z", "d": "[0-9]", "D": "[^0-9]", "s": f"[{_BLANKS}]", "S": f"[^{_BLANKS}]",
    "w": f"[{WORD}]", "W": f"[^{WORD}]",
}  # fmt: skip
_CONTROLS = {
    "a": r"\x07",
    "e": r"\x1B",
    "f": r"\x0C",
    "n": r"\x0A",
    "r": r"\x0D",
    "t": r"\x09",
    "v": r"\x0B",
    "0": r"\x00",
}
_NOT_IN_BRACKETS = frozenset("AWZ")
_IN_BRACKETS = {"d": "0-9", "w": WORD, "s": _BLANKS}
_CLASSES = {
    **LETTERS,
    "[:digit:]": "0-9", "[:xdigit:]": "0-9A-Fa-f", "[:space:]": _BLANKS, "[:blank:]": r" \t",
}  # fmt: skip
_REFUSED = {
    "b": r"\b is a backspace in PostgreSQL and the edge of a word in Java",
    "B": r"\B is a backslash in PostgreSQL and no edge of a word in Java",
    **{letter: rf"Java has no \{letter}" for letter in "mMyY"},
    "c": r"\c is a control character that Java counts otherwise",
}
_LOOKS = {"(?<=": "look-behind", "(?<!": "look-behind", "(?#": "comment"}
_ALIKE = frozenset({"(?:", "(?=", "(?!"})
_SPECIAL_IN_BRACKETS = frozenset("[&^~")


class NotJavaError(ValueError):
    """Java cannot say what a pattern says; the message is for people."""


def to_java(pattern: str) -> str:
    """Return the pattern that finds the same in Java, where a dot matches every character. Raises NotJavaError.

    A malformed pattern may come back as it is: the server says what is wrong with it.
    """
    letters, rest = options(pattern)
    refused = set(letters) - set("isc")
    if refused:
        raise NotJavaError(f"Java has no option (?{min(refused)}) that means the same")
    return ("(?siu)" if is_blind(letters) else "(?s)") + "".join(_translated(rest))


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
            case "named":
                raise NotJavaError(f"{text} is no escape of PostgreSQL's")
            case "escape":
                yield _escaped(match["escape"])
            case "group" if text not in _ALIKE:
                raise NotJavaError(f"Java finds something else by a {_LOOKS.get(text, f'group {text}')}")
            case "director":
                raise NotJavaError("Java has no director ***")
            case "bracket":
                inside, position = _bracket(pattern, position)
                first = r"\]" if text.endswith("]") else ""
                yield text.removesuffix("]") + first + inside
            case "quantifier" | "more" if match["more"]:
                raise NotJavaError(f"PostgreSQL has no quantifier {text}")
            case _:
                yield {"$": r"\z", "{": r"\{"}.get(text, text)


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
            case "escape" if match["escape"] in _NOT_IN_BRACKETS:
                raise NotJavaError(f"PostgreSQL has no {text} in brackets")
            case "escape":
                parts.append(_escaped(match["escape"]))
            case "special":
                raise NotJavaError(f"Java has no {text} in brackets")
            case "class" if text not in _CLASSES:
                raise NotJavaError(f"Java has no class {text} that means the same")
            case "class":
                parts.append(_CLASSES[text])
            case "end":
                return "".join([*parts, text]), position
            case _:
                parts.append(f"\\{text}" if text in _SPECIAL_IN_BRACKETS else text)
    return "".join(parts) + pattern[position:], len(pattern)


def _escaped(letter: str) -> str:
    if letter in _REFUSED:
        raise NotJavaError(_REFUSED[letter])
    if letter in "123456789":
        raise NotJavaError("back references may find something else in Java")
    if letter in _CONTROLS:
        return _CONTROLS[letter]
    if letter.isascii() and letter.isalpha() and letter not in _REWRITTEN:
        raise NotJavaError(f"\\{letter} is no escape of PostgreSQL's")
    return _REWRITTEN.get(letter, f"\\{letter}" if letter.isascii() else letter)
