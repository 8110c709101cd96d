"""Who hears of an incident, and where.

A channel: what the contract's `support` says, else the first of `[[routes]]` that matches, else the default. A story is
told on where it was begun, also when the routes change meanwhile.
"""

import re
from dataclasses import replace
from fnmatch import fnmatchcase

from monitor.alerts.context import Context
from monitor.domain.contract import Contract
from monitor.domain.incident import OF_DATA, ChangeKind, Incident, IncidentKind
from monitor.notifiers.base import GROUP, USER, Mention, MentionKind
from monitor.settings import RouteSettings

URGENT = frozenset({"critical", "high"})
EMAIL = re.compile(r"[^@\s<>|]+@[^@\s<>|]+\.[^@\s<>|]+")
ELSEWHERE = "-fallback"
"""How the id of an alert ends that is told in another place than its own."""

ONE_BY_ONE = frozenset({ChangeKind.JOINED, ChangeKind.LEFT, ChangeKind.STILL_UNVERIFIED})
"""What of a dead server is told to the teams of some of its contracts, and not to all that heard of it before."""


def channels_of(incident: Incident, context: Context, kind: ChangeKind | None = None) -> tuple[str, ...]:
    """Return the channels that hear of an incident, or of this kind of change of it, each once.

    Trouble of the monitor goes to those who run it, not knowing for long also to the contracts' own channels; a
    contract's file that is none to the team that wrote it.
    """
    if context.routes.is_one_place:
        return (context.routes.channel,)
    if incident.kind is IncidentKind.INVALID_FILE and context.contract is not None:
        return context.where.get(incident.id) or contract_channels(context)
    if incident.kind not in OF_DATA:
        return tuple(dict.fromkeys((named(context.routes.ops_channel), *_teams(incident, context, kind))))
    if told := context.where.get(incident.id):
        return told
    return _channels(context, _route(context, incident))


def _teams(incident: Incident, context: Context, kind: ChangeKind | None) -> tuple[str, ...]:
    """Return where teams hear that nobody could verify their promises; of the end hears who heard of it."""
    if not incident.is_team_told:
        return ()
    is_of_one = incident.kind is IncidentKind.SERVER_DOWN and kind in ONE_BY_ONE
    heard = () if is_of_one else context.where.get(incident.id, ())
    known = () if incident.is_over else _unknown(incident, context)
    return (*heard, *(channel for each in known for channel in contract_channels(each)))


def _unknown(incident: Incident, context: Context) -> list[Context]:
    """Return the context of each contract that cannot be verified."""
    if incident.kind is IncidentKind.SERVER_DOWN:
        return [replace(context, target=target, contract=contract) for target, contract in context.met.items()]
    return [] if context.contract is None else [context]


def contract_channels(context: Context) -> tuple[str, ...]:
    """Return where is told what is about a contract and none of its checks."""
    if context.routes.is_one_place:
        return (context.routes.channel,)
    return _channels(context, _route(context, None))


def named(channel: str) -> str:
    """Return a channel's name as the outbox spells it, so that one channel has one pace: `#data-quality`, or an id."""
    name = channel.strip().removeprefix("#")
    return name if re.fullmatch(r"[CGD][A-Z0-9]{8,}", name) else f"#{name}"


def mentions_of(incident: Incident, context: Context) -> tuple[Mention, ...]:
    """Return whom to call where the breach is urgent: those whom its route names, else the contract's team."""
    if incident.kind not in OF_DATA or not is_urgent(incident, context):
        return ()
    route = _route(context, incident)
    if route is not None and route.mention:
        found = [_mention(each) for each in route.mention]
    else:
        owner = None if context.contract is None else context.contract.owner
        names = (*owner.usernames, *owner.members) if owner else ()
        found = [_mention(name.strip()) for name in names if EMAIL.fullmatch(name.strip()) or _looks_like_id(name)]
    return tuple(dict.fromkeys(mention for mention in found if mention is not None))


def is_urgent(incident: Incident, context: Context) -> bool:
    """Say whether people are called and woken for it: severity critical or high, or a critical data element."""
    return incident.severity.strip().lower() in URGENT or _is_critical(incident, context.contract, context)


# -- routes --------------------------------------------------------------------------------------------------------


def _channels(context: Context, route: RouteSettings | None) -> tuple[str, ...]:
    support = () if context.contract is None else context.contract.support
    wanted = [
        named(each.channel)
        for each in support
        if (each.tool or "").casefold() == "slack" and (each.scope or "").casefold() == "notifications"
    ]
    if wanted:
        return tuple(dict.fromkeys(wanted))
    return (named(route.channel if route is not None and route.channel else context.routes.channel),)


def _route(context: Context, incident: Incident | None) -> RouteSettings | None:
    """Return the first route of which every condition is met."""
    facts = _facts(context, incident)
    for route in context.routes.rules:
        if all(_fits(patterns, facts[name]) for name, patterns in route.matches.items()):
            return route
    return None


def _facts(context: Context, incident: Incident | None) -> dict[str, tuple[str, ...]]:
    """Return what a route may ask of an incident, or of a contract as a whole."""
    contract, result = context.contract, context.results.get(incident.key) if incident else None
    known: dict[str, tuple[str | None, ...]] = {
        "contract": (context.target.contract,),
        "tag": _tags(contract, incident),
        "owner": (contract.owner.team,) if contract else (),
        "severity": (incident.severity,) if incident else (),
        "dimension": (result.check.dimension,) if result else (),
        "domain": (contract.domain,) if contract else (),
    }
    return {name: tuple(value for value in values if value) for name, values in known.items()}


def _tags(contract: Contract | None, incident: Incident | None) -> tuple[str, ...]:
    dataset = contract.dataset(incident.dataset) if contract and incident else None
    return (*(contract.tags if contract else ()), *(dataset.tags if dataset else ()))


def _fits(patterns: tuple[str, ...], values: tuple[str, ...]) -> bool:
    return any(
        fnmatchcase(value.strip().casefold(), pattern.strip().casefold()) for pattern in patterns for value in values
    )


# -- people --------------------------------------------------------------------------------------------------------


def _is_critical(incident: Incident, contract: Contract | None, context: Context) -> bool:
    """Say whether a column that the check looks at is a critical data element."""
    result = context.results.get(incident.key)
    dataset = contract.dataset(incident.dataset) if contract else None
    if result is None or dataset is None:
        return False
    columns = (dataset.column(name) for name in result.check.columns)
    return any(column is not None and column.critical for column in columns)


def _looks_like_id(name: str) -> bool:
    """Say whether a name is rather Slack's id than that of a person: `URSULA` has no digit."""
    return any(char.isdigit() for char in name)


def _mention(name: str) -> Mention | None:
    for kind, shape in ((MentionKind.EMAIL, EMAIL), (MentionKind.USER, USER), (MentionKind.GROUP, GROUP)):
        if shape.fullmatch(name):
            return Mention(kind=kind, value=name)
    return None
