"""`${NAME}` is replaced only where the standard has it and the settings allow it."""

from collections.abc import Callable

from monitor.contracts.meaning import meaning_of
from monitor.domain.contract import Contract

SQL = """\
schema:
  - name: t
    properties:
      - name: c
        quality: [{type: sql, mustBe: 0, query: "SELECT COUNT(${column}) FROM ${table} WHERE n > ${LOW}"}]
"""


def test_a_listed_variable_is_replaced(read: Callable[..., Contract]) -> None:
    assert read('name: "${TEAM} orders"', variables={"TEAM": "Sales ${TEAM}"}).name == "Sales ${TEAM} orders"
    assert read('name: "${TEAM:-No} orders"').name == "No orders"


def test_another_variable_is_a_problem(problems: Callable[..., list[str]]) -> None:
    assert problems('name: "${HOME}"') == ["6: name: the variable ${HOME} is not listed in contract_variables"]


def test_before_3_2_it_is_plain_text(read: Callable[..., Contract]) -> None:
    assert read('name: "${HOME}"', api="v3.1.0").name == "${HOME}"


def test_placeholders_of_sql_are_no_variables(read: Callable[..., Contract]) -> None:
    contract = read(SQL, variables={"LOW": "5", "column": "stolen"})
    query = contract.datasets[0].columns[0].rules[0].query
    assert query == "SELECT COUNT(${column}) FROM ${table} WHERE n > 5"


def test_meaning_covers_the_promise_and_nothing_else(read: Callable[..., Contract]) -> None:
    text = "schema: [{name: t, description: %s, tags: [%s], quality: [{metric: rowCount, mustBe: %s}]}]"
    first = read(text % ("a", "x", "5"))
    assert read("\n\nname: other\nteam: {name: others}\n" + text % ("b", "y", "5.0")).meaning == first.meaning
    assert read(text % ("a", "x", "6")).meaning != first.meaning
    assert first.meaning == meaning_of(first.datasets, (), "warn", "allow")
    assert first.meaning.startswith("sha256:")
