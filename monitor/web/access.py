"""Who may see what: tokens, the name that was called, and what came through a proxy or from another site. Pure.

A token says who asks. Without one, only programs of this machine are answered by the API, and only where nothing stands
between them and us: what a proxy says of its client (`X-Forwarded-For` and its like) never lets anybody in, it only
shows that there is a proxy. A name in `Host` that is not ours is what DNS rebinding looks like: a page of a stranger
that the browser believes to be served from here.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from urllib.parse import urlsplit

from monitor.settings import HttpSettings, Pages

CALLER = "pactwatch.caller"
"""Where a request's scope says whose token it carries, None for nobody's."""

PROXY = "proxy"
PROXY_HEADER = "x-pactwatch-proxy"
FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via")
SAFE = frozenset({"GET", "HEAD"})


class Room(StrEnum):
    """The parts of what is served; each has its own door."""

    HEALTH = "health"
    API = "api"
    METRICS = "metrics"
    PAGES = "pages"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Why somebody is not answered: an HTTP status, a stable word, a sentence that says how to mend it."""

    status: int
    code: str
    message: str


def caller_of(headers: Mapping[str, str], tokens: Mapping[str, str], *, basic: bool = False) -> str | None:
    """Return whose token a request carries, None for nobody's. It takes as long for a wrong token as for a right one.

    A browser sends Basic on its own, also when another site makes it ask: it is good for reading pages only.
    """
    scheme, _, given = headers.get("authorization", "").partition(" ")
    match scheme.lower():
        case "bearer":
            return _owner(given.strip(), tokens)
        case "basic" if basic:
            try:
                _, _, password = base64.b64decode(given.strip(), validate=True).decode().partition(":")
            except (binascii.Error, UnicodeDecodeError):
                return None
            return _owner(password, tokens)
    return None


def refusal(room: Room, method: str, headers: Mapping[str, str], settings: HttpSettings) -> Refused | None:
    """Return why a request is not answered, None where it is. The names of the headers are in lower case."""
    if room is Room.HEALTH:
        return None
    if room is Room.PAGES and settings.pages is Pages.PROXY:
        return _not_by_proxy(headers, settings)
    if caller_of(headers, settings.tokens, basic=room is Room.PAGES) is not None:
        return None
    if not _is_ours(headers.get("host", ""), settings):
        return Refused(
            status=421,
            code="unknown_host",
            message="this is not served under that name; use the address, or the name in [http] public_url",
        )
    if method not in SAFE and _is_foreign(headers):
        return Refused(status=403, code="cross_site", message="another site may not ask for this")
    if room is Room.PAGES and settings.pages is Pages.OPEN:
        return None
    return _without_token(room, headers, settings)


def _without_token(room: Room, headers: Mapping[str, str], settings: HttpSettings) -> Refused | None:
    if "authorization" in headers:
        return Refused(status=401, code="wrong_token", message="this token is nobody's: see [http.tokens]")
    if settings.tokens or room is Room.PAGES:
        return Refused(status=401, code="token_needed", message="send a token: Authorization: Bearer …")
    if not settings.is_local or any(name in headers for name in FORWARDED):
        return Refused(
            status=401,
            code="token_needed",
            message='off this machine a token is needed, and none is configured: [http.tokens] me = "${MY_TOKEN}"',
        )
    return None


def _not_by_proxy(headers: Mapping[str, str], settings: HttpSettings) -> Refused | None:
    """Return why a request for pages did not come from the proxy that lets people in; see `Pages.PROXY`."""
    token = settings.tokens.get(PROXY)
    if token is None:  # settings allow it on loopback only: there the proxy is the one who can connect
        return None
    if _is_same(headers.get(PROXY_HEADER, ""), token):
        return None
    return Refused(status=403, code="not_by_proxy", message="pages are served to the proxy in front of them only")


def _owner(given: str, tokens: Mapping[str, str]) -> str | None:
    found: str | None = None
    for caller, token in tokens.items():  # never left early: how long it takes tells nothing
        if _is_same(given, token) and caller != PROXY:
            found = caller
    return found


def _is_same(given: str, token: str) -> bool:
    """Compare in a time that depends on neither: digests are of one length."""
    digests = (hashlib.sha256(each.encode("utf-8", "surrogatepass")).digest() for each in (given, token))
    return hmac.compare_digest(*digests)


def _is_ours(host: str, settings: HttpSettings) -> bool:
    """Say whether a Host header is an address, which nobody can make point elsewhere, or a name of ours."""
    name = _name(f"//{host}")
    if name is None:
        return False
    ours = {"localhost", settings.host.lower(), _name(settings.public_url or "")}
    if name in ours:
        return True
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _is_foreign(headers: Mapping[str, str]) -> bool:
    """Say whether a browser asks on behalf of another site. Programs send neither header."""
    if headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}:
        return True
    origin = headers.get("origin")
    return origin is not None and _place(origin) != _place(f"//{headers.get('host', '')}")


def _name(address: str) -> str | None:
    try:
        found = urlsplit(address).hostname
    except ValueError:
        return None
    return found.rstrip(".") if found else None


def _place(address: str) -> str:
    try:
        return urlsplit(address).netloc.lower()
    except ValueError:
        return ""
