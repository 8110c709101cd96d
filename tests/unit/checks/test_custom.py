"""`sql` rules: placeholders become names, strings stay text, and no name makes a second statement."""

from dataclasses import replace

import pytest

from monitor.checks.custom import custom_checks, executable, sql_check
from monitor.domain.check import NotChecked, Query
from monitor.domain.contract import Column, Dataset, QualityRule

TABLE = Dataset(name="t", schema=None, table="it's", line=1)
COLUMN = Column(name="c", physical_name='a"b', line=1)
FILLED = {
    "SELECT MAX({property}) FROM {object}": 'SELECT MAX("a""b") FROM "it\'s"',
    'SELECT "${property}" FROM "{table}"': 'SELECT "a""b" FROM "it\'s"',
    "SELECT 1 FROM {object} WHERE '{object}' = 'x'": "SELECT 1 FROM \"it's\" WHERE 'it''s' = 'x'",
    "SELECT 1 /* {object} */ -- {property}": "SELECT 1 /* {object} */ -- {property}",
    "SELECT 1 -- ${object}\n;": "SELECT 1 \n",
    "SELECT 1; -- done": "SELECT 1  -- done",
    "SELECT '${HOME}'": "SELECT E'\\044{HOME}'",
    "SELECT 'a'\n'${HOME}\\'": "SELECT E'a\\044{HOME}\\\\'",
    "SELECT E'\\$${HOME}\\\\$'": "SELECT E'\\044\\044{HOME}\\\\\\044'",
    "SELECT $q$it's ${HOME}$q$": "SELECT E'it''s \\044{HOME}'",
}


def rule(query: str) -> QualityRule:
    return QualityRule(id=None, name=None, description=None, type="sql", query=query, line=1)


@pytest.mark.parametrize("query", FILLED)
def test_placeholders_are_names_in_code_and_text_in_strings(query: str) -> None:
    assert executable(query, TABLE, COLUMN) == FILLED[query].strip()


@pytest.mark.parametrize("query", FILLED)
def test_what_is_filled_in_is_one_statement(query: str) -> None:
    (probe,) = sql_check(TABLE, COLUMN, rule(query)).check.probes

    assert isinstance(probe, Query)
    assert "${" not in probe.sql


@pytest.mark.parametrize(
    "query",
    [
        "SELECT COUNT(*) FROM {object} WHERE note = '{object}'",
        "SELECT COUNT(*) /* {object} */ FROM t",
        'SELECT COUNT(*) FROM "{object}"',
        "SELECT COUNT(*) FROM t -- {object}",
    ],
)
@pytest.mark.parametrize(
    "name", ["'; DROP TABLE t; --", "*/ ; DROP TABLE t; --", '" ; DROP TABLE t; --', "\n; DROP TABLE t;"]
)
def test_a_table_of_a_hostile_name_brings_no_second_statement(query: str, name: str) -> None:
    hostile = Dataset(name="t", schema=None, table=name, line=1)

    (probe,) = sql_check(hostile, None, rule(query)).check.probes

    assert isinstance(probe, Query)


def test_a_query_that_does_more_than_read_is_an_error_even_if_nobody_has_linted_it() -> None:
    (probe,) = sql_check(TABLE, None, rule("SELECT 1; DROP TABLE t")).check.probes

    assert isinstance(probe, NotChecked)
    assert probe.is_error
    assert "2 statements" in probe.reason


@pytest.mark.parametrize(
    ("block", "told"),
    [
        ("- row_count = 4", "row_count = 4"),
        ("- row_count:\n    warn: when > 1\n    name: few", "row_count (warn: when > 1)"),
        ("- failed rows:\n    fail condition: n > 1", "failed rows (fail condition: n > 1)"),
        (
            "- failed rows:\n    fail query: |\n      SELECT *\n      FROM t",
            "failed rows (fail query: SELECT * FROM t)",
        ),
    ],
)
def test_a_custom_block_promises_that_its_check_passes_and_no_failed_rows(block: str, told: str) -> None:
    block_rule = replace(rule(""), type="custom", engine="soda", implementation=block)

    (draft,) = custom_checks(TABLE, None, block_rule)

    assert draft.check.expected == f"a pass of Soda's check {told}"
