"""`drift accept` writes the version that agrees with the live tables, and leaves the rest of the file as it was."""

import difflib

import pytest

from tests.acceptance.program import Program

CONTRACT = """\
# kept: a comment
schema:
  - name: orders   # the heart
    physicalType: table
    relationships:
      - {from: orders.customer, to: customers.id}
    quality:
      - {metric: duplicateValues, arguments: {properties: [id, old]}, mustBe: 0}
    properties:
      - {name: id, logicalType: integer, physicalType: integer, required: true}   # the key
      - {name: amount, physicalType: "numeric(8,2)", logicalTypeOptions: {minimum: 0}, logicalType: number}
      - {name: old, physicalType: text}
      - name: customer
        physicalType: integer
  - name: customers
    properties: [{name: id, physicalType: integer}, {name: mail, physicalType: text, required: true}]
slaProperties:
  - {property: freshness, value: 1, unit: d, element: orders.id}
  - {property: retention, value: 9, unit: y, element: orders.old}
"""
TABLES = """
CREATE TABLE orders (id integer NOT NULL, amount numeric(10,2), gone text, customer integer);
ALTER TABLE orders DROP COLUMN gone;
ALTER TABLE orders ADD COLUMN note varchar(20) NOT NULL;
CREATE TABLE customers (id integer, email text)
"""


@pytest.fixture
def program(program: Program) -> Program:
    program.configure()
    program.warehouse.rows(TABLES)
    program.contract(CONTRACT)
    return program


def test_the_new_version_agrees_and_the_rest_stays(program: Program) -> None:
    done = program.run("drift", "accept", "test")
    assert done.code == 0, done.all
    old = (program.folder / "contracts/test/1.0.0.odcs.yaml").read_text()
    new = (program.folder / "contracts/test/2.0.0.odcs.yaml").read_text()
    changed = [line for line in difflib.ndiff(old.splitlines(), new.splitlines()) if line[:1] in "+-"]
    assert changed == [
        "- version: 1.0.0",
        "+ version: 2.0.0",
        "- status: active",
        "+ status: draft",
        "-     quality:",
        "-       - {metric: duplicateValues, arguments: {properties: [id, old]}, mustBe: 0}",
        '-       - {name: amount, physicalType: "numeric(8,2)", logicalTypeOptions: {minimum: 0}, logicalType: number}',
        '+       - {name: amount, physicalType: "numeric(10,2)", logicalTypeOptions: {minimum: 0}, logicalType: number}',
        "-       - {name: old, physicalType: text}",
        "+       - name: note",
        "+         logicalType: string",
        '+         physicalType: "character varying(20)"',
        "+         required: true",
        "-     properties: [{name: id, physicalType: integer}, {name: mail, physicalType: text, required: true}]",
        "+     properties: [{name: id, physicalType: integer}, {name: mail, physicalName: email, physicalType: text, required: true}]",
        "-   - {property: retention, value: 9, unit: y, element: orders.old}",
    ]
    assert "wrote contracts/test/2.0.0.odcs.yaml" in done.out
    verified = program.verify("test@2.0.0", "--no-record")
    wrong = [check for check, outcome in verified.outcomes().items() if outcome in {"warn", "fail"}]
    assert not wrong
    assert program.run("lint").code == 0


def test_it_never_writes_over_a_file_and_changes_nothing_that_agrees(program: Program) -> None:
    assert program.run("drift", "accept", "test").code == 0
    again = program.run("drift", "accept", "test@1.0.0")
    assert (again.code, "2.0.0.odcs.yaml already" in again.err) == (2, True)
    agreed = program.run("drift", "accept", "test@2.0.0")
    assert (agreed.code, agreed.out) == (0, "test 2.0.0 agrees with its tables on warehouse\n")


def test_a_table_that_is_gone_goes_with_what_refers_to_it(program: Program) -> None:
    program.warehouse.rows("DROP TABLE customers")
    assert program.run("drift", "accept", "test").code == 0
    new = (program.folder / "contracts/test/2.0.0.odcs.yaml").read_text()
    assert "customers" not in new
    assert "relationships" not in new


def test_what_it_cannot_do_it_says_and_writes_nothing(program: Program) -> None:
    program.warehouse.rows("ALTER TABLE orders ALTER amount TYPE text")
    done = program.run("drift", "accept", "test")
    assert done.code == 2
    assert "it would be no valid contract" in done.err
    program.warehouse.rows("DROP TABLE orders; DROP TABLE customers")
    done = program.run("drift", "accept", "test")
    assert (done.code, "none of the tables" in done.err) == (2, True)
    assert [path.name for path in (program.folder / "contracts/test").iterdir()] == ["1.0.0.odcs.yaml"]


def test_an_unreachable_server_is_no_agreement(program: Program) -> None:
    program.configure(port=1)
    assert program.run("drift", "accept", "test").code == 3
