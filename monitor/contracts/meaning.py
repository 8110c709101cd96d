"""What a contract promises, as one hash: schema, quality and service levels, not owner, wording or layout."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import MISSING, fields, is_dataclass
from decimal import Decimal
from enum import Enum

from monitor.domain.check import plain
from monitor.domain.contract import Dataset, ServiceLevel

NOT_MEANT = frozenset(
    {
        "line",
        "description",
        "tags",
        "business_impact",
        "classification",
        "critical",
        "problem",
        "sources",
        "runbook",
    }
)


def meaning_of(
    datasets: tuple[Dataset, ...], service_levels: tuple[ServiceLevel, ...], extra_columns: str, column_order: str
) -> str:
    """Return `sha256:…` over the canonical form of what is promised."""
    canonical = [_canonical(datasets), _canonical(service_levels), extra_columns, column_order]
    text = json.dumps(canonical, ensure_ascii=True, separators=(",", ":"), sort_keys=True)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _canonical(value: object) -> object:
    """Return plain JSON; a field that has its default is left out, so new kinds of promises change no old hash."""
    if is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: _canonical(getattr(value, field.name))
            for field in fields(value)
            if field.name not in NOT_MEANT and (field.default is MISSING or getattr(value, field.name) != field.default)
        }
    if isinstance(value, Decimal):
        return {"number": plain(value)}
    if isinstance(value, Enum):
        return str(value)
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        return {"number": str(value)}
    if isinstance(value, Iterable):
        return [_canonical(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no canonical form")
