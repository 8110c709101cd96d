"""One story in one channel: who is in it, what is known of each, and the words for it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property

from monitor.alerts import words
from monitor.alerts.context import Background, Context
from monitor.alerts.render import line
from monitor.alerts.routing import channels_of, mentions_of
from monitor.domain.incident import OF_DATA, ChangeKind, Incident, IncidentChange, IncidentKind, IncidentState
from monitor.domain.scan import CheckResult
from monitor.notifiers.base import Mention

NEW = frozenset({ChangeKind.OPENED, ChangeKind.REOPENED})
NEWS = NEW | {ChangeKind.WORSE, ChangeKind.SILENCE_ENDED}
"""Where people want to know what is different since it last held."""

STORM = 20
"""More new breaches than this are told as one digest."""


def lead_of(members: Iterable[Incident]) -> Incident:
    """Return the incident that a story begins with: the root of most trouble, then the gravest, then the oldest."""
    return min(members, key=_gravity)


def _gravity(incident: Incident) -> tuple[bool, int, int, bool, datetime, Decimal, str]:
    kinds = (IncidentKind.SERVER_DOWN, IncidentKind.BROKEN, IncidentKind.WARNING)
    kind = kinds.index(incident.kind) if incident.kind in kinds else len(kinds)
    children = -len(incident.children)
    grave = incident.severity.lower() not in {"critical", "high"}
    many = incident.measured if incident.measured is not None and incident.measured.is_finite() else Decimal(0)
    return (incident.is_over, kind, children, grave, incident.first_failed_at, -many, incident.key)


@dataclass(frozen=True)
class Story:
    """One group of incidents in one channel, and what has just happened to them."""

    group: str
    channel: str
    told: Sequence[IncidentChange]
    context: Context
    now: datetime

    @cached_property
    def members(self) -> tuple[Incident, ...]:
        """Return all that people are told of in this story, its lead first."""
        known = {incident.id: incident for incident in self.context.members.get(self.group, ())}
        known |= {change.incident.id: change.incident for change in self.told}
        here = (incident for incident in known.values() if self.channel in channels_of(incident, self.context))
        shown = [incident for incident in here if incident.state is not IncidentState.PENDING]
        return tuple(sorted(shown, key=_gravity))

    @property
    def lead(self) -> Incident:
        """Return the incident that it begins with."""
        return self.members[0]

    @cached_property
    def is_known(self) -> bool:
        """Say whether people here have heard of any of it."""
        where = self.context.where
        heard = (member.id for member in self.members if member.id in self.context.told)
        return any(self.channel in (where.get(each) or (self.channel,)) for each in heard)

    @cached_property
    def is_summary(self) -> bool:
        """Say whether this is the first that people hear of a target's data; a dead server is told as one."""
        is_of_data = all(member.kind in OF_DATA for member in self.members)
        return self.context.is_first_run and is_of_data and not self.is_known

    def mentions(self, incidents: Iterable[Incident]) -> tuple[Mention, ...]:
        """Return whom any of these incidents calls, each once; what is over or hushed and a first run call nobody."""
        if self.context.is_first_run:
            return ()
        loud = (incident for incident in incidents if not (incident.is_over or incident.is_hushed))
        return tuple(dict.fromkeys(mention for each in loud for mention in mentions_of(each, self.context)))

    def background(self, incident: Incident) -> Background:
        """Return what is known of the time before it."""
        return self.context.backgrounds.get(incident.id, Background())

    def result(self, incident: Incident) -> CheckResult | None:
        """Return the latest result of its check."""
        return self.context.results.get(incident.key)

    def found(self, incident: Incident) -> CheckResult | None:
        """Return what says most of it: of data what was last evaluated; of other trouble the first check it keeps."""
        if incident.kind in OF_DATA and incident.key in self.context.evaluated:
            return self.context.evaluated[incident.key]
        for key in (incident.key, *incident.children[:1]):
            if key in self.context.results:
                return self.context.results[key]
        return None

    def unverified(self, incident: Incident) -> str:
        """Say since when its data could not be looked at again, and why; nothing where the latest run could."""
        if incident.is_over or incident.kind not in OF_DATA or incident.key not in self.context.evaluated:
            return ""
        reason = " ".join(self.context.results[incident.key].reason.split())
        return f"since {words.moment(incident.last_seen_at, self.now)}{words.because(reason)}"

    def why(self, incident: Incident) -> str | None:
        """Return the reason that the program has for it."""
        return next((change.why for change in self.told if change.incident.id == incident.id and not change.by), None)

    def quiet_is_over(self, incident: Incident) -> str:
        """Say so where it is still broken at the end of a silence."""
        ended = any(each.kind is ChangeKind.SILENCE_ENDED and each.incident.id == incident.id for each in self.told)
        return "quiet is over and it is still broken" if ended else ""

    def breach(self, incident: Incident) -> str:
        """Say what is broken, in words about the data."""
        told = words.breach(incident, self.found(incident), self.why(incident))
        since = self.unverified(incident)
        return f"{told}; not verified {since}" if since else told

    def promise(self, incident: Incident) -> str:
        """Say what was broken."""
        return words.once(incident, self.found(incident))

    def held(self, incident: Incident) -> str:
        """Say when its check last held, and for how long."""
        known = self.background(incident).held
        if known is None:
            return "never seen to hold" if incident.kind in OF_DATA else ""
        until = words.moment(known.at, self.now)
        if known.at == known.since:
            return f"last held {until}"
        return f"held {words.lasting(known.at - known.since)} until {until}"

    def member(self, member: Incident, *, is_brief: bool = False) -> str:
        """Return its line in a list."""
        told = words.once(member, self.found(member)) if member.is_over else self.breach(member)
        state = state_of(member, self.now)
        is_silent = is_brief or member.is_over or member.id not in self.context.backgrounds
        held = "" if is_silent else self.held(member)
        return line("member", icon=words.icon(member), words=told, state=state, held=held, key=member.key)


def state_of(incident: Incident, now: datetime) -> str:
    """Return what people decided about it, or how it ended."""
    by = f" by {incident.by}" if incident.by else ""
    until = f" until {words.moment(incident.until, now)}" if incident.until else ""
    match incident.state:
        case IncidentState.ACKNOWLEDGED | IncidentState.SNOOZED | IncidentState.ACCEPTED:
            return f"{incident.state}{until}{by}"
        case IncidentState.RESOLVED:
            return f"resolved after {words.took(incident)}"
        case IncidentState.WITHDRAWN:
            return "no longer watched"
        case _:
            return "comes and goes" if incident.is_flapping else "silenced" if incident.is_silenced else ""
