"""Many stories that begin at once are one message."""

from dataclasses import replace

from monitor.alerts.digest import digest_of
from monitor.domain.contract import Owner
from monitor.notifiers.base import Mention, MentionKind, Message
from monitor.notifiers.body import MENTIONS, spoken
from monitor.store.values import AlertRecord, AlertState, QueuedAlert
from tests import runs
from tests.unit.alerts.stories import CONTRACT, NOW, Teller

CRITICAL = replace(runs.RANGE, check=replace(runs.RANGE.check, severity="critical"))


def waiting(owner: str) -> AlertRecord:
    """A story of somebody, of which nobody has heard yet."""
    (alert,) = Teller().run(CRITICAL, contract=replace(CONTRACT, owner=Owner(team="t", usernames=(owner,))))
    alert = replace(alert, id=owner, payload={**alert.payload, "group": owner})
    return AlertRecord(
        alert=alert, state=AlertState.QUEUED, attempts=0, queued_at=NOW, finished_at=None, superseded_by=None
    )


def called(alert: QueuedAlert) -> tuple[Mention, ...]:
    """Whom a message calls."""
    people = alert.payload["mentions"]
    return tuple(Mention(kind=MentionKind(each["kind"]), value=each["value"]) for each in people)  # type: ignore[index,union-attr,call-overload,misc]


def test_a_digest_calls_those_of_all_its_stories_and_counts_whom_it_has_no_room_for() -> None:
    people = [f"person{n}@example.com" for n in range(MENTIONS + 5)]
    (digest,) = digest_of([waiting(name) for name in (*people, people[0])], NOW)
    assert [each.value for each in called(digest)] == people
    blocks = tuple(digest.payload["blocks"])  # type: ignore[arg-type]
    message = Message(outbox_id="o", text="t", blocks=blocks, mentions=called(digest), payload={})
    assert " +5" in str(spoken(message, [each.value for each in called(digest)[:MENTIONS]])["blocks"])
