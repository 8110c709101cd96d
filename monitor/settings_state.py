"""`[state] url`: references to the environment filled in, a file found from the configuration's folder."""

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_PARTS = re.compile(r"(?P<scheme>[a-z0-9+_]+://)(?:(?P<user>[^@/]*)@)?(?P<rest>.*)", re.DOTALL)
_SECRET = re.compile(r"[?&](?:password|sslpassword|passfile)=(?!\$\{)", re.IGNORECASE)
_FILE = "sqlite:///"
HINT = 'write "postgresql://${STATE_USER}:${STATE_PASSWORD}@host/database" and set these variables'


def state_url(url: str, environment: Mapping[str, str], problems: list[str]) -> str:
    """Return the URL with its `${NAME}` references filled in; what stands before the host is encoded for a URL.

    A password in plain text is a problem, and so is a variable that is not set; neither is ever repeated.
    """
    parts = _PARTS.fullmatch(url)
    if parts is None:  # one reference that holds the whole URL, or no URL at all
        return _filled(url, environment, problems, safe=True)
    user, rest = parts["user"] or "", parts["rest"]
    _, colon, password = user.partition(":")
    if (colon and not _REFERENCE.fullmatch(password)) or _SECRET.search(rest):
        problems.append(f"state.url: a secret in plain text; {HINT}")
    before = _filled(user, environment, problems, safe=False) + "@" if user else ""
    return parts["scheme"] + before + _filled(rest, environment, problems, safe=True)


def in_folder(url: str, folder: Path) -> str:
    """Return the URL with a relative file of SQLite found from this folder."""
    path = url.removeprefix(_FILE)
    if path == url or not path or path.startswith((":", "/")):
        return url
    return f"{_FILE}{folder / path}"


def _filled(text: str, environment: Mapping[str, str], problems: list[str], *, safe: bool) -> str:
    def found(match: re.Match[str]) -> str:
        if match[1] not in environment:
            problems.append(f"state.url: the environment variable {match[1]} is not set")
        value = environment.get(match[1], "")
        return value if safe else quote(value, safe="")

    return _REFERENCE.sub(found, text)
