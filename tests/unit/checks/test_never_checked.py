"""A promise that no run looks at is a skip or an error with its reason, and lint says the same words beforehand."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from monitor.checks.plan import compile_plan, never_checked
from monitor.cli.lint_command import lint_command
from tests.contracts import contract

BODY = """\
schema:
  - name: t
    quality: [{rule}]
    properties:
      - name: c
        quality: [{on_column}]
        relationships: [{relationship}]
      - name: at
      - name: m
        semanticType: {semantic}
      - name: o
        logicalType: object
        properties: [{{name: inner, quality: [{inner}]}}]
slaProperties: [{level}]
"""
NOTHING = {"rule": "", "on_column": "", "relationship": "", "semantic": "column", "inner": "", "level": ""}
CASES = {
    "{property: availability, value: 99.9}": ("level", "'availability' cannot be seen in the data"),
    "{property: latency, value: 1, unit: d}": ("level", "names no element"),
    "{property: latency, value: 1, element: at}": ("level", "has no unit"),
    "{property: latency, value: 1, unit: d, element: nope}": ("level", "'nope' names no object"),
    "{metric: invalidValues, mustBe: 0}": ("on_column", "neither which values are valid"),
    "{type: custom, engine: dbt, implementation: x}": (
        "rule",
        "unsupported: rules of the engine 'dbt' do not run here",
    ),
    "{type: custom, engine: soda, implementation: 'type: x, columns: [c]'}": ("rule", "not SodaCL"),
    "{type: custom, engine: soda, implementation: '[a'}": ("rule", "not SodaCL"),
    "{type: custom, engine: soda, implementation: '- anomaly detection for row_count'}": (
        "rule",
        "unsupported: it needs a model",
    ),
    "{to: u.c}": ("relationship", "u"),
    "{metric: nullValues, mustBe: 0}": ("inner", "unsupported: rules inside a column are not checked"),
    "measure": ("semantic", "unsupported: a measure is no column of the table"),
}


@pytest.mark.parametrize("text", CASES)
def test_the_plan_says_why_and_lint_says_it_first(text: str, tmp_path: Path) -> None:
    place, reason = CASES[text]
    promised = contract(tmp_path, BODY.format(**{**NOTHING, place: text}))

    ((line, words),) = never_checked(compile_plan(promised, "postgres"))
    linted = CliRunner().invoke(lint_command, [promised.file])

    assert reason in words
    assert f"{line}: {words}" in linted.output
    assert linted.exit_code == 0


def test_a_server_of_another_type_is_told(tmp_path: Path) -> None:
    promised = contract(
        tmp_path,
        """
        servers: [{server: s, type: oracle, host: h, port: 1521, serviceName: s}]
        schema: [{name: t}]
        """,
    )

    linted = CliRunner().invoke(lint_command, [promised.file])

    assert "servers.s: servers of type oracle cannot be verified, only athena, bigquery, " in linted.output
