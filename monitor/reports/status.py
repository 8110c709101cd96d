"""A target in two small files for machines: a badge for a README, and its status as JSON."""

import json
from dataclasses import dataclass

from monitor.domain.scan import Outcome
from monitor.reports.frame import Head
from monitor.reports.material import TargetHistory
from monitor.reports.now import Now

SCHEMA_VERSION = 1
_WIDE = 6.6
_PADDING = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Badge:
    """A badge: two words side by side, with their widths in pixels. Its colours are those of the pages in daylight."""

    left: str
    right: str
    state: str
    left_width: int
    right_width: int

    @property
    def width(self) -> int:
        """Return the whole width."""
        return self.left_width + self.right_width


def badge_of(head: Head) -> Badge:
    """Return the badge of a target."""
    left = f"{head.name} {head.version}"[:60]
    right = f"{head.word.lower()} {head.as_of.day}"
    return Badge(left=left, right=right, state=head.state, left_width=_width(left), right_width=_width(right))


def status_of(head: Head, history: TargetHistory, now: Now) -> str:
    """Return the status of a target as a JSON document of one line.

    `verdict` is what `as_of` was found; whoever reads it after `due` must not take it for the verdict of then.
    """
    run = history.latest.run
    document = {
        "schema_version": SCHEMA_VERSION,
        "contract": run.target.contract,
        "version": run.version,
        "server": run.target.server or None,
        "verdict": now.run.verdict,
        "basis": now.basis,
        "as_of": head.as_of.iso,
        "due": head.due.iso if head.due else None,
        "run_id": run.run_id,
        "counts": {outcome: now.run.count(outcome) for outcome in Outcome},
        "open_incidents": [incident.id for incident in history.incidents if not incident.is_over],
    }
    return json.dumps(document, sort_keys=True, ensure_ascii=True) + "\n"


def _width(text: str) -> int:
    return round(len(text) * _WIDE) + _PADDING
