"""Each cell of docs/checks.md: a library metric with an operator gives the number and outcome of hand-written SQL."""

import json
import operator
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from monitor.domain.scan import Outcome
from monitor.engines.base import Engine
from tests.conftest import Warehouse
from tests.contracts import by_id, contract, scan

DOCS = Path(__file__).parents[3] / "docs" / "checks.md"
SETUP = """
CREATE TABLE t AS
SELECT n AS id,
       CASE WHEN n % 7 = 0 THEN NULL WHEN n % 11 = 0 THEN '' WHEN n % 13 = 0 THEN 'n/a' ELSE 'c' || n % 20 END AS code,
       CASE WHEN n % 5 = 0 THEN NULL ELSE n % 50 END AS other
FROM generate_series(1, 400) AS n
"""
ONE_COLUMN = "SELECT code FROM t WHERE code IS NOT NULL GROUP BY code HAVING COUNT(*) > 1"
TWO_COLUMNS = (
    "SELECT code, other FROM t WHERE code IS NOT NULL AND other IS NOT NULL GROUP BY code, other HAVING COUNT(*) > 1"
)


@dataclass(frozen=True)
class Metric:
    """A row of the table: how a rule says it, and the same by hand."""

    rule: dict[str, object]
    sql: str
    on_column: bool = True


METRICS = {
    "nullValues": Metric({"metric": "nullValues"}, "SELECT COUNT(*) FROM t WHERE code IS NULL"),
    "missingValues": Metric(
        {"metric": "missingValues", "arguments": {"missingValues": ["", "n/a"]}},
        "SELECT COUNT(*) FROM t WHERE code IS NULL OR code IN ('', 'n/a')",
    ),
    "invalidValues, validValues": Metric(
        {"metric": "invalidValues", "arguments": {"validValues": ["c1", "c2", ""]}},
        "SELECT COUNT(*) FROM t WHERE code IS NOT NULL AND code NOT IN ('c1', 'c2', '')",
    ),
    "invalidValues, pattern": Metric(
        {"metric": "invalidValues", "arguments": {"pattern": "^c1[0-9]?$"}},
        "SELECT COUNT(*) FROM t WHERE code !~ '^c1[0-9]?$'",
    ),
    "duplicateValues, column": Metric(
        {"metric": "duplicateValues"}, f"SELECT COUNT(*) FROM ({ONE_COLUMN}) AS repeated"
    ),
    "duplicateValues, properties": Metric(
        {"metric": "duplicateValues", "arguments": {"properties": ["code", "other"]}},
        f"SELECT COUNT(*) FROM ({TWO_COLUMNS}) AS repeated",
        on_column=False,
    ),
    "rowCount": Metric({"metric": "rowCount"}, "SELECT COUNT(*) FROM t", on_column=False),
    "sql": Metric(
        {"type": "sql", "query": "SELECT MAX(id) - MIN({property}) FROM {object} -- a remark"},
        "SELECT MAX(id) - MIN(other) FROM t",
    ),
}
OPERATORS: dict[str, tuple[str, Callable[[Decimal, Decimal], bool]]] = {
    "=": ("mustBe", operator.eq),
    "!=": ("mustNotBe", operator.ne),
    ">": ("mustBeGreaterThan", operator.gt),
    ">=": ("mustBeGreaterOrEqualTo", operator.ge),
    "<": ("mustBeLessThan", operator.lt),
    "<=": ("mustBeLessOrEqualTo", operator.le),
}


def cells(dialect: str) -> set[tuple[str, str, str]]:
    """Return (rule, unit, operator) of every cell of the documented table that says yes for a dialect."""
    found: set[tuple[str, str, str]] = set()
    header: list[str] = []
    for line in DOCS.read_text().splitlines():
        parts = [part.strip() for part in line.strip("|").split("|")]
        if line.startswith("| rule | unit |"):
            header = parts
        elif header and line.startswith("| ") and len(parts) == len(header) and dialect in parts[2].split(", "):
            found |= {
                (parts[0], parts[1], word) for word, cell in zip(header[3:], parts[3:], strict=True) if cell == "yes"
            }
    return found


def measured_by_hand(warehouse: Warehouse, metric: Metric, unit: str) -> Decimal:
    ((count,),) = warehouse.rows(metric.sql)
    ((rows,),) = warehouse.rows("SELECT COUNT(*) FROM t")
    return Decimal(count) * 100 / rows if unit == "percent" else Decimal(count)


def thresholds(word: str, value: Decimal) -> list[tuple[str, object, bool]]:
    """Return (key, threshold, whether it holds) just below, at and just above the measured value."""
    near = [value - 1, value, value + 1]
    if word in OPERATORS:
        key, holds = OPERATORS[word]
        return [(key, limit, holds(value, limit)) for limit in near]
    key = "mustBeBetween" if word == "between" else "mustNotBeBetween"
    ranges = [(value, value + 1), (value - 1, value), (value + 1, value + 2), (value - 2, value - 1)]
    return [(key, list(pair), (pair[0] <= value <= pair[1]) is (word == "between")) for pair in ranges]


def test_every_documented_cell_is_what_hand_written_sql_says(
    engine: Engine, warehouse: Warehouse, tmp_path: Path
) -> None:
    warehouse.rows(SETUP)
    documented = cells({"postgres": "PostgreSQL", "duckdb": "DuckDB", "mysql": "MySQL"}[warehouse.settings.type])
    wanted: dict[str, tuple[Decimal, bool]] = {}
    rules: dict[bool, list[str]] = {True: [], False: []}
    tested = set()
    for name, unit, word in sorted(documented):
        metric = METRICS[name]
        value = measured_by_hand(warehouse, metric, unit)
        for key, limit, holds in thresholds(word, value):
            identity = f"rule-{len(wanted)}"
            wanted[identity] = (value, holds)
            rule = {"id": identity, **metric.rule, key: limit, **({"unit": "percent"} if unit == "percent" else {})}
            rules[metric.on_column].append(yaml_line(rule))
            tested.add((name, unit, word))

    promised = contract(tmp_path, document(rules))
    results = {identity.rsplit(".", 1)[1]: result for identity, result in by_id(scan(engine, promised)).items()}

    assert tested == documented
    assert tested >= {(name, "rows", word) for name in METRICS for word in [*OPERATORS, "between", "not between"]}
    for identity, (value, holds) in wanted.items():
        result = results[identity]
        assert result.measured is not None, (identity, result.reason)
        assert result.measured == value, identity
        assert result.outcome is (Outcome.PASS if holds else Outcome.FAIL), (identity, result.reason)


def yaml_line(rule: dict[str, object]) -> str:
    """Write a rule as one line of YAML: JSON, with exact decimals."""
    return json.dumps(rule, default=lambda value: f"\0{value}\0").replace('"\\u0000', "").replace('\\u0000"', "")


def document(rules: dict[bool, list[str]]) -> str:
    on_table = "".join(f"\n              - {rule}" for rule in rules[False])
    on_code = "".join(f"\n                  - {rule}" for rule in rules[True] if '"sql"' not in rule)
    on_other = "".join(f"\n                  - {rule}" for rule in rules[True] if '"sql"' in rule)
    return f"""
        schema:
          - name: t
            quality:{on_table}
            properties:
              - name: id
              - name: code
                quality:{on_code}
              - name: other
                quality:{on_other}
        """
