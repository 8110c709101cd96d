"""Checks → sub-plans that run at once, the heaviest statements first and spread evenly. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from monitor.domain.check import Aggregate, Check, CheckPlan, Query, SodaBlock
from monitor.domain.scan import Seen

SMALL = 50_000
"""Weighted rows below which a scan is over sooner than a second connection pays."""

Groups = tuple[tuple[Check, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Item:
    """Checks (parts of checks) that run as one statement or as one Soda scan, and what they cost in weighted rows."""

    checks: tuple[Check, ...]
    cost: float


def sub_plans(plan: CheckPlan, checks: Sequence[Check], seen: Seen, connections: int) -> tuple[Groups, ...]:
    """Return up to `connections` sub-plans, each a sequence of groups; every probe is in exactly one group.

    All aggregates of a dataset stay together: they are one pass over its table, and one over its window. Small work is
    one sub-plan with one group; heavy statements are groups of their own, so that their outcome is known as soon as
    they end.
    """
    items = _items(plan, checks, seen)
    if not items:
        return ()
    if connections <= 1 or sum(item.cost for item in items) < SMALL:
        heavy = [item for item in items if item.cost >= SMALL]
        return (_grouped(items if not heavy else sorted(items, key=lambda item: item.cost)),)
    lanes: list[list[_Item]] = [[] for _ in range(min(connections, len(items)))]
    loads = [0.0] * len(lanes)
    for item in sorted(items, key=lambda item: -item.cost):
        lightest = min(range(len(lanes)), key=lambda lane: (loads[lane], len(lanes[lane])))
        lanes[lightest].append(item)
        loads[lightest] += item.cost
    return tuple(_grouped(lane) for lane in lanes if lane)


def _items(plan: CheckPlan, checks: Sequence[Check], seen: Seen) -> list[_Item]:
    estimates = {
        dataset.name: seen[dataset.table].estimated_rows if dataset.table in seen else 0 for dataset in plan.datasets
    }
    items = []
    for dataset in plan.datasets:
        for is_windowed in (False, True):
            looking = [each for each in checks if each.dataset == dataset.name and bool(each.window) is is_windowed]
            own = [part for check in looking for part in parts_of(check, Aggregate)]
            if own:
                weight = 1 + 0.1 * len(own)
                items.append(_Item(checks=tuple(own), cost=estimates[dataset.name] * weight))
    for check in checks:
        for part in parts_of(check, Query):
            cost = sum(probe.cost for probe in part.probes if isinstance(probe, Query))
            items.append(_Item(checks=(part,), cost=estimates.get(check.dataset, 0) * cost))
    items += [
        _Item(checks=(part,), cost=estimates.get(check.dataset, 0))
        for check in checks
        for part in parts_of(check, SodaBlock)
    ]
    return items


def parts_of(check: Check, kind: type[Aggregate | Query | SodaBlock]) -> list[Check]:
    """Return the check once for each of its probes of a kind, with that probe alone."""
    return [replace(check, probes=(probe,)) for probe in check.probes if isinstance(probe, kind)]


def _grouped(lane: Sequence[_Item]) -> Groups:
    """Join what is small into one group, which is one Soda scan; keep what is heavy apart."""
    light = tuple(check for item in lane if item.cost < SMALL for check in item.checks)
    heavy = [item.checks for item in lane if item.cost >= SMALL]
    return ((light,) if light else ()) + tuple(heavy)
