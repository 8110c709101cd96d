"""Service levels that data can show, on data whose age is known to the minute."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.domain.scan import Outcome
from monitor.engines.base import Engine
from tests.conftest import Warehouse
from tests.contracts import by_id, contract, scan

NOW = "CURRENT_TIMESTAMP"
UTC_DAY = "(CURRENT_TIMESTAMP AT TIME ZONE 'UTC')::date"
PASS, FAIL = Outcome.PASS, Outcome.FAIL


@dataclass(frozen=True)
class Case:
    """A level with its limit, the column's type and values (SQL), and what becomes of the promise."""

    level: str
    type: str
    values: str
    outcome: Outcome
    age: float | None = None
    zone: str | None = None

    def on(self, server_type: str) -> Outcome | None:
        """Return what becomes of the promise on a type of server; None where it has no such values."""
        if server_type == "mysql" and "infinity" in self.values:
            return None
        if server_type == "mysql" and self.type == "text":
            return Outcome.ERROR  # PostgreSQL writes the zone, which MariaDB does not read
        return Outcome.SKIPPED if server_type == "mysql" and self.zone else self.outcome


HOUR = "property: freshness, value: 1, unit: h"
DAY = "property: freshness, value: 1, unit: d"
MONTH = "property: freshness, value: 1, unit: month"
RETENTION = "property: retention, value: 30, unit: d"
YEARS = "property: retention, value: 3, unit: y"
CASES = {
    "fresh": Case(HOUR, "timestamptz", f"{NOW} - interval '59 min'", PASS, 3540),
    "stale": Case(HOUR, "timestamptz", f"{NOW} - interval '61 min'", FAIL, 3660),
    "the newest counts": Case(HOUR, "timestamptz", f"NULL, {NOW} - interval '2 h', {NOW}", PASS, 0),
    "empty": Case(HOUR, "timestamptz", "", FAIL),
    "only NULL": Case(HOUR, "timestamptz", "NULL", FAIL),
    "clocks differ a little": Case(HOUR, "timestamptz", f"{NOW} + interval '4 min'", PASS, -240),
    "from the future": Case(HOUR, "timestamptz", f"{NOW} + interval '6 min'", FAIL, -360),
    "no end": Case(HOUR, "timestamptz", "'infinity'", FAIL),
    "no beginning": Case(HOUR, "timestamptz", "'-infinity'", FAIL),
    "without zone": Case(HOUR, "timestamp", f"{NOW} AT TIME ZONE 'UTC'", PASS, 0),
    "in its zone": Case(
        HOUR, "timestamp", f"{NOW} AT TIME ZONE 'Asia/Kolkata' - interval '30 min'", PASS, 1800, "Asia/Kolkata"
    ),
    "in another zone": Case(HOUR, "timestamp", f"{NOW} AT TIME ZONE 'Asia/Kolkata'", FAIL, -19800),
    "text": Case(HOUR, "text", f"({NOW} - interval '30 min')::text", PASS, 1800),
    "a fraction": Case("property: freshness, value: 0.5, unit: h", "timestamptz", f"{NOW} - interval '29 min'", PASS),
    "over a fraction": Case(
        "property: freshness, value: 0.5, unit: h", "timestamptz", f"{NOW} - interval '31 min'", FAIL
    ),
    "ISO": Case("property: freshness, value: PT30M, unit: ISO", "timestamptz", f"{NOW} - interval '31 min'", FAIL),
    "today": Case(DAY, "date", UTC_DAY, PASS, 0),
    "yesterday": Case(DAY, "date", f"{UTC_DAY} - 1", PASS),
    "the day before": Case(DAY, "date", f"{UTC_DAY} - 2", FAIL),
    "a day to come": Case(DAY, "date", f"{UTC_DAY} + 2", FAIL),
    "within a month": Case(MONTH, "timestamptz", f"{NOW} - interval '1 month' + interval '1 min'", PASS),
    "over a month": Case(MONTH, "timestamptz", f"{NOW} - interval '1 month' - interval '1 min'", FAIL),
    "a month, from the future": Case(MONTH, "timestamptz", f"{NOW} + interval '6 min'", FAIL, -360),
    "a month, empty": Case(MONTH, "timestamptz", "", FAIL),
    "latency of one element": Case(
        "property: latency, value: 1, unit: h", "timestamptz", f"{NOW} - interval '61 min'", FAIL, 3660
    ),
    "renewed": Case("property: frequency, value: 1, unit: d", "timestamptz", f"{NOW} - interval '23 h'", PASS),
    "not renewed": Case("property: frequency, value: 1, unit: d", "timestamptz", f"{NOW} - interval '25 h'", FAIL),
    "kept": Case(RETENTION, "timestamptz", f"{NOW}, {NOW} - interval '29 d'", PASS, 29 * 86400),
    "kept too long": Case(RETENTION, "timestamptz", f"{NOW}, {NOW} - interval '31 d'", FAIL, 31 * 86400),
    "nothing kept": Case(RETENTION, "timestamptz", "", PASS, 0),
    "a day within its limit": Case(RETENTION, "date", f"{UTC_DAY} - 30", PASS),
    "a day over its limit": Case(RETENTION, "date", f"{UTC_DAY} - 31", FAIL),
    "within years": Case(YEARS, "timestamptz", f"{NOW} - interval '3 y' + interval '1 min'", PASS),
    "over years": Case(YEARS, "timestamptz", f"{NOW} - interval '3 y' - interval '1 min'", FAIL),
    "years, nothing kept": Case(YEARS, "timestamptz", "", PASS, 0),
}


def test_age_is_judged_at_the_time_of_the_run(engine: Engine, warehouse: Warehouse, tmp_path: Path) -> None:
    objects, levels = [], []
    cases = {name: case for name, case in CASES.items() if case.on(warehouse.settings.type)}
    for number, case in enumerate(cases.values()):
        warehouse.rows(f"CREATE TABLE t{number} (c {case.type})")
        if case.values:
            warehouse.rows(f"INSERT INTO t{number} SELECT unnest(ARRAY[{case.values}]::{case.type}[])")
        zone = f", logicalType: timestamp, logicalTypeOptions: {{defaultTimezone: {case.zone}}}" if case.zone else ""
        objects.append(f"  - {{name: t{number}, properties: [{{name: c{zone}}}]}}\n")
        levels.append(f"  - {{id: level, {case.level}, element: t{number}.c}}\n")

    results = by_id(
        scan(engine, contract(tmp_path, "schema:\n" + "".join(objects) + "slaProperties:\n" + "".join(levels)))
    )

    wrong = {}
    for number, (name, case) in enumerate(cases.items()):
        result, outcome = results[f"t{number}.c.level"], case.on(warehouse.settings.type)
        near = (
            case.age is None
            or outcome is not case.outcome
            or (result.measured is not None and abs(float(result.measured) - case.age) < 30)
        )
        if result.outcome is not outcome or not near:
            wrong[name] = (result.outcome, result.measured, result.reason)
    assert not wrong


DELAYS = {
    "as long as allowed": ("30, unit: min", "'2024-01-01 00:00Z', '2024-01-01 00:30Z'", PASS, 1800),
    "a second more": ("30, unit: min", "'2024-01-01 00:00Z', '2024-01-01 00:30:01Z'", FAIL, 1801),
    "the longest counts": ("30, unit: min", "now(), now()), (now(), now() + interval '1 h'", FAIL, 3600),
    "NULL is no delay": ("30, unit: min", "now(), now()), (NULL, now()), (now(), NULL", PASS, 0),
    "backwards": ("30, unit: min", "'2024-01-02', '2024-01-01'", PASS, -86400),
    "two months by the calendar": ("2, unit: month", "'2023-12-31 00:00Z', '2024-02-29 00:00Z'", PASS, 60 * 86400),
    "over two months": ("2, unit: month", "'2023-12-31 00:00Z', '2024-02-29 00:00:01Z'", FAIL, 60 * 86400 + 1),
    "no rows": ("30, unit: min", "", FAIL, None),
}


def test_latency_of_two_elements_is_the_longest_way(engine: Engine, warehouse: Warehouse, tmp_path: Path) -> None:
    objects, levels = [], []
    for number, (value, values, _, _) in enumerate(DELAYS.values()):
        warehouse.rows(f"CREATE TABLE t{number} (a timestamptz, b timestamptz)")
        if values:
            warehouse.rows(f"INSERT INTO t{number} VALUES ({values})")
        objects.append(f"  - {{name: t{number}, properties: [{{name: a}}, {{name: b}}]}}\n")
        levels.append(f"  - {{id: level, property: latency, value: {value}, element: 't{number}.a, t{number}.b'}}\n")

    results = by_id(
        scan(engine, contract(tmp_path, "schema:\n" + "".join(objects) + "slaProperties:\n" + "".join(levels)))
    )

    found = {
        name: (results[f"t{number}.a.b.level"].outcome, results[f"t{number}.a.b.level"].measured)
        for number, name in enumerate(DELAYS)
    }
    assert found == {name: (outcome, measured) for name, (_, _, outcome, measured) in DELAYS.items()}


def test_what_data_cannot_show_is_skipped_and_what_is_not_declared_is_an_error(
    engine: Engine, warehouse: Warehouse, tmp_path: Path
) -> None:
    warehouse.rows("CREATE TABLE t (c timestamptz); CREATE TABLE u (c timestamptz)")
    body = """
        schema:
          - {name: t, properties: [{name: c}]}
          - {name: u, properties: [{name: c}]}
        slaProperties:
          - {id: up, property: availability, value: 99.9, unit: percent}
          - {id: cadence, property: frequency, value: 1, unit: d}
          - {id: loose, property: freshness, value: 1, unit: d}
          - {id: gone, property: freshness, value: 1, unit: d, element: t.gone}
          - {id: across, property: latency, value: 1, unit: d, element: 't.c, u.c'}
        """

    results = by_id(scan(engine, contract(tmp_path, body)))

    outcomes = {identity.rpartition(".")[2]: result for identity, result in results.items()}
    assert {name: outcomes[name].outcome.value for name in ("up", "cadence", "loose", "gone", "across")} == {
        "up": "skipped",
        "cadence": "skipped",
        "loose": "skipped",
        "gone": "error",
        "across": "skipped",
    }
    assert all(outcomes[name].reason for name in ("up", "cadence", "loose", "gone", "across"))


def test_from_its_time_of_day_on_the_newest_value_is_of_that_day(
    engine: Engine, warehouse: Warehouse, tmp_path: Path
) -> None:
    """A deadline that passed a minute ago wants today's data, one that comes in a minute is content with yesterday's."""
    now = datetime.now(UTC)
    soon, ago = (f"{now + minutes:%H:%M}" for minutes in (timedelta(minutes=2), timedelta(minutes=-2)))
    if soon < ago:
        pytest.skip("around midnight in UTC both moments lie in different days")
    yesterday = f"{UTC_DAY} - 1 + TIME '23:59:59'"
    warehouse.rows(
        f'CREATE TABLE fresh AS SELECT {UTC_DAY}::timestamp AS "at", {UTC_DAY} AS day;'
        f'CREATE TABLE old AS SELECT {yesterday} AS "at", ({UTC_DAY} - 1) AS day;'
        'CREATE TABLE none ("at" timestamp, day date)'
    )
    levels = "".join(
        f"""
      - {{id: {name}-{number}, property: timeOfAvailability, value: "{value}", element: {table}.{column}}}"""
        for table in ("fresh", "old", "none")
        for column in ("at", "day")
        for number, (name, value) in enumerate([("soon", soon), ("ago", f"{ago}Z")])
    )
    tables = "".join(
        f"""
      - {{name: {table}, properties: [{{name: at, logicalType: timestamp}}, {{name: day, logicalType: date}}]}}"""
        for table in ("fresh", "old", "none")
    )
    promised = contract(
        tmp_path,
        f"""
    schema:{tables}
    slaProperties:{levels}
    """,
    )
    found = {
        name: each.outcome for name, each in by_id(scan(engine, promised)).items() if "soon" in name or "ago" in name
    }
    expected = {}
    for column in ("at", "day"):
        expected |= {f"fresh.{column}.soon-0": PASS, f"fresh.{column}.ago-1": PASS}
        expected |= {f"old.{column}.soon-0": PASS, f"old.{column}.ago-1": FAIL}
        expected |= {f"none.{column}.soon-0": FAIL, f"none.{column}.ago-1": FAIL}
    assert found == expected


def test_a_time_of_availability_that_is_none_is_an_error(engine: Engine, warehouse: Warehouse, tmp_path: Path) -> None:
    warehouse.rows('CREATE TABLE t ("at" timestamp)')
    promised = contract(
        tmp_path,
        """
        schema: [{name: t, properties: [{name: at, logicalType: timestamp}]}]
        slaProperties:
          - {property: timeOfAvailability, value: in the morning, element: t.at}
          - {property: timeOfAvailability, value: "09:00", id: whole}
        """,
    )
    found = by_id(scan(engine, promised))
    assert found["sla.timeOfAvailability"].outcome is Outcome.ERROR
    assert "expected a time of day such as 09:00" in found["sla.timeOfAvailability"].reason
    assert found["sla.whole"].outcome is Outcome.SKIPPED
