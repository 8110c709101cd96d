"""Which kinds are said in which dialect of a connector, as docs/checks.md tells it: run this to see the table."""

import os
import sys
from collections import defaultdict
from functools import cache

from monitor.checks.dialect import CONNECTORS
from monitor.checks.plan import compile_plan
from monitor.contracts.reading import load
from monitor.domain.check import CheckKind, CheckPlan, NotChecked
from tests.unit.checks.regenerate import GOLDEN, ROOT, contracts

PLAIN = GOLDEN.parent / "plain.odcs.yaml"


@cache
def plans(server: str) -> tuple[CheckPlan, ...]:
    """Compile the golden contracts, and the plain one; the working directory has to be the root of the repository."""
    return tuple(compile_plan(load(path), server) for path in (*contracts(), PLAIN))


NOWHERE = {CheckKind.CUSTOM, CheckKind.TEXT, CheckKind.SERVICE_LEVEL}
"""Kinds that no server is asked for."""


def table() -> str:
    """Return the table: a cell is what becomes of all checks of its kind in these contracts."""
    rows = ["| kind | " + " | ".join(CONNECTORS) + " |", "|---" * (len(CONNECTORS) + 1) + "|"]
    said = {server: _said(server) for server in CONNECTORS}
    asked = [kind for kind in CheckKind if kind not in NOWHERE]
    rows += [f"| {kind} | " + " | ".join(said[server][kind] for server in CONNECTORS) + " |" for kind in asked]
    return "\n".join(rows) + "\n"


def _said(server: str) -> dict[CheckKind, str]:
    found: dict[CheckKind, set[bool]] = defaultdict(set)
    for plan in plans(server):
        for check in plan.checks:
            kind = CheckKind.INVALID_VALUES if check.name.endswith("invalidValues") else check.kind  # kept from running
            reasons = [probe.reason for probe in check.probes if isinstance(probe, NotChecked)]
            if all(reason.startswith("unsupported") for reason in reasons):  # others are the rule's own fault
                found[kind].add(not reasons)
    words = {frozenset([True]): "yes", frozenset([False]): "unsupported", frozenset([True, False]): "partly"}
    return {kind: words[frozenset(answers)] for kind, answers in found.items()}


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.stdout.write(table())
