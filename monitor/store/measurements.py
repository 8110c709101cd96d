"""What runs measured for checks that compare with earlier runs."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import cast

from sqlalchemy import Connection, and_, select

from monitor.domain.scan import Earlier, History, Measurement
from monitor.domain.target import TargetKey
from monitor.store import tables
from monitor.store.targets import is_target
from monitor.store.types import Json
from monitor.store.upsert import insert

_WEEK = timedelta(days=7)


def save(connection: Connection, run: int, at: datetime, found: Iterable[tuple[int, Measurement]]) -> None:
    """Keep what a run measured: (the check's row, the measurement) each."""
    fixed = {"run_id": run, "at": at}
    rows = [{"check_id": check, "metric": each.metric, "value": _written(each.value), **fixed} for check, each in found]
    insert(connection, tables.measurements, rows)


def earlier(
    connection: Connection, target: TargetKey, wanted: Mapping[str, int], now: datetime, *, shadow: bool
) -> History:
    """Return so many of the latest measurements of each of these checks, and the last of the same day last week."""
    checks, measurements = tables.checks, tables.measurements
    midnight = datetime.combine((now.astimezone(UTC) - _WEEK).date(), time(), UTC)
    that_day = and_(measurements.c.at >= midnight, measurements.c.at < midnight + timedelta(days=1))
    found: dict[str, tuple[Earlier, ...]] = {}
    for check, count in wanted.items():
        known = (
            select(measurements.c.at, measurements.c.metric, measurements.c.value)
            .join(checks, checks.c.id == measurements.c.check_id)
            .join(tables.targets, tables.targets.c.id == checks.c.target_id)
            .where(is_target(target), checks.c.check_id == check, checks.c.shadow == shadow)
            .order_by(measurements.c.at.desc(), measurements.c.run_id.desc())
        )
        rows = connection.execute(known.limit(count)).all()
        more = connection.execute(known.where(that_day).limit(1)).all()
        kept = [*rows, *(row for row in more if row not in rows)]
        if kept:
            found[check] = tuple(
                Earlier(at=row.at, measurement=Measurement(metric=row.metric, value=_read(row.value))) for row in kept
            )
    return found


def _written(value: Decimal | tuple[tuple[str, str], ...]) -> Json:
    return str(value) if isinstance(value, Decimal) else [[name, kind] for name, kind in value]


def _read(value: Json) -> Decimal | tuple[tuple[str, str], ...]:
    if isinstance(value, str):
        return Decimal(value)
    return tuple((name, kind) for name, kind in cast("list[tuple[str, str]]", value))
