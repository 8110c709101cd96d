"""One pass over the outbox, with a notifier that fails on demand and a store that is real."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pytest

from monitor.delivery.delivered import Delivered
from monitor.delivery.delivery import Delivery
from monitor.notifiers.base import Abilities, AmbiguousDelivery, DeliveryError, Destination, Fault, Message, Sent
from monitor.store.store import Store, open_store
from monitor.store.values import AlertRecord, AlertState, ChangeRef, QueuedAlert


@dataclass
class Notifier:
    """Writes down what it was asked; raises the next of `troubles`, after posting if `posts`."""

    abilities: Abilities = field(default_factory=lambda: Abilities(threads=True, updates=True, search=True))
    troubles: list[Exception | None] = field(default_factory=list)
    posts: bool = False
    calls: list[tuple[str, str, str]] = field(default_factory=list)
    posted: dict[str, Sent] = field(default_factory=dict)
    called: list[str] = field(default_factory=list)

    def send(self, message: Message, destination: Destination) -> Sent:
        return self._do("send", message, destination.channel)

    def reply(self, message: Message, destination: Destination, thread_ts: str) -> Sent:
        assert destination.channel == "C1"
        return self._do("reply", message, thread_ts)

    def update(self, message: Message, destination: Destination, ts: str) -> Sent:
        assert destination.channel == "C1"
        return self._do("update", message, ts)

    def find(
        self, outbox_id: str, destination: Destination, since: datetime, thread_ts: str | None = None
    ) -> Sent | None:
        del since, thread_ts
        self.calls.append(("find", outbox_id, destination.channel))
        return self.posted.get(outbox_id)

    def _do(self, verb: str, message: Message, where: str) -> Sent:
        self.calls.append((verb, message.outbox_id, where))
        sent = Sent(channel="C1", ts=f"ts-{message.outbox_id}")
        trouble = self.troubles.pop(0) if self.troubles else None
        if trouble is None or self.posts:
            self.posted[message.outbox_id] = sent
        if trouble is not None:
            raise trouble
        self.called += [message.outbox_id for _ in message.mentions]
        return sent


@dataclass
class Post:
    """A store with an outbox, and what delivers it."""

    store: Store
    notifier: Notifier
    patch: pytest.MonkeyPatch

    def queue(self, identity: str, role: str = "parent", as_of: str = "1", group: str = "g") -> None:
        payload = {"role": role, "group": group, "about": "t", "as_of": as_of, "text": f"text of {identity}"}
        calls = [{"kind": "user", "value": "U0ANNA00001"}]
        more = {"blocks": [{"type": "divider"}], "mentions": calls, "closes": False}
        alert = QueuedAlert(
            id=identity,
            destination="#home",
            kind=role,
            payload={**payload, **more},  # type: ignore[dict-item]
            tells=(ChangeRef(incident="i", sequence=1),),
        )
        with self.store.writing() as writer:
            writer.enqueue([alert])

    def deliver(self) -> Delivered:
        return Delivery(self.store, self.notifier, owner="me", fallback="#ops").until_quiet()

    def alert(self, identity: str) -> AlertRecord:
        with self.store.reading() as reader:
            return next(each for each in reader.alerts(limit=50) if each.alert.id == identity)


@pytest.fixture
def post(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Post]:
    with open_store(f"sqlite:///{tmp_path}/state.db") as store:
        yield Post(store, Notifier(), monkeypatch)


def test_a_parent_is_posted_once_then_updated_and_replies_go_below_it(post: Post) -> None:
    post.queue("a")
    post.queue("b", "reply")
    post.queue("c", as_of="2")
    assert post.deliver() == Delivered(sent=3)
    assert post.notifier.calls == [("send", "a", "#home"), ("reply", "b", "ts-a"), ("update", "c", "ts-a")]


def test_what_is_older_than_what_is_told_is_superseded(post: Post) -> None:
    post.queue("new", as_of="2")
    post.queue("old", as_of="1")
    assert post.deliver() == Delivered(sent=1, superseded=1)
    assert post.alert("old").superseded_by == "new"


@pytest.mark.parametrize("posts", [True, False])
def test_an_unknown_outcome_is_looked_up_before_anything_is_sent_again(post: Post, posts: bool) -> None:
    post.patch.setattr(AmbiguousDelivery, "settle", 0.0)
    post.notifier.troubles, post.notifier.posts = [AmbiguousDelivery("no answer")], posts
    post.queue("a")
    assert post.deliver() == Delivered(put_off=1)
    post.queue("wakes the pass", group="other")
    post.deliver()
    assert post.alert("a").state is AlertState.SENT
    verbs = [verb for verb, identity, _ in post.notifier.calls if identity == "a"]
    assert verbs == (["send", "find"] if posts else ["send", "find", "send"])


def test_retry_after_holds_back_the_channel(post: Post) -> None:
    post.notifier.troubles = [DeliveryError("slow down", retry_after=30)]
    post.queue("a")
    post.queue("b", group="other")
    assert post.deliver() == Delivered(put_off=1)
    assert [identity for _, identity, _ in post.notifier.calls] == ["a"]


def test_a_closed_channel_is_told_in_the_fallback_and_the_reason_is_kept(post: Post) -> None:
    post.notifier.troubles = [DeliveryError("channel_not_found", fault=Fault.DESTINATION)]
    post.queue("a")
    assert post.deliver() == Delivered(sent=1, dead=1, elsewhere=1, refused=("#home: channel_not_found",))
    assert post.notifier.calls[-1] == ("send", "a-fallback", "#ops")
    assert post.alert("a").superseded_by == "a-fallback"
    assert post.alert("a").deliveries[0].error == "channel_not_found"


def test_a_message_that_is_refused_is_told_in_plain_words(post: Post) -> None:
    post.notifier.troubles = [DeliveryError("invalid_blocks", fault=Fault.MESSAGE)]
    post.queue("a")
    assert post.deliver() == Delivered(sent=1, dead=1, elsewhere=1)
    assert post.alert("a-plain").alert.payload["blocks"] == []


def test_wrong_credentials_lose_nothing(post: Post) -> None:
    post.notifier.troubles = [DeliveryError("invalid_auth", fault=Fault.CREDENTIALS)]
    post.queue("a")
    assert post.deliver() == Delivered(put_off=1, refused=("invalid_auth",))
    assert post.alert("a").state is AlertState.FAILED


def test_a_parent_that_somebody_deleted_is_posted_anew(post: Post) -> None:
    post.queue("a")
    post.deliver()
    post.notifier.troubles = [DeliveryError("message_not_found", fault=Fault.PARENT)]
    post.queue("b", as_of="2")
    post.deliver()
    post.queue("c", "reply")
    post.deliver()
    assert [call for call in post.notifier.calls[1:] if call[0] != "find"] == [
        ("update", "b", "ts-a"),
        ("send", "b", "#home"),
        ("reply", "c", "ts-b"),
    ]


@pytest.mark.parametrize("updates", [True, False])
def test_a_parent_that_is_posted_anew_calls_nobody_again(post: Post, updates: bool) -> None:
    post.notifier.abilities = Abilities(threads=updates, updates=updates, search=updates)
    post.queue("a")
    post.deliver()
    post.notifier.troubles = [DeliveryError("message_not_found", fault=Fault.PARENT)] if updates else []
    post.queue("b", as_of="2")
    post.deliver()
    assert ("send", "b", "#home") in post.notifier.calls
    assert post.notifier.called == ["a"]


def test_a_reply_whose_thread_is_nowhere_is_told_on_its_own(post: Post) -> None:
    post.queue("a", "reply")
    assert post.deliver() == Delivered(sent=1)
    assert post.notifier.calls == [("send", "a", "#home")]


def test_who_has_no_more_time_begins_nothing_and_leaves_it_to_the_next(post: Post) -> None:
    post.queue("a")
    in_a_hurry = Delivery(post.store, post.notifier, owner="me", fallback="#ops")
    assert in_a_hurry.until_quiet(longest=0) == Delivered()
    assert post.alert("a").state is AlertState.QUEUED
    assert post.deliver() == Delivered(sent=1)


def test_who_searched_for_too_long_leaves_it_to_whoever_has_it_now(post: Post) -> None:
    post.patch.setattr(AmbiguousDelivery, "settle", 0.0)
    post.notifier.troubles = [AmbiguousDelivery("no answer")]
    post.queue("a")
    assert post.deliver() == Delivered(put_off=1)
    post.patch.setattr("monitor.store.outbox.Outbox.extend", lambda *_: False)
    post.queue("wakes the pass", group="other")
    post.deliver()
    assert [verb for verb, identity, _ in post.notifier.calls if identity == "a"] == ["send", "find"]
    assert post.alert("a").state is AlertState.SENDING


def test_a_wait_that_comes_with_no_answer_holds_for_the_whole_channel(post: Post) -> None:
    post.notifier.troubles = [AmbiguousDelivery("HTTP 503", retry_after=600.0)]
    post.queue("a")
    post.queue("b", group="other")
    assert post.deliver() == Delivered(put_off=1)
    assert [call[1] for call in post.notifier.calls] == ["a"]
    assert post.alert("b").state is AlertState.QUEUED
