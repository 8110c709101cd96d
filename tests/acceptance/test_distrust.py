"""What a contract or a configuration says may not lead Pactwatch astray."""

import os

from tests.acceptance.program import Program

ESCAPE = "\x1b]0;owned\x07"


def test_a_server_name_cannot_lead_a_page_out_of_its_folder(program: Program) -> None:
    program.warehouse.rows("CREATE TABLE t AS SELECT 1 AS c")
    program.write("pactwatch.toml", program.server('"../../escaped"'))
    server = "{server: ../../escaped, type: postgres, host: h, port: 1, database: d, schema: public}"
    program.contract(f"servers: [{server}]\nschema: [{{name: t, properties: [{{name: c, required: true}}]}}]\n")

    done = program.run("verify", "--report", "out/deep")

    assert done.code == 0, done.all
    (page,) = program.folder.rglob("*.html")
    assert page.parent == program.folder / "out" / "deep"


def test_with_a_configuration_a_contract_cannot_choose_where_to_connect(program: Program) -> None:
    program.write("pactwatch.toml", "[samples]\nrows = 0\n")
    server = "{server: s, type: postgres, host: 127.0.0.1, port: 1, database: d, schema: public}"
    program.contract(f"servers: [{server}]\nschema: [{{name: t}}]\n")

    done = program.run("verify", PGPASSWORD="secret")

    assert done.code == 2
    assert "configures none" in done.err
    assert "refused" not in done.all


def test_no_text_of_a_contract_steers_the_terminal(program: Program) -> None:
    one = f'{{server: "{ESCAPE.encode("unicode_escape").decode()}", type: postgres, host: h, port: 1, database: d, schema: s}}'
    two = "{server: other, type: postgres, host: h, port: 1, database: d, schema: s}"
    program.contract(f"servers: [{one}, {two}]\nschema: [{{name: t}}]\n")

    done = program.run("verify")

    assert done.code == 2
    assert "which server" in done.err
    assert "\x1b" not in done.all


def test_a_schema_that_is_not_there_is_a_mistake_of_ours_and_not_of_the_data(program: Program) -> None:
    program.configure(schema="publik")
    program.contract("schema: [{name: t, properties: [{name: c, required: true}]}]\n")

    found = program.verify()

    assert found.code == 3
    assert set(found.outcomes().values()) == {"blocked"}
    assert found.reason("t.schema") == "server warehouse has no schema publik"


def test_a_page_that_cannot_be_written_does_not_cost_the_verdict(program: Program) -> None:
    program.warehouse.rows("CREATE TABLE t AS SELECT NULL::int AS c")
    program.configure()
    program.contract("schema: [{name: t, properties: [{name: c, required: true}]}]\n")

    (program.folder / "out/test-1.0.0-warehouse.html").mkdir(parents=True)

    done = program.run("verify", "--report", "out")

    assert "BROKEN" in done.out
    assert "--report out/test-1.0.0-warehouse.html: cannot be written" in done.err
    assert "Traceback" not in done.err
    assert done.code == 1


def test_a_full_disk_is_one_line(program: Program) -> None:
    program.warehouse.rows("CREATE TABLE t AS SELECT 1 AS c")
    program.configure()
    program.contract("schema: [{name: t, properties: [{name: c, required: true}]}]\n")

    with open("/dev/full", "wb") as full:  # noqa: PTH123 - a device
        process = program.start("verify", "-q", stdout=full, stderr=-1)
        _, errors = process.communicate(timeout=30)

    assert process.returncode == 3
    assert os.strerror(28) in errors.decode()
    assert "Traceback" not in errors.decode()


def test_nothing_is_green_that_was_never_looked_at(program: Program) -> None:
    program.warehouse.rows(
        "CREATE TABLE t AS SELECT NULL::timestamptz AS a, now()::timestamp AS b, ARRAY['x'] AS c FROM generate_series(1, 5)"
    )
    program.configure()
    program.contract(
        """
        schema:
          - name: t
            properties:
              - {name: a}
              - {name: b, logicalType: timestamp, logicalTypeOptions: {timezone: true}}
              - {name: c, logicalType: array, items: {logicalType: integer}}
        slaProperties: [{property: retention, value: 1, unit: y, element: t.a}]
        """
    )

    found = program.verify()

    assert found.outcome("t.a.retention") == "fail"
    assert "none of 5 rows" in found.reason("t.a.retention")
    assert found.outcome("t.b.column-type") == "fail"
    (inside,) = [check for check, outcome in found.outcomes().items() if outcome == "skipped"]
    assert "inside a column" in found.reason(inside)
