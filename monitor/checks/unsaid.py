"""From a dialect's UnsupportedError to the skip of the very check that needed it.

A rule may yield several checks, and an error would end them all, so it does not travel: the SQL gets a gap with the
reason in it, between characters that no contract can hold, and the check whose SQL has a gap is skipped with that.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from monitor.checks.unsupported import UnsupportedError
from monitor.domain.check import Aggregate, Check, NotChecked, Offenders, PlannedDataset, Query, Window

_GAP = re.compile(r"\0([^\0]*)\0")


def said(function: Callable[..., Any], *args: object) -> Any:  # noqa: ANN401 - whatever the dialect returns
    """Return what a function of a dialect says; a gap where it cannot."""
    try:
        return function(*args)
    except UnsupportedError as error:
        return f"\0{error}\0"


def supported(check: Check, window: Window | None = None) -> Check:
    """Return a check as it is, or nothing to execute where its SQL or its window's has a gap.

    Where only its offenders cannot be asked for, it is measured and shows none.
    """
    if reason := _why_not(_measured(check, window)):
        return replace(check, probes=(NotChecked(reason=f"unsupported: {reason}"),), offenders=None, unit=None)
    if check.offenders and _why_not(_shown(check.offenders)):
        return replace(check, offenders=None)
    return check


def sayable(dataset: PlannedDataset) -> PlannedDataset:
    """Return a dataset without its window where that cannot be said: the checks that look through it are skipped."""
    if dataset.window and _why_not(_edges(dataset.window)):
        return replace(dataset, window=None)
    return dataset


def _why_not(texts: Iterator[str]) -> str | None:
    gaps = (_GAP.search(text) for text in texts)
    return next((gap[1] for gap in gaps if gap), None)


def _measured(check: Check, window: Window | None) -> Iterator[str]:
    for probe in check.probes:
        match probe:
            case Aggregate(expression=text) | Query(sql=text) | NotChecked(reason=text):
                yield text
    if check.window and window:
        yield from _edges(window)


def _edges(window: Window) -> Iterator[str]:
    yield from (text for bound in window.bounds for text in bound)


def _shown(offenders: Offenders) -> Iterator[str]:
    yield from (offenders.table, offenders.condition, *(name for _, name in offenders.columns))
