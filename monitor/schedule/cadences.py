"""The cadences of a contract: which part of its checks is due in which rhythm."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from monitor.contracts.schedules import cron_of
from monitor.domain.check import Catalogue, CheckPlan
from monitor.domain.contract import Contract
from monitor.domain.cron import FIELDS
from monitor.domain.duration import DAY, HOUR, MINUTE, WEEK, Duration
from monitor.schedule.rhythm import Cron, Every, Rhythm
from monitor.settings import ScheduleSettings

ALL = "all"
"""The part that is every check: a target's first slot, and what somebody asks for."""

CONTRACT = "contract"
"""The part that has no schedule of its own."""

SCHEMA = "schema"
"""The part that is judged from the catalogue, without touching rows."""

OWN = "own "
"""Begins the part of the rules that share a schedule of their own; their cron expression follows."""

ZONE = "CRON_TZ="
"""Before a cron expression: the zone of its own in which it is meant."""

_AT = "0 6"
"""When what is renewed daily or less often is verified."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Cadence:
    """A part of a contract's checks and the rhythm in which it is due."""

    part: str
    rhythm: Rhythm


def cadences(contract: Contract, plan: CheckPlan, settings: ScheduleSettings) -> tuple[Cadence, ...]:
    """Return the cadences of a contract.

    A rule or a service level with an element that has a schedule is checked by it. The rest is checked when the
    contract is: by the schedules of service levels without element, else as often as `frequency` promises new data,
    else by default. `schema_every` looks at the schema besides.
    """
    own = dict.fromkeys(check.schedule for check in plan.checks if _has_own(check.schedule, contract))
    rhythms: list[Rhythm] = [_cron(expression, settings) for expression in _of_contract(contract, settings)]
    found = [Cadence(part=CONTRACT, rhythm=rhythm) for rhythm in rhythms]
    found += [Cadence(part=OWN + cron, rhythm=_cron(cron, settings)) for cron in own if cron is not None]
    if settings.schema_every is not None:
        found.append(Cadence(part=SCHEMA, rhythm=Every(seconds=max(1, round(settings.schema_every)))))
    return tuple(found)


def part_of(plan: CheckPlan, contract: Contract, parts: Iterable[str]) -> CheckPlan:
    """Return the union of the parts of a plan, in plan order.

    What a part means is asked of the contract as it is now: of a rule that is gone nothing is left.
    """
    wanted = frozenset(parts)
    if ALL in wanted:
        return plan
    kept = []
    for check in plan.checks:
        own = check.schedule if _has_own(check.schedule, contract) else None
        home = CONTRACT if own is None else OWN + own
        is_schema = SCHEMA in wanted and all(isinstance(probe, Catalogue) for probe in check.probes)
        if home in wanted or is_schema:
            kept.append(check)
    return replace(plan, checks=tuple(kept))


def _has_own(schedule: str | None, contract: Contract) -> bool:
    """Say whether a check is due by itself: what speaks of the contract as a whole sets the contract's rhythm."""
    return schedule is not None and schedule not in _whole(contract)


def _whole(contract: Contract) -> tuple[str, ...]:
    """Return the schedules of the service levels that speak of no element."""
    found = (cron_of(level) for level in contract.service_levels if not level.elements)
    return tuple(dict.fromkeys(cron for cron in found if cron is not None))


def _of_contract(contract: Contract, settings: ScheduleSettings) -> tuple[str, ...]:
    declared = _whole(contract)
    if declared:
        return declared
    frequent = (level.duration for level in contract.service_levels if level.property == "frequency")
    period = next((duration for duration in frequent if duration is not None), None)
    return (settings.default if period is None else cron_of_period(period),)


def cron_of_period(period: Duration) -> str:
    """Return the cron expression that fires at least once in each period, evenly and no oftener than it must."""
    if period.months:
        return f"{_AT} 1 * *"
    seconds = period.seconds
    if seconds < HOUR:
        return f"*/{_step(seconds, MINUTE, 60)} * * * *"
    if seconds < DAY:
        return f"0 */{_step(seconds, HOUR, 24)} * * *"
    return f"{_AT} * * 1" if seconds >= WEEK else f"{_AT} * * *"


def _step(seconds: Decimal, unit: Decimal, whole: int) -> int:
    """Return the longest even step of an hour or a day that is no longer than this."""
    most = max(1, int(seconds // unit))
    return max(step for step in range(1, most + 1) if whole % step == 0)


def _cron(expression: str, settings: ScheduleSettings) -> Cron:
    """Return a rhythm; `CRON_TZ=` before an expression names a zone of its own."""
    if not expression.startswith(ZONE):
        return Cron(expression=expression, zone=settings.timezone)
    zone, *fields = expression.removeprefix(ZONE).rsplit(" ", FIELDS)
    return Cron(expression=" ".join(fields), zone=zone if _is_known(zone) else settings.timezone)


def _is_known(zone: str) -> bool:
    """Say whether there is such a time zone; a contract may name any text."""
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
