"""What a bound with a time zone means for a column of MySQL's, whose SQL does not say which of its two types it has.

As in PostgreSQL, a column without zones is compared with what the clock shows, whatever zone is named beside it, and an
instant with the instant. Which one a column is, its contract says: by its physical type, or by `timezone`.
"""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from monitor.checks.mysql_types import canonical
from monitor.domain.contract import Column


def as_declared(column: Column, local: str, zoned: str) -> tuple[str, str]:
    """Return a bound in UTC, where the contract says what its column holds; as it is otherwise."""
    match carries_zone(column):
        case False:
            return local, f"{local} UTC"
        case True if (instant := _instant(local, zoned)) is not None:
            text = instant.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ")
            return text, f"{text} UTC"
        case _:
            return local, zoned


def carries_zone(column: Column) -> bool | None:
    """Say whether a column is declared to hold instants; None where nothing says it."""
    if column.physical_type is None:
        return column.limits.timezone
    base = canonical(column.physical_type).partition("(")[0]
    return {"timestamp": True, "datetime": False}.get(base)


def _instant(local: str, zoned: str) -> datetime | None:
    zone = zoned.removeprefix(local).strip()
    try:
        named = datetime.fromisoformat(local)
        if zone[:1] in {"+", "-"} or zone.upper() == "Z":
            return datetime.fromisoformat(f"{named.isoformat()}{zone}")
        return named.replace(tzinfo=ZoneInfo(zone))
    except (ValueError, ZoneInfoNotFoundError):
        return None
