"""When a broken number is clearly worse than the one people know.

Clearly is twice as bad: twice as many where too much was found, half as much where too little was. Where that makes no
sense (negative numbers, or from too much to too little) it is twice the distance from what was promised.
"""

from decimal import Decimal

from monitor.domain.check import ZERO, Aggregate, Catalogue, Check, Operator, Query, Threshold

_TWICE = 2


def is_clearly_worse(check: Check, known: Decimal | None, measured: Decimal | None) -> bool:
    """Say whether people who know one number should hear of the other. Never where no number was promised."""
    limit = promised(check)
    if limit is None or known is None or measured is None or not (known.is_finite() and measured.is_finite()):
        return False
    before, after = excess(limit, known), excess(limit, measured)
    if before is None or after is None or abs(after) <= abs(before):
        return False
    if before >= 0 and after > 0 and known > 0 and _upper(limit) >= 0:
        return measured >= _TWICE * known
    if before <= 0 and after < 0 and measured >= 0:
        return _TWICE * measured <= known
    return abs(after) >= _TWICE * abs(before)


def worst_of(check: Check, known: Decimal | None, measured: Decimal | None) -> Decimal | None:
    """Return the one of two numbers that is farther from what was promised; the newer where that cannot be said."""
    limit = promised(check)
    if known is None or measured is None:
        return known if measured is None else measured
    if limit is None or not (known.is_finite() and measured.is_finite()):
        return measured
    before, after = excess(limit, known), excess(limit, measured)
    return measured if before is None or after is None or abs(after) >= abs(before) else known


def promised(check: Check) -> Threshold | None:
    """Return what the number of a check is held against; catalogue checks count what should not be."""
    numbers = [probe for probe in check.probes if isinstance(probe, Aggregate | Query)]
    named = next((probe for probe in numbers if probe.metric == check.id), None)
    if named or numbers:
        return (named or numbers[0]).threshold
    return ZERO if any(isinstance(probe, Catalogue) for probe in check.probes) else None


def excess(limit: Threshold, measured: Decimal) -> Decimal | None:
    """Return how much too much there is, negative for too little; None where a threshold has no such direction."""
    match limit.operator:
        case Operator.NOT_EQUAL | Operator.NOT_BETWEEN:
            return None
        case Operator.GREATER | Operator.GREATER_OR_EQUAL:
            return min(measured - limit.value, Decimal(0))
        case Operator.LESS | Operator.LESS_OR_EQUAL:
            return max(measured - limit.value, Decimal(0))
        case _:
            return min(measured - limit.value, Decimal(0)) + max(measured - _upper(limit), Decimal(0))


def _upper(limit: Threshold) -> Decimal:
    return limit.value if limit.upper is None else limit.upper
