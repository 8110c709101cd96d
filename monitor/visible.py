r"""Text of strangers made harmless: what would be invisible, or would steer a terminal, is shown as an escape.

Values of a table, names in a contract and messages of a database reach people as text. A terminal obeys control
characters (ECMA-48), a reader believes the order that bidirectional overrides fake (Unicode TR 9), and an invisible
character makes two keys look equal that are not. All of them are written out: `\x1b`, `\u202e`, `\n`.
"""

import re
import unicodedata

HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode categories that are never printed as they are: control, format, surrogate, line and paragraph separator."""

JOINED = re.compile("(?<=[^\x00-\x7f])[\u200c\u200d](?=[^\x00-\x7f])")
"""A joiner between two characters beyond ASCII belongs to the spelling (Persian, Indic scripts, emoji)."""


def visible(text: str, *, keep: str = "") -> str:
    """Return the text with every hidden character as a visible escape, except those in `keep`."""
    if text.isprintable() or (keep and text.translate(dict.fromkeys(map(ord, keep))).isprintable()):
        return text
    joiners = {match.start() for match in JOINED.finditer(text)}
    return "".join(
        character if character in keep or place in joiners else _shown(character)
        for place, character in enumerate(text)
    )


def _shown(character: str) -> str:
    """Return one character, or its escape as Python spells it."""
    if character.isprintable() or unicodedata.category(character) not in HIDDEN:
        return character
    return character.encode("unicode_escape").decode("ascii")
