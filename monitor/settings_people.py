"""What `pactwatch.toml` says about people: which way to tell them, whom, where and when."""

import re
from collections.abc import Mapping
from datetime import time
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from monitor.settings import AlertSettings, QuietHours, RouteSettings, SlackSettings, WebhookSettings
from monitor.settings_base import REFERENCE, Table, web_address

HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)\s*-\s*([01]\d|2[0-3]):([0-5]\d)")
SOMEBODY = re.compile(r"[UWS][A-Z0-9]{2,20}|[^@\s<>|]+@[^@\s<>|]+\.[^@\s<>|]+")

SECRETS = {
    ("slack", "token"): "SLACK_BOT_TOKEN",
    ("slack", "app_token"): "SLACK_APP_TOKEN",
    ("slack", "webhook"): "SLACK_WEBHOOK",
    ("webhook", "secret"): "WEBHOOK_SECRET",
}
"""What never stands in the file itself, and the variable that a hint proposes."""


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _somebody(value: str) -> str:
    if not SOMEBODY.fullmatch(value):
        raise ValueError("expected an e-mail address, or Slack's own id of a person (U…) or a group (S…)")
    return value


def _hours(value: str) -> str:
    match = HOURS.fullmatch(value.strip())
    if match is None or match.group(1, 2) == match.group(3, 4):
        raise ValueError('expected two different times of day such as "22:00-07:00"')
    return value


Channel = Annotated[str, Field(pattern=r"^#?[^\s#@<>]{1,80}$")]
Patterns = Annotated[list[Annotated[str, Field(min_length=1)]], BeforeValidator(_listed), Field(min_length=1)]
Hours = Annotated[str, AfterValidator(_hours)]


class Route(Table):
    """`[[routes]]`: what it matches, then what follows from it."""

    contract: Patterns | None = None
    tag: Patterns | None = None
    owner: Patterns | None = None
    severity: Patterns | None = None
    dimension: Patterns | None = None
    domain: Patterns | None = None
    channel: Channel | None = None
    mention: Annotated[list[Annotated[str, AfterValidator(_somebody)]], BeforeValidator(_listed)] = Field(
        default_factory=list
    )

    @model_validator(mode="after")
    def leads_somewhere(self) -> Self:
        """Refuse a route from which nothing follows."""
        if self.channel is None and not self.mention:
            raise ValueError('expected channel = "#…" or mention = ["…"], or both')
        return self

    def value(self) -> RouteSettings:
        """Return it as the rest of the program knows it."""
        conditions = ((name, getattr(self, name)) for name in RouteSettings.CONDITIONS)
        matches = {name: tuple(patterns) for name, patterns in conditions if patterns is not None}
        return RouteSettings(matches=matches, channel=self.channel, mention=tuple(self.mention))


class Webhook(Table):
    """`[webhook]`."""

    url: Annotated[str, AfterValidator(web_address)]
    secret: Annotated[str, Field(min_length=16)]
    allow_private: bool = False


def quiet_hours(written: str | None, timezone: str, *, weekends: bool) -> QuietHours | None:
    """Return when nobody wants to be disturbed, None where nothing was said about it."""
    if written is None and not weekends:
        return None
    match = HOURS.fullmatch(written.strip()) if written else None
    start, end = time(0), time(0)
    if match is not None:
        first, second, third, fourth = (int(part) for part in match.groups())
        start, end = time(first, second), time(third, fourth)
    return QuietHours(start=start, end=end, timezone=timezone, weekends=weekends)


def in_plain_text(document: Mapping[str, object]) -> list[str]:
    """Return the secrets that stand in the file itself, each with what to write instead."""
    return [
        f'{table}.{key}: a secret in plain text; write {key} = "${{{variable}}}" and set that variable'
        for (table, key), variable in SECRETS.items()
        if isinstance(inside := document.get(table), dict)
        and isinstance(written := inside.get(key), str)
        and not REFERENCE.fullmatch(written)
    ]


def contradictions(
    slack: SlackSettings | None, incoming: str | None, webhook: WebhookSettings | None, alerts: AlertSettings
) -> list[str]:
    """Return what is wrong between the ways to tell people: there is exactly one."""
    ways = [*(["slack"] if slack or incoming else []), *(["webhook"] if webhook else [])]
    if alerts.to is None and len(ways) > 1:
        return ['alerts.to: found [slack] and [webhook], expected which of them it is: to = "slack" or "webhook"']
    if alerts.to in {"slack", "webhook"} and alerts.to not in ways:
        return [f"alerts.to: found {alerts.to!r}, expected a table [{alerts.to}] that says how"]
    if alerts.restrict and (slack is None or slack.app_token is None):
        return ["alerts.restrict: only buttons are restricted, and they need slack.token and slack.app_token"]
    return []
