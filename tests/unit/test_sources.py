"""Where each part of the way to a server comes from is known by name, for the day when it has to be corrected."""

from dataclasses import replace
from pathlib import Path

from monitor.contracts.versions import Selected
from monitor.domain.contract import ContractServer
from monitor.settings import Settings, Sources
from monitor.settings_file import parse
from monitor.wiring import targets
from tests.runs import CONTRACT, FILE

DECLARED = ContractServer(name="ware-house", type="postgres", host="db", database="shop", line=9)
SELECTED = Selected(contract=replace(CONTRACT, servers=(DECLARED,)), shadow=False)
CONFIGURED = """
[servers.ware-house]
host = "${DB_HOST}"
user = "reader"
password = "${DB_PASSWORD}"
"""


def sources(settings: Settings, environment: dict[str, str]) -> Sources:
    ((target,), _) = targets([SELECTED], settings, environment, None)
    assert "hunter2" not in str(target.server.sources)
    return target.server.sources


def test_a_configuration_names_its_file_and_the_variables_that_it_refers_to() -> None:
    settings = parse(CONFIGURED, Path("pactwatch.toml"), {"DB_HOST": "db", "DB_PASSWORD": "hunter2"})

    assert sources(settings, {}) == Sources(
        address="DB_HOST",
        database=f"{FILE}:9",
        user="user under [servers.ware-house] in pactwatch.toml",
        password="DB_PASSWORD",
    )


def test_without_a_configuration_the_contract_says_where_and_the_environment_who() -> None:
    given = sources(Settings(), {"PACTWATCH_WARE_HOUSE_PASSWORD": "hunter2"})

    assert (given.address, given.database) == (f"{FILE}:9", f"{FILE}:9")
    assert given.user == "PGUSER (PACTWATCH_WARE_HOUSE_USER is not set)"
    assert given.password == "PACTWATCH_WARE_HOUSE_PASSWORD"
    none_set = "PGPASSWORD or ~/.pgpass (PACTWATCH_WARE_HOUSE_PASSWORD is not set)"
    assert sources(Settings(), {}).password == none_set
