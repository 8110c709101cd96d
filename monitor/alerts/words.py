"""What broke, in words about the data; when, and for how long. Plain text: the templates escape it."""

from datetime import datetime, timedelta

from monitor import words
from monitor.domain.check import Check, CheckKind
from monitor.domain.incident import OF_DATA, Incident, IncidentKind, IncidentState
from monitor.domain.scan import CheckResult

_EMPTY = frozenset({CheckKind.NOT_NULL, CheckKind.NULL_VALUES, CheckKind.MISSING_VALUES})
_REPEATED = frozenset({CheckKind.UNIQUE, CheckKind.PRIMARY_KEY, CheckKind.DUPLICATE_VALUES})
_OUTSIDE = frozenset(
    {
        CheckKind.RANGE,
        CheckKind.MULTIPLE_OF,
        CheckKind.LENGTH,
        CheckKind.PATTERN,
        CheckKind.ENUM,
        CheckKind.FORMAT,
        CheckKind.ITEMS,
        CheckKind.INVALID_VALUES,
    }
)
_OF_PACKS = {
    CheckKind.CURRENT_ROW_PER_KEY: ("has not exactly one current row", "have not exactly one current row"),
    CheckKind.OVERLAPPING_PERIODS: ("overlaps an earlier period of its key", "overlap an earlier period of their key"),
    CheckKind.GAPS_BETWEEN_PERIODS: ("begins after a gap in the history", "begin after a gap in the history"),
    CheckKind.GAPS_IN_SERIES: ("is longer than a step", "are longer than a step"),
    CheckKind.FACTS_WITHOUT_KEY: ("has no key", "have no key"),
}
"""What is wrong with what a rule of a pack has counted: of one, and of many."""
_AGES = frozenset({CheckKind.FRESHNESS, CheckKind.FREQUENCY})


def breach(incident: Incident, result: CheckResult | None, why: str | None = None) -> str:
    """Say what is wrong: in words about the data where a check measured it, else why nobody knows."""
    if incident.kind is IncidentKind.SERVER_DOWN:
        return f"server {incident.target.server} does not answer{because(why)}"
    if incident.kind not in OF_DATA:
        reason = why or (result.reason if result else None)
        if not incident.children:
            return reason or incident.key
        subject = counted(len(incident.children), "check")
        return f"{subject} cannot be verified{because(reason)}"
    if result is None:
        return f"{incident.key} does not hold{because(why)}"
    told = _of_data(result)
    if incident.children:
        told += f"; {counted(len(incident.children), 'check')} cannot be verified because of it"
    return told


def once(incident: Incident, result: CheckResult | None) -> str:
    """Name what was promised, for somebody who hears that it holds again."""
    if incident.kind is IncidentKind.SERVER_DOWN:
        return f"server {incident.target.server}"
    if result is not None and incident.kind in OF_DATA:
        return result.check.name
    return incident.key


def icon(incident: Incident) -> str:
    """Return the name of the sign that stands before an incident."""
    if incident.is_over:
        return "over" if incident.state is IncidentState.RESOLVED else "quiet"
    if incident.kind is IncidentKind.BROKEN:
        return "broken"
    return "warning" if incident.kind is IncidentKind.WARNING else "unknown"


def took(incident: Incident) -> str:
    """Return how long it lasted, from the first failure to its end."""
    return lasting((incident.ended_at or incident.last_seen_at) - incident.first_failed_at)


def lasting(span: timedelta) -> str:
    """Return a span to the minute, a short one to the second."""
    seconds = max(int(span.total_seconds()), 0)
    return words.duration(seconds - seconds % 60 if seconds > 60 else seconds)  # noqa: PLR2004 - a minute


def moment(at: datetime, now: datetime) -> str:
    """Return a moment in UTC: the time if it is of today, else with its day."""
    if at.date() == now.date():
        return f"{at:%H:%M} UTC"
    return f"{at.day} {at:%b %H:%M} UTC" if at.year == now.year else f"{at.day} {at:%b %Y %H:%M} UTC"


def ordinal(number: int) -> str:
    """Return 1st, 2nd, 3rd, 11th."""
    teens = range(11, 14)
    suffix = "th" if number % 100 in teens else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number:,}{suffix}"


def counted(count: int, noun: str) -> str:
    """Return a count with its noun in the right number."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _of_data(result: CheckResult) -> str:
    check, count = result.check, _count(result)
    rows = f"{check.dataset} ({check.window})" if check.window else check.dataset
    is_one = result.measured == 1
    if count is not None and check.kind in {CheckKind.FOREIGN_KEY, CheckKind.ORPHANED_FACTS}:
        return f"{count} of {check.dataset} {'points' if is_one else 'point'} to {_parent(check)} that do not exist"
    columns = ", ".join(check.columns)
    if count is not None and columns and check.kind in _EMPTY:
        return f"{count} of {rows} {'has' if is_one else 'have'} no {columns}"
    if count is not None and columns and check.kind in _REPEATED:
        repeat, lack = ("repeats", "lacks") if is_one else ("repeat", "lack")
        return f"{count} of {check.dataset} {repeat} {columns}, or {lack} it"
    if count is not None and columns and check.kind in _OUTSIDE:
        return f"{count} of {check.dataset} {'breaks' if is_one else 'break'} a rule: {check.name}"
    if count is not None and check.kind in _OF_PACKS:
        one, many = _OF_PACKS[check.kind]
        return f"{count} of {check.dataset} {one if is_one else many}"
    found = words.measured(result)
    if found is not None and check.kind is CheckKind.ROW_COUNT:
        return f"{rows} has {found}, expected {words.expected(result.check)}"
    if found is not None and check.kind in _AGES:
        return f"{check.dataset} is {found} old, expected {words.expected(result.check)}"
    reason = words.reason(result)
    if found is not None and check.unit != "columns":
        return f"{check.name}: measured {found}, expected {words.expected(result.check)}"
    return reason or f"{check.name} does not hold"


def _count(result: CheckResult) -> str | None:
    """Return the number of rows or keys that were found too many, None where something else is measured."""
    value, unit = result.measured, result.check.unit
    if value is None or value <= 0 or value != int(value) or unit not in {"rows", "keys", "gaps"}:
        return None
    return counted(int(value), unit.removesuffix("s"))


def _parent(check: Check) -> str:
    return f"rows of {check.needs[-1].table.name}" if check.needs else "rows"


def because(reason: str | None) -> str:
    """Return a reason as it is put behind words, nothing where there is none."""
    return f": {reason}" if reason else ""
