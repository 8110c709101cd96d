"""An empty state database, once as a file and once in PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL

from monitor.store.store import Store, migrate_store, open_store
from tests.conftest import Warehouse


def postgres_url(warehouse: Warehouse) -> str:
    own = warehouse.settings
    place: dict[str, str] = {"host": own.host, "port": str(own.port)} if (own.host or "").startswith("/") else {}
    url = URL.create(
        "postgresql",
        username=own.user,
        password=own.password,
        host=None if place else own.host,
        port=None if place else own.port,
        database=own.database,
        query=place,
    )
    return url.render_as_string(hide_password=False)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a state database may be made: nothing is there yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/state/state.db"
    return postgres_url(request.getfixturevalue("warehouse"))


@pytest.fixture
def url(empty_url: str) -> str:
    migrate_store(empty_url)
    return empty_url


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with open_store(url) as opened:
        yield opened
