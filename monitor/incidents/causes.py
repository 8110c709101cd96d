"""Which of the checks that could not be verified belong together, and to what.

A check that is blocked by something already reported is a child of that incident. All others are children of incidents
of not knowing: one per cause, and one per reason where an error has no cause but itself. A check stays where it is
until it is evaluated or its culprit is found: an error message that changes is no new incident.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from monitor.domain.incident import Incident
from monitor.domain.scan import CheckResult, Outcome

NOT_VERIFIED = "not_verified:"

EVALUATED = frozenset({Outcome.PASS, Outcome.WARN, Outcome.FAIL})
BROKEN = frozenset({Outcome.WARN, Outcome.FAIL})
UNKNOWN = frozenset({Outcome.ERROR, Outcome.BLOCKED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Homes:
    """Where the unknown checks of a run belong: the key of an incident by check id, of data or of not knowing.

    `is_server_down` says that nothing at all was evaluated because the server did not answer; the checks that this
    explains have no home and stay where they were.
    """

    of: Mapping[str, str]
    is_server_down: bool


def find_homes(
    results: Iterable[CheckResult], live: Mapping[str, Incident], server: str, *, has_answered: bool = False
) -> Homes:
    """Say where the unknown checks of a run belong; `live` are the target's living incidents by key.

    A server that `has_answered` before it was lost is not down: one check may end its own connection.
    """
    results = tuple(results)
    seen = {result.check.id: result.outcome for result in results}
    knows_nothing = not has_answered and EVALUATED.isdisjoint(seen.values())
    is_down = knows_nothing and any(_is_lost(result) for result in results)
    had = {child: key for key, incident in live.items() if key.startswith(NOT_VERIFIED) for child in incident.children}
    homes: dict[str, str] = {}
    by_reason: dict[str, str] = {}
    for result in results:
        identity = result.check.id
        if result.outcome not in UNKNOWN or (is_down and _is_lost(result)):
            continue
        if result.cause is not None and _is_culprit(result.cause, seen, live):
            homes[identity] = result.cause
        elif identity in had:
            homes[identity] = had[identity]
        elif result.outcome is Outcome.BLOCKED:
            homes[identity] = NOT_VERIFIED + (result.cause or f"server:{server}")
        else:
            homes[identity] = NOT_VERIFIED + by_reason.setdefault(result.reason, identity)
    return Homes(of=homes, is_server_down=is_down)


def _is_lost(result: CheckResult) -> bool:
    return result.outcome is Outcome.BLOCKED and result.cause is None


def _is_culprit(cause: str, seen: Mapping[str, Outcome], live: Mapping[str, Incident]) -> bool:
    """Say whether the cause is itself an incident: it broke now, or it did before and was not looked at."""
    if cause in seen and seen[cause] not in UNKNOWN:
        return seen[cause] in BROKEN
    return cause in live
