"""What to do next about a result: one short imperative by its outcome and kind."""

import re
from dataclasses import dataclass
from typing import assert_never

from monitor.domain.check import Check, CheckKind, NotChecked
from monitor.domain.scan import CheckResult, Outcome, Run
from monitor.visible import visible

_LOOSER = {
    CheckKind.RANGE: "other bounds",
    CheckKind.LENGTH: "another length",
    CheckKind.PATTERN: "another pattern",
    CheckKind.FORMAT: "another format",
    CheckKind.ENUM: "a list with these values",
}
"""What a rule about values becomes where the values are right and the rule is not."""

_HISTORY = "look at the load that closes old rows of {dataset} and opens new ones"
_BALANCE = "compare {dataset} with the other side day by day: did a load run twice, or stop half-way?"
_PACKS = {
    CheckKind.CURRENT_ROW_PER_KEY: _HISTORY,
    CheckKind.OVERLAPPING_PERIODS: _HISTORY,
    CheckKind.GAPS_BETWEEN_PERIODS: _HISTORY,
    CheckKind.GAPS_IN_SERIES: "load again what {dataset} has missed",
    CheckKind.ROW_COUNT_DIFFERENCE: _BALANCE,
    CheckKind.SUM_DIFFERENCE: _BALANCE,
    CheckKind.ORPHANED_FACTS: "load {other} before {dataset}, or add the missing rows to it",
    CheckKind.FACTS_WITHOUT_KEY: "fill {columns} in at its source, or let it point to a row that stands for unknown",
}
"""What mends a broken rule of a check pack."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What to do next, in words that are safe to show, and the address of the runbook if there is one.

    With a runbook the words are what else is known, or none: whoever wrote it knows better than a word by kind.
    """

    words: str = ""
    runbook: str | None = None

    def __str__(self) -> str:
        """Return the step as one line of text."""
        if self.runbook is None:
            return self.words
        return f"follow {self.runbook}{f': {self.words}' if self.words else ''}"


def next_step(result: CheckResult, run: Run) -> Step | None:
    """Return the next step for a result that does not hold, None where there is nothing to do."""
    runbook = result.check.runbook
    if result.outcome in {Outcome.PASS, Outcome.SKIPPED}:
        return None
    if runbook is not None:
        return Step(words=visible(result.remedy or runbook.summary or ""), runbook=runbook.url)
    words = hint(result, run)
    return Step(words=words) if words else None


def hint(result: CheckResult, run: Run) -> str | None:
    """Return the next step by what is known of the result and its kind; None where there is nothing to do."""
    if result.remedy and result.outcome not in {Outcome.PASS, Outcome.SKIPPED}:
        return visible(result.remedy)
    match result.outcome:
        case Outcome.FAIL | Outcome.WARN:
            return visible(_mend(result.check, run))
        case Outcome.ERROR if any(isinstance(probe, NotChecked) for probe in result.check.probes):
            return "mend this rule in the contract, then verify again"
        case Outcome.ERROR:
            return "mend what the reason names; until then nobody knows"
        case Outcome.BLOCKED:
            return "mend what the reason names, then verify again"
        case Outcome.PASS | Outcome.SKIPPED:
            return None
        case _:
            assert_never(result.outcome)


def _mend(check: Check, run: Run) -> str:
    """Return how a broken promise of this kind is usually mended."""
    columns = ", ".join(check.columns) or check.dataset
    match check.kind:
        case CheckKind.FOREIGN_KEY:
            return f"add the missing rows to {_parent(check)}, or correct {columns} at its source"
        case CheckKind.NOT_NULL | CheckKind.NULL_VALUES | CheckKind.MISSING_VALUES:
            return f"fill {columns} in at its source, or {_loosened('a looser rule', run)}"
        case CheckKind.UNIQUE | CheckKind.PRIMARY_KEY | CheckKind.DUPLICATE_VALUES:
            return f"remove the duplicates and gaps of {columns} at its source; was {check.dataset} loaded twice?"
        case CheckKind.SCHEMA:
            return f"bring {check.dataset} back to its promised shape, or {_loosened('the new shape', run)}"
        case CheckKind.EXTRA_COLUMNS:
            return f"add it to the contract, or remove it from {check.dataset}"
        case CheckKind.COLUMN_ORDER | CheckKind.COLUMN_TYPE:
            return f"change {check.dataset} back, or {_loosened('the new shape', run)}"
        case CheckKind.ROW_COUNT:
            return f"look at the latest load of {check.dataset}"
        case CheckKind.FRESHNESS | CheckKind.FREQUENCY | CheckKind.LATENCY:
            return f"look at the job that loads {check.dataset}: is it late, stopped or failing?"
        case CheckKind.RETENTION:
            return f"delete what is past its time from {check.dataset}"
        case kind if kind in _PACKS:
            return _PACKS[kind].format(dataset=check.dataset, other=_parent(check), columns=columns)
        case CheckKind.SQL | CheckKind.SODA | CheckKind.CUSTOM:
            return f"look at the rows of {check.dataset} that this rule counts"
        case _:
            return f"correct the rows, or {_loosened(_LOOSER.get(check.kind, 'a looser rule'), run)}"


def _parent(check: Check) -> str:
    """Return the table that a foreign key points to: the last one it needs."""
    return check.needs[-1].table.name if check.needs else "the parent table"


def _loosened(what: str, run: Run) -> str:
    """Return how this promise may be loosened: a draft is changed, a released version gets a successor.

    Semantic Versioning 2.0.0: the major number, or below 1.0.0 the minor one.
    """
    if run.shadow:
        return f"put {what} into the draft"
    match = re.match(r"(\d+)\.(\d+)\.\d+", run.version)
    if match is None:
        return f"release {what} as a new version"
    major, minor = int(match[1]), int(match[2])
    version = f"{major + 1}.0.0" if major else f"0.{minor + 1}.0"
    return f"release {what} as {version}"
