"""What Slack sends when somebody presses a button → a `Press`. Pure, and believes nothing."""

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from monitor.alerts.buttons import Action
from monitor.notifiers.base import USER
from monitor.visible import visible

TEAM: Final = re.compile(r"[TE][A-Z0-9]{2,20}")
CHANNEL: Final = re.compile(r"[CGD][A-Z0-9]{2,20}")
MOMENT: Final = re.compile(r"\d{1,12}\.\d{1,9}")
GROUP: Final = re.compile(r"[A-Za-z0-9_.:-]{1,100}")
LONGEST_NAME: Final = 60


class PressError(Exception):
    """What came is no press of one of our buttons in our workspace; the reason holds nothing of what came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """Somebody pressed a button of a story. `user` and `channel` are Slack's ids, `name` is only to be shown.

    `ts` is the message below which the button stands, `at` when it was pressed, by Slack's clock.
    """

    action: Action
    group: str
    user: str
    name: str
    channel: str
    ts: str
    at: datetime

    @property
    def by(self) -> str:
        """Return who it was, as history keeps it."""
        return f"{self.name} ({self.user})"


def read_press(payload: object, team: str) -> Press:
    """Return the press in a payload of Slack's (docs.slack.dev/reference/interaction-payloads/block_actions-payload).

    Raises PressError for anything else: another kind of payload, an unknown button, a foreign workspace, a wrong shape.
    """
    if _text(payload, "type") != "block_actions":
        raise PressError("it is no press of a button")
    actions = _inside(payload, "actions")
    if not isinstance(actions, list) or len(actions) != 1:
        raise PressError("it does not hold exactly one action")
    try:
        action = Action(_text(actions[0], "action_id"))
    except ValueError:
        raise PressError("the button is none of ours") from None
    user = _inside(payload, "user")
    for where in (_inside(payload, "team"), user):
        found = _text(where, "id" if where is not user else "team_id")
        if not TEAM.fullmatch(found) or found != team:
            raise PressError("it comes from a foreign workspace")
    return Press(
        action=action,
        group="" if action is Action.OPEN else _shaped(actions[0], "value", GROUP),
        user=_shaped(user, "id", USER),
        name=_name(user),
        channel=_shaped(_inside(payload, "container"), "channel_id", CHANNEL),
        ts=_shaped(_inside(payload, "container"), "message_ts", MOMENT),
        at=_moment(_shaped(actions[0], "action_ts", MOMENT)),
    )


def _inside(value: object, key: str) -> object:
    return value.get(key) if isinstance(value, dict) else None


def _text(value: object, key: str) -> str:
    found = _inside(value, key)
    return found if isinstance(found, str) else ""


def _shaped(value: object, key: str, shape: re.Pattern[str]) -> str:
    found = _text(value, key)
    if not shape.fullmatch(found):
        raise PressError(f"its {key} is not as Slack sends it")
    return found


def _name(user: object) -> str:
    """Return the name to show: people choose it themselves, so nothing is decided by it."""
    name = visible(" ".join((_text(user, "username") or _text(user, "name")).split()))
    return name[:LONGEST_NAME] or "somebody"


def _moment(text: str) -> datetime:
    seconds = float(text)
    if not math.isfinite(seconds):
        raise PressError("its action_ts is not as Slack sends it")
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        raise PressError("its action_ts is not as Slack sends it") from None
