"""The judge of a campaign: reads the fake's log and a truth file, and nothing else.

`python -m tests.slack.checker --log FILE --truth FILE [--interval 1] [--collapse] [--without-history]` prints what it
found as JSON and exits 1 when a promise is broken.

A line of the truth says what should have been told: `{"outbox_id": "…", "incident": "…", "sequence": 3}`. A message
about several incidents has a line for each. `superseded_by` names the outbox id that may have been told instead; with
`--collapse` any later sequence of the same incident counts. A message says who it is in its metadata:
`event_payload.outbox_id`, and may repeat `incident` and `sequence` there.
"""

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

Entry = dict[str, Any]

POSTS = frozenset({"chat.postMessage", "webhook"})
TELLS = POSTS | {"chat.update"}
UNSURE_ERRORS = frozenset({"internal_error", "fatal_error"})
TOLERANCE = 0.05
"""Seconds by which a call may come early: clocks and the network are not exact."""


@dataclass
class Verdict:
    """What is wrong, one sentence each; a good campaign leaves every list empty."""

    lost: list[str] = field(default_factory=list)
    duplicates: list[str] = field(default_factory=list)
    unlabelled: list[str] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    too_fast: list[str] = field(default_factory=list)
    before_retry_after: list[str] = field(default_factory=list)
    contradictions: list[str] = field(default_factory=list)
    calls: int = 0
    told: int = 0

    @property
    def good(self) -> bool:
        """Say whether every promise was kept."""
        return not any(value for value in asdict(self).values() if isinstance(value, list))


def judge(
    log: Iterable[Entry],
    truth: Iterable[Entry],
    *,
    interval: float = 1.0,
    collapse: bool = False,
    without_history: bool = False,
) -> Verdict:
    """Hold the log against the truth. Without history scope, one duplicate for each unsure attempt is forgiven."""
    entries, expected = list(log), list(truth)
    verdict = Verdict(calls=sum(entry.get("method") in TELLS for entry in entries))
    verdict.too_fast.extend(_too_fast(entries, interval))
    verdict.before_retry_after.extend(_before_retry_after(entries))
    posts: dict[str, int] = defaultdict(int)
    told: dict[str, int] = defaultdict(int)
    for entry in entries:
        if not entry.get("visible"):
            continue
        outbox_id = _payload(entry).get("outbox_id")
        if outbox_id is None:
            verdict.unlabelled.append(f"entry {entry['n']}: a message without an outbox id became visible")
            continue
        told[outbox_id] += 1
        posts[outbox_id] += _kind(entry) in POSTS
    verdict.told = len(told)
    unsure = _unsure_attempts(entries) if without_history else {}
    for outbox_id, count in posts.items():
        if count > 1 + unsure.get(outbox_id, 0):
            verdict.duplicates.append(f"{outbox_id} became visible {count} times")
    known = {line["outbox_id"] for line in expected}
    verdict.unexpected.extend(
        f"{outbox_id} was told and is not in the truth" for outbox_id in told if outbox_id not in known
    )
    verdict.lost.extend(_lost(expected, set(told), collapse=collapse))
    verdict.contradictions.extend(_contradictions(entries, expected))
    return verdict


def _lost(expected: list[Entry], told: set[str], *, collapse: bool) -> Iterator[str]:
    latest: dict[str, int] = {}
    heirs: dict[str, str] = {}
    for line in expected:
        if line["outbox_id"] in told:
            latest[line["incident"]] = max(latest.get(line["incident"], line["sequence"]), line["sequence"])
        if line.get("superseded_by"):
            heirs[line["outbox_id"]] = line["superseded_by"]
    for line in expected:
        if collapse and latest.get(line["incident"], line["sequence"] - 1) >= line["sequence"]:
            continue
        if not _told_by_an_heir(line["outbox_id"], heirs, told):
            yield f"{line['outbox_id']} ({line['incident']}, sequence {line['sequence']}) was never told"


def _told_by_an_heir(outbox_id: str, heirs: dict[str, str], told: set[str]) -> bool:
    seen: set[str] = set()
    current: str | None = outbox_id
    while current is not None and current not in seen:
        if current in told:
            return True
        seen.add(current)
        current = heirs.get(current)
    return False


def _contradictions(entries: list[Entry], expected: list[Entry]) -> Iterator[str]:
    """The order of the lines is the order in which Slack did it; a message that tells several steps shows the last."""
    about: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for line in expected:
        about[line["outbox_id"]].append((line["incident"], line["sequence"]))
    highest: dict[str, int] = {}
    for entry in entries:
        payload = _payload(entry)
        if not entry.get("visible") or "outbox_id" not in payload:
            continue
        pairs = set(about[payload["outbox_id"]])
        if "incident" in payload and "sequence" in payload:
            pairs.add((payload["incident"], int(payload["sequence"])))
        latest: dict[str, int] = {}
        for incident, sequence in pairs:
            latest[incident] = max(latest.get(incident, sequence), sequence)
        for incident, sequence in sorted(latest.items()):
            if sequence < highest.get(incident, sequence):
                yield f"{incident}: sequence {sequence} was told by entry {entry['n']} after {highest[incident]}"
            highest[incident] = max(highest.get(incident, sequence), sequence)


def _too_fast(entries: list[Entry], interval: float) -> Iterator[str]:
    last: dict[str, float] = {}
    for entry in sorted(_calls(entries), key=lambda each: each["at"]):
        if entry["method"] not in POSTS:
            continue
        channel = _channel(entry)
        if entry["at"] < last.get(channel, float("-inf")) + interval - TOLERANCE:
            yield f"entry {entry['n']}: {entry['at'] - last[channel]:.3f} s after the one before it in {channel}"
        last[channel] = entry["at"]


def _before_retry_after(entries: list[Entry]) -> Iterator[str]:
    """A limit counts posts by channel, and every other method for the whole workspace."""
    closed: dict[str, float] = {}
    for entry in sorted(_calls(entries), key=lambda each: each["at"]):
        key = f"post {_channel(entry)}" if entry["method"] in POSTS else entry["method"]
        if entry["at"] < closed.get(key, 0.0) - TOLERANCE:
            yield f"entry {entry['n']}: {entry['method']} {closed[key] - entry['at']:.3f} s before its Retry-After"
        wait = entry["answer"].get("retry_after")
        if wait is not None:
            closed[key] = max(closed.get(key, 0.0), entry["at"] + wait)


def _unsure_attempts(entries: list[Entry]) -> dict[str, int]:
    """Count the attempts whose sender could not know what became of them."""
    unsure: dict[str, int] = defaultdict(int)
    for entry in _calls(entries):
        answer, outbox_id = entry["answer"], _payload(entry).get("outbox_id")
        status = answer.get("status")
        silent = status is None or status >= 500 or (entry["method"] != "webhook" and answer.get("ok") is None)
        if outbox_id and entry["method"] in POSTS and (silent or answer.get("error") in UNSURE_ERRORS):
            unsure[outbox_id] += 1
    return unsure


def _calls(entries: list[Entry]) -> Iterator[Entry]:
    return (entry for entry in entries if "answer" in entry)


def _kind(entry: Entry) -> str:
    return str(entry.get("late") or entry["method"])


def _channel(entry: Entry) -> str:
    return str(entry.get("channel") or entry["body"].get("channel"))


def _payload(entry: Entry) -> dict[str, Any]:
    metadata = (entry.get("body") or {}).get("metadata") or {}
    return metadata.get("event_payload") or {} if isinstance(metadata, dict) else {}


def read(path: Path) -> list[Entry]:
    """Read JSON lines."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def main(arguments: list[str] | None = None) -> int:
    """Print the verdict; exit 1 when it is not good."""
    parser = argparse.ArgumentParser(prog="python -m tests.slack.checker")
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--truth", type=Path, required=True)
    parser.add_argument("--interval", type=float, default=1.0)
    parser.add_argument("--collapse", action="store_true")
    parser.add_argument("--without-history", action="store_true")
    chosen = parser.parse_args(arguments)
    verdict = judge(
        read(chosen.log),
        read(chosen.truth),
        interval=chosen.interval,
        collapse=chosen.collapse,
        without_history=chosen.without_history,
    )
    print(json.dumps({"good": verdict.good, **asdict(verdict)}, indent=2))  # noqa: T201
    return 0 if verdict.good else 1


if __name__ == "__main__":
    sys.exit(main())
