"""Somebody in Slack."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Slack's id of somebody, the e-mail address as far as Slack tells it, and whether it is only a guest."""

    user: str
    email: str | None = None
    is_guest: bool = False
