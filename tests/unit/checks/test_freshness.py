"""Service levels say the limit that they are held against, however the contract spells it."""

from dataclasses import replace

import pytest

from monitor.checks.freshness import service_level_checks
from monitor.domain.contract import Column, Contract, Dataset, Element, Scalar, ServiceLevel
from monitor.domain.duration import Duration, parse_duration
from tests.runs import CONTRACT


def contract() -> Contract:
    table = Dataset(name="t", schema=None, table="t", columns=(Column(name="at", physical_name="at", line=2),), line=1)
    return replace(CONTRACT, datasets=(table,))


@pytest.mark.parametrize(
    ("property_", "value", "unit", "told"),
    [
        ("freshness", 5, "M", "5 minutes"),
        ("freshness", "PT90M", None, "90 minutes"),
        ("frequency", "hourly", None, "1 hour"),
        ("retention", 5, "m", "5 months"),
        ("retention", 1, "y", "1 year"),
    ],
)
def test_a_limit_is_told_as_it_was_understood(property_: str, value: Scalar, unit: str | None, told: str) -> None:
    limit = parse_duration(value, unit, property_)
    assert isinstance(limit, Duration)
    at = Element(dataset="t", column="at", text="t.at")
    level = ServiceLevel(id=None, property=property_, value=value, unit=unit, duration=limit, elements=(at,), line=3)

    (draft,) = service_level_checks(contract(), level)

    assert draft.check.expected == f"at most {told}"
    assert told in draft.check.name
