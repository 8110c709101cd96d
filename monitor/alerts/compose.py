"""What happened to incidents → the messages that tell it, one thread for each story and channel."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from monitor.alerts import words
from monitor.alerts.buttons import buttons_of
from monitor.alerts.context import Background, Context
from monitor.alerts.quiet import quiet_until
from monitor.alerts.render import Rendered, line, render, rest
from monitor.alerts.routing import channels_of, contract_channels, is_urgent, mentions_of
from monitor.domain.incident import OF_DATA, ChangeKind, Incident, IncidentChange, IncidentKind, IncidentState
from monitor.domain.scan import CheckResult, Outcome
from monitor.notifiers.base import Mention
from monitor.reports.hints import next_step
from monitor.store.values import ChangeRef, QueuedAlert
from monitor.templates import Trusted
from monitor.words import expected, measured, number

STORM = 20
"""More new breaches than this are told as one digest."""

NEW = frozenset({ChangeKind.OPENED, ChangeKind.REOPENED})
NEWS = NEW | {ChangeKind.WORSE, ChangeKind.SILENCE_ENDED}
"""Where people want to know what is different since it last held."""

SILENT = frozenset({ChangeKind.LEFT})
"""What only changes the parent message."""


def alerts_for(changes: Iterable[IncidentChange], context: Context, now: datetime) -> tuple[QueuedAlert, ...]:
    """Return the messages that tell these changes, in the order in which they must be sent.

    What is quiet is not told, and neither is the end of something of which nobody has heard, or a decision about it.
    """
    loud = [change for change in changes if not change.is_quiet and _is_news(change, context)]
    stories: dict[tuple[str, str], list[IncidentChange]] = {}
    for change in loud:
        for channel in channels_of(change.incident, context):
            stories.setdefault((change.incident.group or change.incident.id, channel), []).append(change)
    found = [_Story(group, channel, told, context, now) for (group, channel), told in stories.items()]
    alerts = [alert for story in found for alert in story.alerts()]
    if context.is_first_run and not any(story.is_summary for story in found):
        alerts += [_Story("", channel, [], context, now).note() for channel in contract_channels(context)]
    return tuple(alerts)


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


def _is_news(change: IncidentChange, context: Context) -> bool:
    return change.incident.id in context.told or not (change.incident.is_over or change.by)


@dataclass
class _Story:
    """One group in one channel: its parent message, and replies for what people should notice."""

    group: str
    channel: str
    told: Sequence[IncidentChange]
    context: Context
    now: datetime

    @property
    def is_summary(self) -> bool:
        """Say whether it is the first that people hear of the target."""
        return self._is_first_told(self._members())

    def alerts(self) -> list[QueuedAlert]:
        """Return the parent message, then one reply with all that happened, then what did not fit."""
        members = self._members()
        is_known = any(member.id in self.context.told for member in members)
        parent = self._parent(members)
        replies: list[Rendered] = []
        noticed = [change for change in self.told if change.kind not in SILENT]
        if is_known and noticed:
            replies.append(self._reply(noticed))
        for reply in tuple(replies):
            replies += rest(reply.remainder)
        pages = rest(parent.remainder) if not is_known or len(noticed) > STORM else []
        lead = lead_of(members)
        calls = () if self.context.is_first_run else mentions_of(lead, self.context)
        refs = self._refs(members)
        living = sum(not member.is_over for member in members)
        return [
            self._alert("parent", 0, parent, refs, mentions=calls, living=living),
            *(
                self._alert(
                    "reply",
                    place,
                    each,
                    self._refs(()),
                    mentions=self._calls(place, members),
                    living=living,
                    is_page=place > len(replies),
                )
                for place, each in enumerate((*replies, *pages), 1)
            ),
        ]

    def _calls(self, place: int, members: Sequence[Incident]) -> tuple[Mention, ...]:
        """Return whom the first reply calls: those of what is new in a story they know; nobody hears an edit."""
        if place > 1 or self.context.is_first_run or not any(each.id in self.context.told for each in members):
            return ()
        new = [change.incident for change in self.told if change.kind in NEW]
        return tuple(dict.fromkeys(mention for incident in new for mention in mentions_of(incident, self.context)))

    def _not_before(self) -> datetime | None:
        """Return the end of the quiet hours where nothing here is urgent or what somebody just did."""
        if any(change.by or is_urgent(change.incident, self.context) for change in self.told):
            return None
        return quiet_until(self.context.routes.quiet, self.now)

    def note(self) -> QueuedAlert:
        """Return a message that begins no story."""
        return self._alert("note", 0, self._summary(()), ())

    # -- the parent ----------------------------------------------------------------------------------------------

    def _members(self) -> tuple[Incident, ...]:
        known = {incident.id: incident for incident in self.context.members.get(self.group, ())}
        known |= {change.incident.id: change.incident for change in self.told}
        here = (incident for incident in known.values() if self.channel in channels_of(incident, self.context))
        shown = [incident for incident in here if incident.state is not IncidentState.PENDING]
        return tuple(sorted(shown, key=_gravity))

    def _parent(self, members: Sequence[Incident]) -> Rendered:
        live = [member for member in members if not member.is_over]
        if not live:
            return self._over(members)
        if self._is_first_told(members):
            return self._summary(live)
        lead, *others = live
        told = self._common(lead) | self._story_of(lead)
        buttons = buttons_of(self.group, lead, live, self.context)
        if len(live) > STORM:
            counts = Counter(member.dataset or str(member.target) for member in live)
            datasets = [f"{dataset}: {count:,}" for dataset, count in counts.most_common(10)]
            items = [self._member(member, is_brief=True) for member in live]
            mentions = self._mentions(lead)
            told |= {"total": len(live), "datasets": datasets}
            return render("digest", told, items=items, mentions=mentions, buttons=buttons)
        items = [self._member(member) for member in others]
        told |= {"others": len(others)}
        return render("parent", told, items=items, mentions=self._mentions(lead), buttons=buttons)

    def _is_first_told(self, members: Sequence[Incident]) -> bool:
        """Say whether this is the first that people hear of a target's data; a dead server is told as one."""
        is_of_data = all(member.kind in OF_DATA for member in members)
        return self.context.is_first_run and is_of_data and not any(each.id in self.context.told for each in members)

    def _mentions(self, lead: Incident) -> tuple[Mention, ...]:
        return () if self.context.is_first_run else mentions_of(lead, self.context)

    def _over(self, members: Sequence[Incident]) -> Rendered:
        lead = members[0]
        resolved = sum(member.state is IncidentState.RESOLVED for member in members)
        ended = max(member.ended_at or member.last_seen_at for member in members)
        began = min(member.first_failed_at for member in members)
        what = f"{resolved:,} of {resolved:,} resolved" if resolved > 1 else f"resolved: {self._promise(lead)}"
        if resolved < len(members):
            what = f"{resolved:,} of {len(members):,} resolved, the others are no longer watched"
        headline = f"{what}, after {words.lasting(ended - began)}"
        items = [self._member(member) for member in members]
        buttons = buttons_of(self.group, lead, (), self.context)
        return render("over", self._common(lead) | {"headline": headline}, items=items, buttons=buttons)

    def _summary(self, live: Sequence[Incident]) -> Rendered:
        run = self.context.run
        counts = Counter(result.outcome for result in run.scan.results) if run else Counter[Outcome]()
        parts = [
            (counts[Outcome.PASS], "holds" if counts[Outcome.PASS] == 1 else "hold"),
            (counts[Outcome.FAIL], "broken"),
            (counts[Outcome.WARN], "warned of"),
            (counts[Outcome.ERROR] + counts[Outcome.BLOCKED], "not verified"),
            (counts[Outcome.SKIPPED], "not checkable"),
        ]
        told = ", ".join(f"{count:,} {word}" for place, (count, word) in enumerate(parts) if count or not place)
        common = self._common(lead_of(live) if live else None)
        return render("summary", common | {"counts": told}, items=[self._member(member) for member in live])

    def _common(self, lead: Incident | None) -> dict[str, object]:
        contract, run = self.context.contract, self.context.run
        target = lead.target if lead else self.context.target
        dataset = lead.dataset if lead else ""
        columns = self._result(lead).check.columns if lead and self._has(lead) else ()
        version = f"contract {run.version}" if run and target.contract else ""
        what = ".".join(part for part in (dataset, ", ".join(columns)) if part)
        server = f"server {target.server}" if target.server and target.contract else ""
        return {
            "icon": "quiet" if lead is None else words.icon(lead),
            "name": contract.name if contract and target.contract else target.contract or str(target),
            "place": " · ".join(part for part in (what, version, server) if part) or str(target),
            "command": f"pactwatch verify {target.contract} --alert" if target.contract else "",
            "run": run.run_id if run else "",
            "at": f"{self.now:%Y-%m-%d %H:%M:%S} UTC",
        }

    def _story_of(self, lead: Incident) -> dict[str, object]:
        """Return what is told of the incident that a story begins with."""
        result = self._found(lead)
        contract, run = self.context.contract if lead.target.contract else None, self.context.run
        background = self.context.backgrounds.get(lead.id, Background())
        has_numbers = result is not None and lead.kind in OF_DATA and result.check.unit != "columns"
        return {
            "headline": words.breach(lead, result, self._why(lead)),
            "expected": expected(result.check) if result and has_numbers else "",
            "measured": str(measured(result) or "") if result and has_numbers else "",
            "since": words.moment(lead.first_failed_at, self.now),
            "times": f"{words.ordinal(max(lead.failures, 1))} failing run",
            "held": self._held(lead),
            "state": _state(lead, self.now) or self._quiet_is_over(lead),
            "impact": (result.check.impact if result else None) or (contract.purpose if contract else None) or "",
            "changed": background.changed,
            "step": next_step(result, run) if result and run else None,
            "owner": (contract.owner.team if contract else None) or "",
        }

    def _member(self, member: Incident, *, is_brief: bool = False) -> str:
        told = words.once(member, self._found(member)) if member.is_over else self._breach(member)
        state = _state(member, self.now)
        is_silent = is_brief or member.is_over or member.id not in self.context.backgrounds
        held = "" if is_silent else self._held(member)
        return line("member", icon=words.icon(member), words=told, state=state, held=held, key=member.key)

    def _held(self, incident: Incident) -> str:
        """Say when its check last held, and for how long."""
        known = self.context.backgrounds.get(incident.id, Background()).held
        if known is None:
            return "never seen to hold" if incident.kind in OF_DATA else ""
        until = words.moment(known.at, self.now)
        if known.at == known.since:
            return f"last held {until}"
        return f"held {words.lasting(known.at - known.since)} until {until}"

    # -- replies -------------------------------------------------------------------------------------------------

    def _reply(self, changes: Sequence[IncidentChange]) -> Rendered:
        lines = [self._change(change) for change in changes]
        first, *more = lines
        return render("reply", {"first": Trusted(first), "more": len(more)}, items=[*more, *self._since(changes)])

    def _since(self, changes: Sequence[IncidentChange]) -> list[str]:
        """Return what is different since these last held, where the parent message does not say so already."""
        lead = lead_of(self._members())
        said = set(self.context.backgrounds.get(lead.id, Background()).changed)
        lines: list[str] = []
        for change in changes:
            background = self.context.backgrounds.get(change.incident.id, Background())
            if change.kind not in NEWS or change.incident.id == lead.id or background.held is None:
                continue
            new = [each for each in background.changed if each not in said]
            said.update(new)
            lines += [line("since", words=each, key=change.incident.key) for each in new]
        return lines

    def _change(self, change: IncidentChange) -> str:
        incident = change.incident
        until = words.moment(incident.until, self.now) if incident.until else ""
        return line(
            "change",
            kind=change.kind.value,
            icon=words.icon(incident),
            words=self._breach(incident),
            promise=self._promise(incident),
            before=self._before(change),
            held=self._held(incident) if incident.id in self.context.backgrounds else "",
            since=words.moment(incident.first_failed_at, self.now),
            until=until,
            by=change.by or "",
            why=change.why or "",
            took=words.took(incident),
            key=incident.key,
        )

    def _before(self, change: IncidentChange) -> str:
        """Return the number that people knew."""
        known = self.context.heard.get(change.incident.id)
        return "" if known is None else number(known)

    # -- pieces --------------------------------------------------------------------------------------------------

    def _has(self, incident: Incident) -> bool:
        return incident.key in self.context.results

    def _result(self, incident: Incident) -> CheckResult:
        return self.context.results[incident.key]

    def _found(self, incident: Incident) -> CheckResult | None:
        """Return the latest result of its check; of a trouble that has none, that of the first check it keeps."""
        for key in (incident.key, *incident.children[:1]):
            if key in self.context.results:
                return self.context.results[key]
        return None

    def _why(self, incident: Incident) -> str | None:
        return next((change.why for change in self.told if change.incident.id == incident.id and not change.by), None)

    def _quiet_is_over(self, incident: Incident) -> str:
        ended = any(each.kind is ChangeKind.SILENCE_ENDED and each.incident.id == incident.id for each in self.told)
        return "quiet is over and it is still broken" if ended else ""

    def _breach(self, incident: Incident) -> str:
        return words.breach(incident, self._found(incident), self._why(incident))

    def _promise(self, incident: Incident) -> str:
        return words.once(incident, self._found(incident))

    def _refs(self, members: Sequence[Incident]) -> tuple[ChangeRef, ...]:
        """Return what is told; a parent tells the state of all, so that parents of one story keep their order."""
        told = {ChangeRef(incident=change.incident.id, sequence=change.sequence) for change in self.told}
        told |= {ChangeRef(incident=member.id, sequence=member.sequence) for member in members}
        return tuple(sorted(told))

    def _alert(
        self,
        role: str,
        place: int,
        rendered: Rendered,
        refs: tuple[ChangeRef, ...],
        *,
        mentions: Sequence[Mention] = (),
        living: int = 0,
        is_page: bool = False,
    ) -> QueuedAlert:
        """Return a message; so many incidents of its story are not over. A page holds what did not fit elsewhere."""
        lead = self.told[0].incident if self.told else None
        payload: dict[str, Any] = {
            "role": role,
            "group": self.group,
            "about": str(lead.target if lead else self.context.target),
            "as_of": f"{self.now:%Y-%m-%dT%H:%M:%S.%f}",
            "text": rendered.text,
            "blocks": [dict(block) for block in rendered.blocks],
            "mentions": [{"kind": mention.kind.value, "value": mention.value} for mention in mentions],
            "closes": bool(self.group) and not living,
            "living": living,
            "hidden": len(rendered.remainder),
            "page": is_page,
        }
        return QueuedAlert(
            id=self._identity(role, place, refs),
            destination=self.channel,
            kind=role,
            payload=payload,
            tells=refs,
            target=lead.target if lead else self.context.target,
            not_before=self._not_before(),
        )

    def _identity(self, role: str, place: int, refs: tuple[ChangeRef, ...]) -> str:
        """Return an id that the same message always has: what is computed twice is sent once."""
        about = self.context.run.run_id if self.context.run and not refs else ""
        told = " ".join(f"{ref.incident}.{ref.sequence}" for ref in refs)
        text = "\n".join((self.group, self.channel, role, str(place), about, told))
        return hashlib.sha256(text.encode()).hexdigest()[:24]


def _state(incident: Incident, now: datetime) -> str:
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
