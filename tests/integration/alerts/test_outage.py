"""Slack is away, slow or closed to us: afterwards everybody knows the present state, and nothing contradicts it."""

import threading
from dataclasses import replace
from datetime import timedelta

from monitor.alerts.audit import BAD, Audited, audit
from monitor.delivery.delivery import LEASE, Delivery
from monitor.domain.incident import IncidentKind
from monitor.notifiers.base import Destination, Message, Sent
from monitor.notifiers.slack import SlackNotifier
from monitor.settings import RouteSettings
from monitor.store.store import open_store
from monitor.store.values import AlertState, Trigger
from tests import runs
from tests.integration.alerts.conftest import BROKEN, FINE, HOUR, PASSING, Tale, shown

WORSE = replace(BROKEN, measured=9_000)
OTHER = runs.FOREIGN_KEY
OTHER_PASSES = replace(OTHER, outcome=PASSING.outcome, reason="", measured=0)
DOWN = {"faults": [{"kind": "status", "status": 503, "visible": "never"}]}


def audited(tale: Tale) -> tuple[Audited, ...]:
    with tale.store.reading() as reader:
        changes = reader.changes_since(reader.now() - timedelta(days=99))
        return audit(changes, reader.tellings({change.incident.id for change in changes}))


def test_a_story_that_waited_for_hours_is_told_as_it_stands_now_with_one_reply(tale: Tale) -> None:
    tale.run(FINE, BROKEN, OTHER_PASSES)
    tale.deliver()
    for results in ((BROKEN, OTHER), (WORSE, OTHER), (WORSE, OTHER_PASSES)):
        tale.wait(HOUR)
        tale.run(FINE, *results)
    tale.wait(HOUR)
    _, parent, reply = tale.told()
    assert "9,000 rows of flights" in parent["text"]
    assert "late" not in parent["text"].replace("delivered 2 h late", "").replace("delivered 3 h late", "")
    assert reply["thread_ts"] == parent["ts"]
    assert ": 1 broke, 1 got worse, 1 resolved" in reply["text"]
    assert "broke" in shown(reply)
    assert f"`{OTHER.check.id}`" in shown(reply)
    assert sum(each.state is AlertState.SUPERSEDED for each in tale.alerts()) == 6
    assert BAD.isdisjoint(each.fate for each in audited(tale))


def test_whom_the_replies_would_have_called_is_called_by_the_one_that_sums_up(tale: Tale) -> None:
    rules = (RouteSettings(matches={"severity": ("critical",)}, mention=("S0123456789",)),)
    tale.alerting = replace(tale.alerting, routes=replace(tale.alerting.routes, rules=rules))
    grave = replace(OTHER, check=replace(OTHER.check, severity="critical"))
    tale.run(FINE, BROKEN, OTHER_PASSES)
    tale.deliver()
    tale.run(FINE, BROKEN, grave)
    tale.wait(HOUR / 2)
    tale.run(FINE, WORSE, grave)
    tale.wait(HOUR)
    _, parent, reply = tale.told()
    assert ": 1 broke, 1 got worse" in reply["text"]
    assert reply["thread_ts"] == parent["ts"]
    assert "<!subteam^S0123456789>" in shown(reply), "nobody hears that a parent message was edited"


def test_whom_nothing_concerns_any_more_is_not_called_by_the_reply_that_sums_up(tale: Tale) -> None:
    rules = (RouteSettings(matches={"severity": ("critical",)}, mention=("S0123456789",)),)
    tale.alerting = replace(tale.alerting, routes=replace(tale.alerting.routes, rules=rules))
    grave = replace(OTHER, check=replace(OTHER.check, severity="critical"))
    mended = replace(OTHER_PASSES, check=grave.check)
    tale.run(FINE, BROKEN, mended)
    tale.deliver()
    tale.run(FINE, BROKEN, grave)
    tale.wait(HOUR)
    tale.run(FINE, BROKEN, mended)
    tale.wait(HOUR)
    _, _, reply = tale.told()
    assert ": 1 broke, 1 resolved" in reply["text"]
    assert "S0123456789" not in shown(reply)


def test_what_broke_and_was_mended_while_nobody_could_be_told_is_one_message(tale: Tale) -> None:
    tale.run(FINE, BROKEN)
    tale.wait(2 * HOUR)
    tale.run(FINE, PASSING)
    tale.wait(2 * HOUR)
    _, message = tale.told()
    assert message["text"].startswith(":white_check_mark:")
    assert "delivered 4 h late" in message["text"]
    assert "since it began: 1 broke, 1 resolved" in shown(message)
    assert BAD.isdisjoint(each.fate for each in audited(tale))
    tale.run(FINE, BROKEN)
    *_, parent, reply = tale.told()
    assert (parent["ts"], reply["thread_ts"]) == (message["ts"], message["ts"]), "the story goes on in its thread"


def test_a_single_state_that_is_late_says_so_and_nothing_more(tale: Tale) -> None:
    tale.run(FINE, BROKEN)
    tale.wait(2 * HOUR)
    _, message = tale.told()
    assert "delivered 2 h late" in message["text"]
    assert "since it began" not in shown(message)


def test_many_contracts_that_break_at_once_are_one_message_that_is_kept_up_to_date(tale: Tale) -> None:
    names = [f"c{number:02}" for number in range(24)]
    for name in names:
        tale.run(FINE, PASSING, contract=name)
    (_, watched) = tale.told()
    assert "24 contracts are now watched" in watched["text"]
    for name in names:
        tale.run(FINE, BROKEN, contract=name)
    *_, digest = tale.told()
    assert "24 things are wrong in 24 of 24 places" in digest["text"]
    assert all(f"*{name}*" in shown(digest) for name in names)

    tale.run(FINE, WORSE, contract="c07")
    tale.run(FINE, PASSING, contract="c08")
    *_, digest, worse, resolved = tale.told()
    assert "23 things are wrong in 23 of 24 places" in digest["text"]
    assert "9,000 rows" in shown(digest)
    assert {worse["thread_ts"], resolved["thread_ts"]} == {digest["ts"]}
    for name in names:
        tale.run(FINE, PASSING, contract=name)
    digest = next(each for each in tale.told() if each["ts"] == digest["ts"])
    assert digest["text"] == ":white_check_mark: *Nothing is wrong any more in 24 places*"
    assert BAD.isdisjoint(each.fate for each in audited(tale))


class Held(SlackNotifier):
    """Begins its first edit, and makes it when it is let go."""

    def __init__(self, api: str) -> None:
        super().__init__("xoxb-fake-token", base_url=api, timeout=2)
        self.began, self.go = threading.Event(), threading.Event()

    def update(self, message: Message, destination: Destination, ts: str) -> Sent:
        self.began.set()
        assert self.go.wait(30)
        return super().update(message, destination, ts)


def test_two_who_edit_one_digest_at_once_tell_each_end_once_and_leave_every_line_right(tale: Tale) -> None:
    for number in range(24):
        tale.run(FINE, BROKEN, contract=f"c{number:02}")
    *_, digest = tale.told()
    for name in ("c07", "c08"):
        tale.run(FINE, PASSING, contract=name)
    slow = Held(tale.slack.api)

    def edit() -> None:
        with open_store(tale.url) as store:
            Delivery(store, slow, owner="slow", fallback="#data-platform", pace=timedelta(0)).once()

    sender = threading.Thread(target=edit)
    sender.start()
    assert slow.began.wait(30)
    tale.wait(2 * LEASE)
    assert tale.deliver("another").sent == 4, "everything, also what the slow one has in hand"
    slow.go.set()
    sender.join()
    *_, shows, first, second = tale.slack.world.seen()
    assert {first["thread_ts"], second["thread_ts"]} == {digest["ts"]}
    assert all("*Resolved* after" in each["text"] for each in (first, second))
    assert shows["ts"] == digest["ts"]
    assert "22 things are wrong in 22 of 24 places" in shows["text"]
    assert all(f":white_check_mark: *{name}*" in shown(shows) for name in ("c07", "c08"))
    assert BAD.isdisjoint(each.fate for each in audited(tale))


def test_twenty_stories_are_told_one_by_one(tale: Tale) -> None:
    for number in range(20):
        tale.run(FINE, BROKEN, contract=f"d{number}")
    assert sum("is now watched: 1 holds, 1 broken" in each["text"] for each in tale.told()) == 20


def test_a_closed_channel_is_told_elsewhere_and_is_an_incident_until_it_works_again(tale: Tale) -> None:
    tale.slack.world.configure({"channels": [{"name": "data-quality", "archived": True}]})
    tale.run(FINE, BROKEN)
    done = tale.deliver()
    assert (done.dead, done.elsewhere, done.refused) == (1, 1, ("#data-quality: chat.postMessage: is_archived",))
    assert tale.keep().alerts == 1
    assert tale.keep().changes == 0
    told = tale.told()
    assert "takes no messages" in shown(told[-2])
    assert "#data-quality: chat.postMessage: is_archived" in told[-1]["text"]
    assert [each.kind for each in tale.open_incidents()] == [IncidentKind.BROKEN, IncidentKind.DELIVERY]
    assert BAD.isdisjoint(each.fate for each in audited(tale))

    tale.slack.world.configure({"channels": [{"name": "data-quality", "archived": False}]})
    tale.run(FINE, PASSING)
    tale.deliver()
    assert tale.keep().changes == 1
    assert tale.open_incidents() == ()
    assert "*Resolved* after" in tale.told()[-1]["text"]


def test_what_even_the_fallback_refuses_goes_to_the_last_channel(tale: Tale) -> None:
    tale.slack.world.configure({"channels": [{"name": "data-platform", "archived": True}]})
    error = replace(BROKEN, outcome=runs.ERROR.outcome, reason="out of memory", measured=None)
    tale.run(FINE, error)
    assert "1 check cannot be verified: out of memory" in tale.told()[-1]["text"]


def test_wrong_credentials_are_one_incident_and_all_is_told_once_they_are_mended(tale: Tale) -> None:
    tale.slack.world.configure({"token": "xoxb-another"})
    tale.run(FINE, BROKEN)
    done = tale.deliver()
    assert (done.put_off, done.refused) == (1, ("chat.postMessage: invalid_auth",))
    tale.keep()
    (_, delivery) = tale.open_incidents()
    assert delivery.key == "delivery:every channel"
    assert tale.deliver().sent == 0
    tale.slack.world.configure({"token": "xoxb-fake-token"})
    assert tale.deliver().sent == 0, "the daemon waits a while"
    tale.store.outbox.probe()
    tale.deliver()
    assert "1,618 rows" in shown(tale.told()[1])
    tale.keep()
    assert delivery.key not in {each.key for each in tale.open_incidents()}


def test_after_five_failures_a_channel_gets_one_probe_at_a_time(tale: Tale) -> None:
    for number in range(8):
        tale.run(FINE, BROKEN, contract=f"p{number}")
    tale.slack.faults.load({"faults": [{"kind": "error", "error": "service_unavailable"}]})
    tried = len(tale.slack.log.calls("chat.postMessage"))
    tale.deliver()
    assert len(tale.slack.log.calls("chat.postMessage")) - tried == 5, "then the circuit opens"
    tale.wait(timedelta(seconds=10))
    tale.deliver()
    assert len(tale.slack.log.calls("chat.postMessage")) - tried == 6, "one probe shows that nothing has changed"
    tale.slack.faults.load({})
    tale.wait(timedelta(minutes=20))
    assert tale.deliver().sent == 8


def test_a_scheduled_beginning_waits_for_others_unless_something_urgent_joins_its_story(tale: Tale) -> None:
    tale.alerting = replace(tale.alerting, gather=timedelta(seconds=30))
    tale.run(FINE, BROKEN, OTHER_PASSES, trigger=Trigger.SCHEDULED)
    assert tale.deliver().sent == 0
    tale.run(FINE, BROKEN, OTHER)
    assert tale.deliver().sent == 3, "somebody waits for this one"
    tale.run(FINE, BROKEN, OTHER_PASSES, trigger=Trigger.SCHEDULED)
    assert tale.deliver().sent == 2, "what goes on in a thread waits for nobody"
