"""Cron expressions in a contract: which of them are followed; what will never fire is refused."""

from monitor.contracts.node import Node
from monitor.domain.contract import QualityRule, ServiceLevel
from monitor.domain.cron import cron_problem


def check_schedule(node: Node) -> tuple[str | None, str | None]:
    """Return (schedule, scheduler) of a rule or service level, reporting a schedule that cannot be followed."""
    schedule, scheduler = node.text("schedule"), node.text("scheduler")
    if schedule is None:
        if scheduler is not None:
            node.at("scheduler").remark("a scheduler without a schedule has no effect")
        return None, scheduler
    if scheduler is None:
        node.at("schedule").remark("no scheduler is named; read as cron")
    elif scheduler.strip().lower() != "cron":
        node.at("schedule").remark(f"the scheduler {scheduler[:40]!r} is not ours; this schedule is not followed")
        return schedule, scheduler
    reason = cron_problem(schedule)
    if reason is not None:
        node.at("schedule").problem(reason)
    return schedule, scheduler


def cron_of(rule: QualityRule | ServiceLevel) -> str | None:
    """Return the cron expression that a rule or service level is to be checked by; None where it has none of ours."""
    is_ours = (rule.scheduler or "cron").strip().lower() == "cron"
    return " ".join(rule.schedule.split()) if rule.schedule and is_ours else None
