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
      - {name: at, physicalType: timestamptz}
      - {name: old, physicalType: text}
      - name: customer
        physicalType: integer
  - name: customers
    properties: [{name: id, physicalType: integer}, {name: mail, physicalType: text, required: true}]
slaProperties:
  - {property: freshness, value: 1, unit: d, element: orders.at}
  - {property: retention, value: 9, unit: y, element: orders.old}
"""
TABLES = """
CREATE TABLE orders (id integer NOT NULL, amount numeric(10,2), at timestamptz, gone text, customer integer);
ALTER TABLE orders DROP COLUMN gone;
ALTER TABLE orders ADD COLUMN note varchar(20) NOT NULL;
CREATE TABLE customers (id integer, email text);
INSERT INTO customers VALUES (1, 'one@example.org');
INSERT INTO orders VALUES (1, 2, now(), 1, 'x')
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
    assert verified.run["verdict"] == "kept", verified.results
    assert "they want a new major version, and this is one" in done.out
    assert "status: was" not in done.out
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


BY_LOGICAL_TYPE = """\
schema:
  - name: orders
    properties:
      - {name: id, logicalType: integer, primaryKeyPosition: 1, primaryKey: true}
      # never negative
      - {name: amount, logicalType: number, logicalTypeOptions: {minimum: 0}, quality: [{metric: nullValues, mustBe: 0}]}
      - {name: note, logicalType: string}
"""


def renamed_table(program: Program) -> None:
    program.warehouse.rows(
        "DROP TABLE orders; CREATE TABLE orders (id integer, extra numeric, amount numeric, note text);"
        " INSERT INTO orders VALUES (1, 2, 3, 'x')"
    )
    program.contract(BY_LOGICAL_TYPE.replace("schema:", f"{ALLOWED}schema:"))


ALLOWED = "customProperties: [{vendor: pactwatch, property: extraColumns, value: allow}]\n"


def test_a_renamed_column_without_a_physical_type_keeps_its_rules(program: Program) -> None:
    program.warehouse.rows("DROP TABLE orders; CREATE TABLE orders (id integer, amount numeric, note text)")
    program.contract(BY_LOGICAL_TYPE)
    program.warehouse.rows("ALTER TABLE orders RENAME amount TO total")

    done = program.run("drift", "accept", "test")

    assert done.code == 0, done.all
    assert "amount looks renamed to total" in done.out
    new = (program.folder / "contracts/test/2.0.0.odcs.yaml").read_text()
    assert "# never negative" in new
    assert "physicalName: total" in new
    assert (verified := program.verify("test@2.0.0", "--no-record")).run["verdict"] == "kept", verified.results
    assert {"orders.amount.range", "orders.amount.null-values"} <= set(verified.results)
    program.warehouse.rows("INSERT INTO orders VALUES (2, -1, 'y')")
    assert program.verify("test@2.0.0", "--no-record").outcome("orders.amount.range") == "fail"


def test_what_earlier_runs_saw_renamed_is_known_where_the_contract_alone_leaves_it_open(program: Program) -> None:
    renamed_table(program)
    assert program.verify("test").code == 0
    program.warehouse.rows("ALTER TABLE orders RENAME amount TO sum")
    assert program.verify("test").code == 1
    program.warehouse.rows("ALTER TABLE orders RENAME sum TO total")

    done = program.run("drift", "accept", "test")

    assert done.code == 0, done.all
    assert "amount looks renamed to total" in done.out
    assert program.verify("test@2.0.0", "--no-record").run["verdict"] == "kept"


def test_rules_of_a_column_that_goes_are_each_named(program: Program) -> None:
    renamed_table(program)
    program.warehouse.rows("ALTER TABLE orders RENAME amount TO total")  # or was it the extra column?

    done = program.run("drift", "accept", "test")

    assert done.code == 0, done.all
    assert not (program.folder / ".pactwatch").exists()
    for lost in ("amount is gone (was number)", "range was at least 0, is free", "the rule nullValues is gone"):
        assert lost in done.out
    assert program.verify("test@2.0.0", "--no-record").run["verdict"] == "kept"


def test_a_reference_between_types_that_cannot_be_compared_is_refused_with_its_line(program: Program) -> None:
    program.contract(
        """
        schema:
          - name: orders
            properties:
              - {name: customer, logicalType: integer, relationships: [{to: customers.id}]}
          - {name: customers, properties: [{name: id, logicalType: integer}]}
        """
    )
    program.warehouse.rows("ALTER TABLE orders ALTER customer TYPE text")

    done = program.run("drift", "accept", "test")

    assert done.code == 2
    assert "  10: orders.customer.foreign-key: operator does not exist: integer = text" in done.err
    assert not (program.folder / "contracts/test/2.0.0.odcs.yaml").exists()
    program.warehouse.rows("ALTER TABLE customers ALTER id TYPE varchar(9)")
    assert program.run("drift", "accept", "test").code == 0
    assert program.verify("test@2.0.0", "--no-record").outcome("orders.customer.foreign-key") == "pass"


@pytest.mark.parametrize("change", ["RENAME note TO remark", "DROP note"])
def test_a_query_that_names_a_column_that_is_no_more_is_refused_with_its_line(program: Program, change: str) -> None:
    program.contract(
        """
        schema:
          - name: orders
            quality:
              - {type: sql, query: "SELECT count(*) FROM ${object} WHERE note = ''", mustBe: 0}
            properties: [{name: id, logicalType: integer}, {name: note, logicalType: string}]
        """
    )
    program.warehouse.rows(f"ALTER TABLE orders {change}")

    done = program.run("drift", "accept", "test")

    assert done.code == 2
    assert 'column "note" does not exist' in done.err
    assert "  10: orders." in done.err
    assert not list((program.folder / "contracts/test").glob("2*"))
