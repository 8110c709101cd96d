"""Plans made by hand, in the words of the tests."""

from dataclasses import replace
from decimal import Decimal

from monitor.domain.check import (
    ZERO,
    Aggregate,
    Check,
    CheckKind,
    CheckPlan,
    Need,
    Operator,
    PlannedDataset,
    Probe,
    Query,
    TableName,
    Threshold,
)

AT_LEAST_NOTHING = Threshold(operator=Operator.GREATER_OR_EQUAL, value=Decimal(0))


def equals(value: int | str) -> Threshold:
    return Threshold(operator=Operator.EQUAL, value=Decimal(value))


def aggregate(
    check_id: str, expression: str, threshold: Threshold = ZERO, *, needs: tuple[str, ...] = (), **more: object
) -> Check:
    return check(check_id, Aggregate(metric=check_id, expression=expression, threshold=threshold), needs=needs, **more)


def query(
    check_id: str, sql: str, threshold: Threshold = ZERO, *, needs: tuple[str, ...] = (), **more: object
) -> Check:
    wrapped = f"SELECT CAST((\n{sql}\n) AS numeric)"
    return check(check_id, Query(metric=check_id, sql=wrapped, threshold=threshold), needs=needs, **more)


def check(check_id: str, *probes: Probe, needs: tuple[str, ...] = (), **more: object) -> Check:
    dataset = check_id.partition(".")[0]
    fields: dict[str, object] = {
        "id": check_id,
        "name": check_id,
        "kind": CheckKind.CUSTOM,
        "dataset": dataset,
        "probes": probes,
        "needs": (Need(table=TableName(schema=None, name=dataset), columns=needs),),
    }
    return Check(**{**fields, **more})  # type: ignore[arg-type]


def plan(*checks: Check, tables: dict[str, str] | None = None) -> CheckPlan:
    """Make a plan; `tables` names the tables of datasets that are called otherwise, whose checks then need nothing."""
    named = tables or {}
    checks = tuple(replace(check, needs=()) if check.dataset in named else check for check in checks)
    datasets = dict.fromkeys(check.dataset for check in checks)
    watchers = {check.dataset: check.id for check in checks if check.kind is CheckKind.SCHEMA}
    return CheckPlan(
        contract="Test",
        slug="test",
        version="1.0.0",
        source="test.odcs.yaml",
        fingerprint="sha256:0",
        server_type="postgres",
        datasets=tuple(
            PlannedDataset(
                name=name,
                table=TableName(schema=None, name=named.get(name, name)),
                rows_metric=f"{name}.rows",
                schema_check=watchers.get(name),
            )
            for name in datasets
        ),
        checks=checks,
    )
