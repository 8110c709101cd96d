"""Slack's markup: text of strangers made harmless, and links that lead where they say.

Slack gives meaning to `<…>`, `&`, `*bold*`, `_italic_`, `~struck~`, backticks, a `>` that begins a line and `:emoji:`
(docs.slack.dev/messaging/formatting-message-text). It knows no escape but `&amp; &lt; &gt;`, so a character that would
format is replaced by one that looks like it. What must be copied exactly, such as a name, belongs into `code`.
"""

import re
from collections.abc import Callable
from typing import Final
from urllib.parse import quote, urlsplit

from monitor.visible import visible

BACKTICK: Final = "\N{MODIFIER LETTER GRAVE ACCENT}"
LOOK_ALIKES: Final = str.maketrans({"*": "\N{ASTERISK OPERATOR}", "~": "\N{TILDE OPERATOR}", "`": BACKTICK})
EDGE_UNDERSCORE: Final = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
"""An underscore inside a word (`air_time`) formats nothing and stays."""

EMOJI: Final = re.compile(r":(?=[\w+'-]*[^\W\d_][\w+'-]*:)")
"""The first colon of something that names an emoji; a time such as 02:00:14 has no letter and stays."""

SIGN: Final = re.compile(r"^:([a-z_]+): ")
SIGNS: Final = {
    "red_circle": "BROKEN ",
    "large_yellow_circle": "WARN ",
    "large_purple_circle": "UNKNOWN ",
    "white_check_mark": "OK ",
}
"""The signs that our messages begin with, as words; the others say nothing that the text does not."""

MARKED: Final = re.compile(r"`([^`]+)`|\*([^*`\n]+)\*")
"""What we mark as code or bold; text of strangers has neither character where it is not code."""

BROADCAST: Final = re.compile(r"<(?=!(?:channel|here|everyone|group)\b)", re.IGNORECASE)
URL_SAFE: Final = "!#$%&'()*+,/:;=?@[]~-._"
LONGEST_CODE: Final = 300
LONGEST_LINK: Final = 2_800
"""A section takes 3,000 characters, and a link cannot be cut."""


def escape(text: str) -> str:
    """Return the text with `&`, `<` and `>` escaped: nothing in it is a mention or a link any more."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def words(text: str) -> str:
    """Return text of a stranger for use within a line: all of it readable, nothing of it active."""
    line = visible(" ".join(text.split())).translate(LOOK_ALIKES)
    line = EDGE_UNDERSCORE.sub("\N{MODIFIER LETTER LOW MACRON}", line)
    line = EMOJI.sub("\N{MODIFIER LETTER COLON}", line)
    if line.startswith(">"):
        line = "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}" + line[1:]
    return escape(line)


def code(text: str, limit: int = LONGEST_CODE) -> str:
    """Return a value exactly as it is, as code: hidden characters as escapes, cut with `…` after `limit` characters."""
    shown = visible(text).replace("`", BACKTICK)
    if len(shown) > limit:
        shown = shown[: limit - 1] + "…"
    inner = shown.strip(" ")
    left = len(shown) - len(shown.lstrip(" "))
    shown = "␣" * left + inner + "␣" * (len(shown) - len(inner) - left) if inner else "␣" * len(shown)
    return f"`{escape(shown or '(empty)')}`"


def link(url: str, label: str) -> str:
    """Return a link with the label as its text; just the label when the address is none of the web."""
    if not web_address(url):
        return words(label)
    made = f"<{escape(quote(url, safe=URL_SAFE))}|{words(label).replace('|', '¦')}>"
    return made if len(made) <= LONGEST_LINK else words(label)


def web_address(url: str) -> bool:
    """Say whether this can be linked to: http or https, a host, nothing invisible, and short enough."""
    try:
        parts = urlsplit(url)
        is_web = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        return False
    return is_web and len(url) <= LONGEST_LINK and url.isprintable() and " " not in url


def plain(markup: str) -> str:
    """Return markup of ours as text for a place that knows none: a sign is a word, links are written out."""
    text = SIGN.sub(lambda sign: SIGNS.get(sign[1], ""), markup)
    text = MARKED.sub(lambda found: found[1] or found[2], text)
    text = re.sub(r"<([^|<>]+)\|([^<>]*)>", r"\2 (\1)", text)
    text = re.sub(r"<((?:https?:|mailto:)[^|<>]+)>", r"\1", text)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def without_broadcasts(markup: str) -> str:
    """Return the markup so that it cannot call a whole channel: Pactwatch never does, so whatever tries is not ours."""
    return BROADCAST.sub("&lt;", markup)


FILTERS: Final[dict[str, Callable[..., str]]] = {"words": words, "code": code, "link": link}
"""What a Slack template may apply to a value; all of them return markup."""
