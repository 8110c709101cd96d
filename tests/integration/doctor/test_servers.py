"""What the doctor says of a server, asked as roles that may do more or less."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from monitor.doctor.clocks import clock
from monitor.doctor.finding import Finding, Grade
from monitor.doctor.servers import examine
from monitor.run import Target
from tests.conftest import Warehouse
from tests.contracts import contract

BODY = """\
schema:
  - {name: orders, properties: [{name: id, logicalType: integer}]}
  - {name: Odd "Name, physicalName: 'Odd "Name', properties: [{name: id, logicalType: integer}]}
"""


@pytest.fixture(autouse=True)
def tables(warehouse: Warehouse) -> None:
    warehouse.rows('CREATE TABLE orders (id int); CREATE TABLE "Odd ""Name" (id int); CREATE TABLE other (id int)')
    warehouse.rows("REVOKE CREATE ON SCHEMA public FROM PUBLIC")


def look(warehouse: Warehouse) -> list[Finding]:
    with TemporaryDirectory() as folder:
        promised = contract(Path(folder), BODY)
    return examine(warehouse.settings, [Target(contract=promised, shadow=False, server=warehouse.settings)])


def told(found: list[Finding], grade: Grade) -> list[str]:
    return [each.told for each in found if each.grade is grade]


def test_a_role_that_only_reads_is_fine(warehouse: Warehouse, role: Warehouse) -> None:
    name = role.settings.user
    warehouse.rows(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {name}")
    found = look(role)
    assert {each.grade for each in found} == {Grade.OK}
    assert [each.told for each in found[:3]] == [
        f"connected as {name}",
        f"{name} can read, and nothing else",
        "2 tables of the contracts can be read",
    ]


def test_a_table_that_cannot_be_read_says_how_to_grant_it(warehouse: Warehouse, role: Warehouse) -> None:
    warehouse.rows(f"GRANT SELECT ON orders TO {role.settings.user}")
    (finding,) = [each for each in look(role) if each.grade is Grade.BAD]
    assert 'public.Odd "Name cannot be read' in finding.told
    assert "GRANT SELECT ON " in str(finding.mend)
    warehouse.rows("DROP TABLE orders")
    assert any("there is no table orders" in each for each in told(look(role), Grade.BAD))


def test_columns_that_may_be_read_one_by_one_are_enough(warehouse: Warehouse, role: Warehouse) -> None:
    warehouse.rows(f'GRANT SELECT (id) ON orders, "Odd ""Name" TO {role.settings.user}')
    assert told(look(role), Grade.BAD) == []


def test_a_role_that_can_write_is_warned_of(warehouse: Warehouse, role: Warehouse) -> None:
    name = role.settings.user
    warehouse.rows(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {name}; GRANT DELETE ON other TO {name}")
    warehouse.rows(f"GRANT CREATE ON SCHEMA public TO {name}")
    warnings = told(look(role), Grade.WARN)
    assert warnings == [f"{name} can write to public.other", f"{name} can create tables in public"]
    assert told(look(role), Grade.BAD) == []


def test_an_owner_is_warned_of_once(warehouse: Warehouse, role: Warehouse) -> None:
    name = role.settings.user
    warehouse.rows(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {name}; ALTER TABLE orders OWNER TO {name}")
    assert told(look(role), Grade.WARN) == [f"{name} owns public.orders: it may change and drop them"]


def test_what_a_role_inherits_counts(warehouse: Warehouse, role: Warehouse) -> None:
    name = role.settings.user
    warehouse.rows(f"GRANT pg_write_all_data TO {name}; GRANT pg_read_all_data TO {name}")
    (warning,) = told(look(role), Grade.WARN)
    assert 'can write to public."Odd ""Name", public.orders, public.other' in warning


def test_a_superuser_is_warned_of(warehouse: Warehouse) -> None:
    assert "is a superuser" in told(look(warehouse), Grade.WARN)[0]


def test_a_server_that_does_not_let_us_in_says_where_its_address_comes_from(role: Warehouse) -> None:
    (finding,) = examine(replace(role.settings, user="nobody_here"), [])
    assert finding.grade is Grade.BAD
    assert str(role.settings.password) not in finding.told + str(finding.mend)
    assert "user from PGUSER" in str(finding.mend)


@pytest.mark.parametrize(
    ("seconds", "grade"), [(0, Grade.OK), (5, Grade.OK), (-5.1, Grade.WARN), (300, Grade.WARN), (301, Grade.BAD)]
)
def test_clocks_that_differ_are_told(seconds: float, grade: Grade) -> None:
    assert clock("warehouse", timedelta(seconds=seconds)).grade is grade
