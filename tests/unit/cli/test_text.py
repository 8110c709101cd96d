import io
import re
from dataclasses import replace

import pytest
from rich.cells import cell_len

from monitor.cli.layout import plain
from monitor.cli.text import Told, print_runs, render_run, render_runs
from monitor.domain.check import CheckKind, Dimension
from monitor.domain.scan import Outcome, Run
from monitor.errors import ContractError
from tests.runs import (
    BROKEN,
    DEAD,
    ERROR,
    EVERYTHING,
    FOREIGN_KEY,
    HOSTILE,
    KEPT,
    PASSED,
    SKIPPED,
    check,
    result,
    run_of,
)

INVALID = ContractError("contracts/orders/2.0.0.odcs.yaml", ["12: schema.orders.amount: found [0]", "14: x: y"])


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def told(run: Run, *, width: int = 80, verbose: bool = False) -> str:
    return plain(render_run(Told(run=run), width=width, verbose=verbose))


def test_a_broken_run_reads_like_this() -> None:
    one = Told(run=BROKEN, report="reports/nyc-flights/runs/7f3a.html")
    assert (
        plain(render_runs([one], [], exit_code=1, width=80))
        == """\
nyc-flights 1.0.0 on warehouse (schema nyc)               BROKEN   2 of 21 rules

BROKEN  flights.dest must exist in airports.faa                      consistency
        expected 0, measured 7,602 of 336,776 rows (2.26 %)
        4 values: SJU (5,819 rows) · BQN (896 rows) · STT (522 rows) · PSE
        (365 rows)
        next  add the missing rows to airports, or correct dest at its source
        flights.dest.foreign-key     contracts/nyc-flights/1.0.0.odcs.yaml:41

BROKEN  flights.air_time must lie in 30..600                            accuracy
        expected 0, measured 1,618 of 336,776 rows (0.48 %)
        lowest 20, highest 695
        next  correct the rows, or release other bounds as 2.0.0
        flights.air_time.range       contracts/nyc-flights/1.0.0.odcs.yaml:58

WARN    flights.minute is not in the contract (extra column, integer)
SKIP    availability: data cannot show it
17 hold   flights 11, airports 2, airlines 2, planes 1, weather 1 (-v lists)
0 errors, 0 blocked. 0.9 s.
Report    reports/nyc-flights/runs/7f3a.html
Exit 1    a promise is broken
"""
    )


def test_an_error_says_why_nothing_is_known() -> None:
    assert """\
ERROR   every carrier flies daily
        column "carier" does not exist
        LINE 1: SELECT count(carier) FROM flights
        next  mend what the reason names; until then nobody knows
        flights.carrier.sql          contracts/nyc-flights/1.0.0.odcs.yaml:77
""" in told(EVERYTHING)


def test_checks_that_one_cause_blocks_are_told_once() -> None:
    assert (
        told(DEAD)
        == """\
nyc-flights 1.0.0 on warehouse (schema nyc)          UNVERIFIED   17 of 17 rules

BLOCKED 17 checks: table nyc.flights is missing
        flights 11, airports 2, airlines 2, planes 1, weather 1 (-v lists)
        next  mend what the reason names, then verify again

nothing could be checked
0 errors, 17 blocked. 0.9 s.
"""
    )


@pytest.mark.parametrize(
    ("outcomes", "line"),
    [
        ([Outcome.BLOCKED, Outcome.ERROR], "nothing could be checked"),
        ([Outcome.BLOCKED, Outcome.SKIPPED], "nothing could be checked"),
        ([Outcome.FAIL, Outcome.BLOCKED], None),
        ([Outcome.WARN, Outcome.ERROR], None),
    ],
)
def test_that_nothing_holds_is_no_news_and_that_nothing_was_checked_is(
    outcomes: list[Outcome], line: str | None
) -> None:
    run = run_of(result(check(f"f.{n}.x", "n", CheckKind.RANGE), outcome) for n, outcome in enumerate(outcomes))
    text = told(run)
    assert "holds" not in text
    assert ("nothing could be checked\n" in text) is (line is not None)


def test_errors_of_one_reason_are_told_once() -> None:
    reason = "the table is locked by somebody else: lock timeout; held by nightly load (etl, process 4711)"
    step = "wait for nightly load to end"
    locked = [
        result(check(f"flights.{name}.range", f"{name} is fine", CheckKind.RANGE), Outcome.ERROR, reason, remedy=step)
        for name in ("dest", "day", "hour", "year")
    ]
    assert """\
ERROR   4 checks: the table is locked by somebody else: lock timeout; held by
        nightly load (etl, process 4711)
        flights 4 (-v lists)
        next  wait for nightly load to end

ERROR   every carrier flies daily
""" in told(run_of([*locked, ERROR]))


def test_a_pass_over_a_table_is_shown_once_and_each_check_by_its_own_expression() -> None:
    run = run_of([*PASSED, FOREIGN_KEY])
    text = told(run, verbose=True)
    assert text.count("COUNT(CASE WHEN n < 0") == 2
    assert (
        """\
        sql  SELECT COUNT(CASE WHEN n < 0 THEN 1 END)
             FROM "flights"
"""
        in text
    )
    assert (
        """\
SQL     flights: one pass for 3 checks
        SELECT COUNT(CASE WHEN n < 0 THEN 1 END),
"""
        in text
    )
    assert "SQL     " not in told(run)


@pytest.mark.parametrize("run", [BROKEN, KEPT, DEAD, EVERYTHING])
def test_verbose_lists_every_promise_and_the_rest_says_that_it_exists(run: Run) -> None:
    text = " ".join(told(run, verbose=True).split())
    for found in run.scan.results:
        assert found.check.name in text or found.reason in text
    assert "-v lists" not in text


def test_skips_of_one_reason_share_a_line() -> None:
    other = replace(SKIPPED, check=replace(SKIPPED.check, id="sla.support", name="support"))
    assert "SKIP    2 rules, availability, support: data cannot show it\n" in told(run_of([SKIPPED, other]))


def test_a_warning_with_numbers_tells_them() -> None:
    found = result(
        check("flights.dep_delay.range", "dep_delay must lie in -60..600", CheckKind.RANGE, severity="info"),
        Outcome.WARN,
        measured=3,
        rows=1000,
    )
    line = "WARN    dep_delay must lie in -60..600: expected 0, measured 3 of 1,000 rows (0.3 %)"
    assert line in " ".join(told(run_of([found]), width=200).split("\n"))


@pytest.mark.parametrize("width", [30, 46, 80, 133])
@pytest.mark.parametrize("run", [BROKEN, DEAD, EVERYTHING, HOSTILE])
@pytest.mark.parametrize("verbose", [False, True])
def test_no_line_is_wider_than_the_terminal(run: Run, width: int, verbose: bool) -> None:
    assert max(cell_len(line) for line in told(run, width=width, verbose=verbose).splitlines()) <= width


def test_wide_characters_keep_the_right_edge() -> None:
    names = ("便名は空であってはならない ✈️", "plain", "é")
    run = run_of(
        result(check(f"f.{n}.x", name, CheckKind.RANGE, dimension=Dimension.ACCURACY), Outcome.FAIL)
        for n, name in enumerate(names)
    )
    edges = [cell_len(line) for line in told(run).splitlines() if line.endswith("accuracy")]
    assert edges == [80, 80, 80]


def test_the_columns_variable_decides_the_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "50")
    stream = io.StringIO()
    print_runs([Told(run=BROKEN)], [], exit_code=1, stream=stream, environment={})
    assert max(map(len, stream.getvalue().splitlines())) == 50


def printed(stream: io.StringIO, run: Run, environment: dict[str, str] | None = None) -> str:
    one = Told(run=run)
    print_runs([one], [], exit_code=1, stream=stream, verbose=True, environment=environment or {})
    return stream.getvalue()


def test_no_text_of_a_contract_or_of_data_steers_the_terminal() -> None:
    text = printed(io.StringIO(), HOSTILE)
    assert text.replace("\n", "").isprintable()
    assert "[bold]x[/]" in text
    assert r"\x1b[31mred" in text


def test_on_a_terminal_only_our_own_colours_reach_it() -> None:
    text = printed(Terminal(), HOSTILE, {"TERM": "xterm-256color"})
    codes = set(re.findall("\x1b[^m]*m", text))
    assert codes
    assert "\x1b" not in re.sub("\x1b\\[[0-9;]*m", "", text)
    assert "\x1b]0" not in text
    assert "\x07" not in text
    assert "[bold]x[/]" in text


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_without_colour_there_is_no_escape_at_all(environment: dict[str, str]) -> None:
    assert "\x1b" not in printed(Terminal(), BROKEN, environment)


def test_colour_changes_nothing_but_colour() -> None:
    coloured = printed(Terminal(), BROKEN)
    assert re.sub("\x1b\\[[0-9;]*m", "", coloured) == printed(io.StringIO(), BROKEN)


def test_a_stream_that_knows_only_ascii_gets_escapes_and_no_crash() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii", write_through=True)
    run = run_of([result(check("f.é.x", "é muß", CheckKind.RANGE), Outcome.FAIL)])
    print_runs([Told(run=run)], [], exit_code=1, stream=stream, environment={})
    assert rb"\xe9 mu\xdf" in raw.getvalue()


def test_many_runs_and_invalid_files_end_with_a_total() -> None:
    text = plain(render_runs([Told(run=KEPT), Told(run=DEAD)], [INVALID], exit_code=2, width=80))
    assert text.endswith("""\
INVALID contracts/orders/2.0.0.odcs.yaml: 2 problems
        contracts/orders/2.0.0.odcs.yaml:12: schema.orders.amount: found [0]
        contracts/orders/2.0.0.odcs.yaml:14: x: y

2 runs: 0 broken, 1 unverified, 1 kept; 1 invalid file.
Exit 2    a contract file is invalid
""")


def test_a_shadow_run_says_that_it_is_one() -> None:
    assert "nyc-flights 1.0.0 (shadow) on warehouse" in told(replace(BROKEN, shadow=True))
