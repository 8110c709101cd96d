"""Who hears of an incident, and where."""

import re

from monitor.alerts.context import Context
from monitor.domain.contract import Contract
from monitor.domain.incident import OF_DATA, Incident
from monitor.notifiers.base import GROUP, USER, Mention, MentionKind

URGENT = frozenset({"critical", "high"})
EMAIL = re.compile(r"[^@\s<>|]+@[^@\s<>|]+\.[^@\s<>|]+")


def channels_of(incident: Incident, context: Context) -> tuple[str, ...]:
    """Return the channels that hear of an incident, each once.

    Trouble of the monitor goes to those who run it. A breach goes where the contract's `support` sends notifications
    by Slack, else to the default channel.
    """
    if incident.kind not in OF_DATA:
        return (named(context.routes.ops_channel),)
    told = context.where.get(incident.group or "")
    if context.contract is None and told:
        return told
    return contract_channels(context)


def contract_channels(context: Context) -> tuple[str, ...]:
    """Return where the contract of the target wants to be heard of."""
    support = () if context.contract is None else context.contract.support
    wanted = [
        named(each.channel)
        for each in support
        if (each.tool or "").casefold() == "slack" and (each.scope or "").casefold() == "notifications"
    ]
    return tuple(dict.fromkeys(wanted)) or (named(context.routes.channel),)


def named(channel: str) -> str:
    """Return a channel's name as the outbox spells it, so that one channel has one pace: `#data-quality`, or an id."""
    name = channel.strip().removeprefix("#")
    return name if re.fullmatch(r"[CGD][A-Z0-9]{8,}", name) else f"#{name}"


def mentions_of(incident: Incident, context: Context) -> tuple[Mention, ...]:
    """Return whom to call: the team's members, where the breach is urgent and they can be addressed."""
    if incident.kind not in OF_DATA or context.contract is None or not _is_urgent(incident, context):
        return ()
    found = (_mention(member.strip()) for member in context.contract.owner.members)
    return tuple(dict.fromkeys(mention for mention in found if mention is not None))


def _is_urgent(incident: Incident, context: Context) -> bool:
    return incident.severity.strip().lower() in URGENT or _is_critical(incident, context.contract, context)


def _is_critical(incident: Incident, contract: Contract | None, context: Context) -> bool:
    """Say whether a column that the check looks at is a critical data element."""
    result = context.results.get(incident.key)
    dataset = contract.dataset(incident.dataset) if contract else None
    if result is None or dataset is None:
        return False
    columns = (dataset.column(name) for name in result.check.columns)
    return any(column is not None and column.critical for column in columns)


def _mention(member: str) -> Mention | None:
    if EMAIL.fullmatch(member):
        return Mention(kind=MentionKind.EMAIL, value=member)
    if USER.fullmatch(member) and any(char.isdigit() for char in member):
        return Mention(kind=MentionKind.USER, value=member)
    if GROUP.fullmatch(member) and any(char.isdigit() for char in member):
        return Mention(kind=MentionKind.GROUP, value=member)
    return None
