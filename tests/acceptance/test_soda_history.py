"""Custom SodaCL that compares runs, with the state database as its memory."""

import pytest

from tests.acceptance.program import Program, Verified
from tests.integration.store.conftest import postgres_url

BODY = """\
    schema:
      - name: orders
        quality:
          - {id: grows, type: custom, engine: soda, implementation: "- change for row_count between 0 and 10"}
          - {id: percent, type: custom, engine: soda, implementation: "- change percent for row_count > -50"}
          - {id: average, type: custom, engine: soda, implementation: "- change avg last 2 for avg(amount) < 5"}
          - {id: weekly, type: custom, engine: soda, implementation: "- change same day last week for row_count < 10"}
          - id: columns
            type: custom
            engine: soda
            implementation: |
              - schema:
                  fail:
                    when schema changes: [column add, column delete, column type change]
          - {id: plain, type: custom, engine: soda, implementation: "- row_count > 0"}
        properties:
          - {name: id, logicalType: integer}
          - {name: amount, logicalType: integer}
    """
COMPARING = ("orders.grows", "orders.percent", "orders.average", "orders.weekly", "orders.columns")


@pytest.fixture(params=["sqlite", "postgresql"])
def remembering(request: pytest.FixtureRequest, program: Program) -> Program:
    program.warehouse.rows("CREATE TABLE orders AS SELECT n id, 10 amount FROM generate_series(1, 20) n")
    program.contract(BODY)
    if request.param == "postgresql":
        program.environment["STATE"] = postgres_url(program.warehouse)
        program.configure('[state]\nurl = "${STATE}"\n')
        assert program.run("migrate").code == 0
    else:
        program.configure()
    return program


def outcomes(verified: Verified) -> str:
    """The outcomes of the checks that compare runs, in the order of the contract."""
    assert verified.outcome("orders.plain") == "pass"
    return " ".join(verified.outcome(check) for check in COMPARING)


def test_checks_that_compare_runs_work_from_our_own_history(remembering: Program) -> None:
    first = remembering.verify()
    assert outcomes(first) == "skipped skipped skipped skipped skipped"
    assert "nothing to compare with yet" in first.reason("orders.grows")

    remembering.warehouse.rows("INSERT INTO orders SELECT n, 10 FROM generate_series(21, 25) n")
    second = remembering.verify()
    assert outcomes(second) == "pass pass pass skipped pass"
    assert (second["orders.grows"]["measured"], second["orders.percent"]["measured"]) == (5, 25)
    assert "25 now, 20 was" in second.reason("orders.grows")

    remembering.warehouse.rows("DELETE FROM orders WHERE id > 5; UPDATE orders SET amount = 20")
    remembering.warehouse.rows("ALTER TABLE orders ADD extra text, ALTER amount TYPE bigint")
    third = remembering.verify()
    assert outcomes(third) == "fail fail fail skipped fail"
    assert (third["orders.grows"]["measured"], third["orders.average"]["measured"]) == (-20, 10)
    assert "5 now, 25 was" in third.reason("orders.percent")
    assert "20 now, 10 was the avg of the last 2 measurements" in third.reason("orders.average")
    assert "extra is new, amount: integer → bigint" in third.reason("orders.columns")

    fourth = remembering.verify()
    assert outcomes(fourth) == "pass pass fail skipped pass"


def test_without_memory_they_are_skipped_and_say_so(remembering: Program) -> None:
    remembering.verify()
    forgetful = remembering.verify("--no-record")
    for check in COMPARING:
        assert forgetful.outcome(check) == "skipped"
        assert "nothing is remembered" in forgetful.reason(check)
    assert forgetful.outcome("orders.plain") == "pass"


def test_of_an_empty_table_there_is_no_percentage(remembering: Program) -> None:
    remembering.warehouse.rows("TRUNCATE orders")
    remembering.verify("--check", "orders.percent")
    remembering.warehouse.rows("INSERT INTO orders VALUES (1, 1)")
    second = remembering.verify("--check", "orders.percent")
    assert second.outcome("orders.percent") == "error"
    assert "1 now, 0 was" in second.reason("orders.percent")


def test_what_history_alone_cannot_serve_is_skipped_with_the_reason(remembering: Program) -> None:
    remembering.contract(
        """\
        schema:
          - name: orders
            quality:
              - {id: odd, type: custom, engine: soda, implementation: "- anomaly detection for row_count"}
              - {id: shape, type: custom, engine: soda, implementation: "- distribution(amount) > 0.05"}
            properties:
              - {name: id, logicalType: integer}
              - {name: amount, logicalType: integer}
        """
    )
    found = remembering.verify()
    for check, words in (("orders.odd", "a model"), ("orders.shape", "a reference file")):
        assert found.outcome(check) == "skipped"
        assert words in found.reason(check)
