"""`[state] url`: references to the environment filled in, a file found from the configuration's folder."""

import re
from functools import partial
from pathlib import Path
from urllib.parse import quote

from monitor.settings_base import REFERENCE, Environment

_PARTS = re.compile(r"(?P<scheme>[a-z0-9+_]+://)(?:(?P<user>[^@/]*)@)?(?P<rest>.*)", re.DOTALL)
_SECRET = re.compile(r"[?&](?:password|sslpassword|passfile)=(?!\$\{)", re.IGNORECASE)
WHERE = "state.url"
_FILE = "sqlite:///"
HINT = 'write "postgresql://${STATE_USER}:${STATE_PASSWORD}@host/database" and set these variables'


def state_url(url: str, environment: Environment, problems: list[str]) -> str:
    """Return the URL with its `${NAME}` references filled in; what stands before the host is encoded for a URL.

    A password in plain text is a problem, and is never repeated. A variable that is not set leaves the URL as it is.
    """
    parts = _PARTS.fullmatch(url)
    if parts is None:  # one reference that holds the whole URL, or no URL at all
        return str(environment.expand(url, WHERE))
    user, rest = parts["user"] or "", parts["rest"]
    _, colon, password = user.partition(":")
    if (colon and not REFERENCE.fullmatch(password)) or _SECRET.search(rest):
        problems.append(f"{WHERE}: a secret in plain text; {HINT}")
    before = f"{environment.expand(user, WHERE, partial(quote, safe=''))}@" if user else ""
    return f"{parts['scheme']}{before}{environment.expand(rest, WHERE)}"


def in_folder(url: str, folder: Path) -> str:
    """Return the URL with a relative file of SQLite found from this folder."""
    path = url.removeprefix(_FILE)
    if path == url or not path or path.startswith((":", "/")):
        return url
    return f"{_FILE}{folder / path}"
