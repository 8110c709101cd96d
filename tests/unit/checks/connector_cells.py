"""Which kinds are said in which dialect of a connector, as docs/checks.md tells it: run this to see the table."""

import os
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from monitor.checks.dialect import CONNECTORS
from monitor.checks.plan import compile_plan
from monitor.contracts.reading import load
from monitor.domain.check import CheckKind, CheckPlan, NotChecked
from tests.contracts import contract
from tests.unit.checks.regenerate import ROOT, contracts

PLAIN = """\
schema:
  - name: parents
    properties: [{name: id, logicalType: integer, primaryKey: true}]
  - name: t
    customProperties: [{property: checkWindow, value: {element: at, last: P7D, partition: day}}]
    quality:
      - {id: q, type: sql, query: "SELECT COUNT(*) FROM {object} WHERE s = '{object}'", mustBe: 0}
      - {id: share, metric: duplicateValues, arguments: {properties: [s, n]}, unit: percent, mustBeLessThan: 1}
      - {id: gaps, type: custom, engine: pactwatch, implementation: {metric: gapsInSeries, element: at, step: 1h}}
      - {id: one, type: custom, engine: pactwatch, implementation: {metric: currentRowPerKey, key: n, current: ok}}
      - {id: long, type: custom, engine: pactwatch, unit: percent,
         implementation: {metric: gapsBetweenPeriods, key: n, validFrom: day, validTo: until, inclusive: true}}
    properties:
      - {name: n, logicalType: integer, logicalTypeOptions: {multipleOf: 5, minimum: -1, exclusiveMaximum: 10.5}}
      - {name: s, logicalType: string, required: true, logicalTypeOptions: {pattern: '^[A-Z]{2}-\\\\d+$', maxLength: 9},
         quality: [{id: v, metric: invalidValues, arguments: {validValues: [x]}, mustBe: 0}, {id: p, metric: invalidValues, arguments: {pattern: 'a|b', validValues: [x, "it's"]}, mustBe: 0}]}
      - {name: m, logicalType: string, logicalTypeOptions: {format: email}}
      - {name: ok, logicalType: boolean, enum: [{value: true}]}
      - {name: day, logicalType: date, logicalTypeOptions: {minimum: "2020-01-01"}}
      - {name: until, logicalType: date, relationships: [{to: parents.id}]}
      - {name: at, logicalType: timestamp, logicalTypeOptions: {minimum: "2020-01-01T12:30:00Z"}}
slaProperties:
  - {id: fresh, property: freshness, value: 6, unit: h, element: t.at}
  - {id: kept, property: retention, value: 2, unit: y, element: t.day}
  - {id: nine, property: timeOfAvailability, value: "09:00", element: t.day}
  - {id: late, property: latency, value: 1, unit: d, element: "t.day, t.at"}
"""
"""Every kind in its plain form, so that what a dialect can say at all is said."""


def plans(server: str, folder: Path) -> Iterator[CheckPlan]:
    """Compile the golden contracts, and the plain one."""
    for path in contracts():
        yield compile_plan(load(path), server)
    yield compile_plan(contract(folder, PLAIN), server)


NOWHERE = {CheckKind.CUSTOM, CheckKind.TEXT, CheckKind.SERVICE_LEVEL}
"""Kinds that no server is asked for."""


def table(folder: Path) -> str:
    """Return the table: a cell is what becomes of all checks of its kind in these contracts."""
    rows = ["| kind | " + " | ".join(CONNECTORS) + " |", "|---" * (len(CONNECTORS) + 1) + "|"]
    said = {server: _said(server, folder) for server in CONNECTORS}
    asked = [kind for kind in CheckKind if kind not in NOWHERE]
    rows += [f"| {kind} | " + " | ".join(said[server][kind] for server in CONNECTORS) + " |" for kind in asked]
    return "\n".join(rows) + "\n"


def _said(server: str, folder: Path) -> dict[CheckKind, str]:
    found: dict[CheckKind, set[bool]] = defaultdict(set)
    for plan in plans(server, folder):
        for check in plan.checks:
            kind = CheckKind.INVALID_VALUES if check.name.endswith("invalidValues") else check.kind  # kept from running
            reasons = [probe.reason for probe in check.probes if isinstance(probe, NotChecked)]
            if all(reason.startswith("unsupported") for reason in reasons):  # others are the rule's own fault
                found[kind].add(not reasons)
    words = {frozenset([True]): "yes", frozenset([False]): "unsupported", frozenset([True, False]): "partly"}
    return {kind: words[frozenset(answers)] for kind, answers in found.items()}


if __name__ == "__main__":
    os.chdir(ROOT)
    with tempfile.TemporaryDirectory() as made:
        sys.stdout.write(table(Path(made)))
