"""What is compiled for the connectors' warehouses, put into DuckDB's SQL by sqlglot, measures what hand-written SQL says.

Nobody here has such a warehouse. This holds the meaning as far as sqlglot knows their functions: which argument comes
first, what a difference is subtracted from, what an empty table gives.
"""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime

import duckdb
import pytest
import sqlglot

from monitor.checks import windows
from monitor.checks.dialect import CONNECTORS, dialect_of
from monitor.domain.check import Aggregate, CheckPlan, NotChecked, Query
from tests.unit.checks.connector_cells import plans
from tests.unit.checks.regenerate import ROOT

TABLES = """
CREATE MACRO infinity() AS 'inf'::double;
CREATE MACRO current_timestamp_l_t_z() AS current_timestamp;
CREATE TABLE parents AS SELECT 5 AS id UNION ALL SELECT 7;
CREATE TABLE t AS SELECT * FROM (VALUES
  (5, 'AB-12', 'a@b.cd', true, DATE '2024-01-01', DATE '2024-01-05', current_timestamp - INTERVAL 1 HOUR),
  (5, 'it''s', 'nope', false, DATE '2019-01-07', NULL, current_timestamp - INTERVAL 4 HOUR),
  (7, NULL, NULL, NULL, current_date, NULL, current_timestamp),
  (11, 'x', 'q@', true, NULL, NULL, NULL)) AS v(n, s, m, ok, day, until, "at");
"""
RECENT = "FROM t WHERE n IN (7, 11)"  # of the last week by `at`, or without a moment
BY_HAND = {
    "parents.primary-key.nulls": "SELECT 0",
    "parents.primary-key.duplicates": "SELECT 0",
    "t.n.foreign-key": "SELECT COUNT(*) FROM t WHERE n NOT IN (SELECT id FROM parents)",
    "t.n.range": f"SELECT COUNT(*) FILTER (n < -1 OR n >= 10.5) {RECENT}",
    "t.n.multiple-of": f"SELECT COUNT(*) FILTER (n % 5 <> 0) {RECENT}",
    "t.s.not-null": f"SELECT COUNT(*) FILTER (s IS NULL) {RECENT}",
    "t.s.length": f"SELECT COUNT(*) FILTER (LENGTH(s) > 9) {RECENT}",
    "t.s.pattern": f"SELECT COUNT(*) FILTER (s NOT SIMILAR TO '[A-Z][A-Z]-[0-9]+') {RECENT}",
    "t.s.v": f"SELECT COUNT(*) FILTER (s <> 'x') {RECENT}",
    "t.s.p": f"SELECT COUNT(*) FILTER (s NOT IN ('x', 'it''s') OR s NOT SIMILAR TO '.*[ab].*') {RECENT}",
    "t.m.format": f"SELECT COUNT(*) FILTER (m = 'q@') {RECENT}",
    "t.ok.enum": f"SELECT COUNT(*) FILTER (NOT ok) {RECENT}",
    "t.day.range": f"SELECT COUNT(*) FILTER (day < DATE '2020-01-01') {RECENT}",
    "t.at.range": f"SELECT COUNT(*) FILTER (\"at\" < TIMESTAMPTZ '2020-01-01 12:30:00Z') {RECENT}",
    "t.q": "SELECT COUNT(*) FROM t WHERE s = 't'",
    "t.share": "SELECT 25",
    "t.gaps": "SELECT 1",
    "t.one": "SELECT 1",
    "t.long": "SELECT 0",
    "t.at.fresh": 'SELECT epoch(current_timestamp) - epoch(MAX("at")) FROM t',
    "t.day.kept": "SELECT epoch(current_timestamp) - epoch(TIMESTAMPTZ '2019-01-08 00:00:00Z')",
    "t.day.kept.late": "SELECT 1",
    "t.day.nine": "SELECT epoch(current_timestamp) - epoch(CAST(MAX(day) AS timestamptz)) FROM t",
    "t.day.nine.late": "SELECT 0",
    "t.day.at.late": 'SELECT MAX(epoch("at") - epoch(CAST(day AS timestamptz))) FROM t',
}
NOT_TRANSLATED = {"sqlserver": {"t.s.length", "t.day.kept", "t.day.kept.late", "t.at.fresh", "t.ok.enum"}}
"""A collation, and truths that are numbers: DuckDB has neither."""
SLOWEST = 60.0


def statements(server: str) -> Iterator[tuple[str, str | None]]:
    """Yield each probe of the plain contract with its statement; None where it is skipped."""
    plan: CheckPlan = plans(server)[-1]
    if windows.has_windows(plan):
        plan = windows.anchored(plan, datetime.now(UTC))
    tables = {dataset.name: dialect_of(server).table(dataset.table) for dataset in plan.datasets}
    for check in plan.checks:
        source = f"{tables[check.dataset]}{windows.where(plan.window(check))}"
        for probe in check.probes:
            match probe:
                case Aggregate():
                    yield probe.metric, f"SELECT {probe.expression} FROM {source}"
                case Query():
                    yield probe.metric, probe.sql
                case NotChecked():
                    yield check.id, None


@pytest.mark.parametrize("server", CONNECTORS)
def test_every_statement_means_what_hand_written_sql_says(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    measured = 0
    with closing(duckdb.connect()) as opened:
        opened.execute("SET TimeZone = 'UTC'")
        opened.execute(TABLES)
        for metric, asked in statements(server):
            if asked is None or metric in NOT_TRANSLATED.get(server, ()):
                continue
            (translated,) = sqlglot.transpile(asked, read=dialect_of(server).NAME, write="duckdb")
            ((found,),) = opened.execute(translated.replace("(MAX)", "")).fetchall()
            ((wanted,),) = opened.execute(BY_HAND[metric]).fetchall()
            assert float(found) == pytest.approx(
                float(wanted), abs=SLOWEST if wanted > 9 or "fresh" in metric else 0
            ), (
                metric,
                translated,
            )
            measured += 1
    assert measured >= {"dremio": 6, "sqlserver": 15}.get(server, len(BY_HAND))
