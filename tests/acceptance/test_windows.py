"""Whoever reads of a windowed rule, on a terminal, in JSON, on a page or in Slack, reads on which rows it ran."""

from collections.abc import Iterator

import pytest

from tests.acceptance.program import Program
from tests.slack.server import FakeSlack

BODY = """
schema:
  - name: orders
    customProperties: [{property: checkWindow, value: {element: ordered_at, last: 7d}}]
    properties:
      - {name: id, primaryKey: true}
      - {name: amount, required: true, logicalType: number, logicalTypeOptions: {minimum: 0}}
      - {name: ordered_at, logicalType: timestamp}
"""
TABLE = """
CREATE TABLE orders AS
SELECT n AS id, CASE WHEN n = 3 THEN -5 ELSE n END AS amount, now() - n * interval '1 day' AS ordered_at
FROM generate_series(1, 1200) AS n;
ANALYZE orders;
"""
SCOPE = "last 7 days by ordered_at"


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack() as started:
        yield started


def test_every_reader_hears_of_the_window(program: Program, slack: FakeSlack) -> None:
    program.warehouse.rows(TABLE)
    program.contract(BODY)
    program.environment["SLACK_BOT_TOKEN"] = "xoxb-fake-token"
    program.configure(f'[slack]\ntoken = "${{SLACK_BOT_TOKEN}}"\nchannel = "#data-quality"\nbase_url = "{slack.api}"')

    told = " ".join(program.run("verify", "-v", "--alert").out.split())
    found = program.verify()
    reported = program.run("report")

    assert f"must be at least 0 ({SCOPE})" in told
    assert "measured 1 of 6 rows (16.67 %) looked at 6 of about 1.2 k rows" in told
    assert f"must not be null ({SCOPE}) 0 of 6 rows" in told
    assert found["orders.amount.range"]["window"] == SCOPE
    assert found.reason("orders.amount.not-null") == "measured 0 of 6 rows; looked at 6 of about 1.2 k rows"
    assert found["orders.primary-key"]["window"] is None
    assert found["orders.primary-key"]["rows"] == 1200
    assert any(f"must be at least 0 ({SCOPE})" in str(message) for message in slack.world.seen())
    pages = [page.read_text("utf-8") for page in (program.folder / "reports").rglob("*.html")]
    assert reported.code == 0, reported.all
    assert any(SCOPE in page and "looked at 6 of about 1.2 k rows" in page for page in pages)
