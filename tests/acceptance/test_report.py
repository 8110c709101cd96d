"""`pactwatch report` as people run it: from history to a folder of pages."""

import pytest

from tests.acceptance.program import Program
from tests.markup import Page

BODY = """\
    schema:
      - name: orders
        properties:
          - {name: id, logicalType: integer, required: true}
          - {name: amount, logicalType: integer, logicalTypeOptions: {minimum: 0}}
    """
PAGE = "contracts/test/v1/warehouse/index.html"


@pytest.fixture
def recorded(program: Program) -> Program:
    program.warehouse.rows("CREATE TABLE orders (id int, amount int); INSERT INTO orders VALUES (1, -1), (2, 2)")
    program.contract(BODY)
    program.configure()
    assert program.run("verify").code == 1
    return program


def test_the_site_tells_what_was_recorded(recorded: Program) -> None:
    done = recorded.run("report", "--since", "30d")
    assert (done.code, done.err) == (0, "")
    pages = len(list((recorded.folder / "reports").rglob("*.html")))
    assert done.out.startswith(f"1 target, {pages} pages, {pages} written: ")
    assert done.out.endswith("reports/index.html\n")
    page = Page((recorded.folder / "reports" / PAGE).read_text("utf-8"))
    assert "Do not rely on orders.amount" in page.text
    assert "Rests on a run on demand" in page.text
    assert "30 days to" in page.text
    again = recorded.run("report", "--since", "30d")
    assert ", 0 written: " in again.out


def test_one_contract_may_be_written_elsewhere_or_alone(recorded: Program) -> None:
    assert recorded.run("report", "--contract", "test", "--out", "site").code == 0
    assert (recorded.folder / "site" / PAGE).is_file()
    done = recorded.run("report", "--contract", "test", "--single", "mail/test.html")
    assert (done.code, done.out) == (0, "mail/test.html\n")
    text = (recorded.folder / "mail" / "test.html").read_text("utf-8")
    assert "<script" not in text
    assert "<style>" in text


def test_a_contract_that_never_ran_is_told_at_once(recorded: Program) -> None:
    done = recorded.run("report", "--contract", "nothing")
    assert (done.code, done.out) == (2, "")
    assert "no run of a contract 'nothing' is recorded in " in done.err
    assert recorded.run("report", "--single", "x.html").code == 2
    assert "expected days such as 30d" in recorded.run("report", "--since", "soon").err


def test_a_file_that_is_no_contract_leaves_the_word_to_history(recorded: Program) -> None:
    recorded.contract("schema: 7\n")
    done = recorded.run("report")
    assert done.code == 0
    assert "contracts/test/1.0.0.odcs.yaml: no valid contract" in done.err
    assert "no contract file has it any more" in (recorded.folder / "reports" / PAGE).read_text("utf-8")


def test_without_history_there_is_an_empty_front_page(program: Program) -> None:
    program.configure()
    done = program.run("report")
    assert done.code == 0
    assert "nothing is recorded yet" in done.err
    assert "Nothing has been verified yet." in (program.folder / "reports" / "index.html").read_text("utf-8")
