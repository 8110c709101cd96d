"""Stale data: every unit, every type of column, exactly at the limit; what data cannot show is said, never dropped.

Views over `now()` are exactly as old as they say: a scan is one transaction, in which time stands still.
"""

from dataclasses import dataclass
from decimal import Decimal

import pytest

from tests.acceptance.program import Program, Verified

PASS, FAIL = "pass", "fail"


@dataclass(frozen=True)
class Case:
    """A service level, the newest value as SQL, and what must come out. `seconds` is the measured age, if exact."""

    level: str
    value: str
    outcome: str
    seconds: str | None = None
    column: str = "logicalType: timestamp"


CASES = {
    "seconds, at the limit": Case("{value: 90, unit: s}", "now() - interval '90 s'", PASS, "90"),
    "seconds, past it": Case("{value: 90, unit: s}", "now() - interval '90.000001 s'", FAIL, "90.000001"),
    "minutes": Case("{value: 30, unit: min}", "now() - interval '30 min'", PASS, "1800"),
    "m is minutes": Case("{value: 30, unit: m}", "now() - interval '31 min'", FAIL, "1860"),
    "hours, at the limit": Case("{value: 6, unit: h}", "now() - interval '6 h'", PASS, "21600"),
    "hours, past it": Case("{value: 6, unit: h}", "now() - interval '6 h 1 ms'", FAIL, "21600.001"),
    "half an hour is not none": Case("{value: 0.5, unit: h}", "now() - interval '29 min'", PASS, "1740"),
    "half an hour is not one": Case("{value: 0.5, unit: h}", "now() - interval '31 min'", FAIL, "1860"),
    "days": Case("{value: 2, unit: d}", "now() - interval '48 h'", PASS, "172800"),
    "weeks": Case("{value: 1, unit: w}", "now() - interval '169 h'", FAIL, "608400"),
    "months, at the limit": Case("{value: 1, unit: month}", "now() - interval '1 month'", PASS),
    "months, past it": Case("{value: 1, unit: month}", "now() - interval '1 month 1 s'", FAIL),
    "years, at the limit": Case("{value: 2, unit: y}", "now() - interval '2 years'", PASS),
    "years, past it": Case("{value: 2, unit: y}", "now() - interval '2 years 1 s'", FAIL),
    "an ISO duration": Case("{value: PT90M}", "now() - interval '90 min'", PASS, "5400"),
    "an ISO duration, past it": Case("{value: P1DT12H, unit: ISO}", "now() - interval '36 h 1 s'", FAIL, "129601"),
    "number and unit in one": Case("{value: 36 h}", "now() - interval '36 h'", PASS, "129600"),
    "4 minutes ahead is a clock's error": Case("{value: 1, unit: h}", "now() + interval '4 min'", PASS, "-240"),
    "5 minutes ahead is too": Case("{value: 1, unit: h}", "now() + interval '5 min'", PASS, "-300"),
    "more is a wrong value": Case("{value: 1, unit: h}", "now() + interval '301 s'", FAIL, "-301"),
    "ahead, with a limit in months": Case("{value: 1, unit: month}", "now() + interval '1 day'", FAIL, "-86400"),
    "infinity is the future": Case("{value: 1, unit: d}", "timestamptz 'infinity'", FAIL),
    "minus infinity is old": Case("{value: 1, unit: y}", "timestamptz '-infinity'", FAIL),
    "without zone it is UTC": Case("{value: 1, unit: h}", "now() AT TIME ZONE 'UTC' - interval '1 h'", PASS, "3600"),
    "without zone in the column's own": Case(
        "{value: 1, unit: h}",
        "now() AT TIME ZONE 'Asia/Tokyo' - interval '1 h'",
        PASS,
        "3600",
        "logicalType: timestamp, logicalTypeOptions: {defaultTimezone: Asia/Tokyo}",
    ),
    "another zone would be the future": Case(
        "{value: 1, unit: h}", "now() AT TIME ZONE 'Asia/Tokyo' - interval '1 h'", FAIL, "-28800"
    ),
    "today is fresh": Case("{value: 1, unit: s}", "(now() AT TIME ZONE 'UTC')::date", PASS, "0", "logicalType: date"),
    "a date counts from its end": Case(
        "{value: 1, unit: d}", "(now() AT TIME ZONE 'UTC')::date - 1", PASS, None, "logicalType: date"
    ),
    "three days back is no day": Case(
        "{value: 1, unit: d}", "(now() AT TIME ZONE 'UTC')::date - 3", FAIL, None, "logicalType: date"
    ),
    "the day after tomorrow is the future": Case(
        "{value: 1, unit: d}", "(now() AT TIME ZONE 'UTC')::date + 2", FAIL, None, "logicalType: date"
    ),
}


@pytest.fixture(scope="module")
def contract() -> str:
    objects = "".join(
        f"  - {{name: t{number}, properties: [{{name: at, {case.column}}}]}}\n"
        for number, case in enumerate(CASES.values())
    )
    levels = "".join(
        f"  - {{property: freshness, element: t{number}.at, {case.level.strip('{}')}}}\n"
        for number, case in enumerate(CASES.values())
    )
    return f"schema:\n{objects}slaProperties:\n{levels}"


def test_age_is_judged_exactly_in_every_unit(program: Program, contract: str) -> None:
    for number, case in enumerate(CASES.values()):
        program.warehouse.rows(f"CREATE VIEW t{number} AS SELECT {case.value} AS at")
    program.configure()
    program.contract(contract)

    found = program.verify()

    wrong = {}
    for number, (name, case) in enumerate(CASES.items()):
        result = found[f"t{number}.at.freshness"]
        exact = case.seconds is None or result["measured"] == Decimal(case.seconds)
        if result["outcome"] != case.outcome or not exact or result["unit"] != "seconds":
            wrong[name] = result
    assert not wrong
    ahead = {name: number for number, name in enumerate(CASES)}
    for name in (
        "more is a wrong value",
        "ahead, with a limit in months",
        "infinity is the future",
        "the day after tomorrow is the future",
    ):
        assert "in the future" in found.reason(f"t{ahead[name]}.at.freshness")


LEVELS = """
schema:
  - name: empty
    properties: [{name: at, logicalType: timestamp}, {name: then, logicalType: timestamp}]
  - name: events
    properties:
      - {name: at, logicalType: timestamp}
      - {name: seen, logicalType: timestamp}
      - {name: day, logicalType: date}
slaProperties:
  - {property: freshness, value: 1, unit: y, element: empty.at}
  - {property: retention, value: 1, unit: d, element: empty.at}
  - {property: retention, value: 1, unit: y, element: empty.at, id: yearly}
  - {property: frequency, value: 1, unit: d, element: empty.at}
  - {property: latency, value: 1, unit: h, element: "empty.at,empty.then"}
  - {property: ly, value: 40, unit: min, element: "events.at, events.seen"}
  - {property: latency, value: 29, unit: min, element: "events.at,events.seen", id: strict}
  - {property: Latency, value: 2, unit: d, element: events.at}
  - {property: freshness, value: 1, unit: h, element: "events.at,events.seen,events.day", id: all}
  - {property: retention, value: 10, unit: d, element: events.at}
  - {property: retention, value: 9.5, unit: d, element: events.at, id: half}
  - {property: frequency, value: 1, unit: d, element: events.at}
  - {property: frequency, value: 1, unit: h, element: events.at, id: hourly}
"""

EVENTS = """
CREATE TABLE empty (at timestamptz, "then" timestamptz);
CREATE VIEW events AS SELECT now() - d AS at, now() - d + l AS seen, (now() AT TIME ZONE 'UTC')::date AS day
FROM (VALUES (interval '10 d', interval '5 min'), (interval '3 h', interval '30 min')) AS v (d, l);
"""


@pytest.fixture
def events(program: Program) -> Verified:
    program.warehouse.rows(EVENTS)
    program.configure()
    program.contract(LEVELS)
    return program.verify("--report", "page.html")


def test_each_service_level_that_data_can_show_is_measured(events: Verified) -> None:
    found = {check: result["outcome"] for check, result in events.results.items() if result["unit"] == "seconds"}

    assert found == {
        "empty.at.freshness": FAIL,
        "empty.at.retention": PASS,
        "empty.at.yearly": PASS,
        "empty.at.frequency": FAIL,
        "empty.at.then.latency": FAIL,
        "events.at.seen.latency": PASS,
        "events.at.seen.strict": FAIL,
        "events.at.latency": PASS,
        "events.at.all": FAIL,
        "events.seen.all": FAIL,
        "events.day.all": PASS,
        "events.at.retention": PASS,
        "events.at.half": FAIL,
        "events.at.frequency": PASS,
        "events.at.hourly": FAIL,
    }
    assert events["events.at.seen.latency"]["measured"] == 1800
    assert events["events.at.retention"]["measured"] == 864_000
    assert events["events.at.all"]["measured"] == 10_800
    for check in ("empty.at.freshness", "empty.at.frequency", "empty.at.then.latency"):
        assert (events[check]["measured"], "empty" in events.reason(check)) == (None, True)


def test_a_bare_element_means_the_only_dataset(program: Program) -> None:
    program.warehouse.rows("CREATE VIEW t AS SELECT now() - interval '2 h' AS at, now() - interval '1 h' AS seen")
    program.configure()
    program.contract(
        """
        schema: [{name: t, properties: [{name: at}, {name: seen}]}]
        slaProperties:
          - {property: freshness, value: 1, unit: h, element: at}
          - {property: latency, value: 1, unit: h, element: "at,seen"}
        """
    )

    found = program.verify()

    assert found.measured() | {"t.at.freshness": 7200, "t.at.seen.latency": 3600} == found.measured()
    assert (found.outcome("t.at.freshness"), found.outcome("t.at.seen.latency")) == (FAIL, PASS)


def test_levels_of_one_element_are_told_apart_by_their_limits(program: Program) -> None:
    program.warehouse.rows("CREATE VIEW t AS SELECT now() - interval '31 min 5.25 s' AS at")
    program.configure()
    program.contract(
        """
        schema: [{name: t, properties: [{name: at}]}]
        slaProperties:
          - {property: freshness, value: 1, unit: h, element: at}
          - {property: freshness, value: 30, unit: min, element: at}
        """
    )

    found = program.verify().outcomes()
    told = program.run("verify").out

    assert found["t.at.freshness-error-le-3600"] == PASS
    assert found["t.at.freshness-error-le-1800"] == FAIL
    assert "expected at most 30 minutes, measured 31 min 5 s\n" in told
    assert told.count("measured") == 1


UNSEEN = {
    "{property: availability, value: 99.9, unit: percent}": "skipped",
    "{property: timeToRepair, value: 4, unit: h}": "skipped",
    "{property: generalAvailability, value: '2024-01-01'}": "skipped",
    "{property: supportHours, value: 9-17}": "skipped",
    "{property: freshness, value: 1, unit: d}": "skipped",
    "{property: latency, value: 5, element: t.at}": "error",
    "{property: frequency, value: 1, unit: d}": "skipped",
    "{property: retention, value: 1, unit: y, element: t.nowhere}": "error",
    "{property: latency, value: 1, unit: d, element: 't.at,u.at'}": "skipped",
}


def test_what_data_cannot_show_is_skipped_or_an_error_with_the_words_of_lint(program: Program) -> None:
    program.warehouse.rows("CREATE VIEW t AS SELECT now() AS at; CREATE VIEW u AS SELECT now() AS at")
    program.configure()
    path = program.contract(
        "schema: [{name: t, properties: [{name: at}]}, {name: u, properties: [{name: at}]}]\nslaProperties:\n"
        + "".join(f"  - {level}\n" for level in UNSEEN)
    )

    found = program.verify()
    remarks = [line for line in program.run("lint").out.splitlines() if line.startswith("remark: ")]

    levels = [result for result in found.results.values() if result["dimension"] == "timeliness"]
    assert len(levels) == len(UNSEEN)
    assert [(level, result["outcome"]) for level, result in zip(UNSEEN, levels, strict=True)] == list(UNSEEN.items())
    file = path.relative_to(program.folder)
    untold = [
        (level, result["reason"], remarks)
        for level, result in zip(UNSEEN, levels, strict=True)
        if not any(f"remark: {file}:{result['line']}:" in each and result["reason"] in each for each in remarks)
    ]
    assert not untold
    assert found.reason("sla.frequency") == "frequency names no element, so it only sets the cadence"
