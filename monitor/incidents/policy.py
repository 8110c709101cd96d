"""How patient we are: when an incident is told, reminded of, called flapping, over."""

from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

REMEMBERED = 10
"""Outcomes of a check that an incident remembers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The gates and clocks of incidents. Failures and passes are counted in a row.

    Reminders come `first_reminder` after people last heard of it, each pause twice the last, up to `longest_reminder`.
    A check flaps after `flips_to_flap` changes of outcome within ten runs, and is calm again after `calm_after` equal
    ones. After `team_hears_after` the teams hear that nobody could verify their promises. What comes back within
    `reopen_within` of its end is the same incident.
    """

    alert_after_failures: int = 1
    resolve_after_passes: int = 1
    first_reminder: timedelta = timedelta(hours=4)
    longest_reminder: timedelta = timedelta(hours=24)
    team_hears_after: timedelta = timedelta(hours=1)
    flips_to_flap: int = 4
    calm_after: int = 5
    reopen_within: timedelta = timedelta(hours=24)


def remember(recent: str, letter: str) -> str:
    """Return the last outcomes with one more."""
    return (recent + letter)[-REMEMBERED:]


def flips(recent: str) -> int:
    """Return how often the outcome changed."""
    return sum(before != after for before, after in pairwise(recent))


def is_calm(recent: str, length: int) -> bool:
    """Say whether the last outcomes, so many of them, are all the same."""
    return len(recent) >= length and len(set(recent[-length:])) == 1


def pause(reminders: int, policy: Policy) -> timedelta:
    """Return how long to wait after so many reminders before the next."""
    doublings = min(reminders, 16)  # far beyond any longest pause, and no overflow
    return min(policy.first_reminder * (1 << doublings), policy.longest_reminder)
