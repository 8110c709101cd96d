"""The judge finds what is wrong, and says nothing of what is right."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.slack.checker import judge, main

Entry = dict[str, Any]


def call(outbox_id: str | None, at: float, *, method: str = "chat.postMessage", **changes: Any) -> Entry:
    """Return the entry of a call that succeeded; `answer` and `visible` may say otherwise."""
    payload = {} if outbox_id is None else {"outbox_id": outbox_id}
    payload |= changes.pop("payload", {})
    return {
        "n": int(at * 10),
        "at": at,
        "method": method,
        "channel": "C1",
        "body": {"channel": "#dq", "metadata": {"event_type": "pactwatch_alert", "event_payload": payload}},
        "answer": {"status": 200, "ok": True, "error": None, "retry_after": None, **changes.pop("answer", {})},
        "visible": True,
        "ts": str(at),
        **changes,
    }


def expect(outbox_id: str, sequence: int = 1, incident: str = "orders/a", **more: Any) -> Entry:
    return {"outbox_id": outbox_id, "incident": incident, "sequence": sequence, **more}


def refused(outbox_id: str, at: float, wait: int, **changes: Any) -> Entry:
    return call(outbox_id, at, visible=False, answer={"status": 429, "ok": False, "retry_after": wait}, **changes)


def unheard(outbox_id: str, at: float, *, visible: bool, status: int | None = None) -> Entry:
    return call(outbox_id, at, visible=visible, answer={"status": status, "ok": None})


def test_a_campaign_that_told_everything_once_in_order_and_in_time_is_good() -> None:
    log = [
        call("a", 0.0),
        refused("b", 1.0, 2),
        call("b", 3.0),
        unheard("c", 4.0, visible=True),
        call(None, 4.5, method="conversations.history", visible=False),
        call("d", 4.6, method="chat.update"),
        call("d", 4.7, method="chat.update"),
        call("e", 4.8, channel="C2"),
    ]
    truth = [expect("a"), expect("b", 2), expect("c", 3), expect("d", 4), expect("e", 1, "other")]
    verdict = judge(log, truth)
    assert verdict.good, verdict
    assert (verdict.calls, verdict.told) == (7, 5)


def late(of: Entry, at: float) -> Entry:
    return {
        "n": 99,
        "at": at,
        "method": "late",
        "late": of["method"],
        "of": of["n"],
        "body": of["body"],
        "visible": True,
    }


@pytest.mark.parametrize(
    ("wrong", "log", "truth"),
    [
        ("lost", [call("a", 0)], [expect("a"), expect("b", 2)]),
        ("lost", [unheard("a", 0, visible=False)], [expect("a")]),
        ("lost", [call("a", 0)], [expect("a"), expect("b", 2, superseded_by="c")]),
        ("lost", [], [expect("a", superseded_by="b"), expect("b", superseded_by="a")]),
        ("duplicates", [call("a", 0), call("a", 2)], [expect("a")]),
        ("duplicates", [unheard("a", 0, visible=True), call("a", 2)], [expect("a")]),
        ("duplicates", [unheard("a", 0, visible=False), call("a", 2), late(call("a", 0), 3)], [expect("a")]),
        ("duplicates", [call("a", 0, method="webhook"), call("a", 2, method="webhook")], [expect("a")]),
        ("unlabelled", [call(None, 0)], []),
        ("unexpected", [call("a", 0)], []),
        ("too_fast", [call("a", 0), call("b", 0.9)], [expect("a"), expect("b")]),
        ("too_fast", [unheard("a", 0, visible=False), call("a", 0.5)], [expect("a")]),
        ("before_retry_after", [refused("a", 0, 5), call("a", 4)], [expect("a")]),
        (
            "before_retry_after",
            [refused("a", 0, 5, method="chat.update"), call("a", 4, method="chat.update", channel="C2")],
            [expect("a")],
        ),
        ("contradictions", [call("b", 0), call("a", 2)], [expect("a", 1), expect("b", 2)]),
        ("contradictions", [call("b", 0, method="chat.update"), call("a", 2)], [expect("a", 1), expect("b", 2)]),
        (
            "contradictions",
            [
                call("a", 0, payload={"incident": "x", "sequence": 2}),
                call("b", 2, payload={"incident": "x", "sequence": 1}),
            ],
            [expect("a", incident="p"), expect("b", incident="q")],
        ),
    ],
)
def test_what_is_wrong_is_found(wrong: str, log: list[Entry], truth: list[Entry]) -> None:
    verdict = judge(log, truth)
    assert not verdict.good
    assert [name for name, value in vars(verdict).items() if isinstance(value, list) and value] == [wrong]


def test_a_message_may_be_superseded_by_one_that_was_told() -> None:
    truth = [expect("a", 1, superseded_by="b"), expect("b", 2, superseded_by="c"), expect("c", 3)]
    assert judge([call("c", 0)], truth).good


def test_two_messages_that_show_the_last_of_several_steps_contradict_nothing() -> None:
    truth = [expect(name, sequence) for name in ("a", "b") for sequence in (1, 2)]
    assert judge([call("a", 0), call("b", 2)], truth).good
    assert judge([call("a", 0), call("c", 2)], [*truth, expect("c", 1)]).contradictions


def test_after_an_outage_the_current_state_tells_the_earlier_ones() -> None:
    truth = [expect("a", 1), expect("b", 2), expect("c", 1, "other")]
    verdict = judge([call("b", 0)], truth, collapse=True)
    assert verdict.lost == ["c (other, sequence 1) was never told"]


def test_a_call_soon_after_another_is_fine_in_another_channel() -> None:
    assert judge([call("a", 0), call("b", 0.1, channel="C2")], [expect("a"), expect("b")]).good


def test_without_history_one_duplicate_for_each_unsure_attempt_is_forgiven() -> None:
    unsure = [unheard("a", 0, visible=True), unheard("a", 2, visible=True, status=502), call("a", 4)]
    assert judge(unsure, [expect("a")], without_history=True).good
    assert judge([*unsure, call("a", 6)], [expect("a")], without_history=True).duplicates


def test_it_reads_files_and_tells_by_its_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log, truth = tmp_path / "log", tmp_path / "truth"
    log.write_text(json.dumps(call("a", 0)) + "\n")
    truth.write_text(json.dumps(expect("a")) + "\n")
    assert main(["--log", str(log), "--truth", str(truth)]) == 0
    truth.write_text(json.dumps(expect("b")) + "\n")
    assert main(["--log", str(log), "--truth", str(truth)]) == 1
    assert json.loads(capsys.readouterr().out.partition("}\n")[2])["good"] is False
