"""Tells it to any receiver: signed JSON by https, as standardwebhooks.com describes it.

Three headers: `webhook-id` (the outbox id: a receiver drops what it has seen), `webhook-timestamp`, and
`webhook-signature`, `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`.

The receiver's name is resolved once and the connection goes to the address that was checked, so a name that resolves
differently the second time (DNS rebinding) reaches nothing inside our own network. That is why no proxy is used.
"""

import base64
import hashlib
import hmac
import socket
import ssl
import time
from collections.abc import Callable
from datetime import UTC, datetime
from http.client import HTTPException, HTTPSConnection
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit

from monitor.exact_json import Json, encode
from monitor.mrkdwn import plain
from monitor.notifiers.base import (
    EVENT_TYPE,
    Abilities,
    AmbiguousDelivery,
    CannotTell,
    DeliveryError,
    Destination,
    Fault,
    Message,
    Sent,
)
from monitor.notifiers.wire import retry_after, why

NAT64: Final = ip_network("64:ff9b::/96")
SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - a prefix, not a secret
SHORTEST_SECRET: Final = 16
LATER: Final = frozenset({408, 425, 429})
NOT_WELCOME: Final = frozenset({401, 403, 404, 405, 407, 410})
SUCCESS: Final = range(200, 300)
REDIRECT: Final = range(300, 400)
SERVER_ERROR: Final = 500

Address = tuple[str, int]
Resolve = Callable[[str, int], list[Address]]


class WebhookNotifier:
    """One receiver. Each message stands alone: there is no thread, no update, and no looking back."""

    abilities = Abilities(facts=True)

    def __init__(
        self,
        url: str,
        secret: str,
        *,
        allow_private: bool = False,
        timeout: float = 10.0,
        context: ssl.SSLContext | None = None,
        resolve: Resolve | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Connect to nothing yet. Raises ValueError for an address that is not https, and for a short secret."""
        parts = urlsplit(url)
        if parts.scheme != "https" or not parts.hostname or parts.username is not None:
            raise ValueError("a webhook's address begins with https:// and holds no user")
        self._host, self._port = parts.hostname, parts.port or 443
        self._target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._key = _key(secret)
        self._allow_private = allow_private
        self._timeout = timeout
        self._context = context or ssl.create_default_context()
        self._resolve = resolve or addresses
        self._now = now

    def send(self, message: Message, destination: Destination) -> Sent:
        """Post it as JSON: `type`, `timestamp`, and `data` with the plain text and what it tells."""
        sent_at = int(self._now())
        moment = datetime.fromtimestamp(sent_at, UTC).isoformat()
        body = encode({"type": EVENT_TYPE, "timestamp": moment, "data": _data(message)}).encode()
        connection = _Pinned(self._host, self._port, self._connect(), timeout=self._timeout, context=self._context)
        try:
            try:
                connection.connect()
            except OSError as error:
                raise DeliveryError(f"the webhook's receiver cannot be reached: {why(error)}") from error
            try:
                connection.request("POST", self._target, body, self._headers(message.outbox_id, sent_at, body))
                with connection.getresponse() as response:
                    status, wait = response.status, retry_after(dict(response.getheaders()))
            except (OSError, HTTPException, ValueError) as error:
                raise AmbiguousDelivery(f"the webhook's receiver did not answer: {why(error)}") from error
        finally:
            connection.close()
        if status not in SUCCESS:
            raise _refused(status, wait)
        return Sent(channel=destination.channel, ts=None)

    def reply(self, message: Message, destination: Destination, thread_ts: str) -> Sent:
        """Post it like any other message; the payload says which incident it is about."""
        return self.send(message, destination)

    def update(self, message: Message, destination: Destination, ts: str) -> Sent:
        """Raise DeliveryError: what a receiver has, it keeps."""
        raise DeliveryError("a webhook cannot update a message", fault=Fault.PARENT)

    def find(
        self, outbox_id: str, destination: Destination, since: datetime, thread_ts: str | None = None
    ) -> Sent | None:
        """Raise CannotTell: a receiver is never asked. It may be sent again, its id tells them apart."""
        raise CannotTell("a webhook's receiver cannot be asked what it has")

    def _headers(self, message_id: str, sent_at: int, body: bytes) -> dict[str, str]:
        return {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "pactwatch",
            "webhook-id": message_id,
            "webhook-timestamp": str(sent_at),
            "webhook-signature": signature(self._key, message_id, sent_at, body),
        }

    def _connect(self) -> Callable[[], socket.socket]:
        """Return what opens the connection: to an address that was looked at, and to no other."""
        try:
            found = self._resolve(self._host, self._port)
        except OSError as error:
            raise DeliveryError(f"the webhook's receiver cannot be found: {why(error)}") from error
        inside = [host for host, _ in found if not is_public(host)]
        if not found or (inside and not self._allow_private):
            raise DeliveryError(
                f"{self._host} is the private address {inside[0]}, which a webhook may not reach"
                if inside
                else f"{self._host} has no address",
                fault=Fault.CREDENTIALS,
            )
        return lambda: _first_open(found, self._timeout)


class _Pinned(HTTPSConnection):
    """A connection to an address chosen beforehand; the certificate is still checked against the name."""

    def __init__(
        self, host: str, port: int, opened: Callable[[], socket.socket], *, timeout: float, context: ssl.SSLContext
    ) -> None:
        super().__init__(host, port, timeout=timeout, context=context)
        self._opened = opened
        self._tls = context

    def connect(self) -> None:
        """Open the connection and prove the receiver's name."""
        plain_socket = self._opened()
        try:
            self.sock = self._tls.wrap_socket(plain_socket, server_hostname=self.host)
        except BaseException:
            plain_socket.close()
            raise


def signature(key: bytes, message_id: str, sent_at: int, body: bytes) -> str:
    """Return the signature header of a message."""
    signed = f"{message_id}.{sent_at}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def addresses(host: str, port: int) -> list[Address]:
    """Return the addresses of a name, in the order to try them. Raises OSError when there are none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [(str(address[0]), port) for *_, address in found]


def is_public(host: str) -> bool:
    """Say whether an address belongs to the public internet, also when it hides another in itself."""
    address = ip_address(host.partition("%")[0])
    return all(each.is_global and not each.is_multicast for each in (address, *_within(address)))


def _within(address: IPv4Address | IPv6Address) -> list[IPv4Address]:
    """Return the IPv4 addresses that an IPv6 address stands for: mapped, 6to4, Teredo, NAT64."""
    if isinstance(address, IPv4Address):
        return []
    inner = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in NAT64:
        inner.append(IPv4Address(int(address) & 0xFFFF_FFFF))
    return [each for each in inner if each is not None]


def _first_open(found: list[Address], timeout: float) -> socket.socket:
    """Return a connection to the first address that answers. Raises OSError of the last one."""
    last: OSError = OSError("no address")
    for address in found:
        try:
            return socket.create_connection(address, timeout)
        except OSError as error:
            last = error
    raise last


def _data(message: Message) -> dict[str, Json]:
    data: dict[str, Json] = {"outbox_id": message.outbox_id, "text": plain(message.text)}
    if (facts := message.facts) is not None:
        data |= {"role": facts.role, "story": facts.story, "total": facts.total, "incidents": facts.incidents}
    return data


def _refused(status: int, wait: float | None) -> DeliveryError | AmbiguousDelivery:
    told = f"the webhook's receiver answered HTTP {status}"
    if status >= SERVER_ERROR:
        return AmbiguousDelivery(told, retry_after=wait)
    if status in LATER:
        return DeliveryError(told, retry_after=wait)
    if status in REDIRECT:
        return DeliveryError(f"{told}, and redirects are not followed", fault=Fault.CREDENTIALS)
    return DeliveryError(told, fault=Fault.CREDENTIALS if status in NOT_WELCOME else Fault.MESSAGE)


def _key(secret: str) -> bytes:
    """Return the key of a secret: `whsec_` and base64, or any text. Raises ValueError for a short one."""
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX)) if secret.startswith(SECRET_PREFIX) else secret.encode()
    if len(key) < SHORTEST_SECRET:
        raise ValueError(f"a webhook's secret has at least {SHORTEST_SECRET} bytes")
    return key
