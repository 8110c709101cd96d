"""A connector whose package is missing says so in one sentence, wherever it is asked for."""

from pathlib import Path

import pytest

from monitor.checks.dialect import CONNECTORS
from monitor.doctor.servers import examine
from monitor.domain.scan import Outcome
from monitor.engines.soda import SodaEngine
from monitor.engines.warehouses.base import Unsupported
from monitor.engines.warehouses.opening import open_tables
from monitor.settings import ServerSettings
from tests.contracts import contract, scan

BODY = "schema: [{name: t, properties: [{name: id, required: true}]}]"
SENTENCE = "the package soda-core-snowflake is not installed: pip install 'pactwatch[snowflake]'"
SERVER = ServerSettings(name="wh", type="snowflake", connection='{"account": "acme", "private_key": "hunter2"}')


def test_a_missing_package_is_named(tmp_path: Path) -> None:
    with SodaEngine(SERVER) as engine:
        found = scan(engine, contract(tmp_path, BODY))

    for result in found.results:
        assert result.outcome is Outcome.BLOCKED
        assert result.reason == f"server wh cannot be reached: {SENTENCE}"
        assert result.remedy == "install it where Pactwatch runs"
    assert "hunter2" not in repr(found)


def test_the_doctor_names_it_too() -> None:
    (finding,) = examine(SERVER, [])

    assert SENTENCE in str(finding)


@pytest.mark.parametrize("server", [*CONNECTORS, "spark"])
def test_no_contract_is_drafted_from_where_nobody_reads_the_whole_catalogue(server: str) -> None:
    with pytest.raises(Unsupported, match="unsupported: contracts are not drafted"):
        open_tables(ServerSettings(name="wh", type=server))
