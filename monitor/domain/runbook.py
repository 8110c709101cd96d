"""Where it is written what to do when a promise is broken."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Runbook:
    """A page of the web, http or https, and in a few words what it tells to do, where the contract says so."""

    url: str
    summary: str | None = None
