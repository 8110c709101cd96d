"""Lets time pass for a state database: everything in it happened that much longer ago."""

import re
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Table, and_, create_engine, make_url, select

from monitor.store import tables
from monitor.store.types import Document, Moment

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(\+00:00)?")


def age(url: str, by: timedelta) -> None:
    """Move every moment in every table into the past, also those inside documents."""
    found = make_url(url)
    engine = create_engine(
        found if found.get_backend_name() == "sqlite" else found.set(drivername="postgresql+psycopg2")
    )
    with engine.begin() as connection:
        for table in tables.metadata.sorted_tables:
            names = [column.name for column in table.c if isinstance(column.type, Moment | Document)]
            for row in connection.execute(select(table)).mappings().all() if names else ():
                older = {name: _older(row[name], by) for name in names}
                connection.execute(table.update().where(_is(table, row)).values(older))
    engine.dispose()


def _is(table: Table, row: Any) -> Any:
    return and_(*(column == row[column.name] for column in table.primary_key))


def _older(value: Any, by: timedelta) -> Any:
    match value:
        case datetime():
            return value - by
        case str() if MOMENT.fullmatch(value):
            moment = datetime.fromisoformat(value) - by
            return moment.isoformat() if moment.tzinfo else f"{moment:%Y-%m-%dT%H:%M:%S.%f}"
        case dict():
            return {key: _older(inner, by) for key, inner in value.items()}
        case list():
            return [_older(inner, by) for inner in value]
        case _:
            return value
