"""The compiled file runs without us: plain `soda scan` says the same of every check that stands in it."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from monitor.checks.plan import compile_plan
from monitor.checks.sodacl import compiled_file
from monitor.domain.check import Aggregate, CheckKind, CheckPlan, Query
from monitor.domain.contract import Contract
from monitor.domain.scan import CheckResult, Outcome
from monitor.engines.base import Engine
from tests.conftest import Warehouse
from tests.contracts import by_id, contract, scan
from tests.server_log import watch

SODA = Path(sys.executable).with_name("soda")
ODD = "it''s {{ 7*7 }} \\\"%s\\\" ${HOME}; -- 😀"

BODY = rf"""
customProperties:
  - {{vendor: pactwatch, property: extraColumns, value: fail}}
schema:
  - name: orders
    quality:
      - {{metric: rowCount, mustBeBetween: [1, 3]}}
      - {{id: many, metric: rowCount, mustBeGreaterThan: 100, severity: warning}}
      - {{metric: duplicateValues, arguments: {{properties: [state, day]}}, mustBe: 0}}
      - {{type: text, description: For people only.}}
      - {{id: p1, type: custom, engine: pactwatch, implementation: {{metric: currentRowPerKey, key: id, validTo: day}}}}
      - {{id: p2, type: custom, engine: pactwatch,
          implementation: {{metric: overlappingPeriods, key: state, validFrom: day, validTo: placed, mustBe: 3}}}}
      - {{id: p3, type: custom, engine: pactwatch, unit: percent,
          implementation: {{metric: gapsBetweenPeriods, key: state, validFrom: day, validTo: placed}}}}
      - {{id: p4, type: custom, engine: pactwatch, implementation: {{metric: gapsInSeries, element: placed, step: 1h}}}}
      - {{id: p5, type: custom, engine: pactwatch, implementation: {{metric: rowCountDifference, other: odd}}}}
      - {{id: p6, type: custom, engine: pactwatch,
          implementation: {{metric: sumDifference, property: amount, other: twin.id, mustBeLessThan: 9.5}}}}
      - {{id: p7, type: custom, engine: pactwatch,
          implementation: {{metric: orphanedFacts, key: state, dimension: odd.name}}}}
      - {{id: p8, type: custom, engine: pactwatch, implementation: {{metric: factsWithoutKey, key: [id, amount]}}}}
      - {{id: block, type: custom, engine: soda, implementation: 'row_count = 3'}}
      - id: blocks
        type: custom
        engine: soda
        implementation: |
          - missing_count(state) = 0
          - failed rows:
              name: negative
              fail condition: amount < 0
      - id: query
        type: sql
        query: "SELECT COUNT(*)\n  FROM {{object}} -- all\n  WHERE state <> '${{HOME}}'"
        mustBe: 3
    properties:
      - name: id
        primaryKey: true
        logicalType: integer
        logicalTypeOptions: {{minimum: 2, multipleOf: 2, format: i8}}
      - {{name: amount, required: true, logicalType: number, logicalTypeOptions: {{maximum: 1}}}}
      - name: state
        unique: true
        logicalType: string
        enum: [{{value: open}}, {{value: '{ODD}'}}]
        logicalTypeOptions: {{minLength: 5, pattern: '^[a-z\s{{%]+$', format: email}}
        relationships: [{{to: odd.name}}]
        quality:
          - {{metric: nullValues, mustBe: 0}}
          - {{metric: nullValues, unit: percent, mustNotBeBetween: [10.5, 20]}}
          - {{metric: missingValues, arguments: {{missingValues: [open]}}, mustBe: 2, severity: info}}
          - {{metric: invalidValues, arguments: {{validValues: ['{ODD}']}}, unit: percent, mustBe: 0}}
      - {{name: tags, logicalType: array, logicalTypeOptions: {{minItems: 1, uniqueItems: true}}}}
      - {{name: day, physicalType: date, logicalType: date, logicalTypeOptions: {{minimum: '2024-01-01'}}}}
      - {{name: placed, logicalType: timestamp}}
  - name: odd
    physicalName: "\"it's {{{{ 7*7 }}}} \u2028 ${{HOME}}\nñ.😀\""
    properties:
      - {{name: name, physicalName: "a\"b' ${{HOME}} {{% if %}}\t", required: true, unique: true}}
  - name: twin
    physicalName: orders
    properties: [{{name: id, required: true}}]
  - name: recent
    physicalName: orders
    customProperties: [{{property: checkWindow, value: {{element: placed, last: 1d}}}}]
    quality: [{{metric: rowCount, mustBe: 2}}]
    properties:
      - {{name: placed, logicalType: timestamp}}
      - {{name: state, required: true}}
  - name: recently
    physicalName: orders
    customProperties: [{{property: checkWindow, value: {{element: day, last: 100y}}}}]
    quality: [{{metric: rowCount, mustBe: 3}}]
    properties: [{{name: day, physicalType: date}}, {{name: id, required: true}}]
  - name: elsewhere
    physicalName: "Other.t"
    properties: [{{name: id, unique: true}}]
slaProperties:
  - {{property: freshness, value: 1, unit: h, element: orders.placed}}
  - {{property: latency, value: 1, unit: month, element: 'orders.day, orders.placed'}}
  - {{property: retention, value: 100, unit: y, element: orders.placed}}
  - {{property: frequency, value: 1, unit: d, element: orders.placed}}
"""
SETUP = """
CREATE TABLE orders (id int, amount numeric, state text, tags int[], day date, placed timestamptz, extra int);
INSERT INTO orders VALUES
  (1, 1, 'open', '{1,1}', '2024-01-01', '2024-01-02', 1), (1, -2, 'open', '{}', '2024-01-01', '2024-01-02', 1),
  (4, NULL, 'gone', NULL, NULL, NULL, 1);
CREATE TABLE U&"it\\0027s {{ 7*7 }} \\2028 ${HOME}\\000A\\00F1.\\+01F600"
  (U&"a\\0022b\\0027 ${HOME} {% if %}\\0009" text);
INSERT INTO U&"it\\0027s {{ 7*7 }} \\2028 ${HOME}\\000A\\00F1.\\+01F600" VALUES ('open'), ('open'), (NULL);
CREATE SCHEMA "Other"; CREATE TABLE "Other".t AS SELECT 1 AS id;
"""


def plain_scan(warehouse: Warehouse, folder: Path, text: str) -> dict[str, Any]:
    """Run the command that the compiled file names, and return its results file."""
    (folder / ".soda").mkdir(parents=True)
    (folder / ".soda" / "config.yml").write_text("send_anonymous_usage_stats: false\n")
    server = warehouse.settings
    configuration = {
        "data_source test": {
            "type": "postgres",
            "host": server.host,
            "port": str(server.port),
            "username": server.user,
            "password": server.password or "",
            "database": server.database,
            "schema": server.schema or "public",
        }
    }
    (folder / "configuration.yml").write_text(json.dumps(configuration))
    (folder / "checks.yml").write_text(text, encoding="utf-8")
    arguments = ["scan", "-d", "test", "-c", "configuration.yml", "-srf", "results.json", "checks.yml"]
    done = subprocess.run(
        [SODA, *arguments],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONWARNINGS": "ignore"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (folder / "results.json").exists(), done.stdout + done.stderr
    found: dict[str, Any] = json.loads((folder / "results.json").read_text())
    errors = [line["message"] for line in found["logs"] if line["level"] == "error"]
    assert errors == [], errors
    return found


def identity(check: dict[str, Any]) -> str | None:
    name = check["identities"].get("v4")
    return str(name) if name else None


def ours(plan: CheckPlan, results: dict[str, CheckResult]) -> dict[str, str]:
    """Return our outcomes by the identities that stand in the compiled file."""
    words = {}
    for check in plan.checks:
        metrics = [probe.metric for probe in check.probes if isinstance(probe, Aggregate | Query)]
        if len(metrics) == 1:
            words[metrics[0]] = results[check.id].outcome.value
        elif check.kind is CheckKind.SCHEMA and check.dataset in {"orders", "twin"}:
            words[check.id] = results[check.id].outcome.value
    return words


@pytest.fixture
def promised(warehouse: Warehouse, tmp_path: Path) -> Contract:
    warehouse.rows(SETUP)
    return contract(tmp_path, BODY, api="v3.1.0")


def test_soda_says_the_same_of_every_check(
    engine: Engine, warehouse: Warehouse, promised: Contract, tmp_path: Path
) -> None:
    plan = compile_plan(promised, "postgres")
    results = by_id(scan(engine, promised))

    found = plain_scan(warehouse, tmp_path / "soda", compiled_file(plan))

    expected = ours(plan, results)
    told = {identity(check): check["outcome"] for check in found["checks"] if identity(check)}
    assert {name: told.get(name) for name in expected} == expected
    assert set(expected.values()) == {"pass", "fail", "warn"}
    kinds = {result.check.kind for result in results.values() if result.outcome is not Outcome.SKIPPED}
    assert kinds >= set(CheckKind) - {
        CheckKind.COLUMN_ORDER,
        CheckKind.TEXT,
        CheckKind.CUSTOM,
        CheckKind.SERVICE_LEVEL,
    }
    blocks = [result for result in results.values() if result.check.kind is CheckKind.SODA]
    assert sorted(check["outcome"] for check in found["checks"] if not identity(check)) == sorted(
        result.outcome.value for result in blocks
    )


def test_all_aggregates_of_a_table_are_one_statement(
    engine: Engine, warehouse: Warehouse, promised: Contract, tmp_path: Path
) -> None:
    log = watch(warehouse)
    scan(engine, promised)
    plain_scan(warehouse, tmp_path / "soda", compiled_file(compile_plan(promised, "postgres")))

    for application in ("pactwatch/", "[unknown]"):
        counting = [each for each in log.statements(application) if re.match(r"SELECT *\n\s+COUNT\(", each)]
        passes = [each for each in counting if re.search(r'COUNT\(CASE WHEN U?&?"', each)]  # blocks quote no names
        assert len(passes) == 4, passes  # one for `orders`, twin included, one for the odd table, one for each window
        assert all(f'"{name}"' in passes[0] for name in ("id", "amount", "state", "tags", "day", "placed"))
