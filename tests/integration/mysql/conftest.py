"""Contracts verified on a real MariaDB, whose tables the tests write in its own SQL."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from monitor.domain.scan import CheckResult
from monitor.engines.process import Nursery
from monitor.engines.soda import SodaEngine
from monitor.engines.warm import soda_nursery
from tests import mysql
from tests.contracts import by_id, contract, scan

Verify = Callable[..., dict[str, CheckResult]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = str(Path(__file__).parent)
    for item in items:
        if str(item.path).startswith(here):
            item.add_marker(pytest.mark.mysql)


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    warm = soda_nursery()
    yield warm
    warm.close()


@pytest.fixture
def warehouse(mysql_server: mysql.Mysql) -> Iterator[mysql.MysqlWarehouse]:
    with mysql.fresh_database(mysql_server) as made:
        yield made


@pytest.fixture
def verify(warehouse: mysql.MysqlWarehouse, nursery: Nursery, tmp_path: Path) -> Verify:
    """Verify the text of a contract, with other settings where wanted."""

    def run(body: str, *, samples: int = 0, api: str = "v3.2.0", **settings: Any) -> dict[str, CheckResult]:
        engine = SodaEngine(replace(warehouse.settings, **settings), nursery)
        return by_id(scan(engine, contract(tmp_path, body, api=api), samples=samples))

    return run
