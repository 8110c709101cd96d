"""The buttons below a message, and the link beside them."""

from collections.abc import Sequence
from enum import StrEnum

from monitor.alerts.context import Context
from monitor.domain.incident import OF_DATA, Incident, IncidentState
from monitor.notifiers.blocks import Button
from monitor.reports.links import check_url

TAKEN = frozenset({IncidentState.ACKNOWLEDGED, IncidentState.ACCEPTED})


class Action(StrEnum):
    """What a press asks for; the words are part of messages that were sent, so they stay as they are."""

    ACKNOWLEDGE = "pactwatch_acknowledge"
    SNOOZE_HOUR = "pactwatch_snooze_1h"
    SNOOZE_DAY = "pactwatch_snooze_1d"
    VERIFY = "pactwatch_verify"
    OPEN = "pactwatch_open"


LABELS = {
    Action.ACKNOWLEDGE: "Acknowledge",
    Action.SNOOZE_HOUR: "Snooze 1 h",
    Action.SNOOZE_DAY: "Snooze 1 d",
    Action.VERIFY: "Re-verify",
    Action.OPEN: "Open check",
}


def buttons_of(group: str, lead: Incident, live: Sequence[Incident], context: Context) -> tuple[Button, ...]:
    """Return the buttons of a story: what can still be done about it, where somebody hears a press; then the link."""
    actions: list[Action] = []
    if live and context.routes.has_buttons:
        if any(incident.state not in TAKEN for incident in live):
            actions.append(Action.ACKNOWLEDGE)
        actions += [Action.SNOOZE_HOUR, Action.SNOOZE_DAY]
        if lead.target.contract:
            actions.append(Action.VERIFY)
    buttons = [Button(label=LABELS[action], action_id=action.value, value=group) for action in actions]
    if context.routes.public_url and lead.kind in OF_DATA and lead.target.contract:
        url = check_url(context.routes.public_url, lead.target, lead.dataset, lead.key)
        buttons.append(Button(label=LABELS[Action.OPEN], action_id=Action.OPEN.value, url=url))
    return tuple(buttons)
