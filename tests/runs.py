"""Runs written by hand: the nyc-flights contract with every outcome, a healthy one, a dead one, and hostile texts."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from monitor.domain.check import ZERO, Aggregate, Catalogue, Check, CheckKind, Dimension, Need, NotChecked, TableName
from monitor.domain.contract import Contract, Owner, SupportChannel
from monitor.domain.scan import CheckResult, Outcome, Run, Sample, Scan

STARTED = datetime(2026, 11, 23, 2, 0, 14, tzinfo=UTC)
FILE = "contracts/nyc-flights/1.0.0.odcs.yaml"
FLIGHTS = 336_776

CONTRACT = Contract(
    id="nyc-flights",
    slug="nyc-flights",
    name="nyc-flights",
    version="1.0.0",
    status="active",
    api_version="v3.1.0",
    file=FILE,
    fingerprint="sha256:" + "9f2c" * 16,
    meaning="sha256:" + "1a2b" * 16,
    owner=Owner(team="flights", members=("mira", "jonas")),
    support=(SupportChannel(channel="#flights-oncall", tool="slack"),),
    purpose="Departures from New York's three airports in 2013, for the delay dashboard.",
)


def check(identifier: str, name: str, kind: CheckKind, **more: object) -> Check:
    """A check with as little ceremony as a test needs; its dataset is the first part of its id."""
    dataset, *rest = identifier.split(".")
    given = {"dataset": dataset, "columns": tuple(rest[:-1]), "probes": (Catalogue(),), "line": 40} | more
    return Check(id=identifier, name=name, kind=kind, **given)  # type: ignore[arg-type]


def result(checked: Check, outcome: Outcome = Outcome.PASS, reason: str = "", **more: object) -> CheckResult:
    """A result with as little ceremony as a test needs."""
    return CheckResult(check=checked, outcome=outcome, reason=reason, **more)  # type: ignore[arg-type]


def run_of(results: Iterable[CheckResult], **more: object) -> Run:
    """A run of nyc-flights with these results."""
    scan = Scan(started_at=STARTED, finished_at=STARTED + timedelta(seconds=0.9), results=tuple(results), seen={})
    run = Run(
        run_id="7f3a",
        contract="nyc-flights",
        slug="nyc-flights",
        version="1.0.0",
        file=FILE,
        fingerprint=CONTRACT.fingerprint,
        server="warehouse",
        location="schema nyc",
        shadow=False,
        scan=scan,
    )
    return replace(run, **more)  # type: ignore[arg-type]


def select(condition: str) -> str:
    """A counting statement, as long as real ones are."""
    return f'SELECT count(*)\nFROM "nyc"."flights" AS child\nWHERE {condition}'


FOREIGN_KEY = result(
    check(
        "flights.dest.foreign-key",
        "flights.dest must exist in airports.faa",
        CheckKind.FOREIGN_KEY,
        dimension=Dimension.CONSISTENCY,
        line=41,
        impact="The delay dashboard drops these rows",
        needs=(
            Need(table=TableName(schema=None, name="flights"), columns=("dest",)),
            Need(table=TableName(schema=None, name="airports"), columns=("faa",)),
        ),
    ),
    Outcome.FAIL,
    "",
    measured=7602,
    rows=FLIGHTS,
    sql=select(
        '"dest" IS NOT NULL\n  AND NOT EXISTS (SELECT 1 FROM "nyc"."airports" AS parent WHERE parent."faa" = "dest")'
    ),
    offending="4 values: SJU (5,819 rows) · BQN (896 rows) · STT (522 rows) · PSE (365 rows)",
    sample=Sample(
        columns=("flight", "origin", "time_hour", "dest"),
        rows=(
            ("725", "JFK", "2013-01-01 05:00:00+00", "BQN"),
            ("1806", "JFK", "2013-01-01 06:00:00+00", "BQN"),
            ("701", "EWR", "2013-01-01 06:00:00+00", "SJU"),
        ),
    ),
)
RANGE = result(
    check(
        "flights.air_time.range",
        "flights.air_time must lie in 30..600",
        CheckKind.RANGE,
        dimension=Dimension.ACCURACY,
        line=58,
    ),
    Outcome.FAIL,
    "",
    measured=1618,
    rows=FLIGHTS,
    sql=select('"air_time" < 30 OR "air_time" > 600'),
    offending="lowest 20, highest 695",
)
EXTRA = result(
    check(
        "flights.minute.extra",
        "flights has no columns beyond the contract",
        CheckKind.EXTRA_COLUMNS,
        expected="no extra columns",
        unit=None,
    ),
    Outcome.WARN,
    "flights.minute is not in the contract (extra column, integer)",
)
SKIPPED = result(
    check("sla.availability", "availability", CheckKind.SERVICE_LEVEL, dataset="flights", columns=(), line=120),
    Outcome.SKIPPED,
    "data cannot show it",
)


def holding() -> tuple[CheckResult, ...]:
    """The seventeen checks that hold: eleven of flights, two of airports, two of airlines, two of others."""
    flights = [
        result(
            check(
                f"flights.{column}.not-null",
                f"flights.{column} must not be empty",
                CheckKind.NOT_NULL,
                dimension=Dimension.COMPLETENESS,
            ),
            measured=0,
            rows=FLIGHTS,
            sql=select(f'"{column}" IS NULL'),
        )
        for column in ("year", "month", "day", "carrier", "origin", "dest", "distance", "time_hour")
    ]
    flights += [
        result(
            check(
                "flights.schema",
                "flights has all 19 declared columns",
                CheckKind.SCHEMA,
                expected="19 columns",
                unit=None,
            ),
            reason="all 19 columns are there",
        ),
        result(
            check("flights.row-count", "flights has at least 300,000 rows", CheckKind.ROW_COUNT, expected=">= 300000"),
            measured=FLIGHTS,
            rows=FLIGHTS,
        ),
        result(
            check(
                "flights.time_hour.freshness",
                "flights.time_hour is no older than 6 h",
                CheckKind.FRESHNESS,
                expected="<= 21600",
                unit="seconds",
            ),
            measured=Decimal("14405.5"),
            rows=FLIGHTS,
        ),
    ]
    others = [
        result(
            check(f"{dataset}.{key}.{kind.replace('_', '-')}", f"{dataset}.{key} must be {kind}", kind),
            measured=0,
            rows=rows,
        )
        for dataset, key, kind, rows in (
            ("airports", "faa", CheckKind.PRIMARY_KEY, 1458),
            ("airports", "name", CheckKind.NOT_NULL, 1458),
            ("airlines", "carrier", CheckKind.PRIMARY_KEY, 16),
            ("airlines", "name", CheckKind.NOT_NULL, 16),
            ("planes", "tailnum", CheckKind.PRIMARY_KEY, 3322),
            ("weather", "origin", CheckKind.NOT_NULL, 26115),
        )
    ]
    return (*flights, *others)


BROKEN = run_of((*holding()[:4], FOREIGN_KEY, RANGE, EXTRA, *holding()[4:], SKIPPED))
KEPT = run_of((*holding(), SKIPPED), run_id="8a01")
DEAD = run_of(
    (
        result(replace(item.check, line=10 + place), Outcome.BLOCKED, "table nyc.flights is missing")
        for place, item in enumerate(holding())
    ),
    run_id="9b02",
)
ERROR = result(
    check("flights.carrier.sql", "every carrier flies daily", CheckKind.SQL, line=77),
    Outcome.ERROR,
    'column "carier" does not exist\nLINE 1: SELECT count(carier) FROM flights\n                     ^',
    sql="SELECT count(carier) FROM flights",
)
BAD_RULE = result(
    check(
        "flights.tailnum.foreign-key",
        "flights.tailnum must exist in plane.tailnum",
        CheckKind.FOREIGN_KEY,
        probes=(NotChecked(reason="no such dataset", is_error=True),),
    ),
    Outcome.ERROR,
    "the contract declares no dataset plane",
)
EVERYTHING = run_of(
    (
        *BROKEN.scan.results,
        ERROR,
        BAD_RULE,
        *(
            result(
                check(f"weather.{column}.range", f"weather.{column} must lie in 0..120", CheckKind.RANGE),
                Outcome.BLOCKED,
                "column weather.temp is missing",
            )
            for column in ("temp", "dewp")
        ),
    ),
    run_id="c0de",
)
EXPRESSIONS = tuple(f"COUNT(CASE WHEN n < {bound} THEN 1 END)" for bound in (0, 10, 20))
PASSED = tuple(
    result(
        check(
            f"flights.n{place}.range",
            f"flights.n must be fine, {place}",
            CheckKind.RANGE,
            probes=(Aggregate(metric=f"flights.n{place}.range", expression=expression, threshold=ZERO),),
            needs=(Need(table=TableName(schema=None, name="flights"), columns=("n",)),),
        ),
        Outcome.FAIL,
        measured=place + 1,
        rows=FLIGHTS,
        sql="SELECT " + ",\n  ".join(EXPRESSIONS) + '\nFROM "flights"',
    )
    for place, expression in enumerate(EXPRESSIONS)
)
"""Three broken checks that one pass over their table has measured."""

SCRIPT = "<script>alert(1)</script>"
NASTY = (
    f"{SCRIPT} {{{{7*7}}}} [bold]x[/] \x1b[31mred\x1b]0;owned\x07 "
    "\u202egnp.exe javascript:alert(1) \"quoted' \x00 \ud800"
)
HOSTILE_CONTRACT = replace(
    CONTRACT,
    name=NASTY,
    status=NASTY,
    purpose=NASTY,
    owner=Owner(team=NASTY),
    support=(SupportChannel(channel=NASTY, url="javascript:alert(1)"),),
)
HOSTILE = run_of(
    (
        result(
            check(
                f"{NASTY}.{outcome}",
                NASTY,
                CheckKind.PATTERN,
                dataset=NASTY,
                columns=(NASTY,),
                severity=NASTY,
                expected=NASTY,
                unit=NASTY,
                impact=NASTY,
            ),
            outcome,
            NASTY,
            measured=None if outcome in (Outcome.ERROR, Outcome.BLOCKED) else 3,
            rows=7,
            sql=NASTY,
            offending=NASTY,
            sample=Sample(columns=(NASTY,), rows=((NASTY,),)),
        )
        for outcome in Outcome
    ),
    contract=NASTY,
    version=NASTY,
    file=NASTY,
    fingerprint=NASTY,
    server=NASTY,
    location=NASTY,
)
