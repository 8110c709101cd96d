"""Schedules come from the contract: each rule's own, the contract's, what frequency promises, the default."""

from decimal import Decimal
from pathlib import Path

import pytest

from monitor.checks.plan import compile_plan
from monitor.domain.duration import Duration
from monitor.schedule.cadences import ALL, CONTRACT, SCHEMA, Cadence, cadences, cron_of_period, part_of
from monitor.schedule.rhythm import Cron, Every
from monitor.settings import ScheduleSettings
from tests.contracts import contract

SCHEMA_YAML = """
    schema:
      - name: orders
        quality:
          - {id: rows, metric: rowCount, mustBeGreaterThan: 0, schedule: "0 * * * *", scheduler: cron}
          - {id: foreign, metric: rowCount, mustBeGreaterThan: 1, schedule: "daily", scheduler: quartz}
        properties:
          - {name: id, logicalType: integer, required: true}
          - {name: placed_at, logicalType: timestamp}
    """
SETTINGS = ScheduleSettings(default="0 6 * * *", timezone="Europe/Berlin")


def found(folder: Path, levels: str = "", **changes: object) -> dict[str, set[str]]:
    promised = contract(folder, SCHEMA_YAML + levels)
    plan = compile_plan(promised, "postgres")
    settings = ScheduleSettings(timezone="Europe/Berlin", **changes)  # type: ignore[arg-type]
    by_part: dict[str, set[str]] = {}
    for cadence in cadences(promised, plan, settings):
        by_part.setdefault(cadence.part, set()).add(str(cadence.rhythm))
    return by_part


def test_a_rule_with_a_schedule_has_its_own_cadence_and_the_rest_the_default(tmp_path: Path) -> None:
    assert found(tmp_path) == {CONTRACT: {"0 6 * * * Europe/Berlin"}, "own 0 * * * *": {"0 * * * * Europe/Berlin"}}


def test_a_service_level_of_the_whole_contract_sets_its_rhythm(tmp_path: Path) -> None:
    levels = """
    slaProperties:
      - {property: availability, value: 99.9, schedule: "30 5 * * 1-5", scheduler: cron}
    """
    assert found(tmp_path, levels)[CONTRACT] == {"30 5 * * 1-5 Europe/Berlin"}


def test_a_service_level_of_an_element_is_checked_by_its_own(tmp_path: Path) -> None:
    levels = """
    slaProperties:
      - {property: freshness, value: 6, unit: h, element: orders.placed_at, schedule: "*/10 * * * *", scheduler: cron}
    """
    by_part = found(tmp_path, levels)
    assert by_part[CONTRACT] == {"0 6 * * * Europe/Berlin"}
    assert by_part["own */10 * * * *"] == {"*/10 * * * * Europe/Berlin"}


def test_without_a_schedule_frequency_says_how_often(tmp_path: Path) -> None:
    levels = """
    slaProperties:
      - {property: frequency, value: 45, unit: min}
    """
    assert found(tmp_path, levels)[CONTRACT] == {"*/30 * * * * Europe/Berlin"}


@pytest.mark.parametrize(
    ("period", "cron"),
    [
        (Duration(seconds=Decimal(30)), "*/1 * * * *"),
        (Duration(seconds=Decimal(900)), "*/15 * * * *"),
        (Duration(seconds=Decimal(3600)), "0 */1 * * *"),
        (Duration(seconds=Decimal(5 * 3600)), "0 */4 * * *"),
        (Duration(seconds=Decimal(86_400)), "0 6 * * *"),
        (Duration(seconds=Decimal(7 * 86_400)), "0 6 * * 1"),
        (Duration(months=3), "0 6 1 * *"),
    ],
)
def test_a_period_becomes_the_longest_even_rhythm_within_it(period: Duration, cron: str) -> None:
    assert cron_of_period(period) == cron


def test_the_schema_can_be_looked_at_more_often(tmp_path: Path) -> None:
    assert found(tmp_path, schema_every=900.0)[SCHEMA] == {str(Every(seconds=900))}


def test_the_parts_of_a_plan_are_the_whole_plan(tmp_path: Path) -> None:
    promised = contract(tmp_path, SCHEMA_YAML)
    plan = compile_plan(promised, "postgres")
    parts = [cadence.part for cadence in cadences(promised, plan, SETTINGS)]
    assert parts == [CONTRACT, "own 0 * * * *"]
    own = part_of(plan, promised, ["own 0 * * * *"])
    assert [check.id for check in own.checks] == ["orders.rows"]
    rest = part_of(plan, promised, [CONTRACT])
    assert "orders.foreign" in {check.id for check in rest.checks}
    assert sorted([*own.checks, *rest.checks], key=str) == sorted(plan.checks, key=str)
    assert part_of(plan, promised, parts) == plan == part_of(plan, promised, [ALL])


def test_the_schema_pass_touches_no_rows(tmp_path: Path) -> None:
    promised = contract(tmp_path, SCHEMA_YAML)
    kinds = {check.kind.value for check in part_of(compile_plan(promised, "postgres"), promised, [SCHEMA]).checks}
    assert kinds == {"schema", "extra_columns", "column_type"}


def test_one_cadence_is_one_value() -> None:
    assert Cadence(part=CONTRACT, rhythm=Cron(expression="0 6 * * *")) == Cadence(
        part=CONTRACT, rhythm=Cron(expression="0 6 * * *", zone="UTC")
    )


def test_a_time_of_availability_is_checked_at_that_time_in_its_own_zone(tmp_path: Path) -> None:
    levels = """
    slaProperties:
      - {property: timeOfAvailability, value: "09:00-08:00", element: orders.placed_at}
    """
    by_part = found(tmp_path, levels)
    assert by_part["own CRON_TZ=UTC 0 17 * * *"] == {"0 17 * * * UTC"}
    assert by_part[CONTRACT] == {"0 6 * * * Europe/Berlin"}


def test_a_zone_that_nobody_knows_is_no_reason_to_stop(tmp_path: Path) -> None:
    body = SCHEMA_YAML.replace(
        "{name: placed_at, logicalType: timestamp}",
        '{name: placed_at, logicalType: timestamp, logicalTypeOptions: {defaultTimezone: "Mars/Olympus Mons"}}',
    )
    levels = """
    slaProperties:
      - {property: timeOfAvailability, value: "09:30", element: orders.placed_at}
    """
    promised = contract(tmp_path, body + levels)
    rhythms = {str(each.rhythm) for each in cadences(promised, compile_plan(promised, "postgres"), SETTINGS)}
    assert "30 9 * * * Europe/Berlin" in rhythms
