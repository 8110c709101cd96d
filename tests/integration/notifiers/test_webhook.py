"""A signed webhook to a real https server, and no way from it into our own network."""

import json
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from monitor.notifiers.base import AmbiguousDelivery, CannotTell, DeliveryError, Destination, Facts, Fault, Message
from monitor.notifiers.webhook import WebhookNotifier, is_public, signature
from tests.receiver import NAME, Certificate, Receiver, certificate_in, receiving

THERE = Destination(channel="receiver")
FACTS = Facts(role="parent", story="g", incidents=({"incident": "i", "measured": Decimal("0.10")},), total=1)
ALERT = Message(outbox_id="o-1", text="a &lt; b", facts=FACTS)
SECRET = "s3cret-s3cret-s3cret"


def notifier_to(receiver: Receiver, **changes: Any) -> WebhookNotifier:
    values: dict[str, Any] = {
        "allow_private": True,
        "timeout": 1.0,
        "context": receiver.context,
        "resolve": lambda _host, _port: [("127.0.0.1", receiver.port)],
    }
    return WebhookNotifier(f"https://{NAME}:{receiver.port}/hook?a=1", SECRET, **{**values, **changes})


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return certificate_in(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def receiver(certificate: Certificate) -> Iterator[Receiver]:
    with receiving(certificate) as made:
        yield made


def test_a_receiver_can_prove_who_sent_it_and_when(receiver: Receiver) -> None:
    notifier_to(receiver, now=lambda: 1_700_000_000.9).send(ALERT, THERE)
    ((headers, body),) = receiver.got
    sent = {name.lower(): value for name, value in headers.items()}
    assert (sent["webhook-id"], sent["webhook-timestamp"]) == ("o-1", "1700000000")
    assert sent["webhook-signature"] == signature(SECRET.encode(), "o-1", 1_700_000_000, body)
    assert json.loads(body, parse_float=Decimal) == {
        "type": "pactwatch_alert",
        "timestamp": "2023-11-14T22:13:20+00:00",
        "data": {
            "outbox_id": "o-1",
            "text": "a < b",
            "role": "parent",
            "story": "g",
            "total": 1,
            "incidents": [{"incident": "i", "measured": Decimal("0.10")}],
        },
    }


def test_the_signature_is_that_of_the_standard() -> None:
    """The example of standardwebhooks.com's own libraries."""
    key = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    notifier = WebhookNotifier("https://example.com/hook", key)
    body = b'{"test": 2432232314}'
    told = signature(notifier._key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body)
    assert told == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize(
    ("status", "whose"),
    [(301, Fault.CREDENTIALS), (404, Fault.CREDENTIALS), (400, Fault.MESSAGE), (429, Fault.SERVICE)],
)
def test_a_refusal_is_somebodys_fault_and_no_redirect_is_followed(
    receiver: Receiver, status: int, whose: Fault
) -> None:
    receiver.status = status
    receiver.headers = {"Retry-After": "9", "Location": "https://receiver.test/elsewhere"}
    with pytest.raises(DeliveryError, match=f"HTTP {status}") as caught:
        notifier_to(receiver).send(ALERT, THERE)
    assert (caught.value.fault, caught.value.retry_after is not None) == (whose, status == 429)
    assert len(receiver.got) == 1


def test_what_was_not_answered_is_ambiguous(receiver: Receiver) -> None:
    receiver.status = 503
    with pytest.raises(AmbiguousDelivery, match="HTTP 503"):
        notifier_to(receiver).send(ALERT, THERE)
    receiver.silent = True
    with pytest.raises(AmbiguousDelivery, match="did not answer"):
        notifier_to(receiver).send(ALERT, THERE)
    with pytest.raises(CannotTell):
        notifier_to(receiver).find("o-1", THERE, datetime.now(UTC))


def test_nobody_there_means_nothing_was_sent(receiver: Receiver) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nobody = [closed.getsockname()[:2]]
        with pytest.raises(DeliveryError, match="cannot be reached") as caught:
            notifier_to(receiver, resolve=lambda *_: nobody).send(ALERT, THERE)
    assert not caught.value.permanent

    def unknown(*_: object) -> Any:
        raise socket.gaierror(-2, "Name or service not known")

    with pytest.raises(DeliveryError, match="cannot be found"):
        notifier_to(receiver, resolve=unknown).send(ALERT, THERE)


def test_the_certificate_must_be_for_the_name_not_the_address(receiver: Receiver) -> None:
    other = WebhookNotifier(
        f"https://other.test:{receiver.port}/",
        SECRET,
        allow_private=True,
        context=receiver.context,
        resolve=lambda *_: [("127.0.0.1", receiver.port)],
    )
    with pytest.raises(DeliveryError, match="SSLCertVerificationError"):
        other.send(ALERT, THERE)
    assert not receiver.got


def test_a_name_that_is_public_first_and_private_later_reaches_nothing(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: the name is asked for once for each attempt, and the answer is what is connected to."""
    answers = iter([[("93.184.215.14", 443)], [("127.0.0.1", receiver.port)]])
    asked: list[str] = []
    connected: list[Any] = []

    def connect(address: Any, _timeout: float) -> Any:
        connected.append(address)
        raise ConnectionRefusedError

    def rebind(host: str, _port: int) -> Any:
        asked.append(host)
        return next(answers)

    monkeypatch.setattr(socket, "create_connection", connect)
    notifier = notifier_to(receiver, resolve=rebind, allow_private=False)
    with pytest.raises(DeliveryError, match="cannot be reached"):
        notifier.send(ALERT, THERE)
    assert (asked, connected) == (["receiver.test"], [("93.184.215.14", 443)])
    with pytest.raises(DeliveryError, match=r"private address 127\.0\.0\.1") as caught:
        notifier.send(ALERT, THERE)
    assert caught.value.permanent
    assert len(connected) == 1


def test_one_private_address_among_public_ones_is_enough_to_refuse(receiver: Receiver) -> None:
    mixed = [("93.184.215.14", 443), ("10.0.0.1", 443)]
    with pytest.raises(DeliveryError, match=r"10\.0\.0\.1"):
        notifier_to(receiver, resolve=lambda *_: mixed, allow_private=False).send(ALERT, THERE)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "224.0.0.1",  # noqa: S104
        "255.255.255.255", "::1", "::", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
        "64:ff9b::a00:1", "2002:7f00:1::", "2001:db8::1",
    ],
)  # fmt: skip
def test_addresses_of_our_own_networks_are_private_however_they_are_written(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "::ffff:8.8.8.8"])
def test_the_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("url", ["http://receiver.test/", "https://user:pw@receiver.test/", "https:///x", "file:///x"])
def test_only_https_without_a_password_is_an_address(url: str) -> None:
    with pytest.raises(ValueError, match="https"):
        WebhookNotifier(url, SECRET)


def test_a_secret_has_some_length() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        WebhookNotifier("https://receiver.test/", "short")
