"""A session that is there already: its tables and views are verified, and it stays as it was."""

import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from monitor.domain.scan import Outcome
from monitor.spark import verify
from tests.contracts import HEAD
from tests.integration.kinds.test_odd_names import ODD, dataset, rules
from tests.integration.test_literal_text import as_yaml

pytestmark = [
    pytest.mark.spark,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),  # pyspark leaves sockets open
]


@pytest.fixture(scope="module")
def session() -> Iterator[Any]:
    from pyspark.sql import SparkSession

    made = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.sql.variable.substitute", "false")  # else it would read ${HOME} itself in the name of a view
        .getOrCreate()
    )
    yield made
    made.stop()


def written(folder: Path, body: str) -> Path:
    path = folder / "test.odcs.yaml"
    path.write_text(HEAD.format(api="v3.1.0") + textwrap.dedent(body), encoding="utf-8")
    return path


BODY = """
schema:
  - name: orders
    properties:
      - {name: id, logicalType: integer, primaryKey: true}
      - {name: n, logicalType: integer, logicalTypeOptions: {maximum: 5}}
      - name: tags
        logicalType: array
        logicalTypeOptions: {minItems: 1, uniqueItems: true}
      - name: extra
        logicalType: object
        logicalTypeOptions: {required: [a, b], maxProperties: 2}
      - name: by_key
        logicalType: object
        logicalTypeOptions: {maxProperties: 1}
"""


def test_a_notebook_verifies_its_views_and_nothing_of_its_session_changes(session: Any, tmp_path: Path) -> None:
    session.range(100).selectExpr(
        "id",
        "id % 7 AS n",
        "CASE WHEN id < 3 THEN array() WHEN id < 10 THEN array('1', '1') ELSE array('1', '2') END AS tags",
        "named_struct('a', id, 'c', id) AS extra",
        "CASE WHEN id < 4 THEN map('x', 1, 'y', 2) ELSE map('x', 1) END AS by_key",
    ).createOrReplaceTempView("orders")
    session.sparkContext.setJobGroup("mine", "my own work")
    before = dict(session.sparkContext.getConf().getAll()), session.conf.get("spark.sql.ansi.enabled")

    found = verify(session, written(tmp_path, BODY))

    told = {result.check.id: (result.outcome, result.measured) for result in found.results}
    assert found.verdict == "broken"
    assert told["orders.primary-key"] == (Outcome.PASS, 0)
    assert told["orders.n.range"] == (Outcome.FAIL, 14)
    assert told["orders.tags.items"] == (Outcome.FAIL, 3)
    assert told["orders.tags.unique-items"] == (Outcome.FAIL, 7)
    assert told["orders.extra.required-properties"] == (Outcome.FAIL, 100)
    assert told["orders.extra.properties"] == (Outcome.PASS, 0)
    assert told["orders.by_key.properties"] == (Outcome.FAIL, 4)
    assert told["orders.tags.column-type"][0] is Outcome.PASS
    assert told["orders.extra.column-type"][0] is Outcome.PASS
    assert "fail    orders.n.range: orders.n must be at most 5, measured 14" in str(found).splitlines()
    assert before == (dict(session.sparkContext.getConf().getAll()), session.conf.get("spark.sql.ansi.enabled"))
    assert session.sparkContext.getLocalProperty("spark.jobGroup.id") == "mine"
    assert session._jvm.SparkSession.getDefaultSession().get().equals(session._jsparkSession)
    assert session.sql("SELECT CAST('x' AS int) AS n").collect()[0].n is None  # still not in ANSI mode


def test_items_that_only_look_alike_are_no_repetition(session: Any, tmp_path: Path) -> None:
    documents = ['[1, "1"]', '["a", "a"]', "[null, null]", '[{"a": 1}, {"a":1}]', '[true, "true"]', "[]", "[[1], [1]]"]
    session.createDataFrame([(each,) for each in documents], "tags string").createOrReplaceTempView("docs")
    body = "schema: [{name: docs, properties: [{name: tags, logicalType: array, logicalTypeOptions: {uniqueItems: true}}]}]"

    found = {result.check.id: result.measured for result in verify(session, written(tmp_path, body)).results}

    assert found["docs.tags.unique-items"] == 4


def test_every_name_and_value_of_a_contract_is_taken_literally(session: Any, tmp_path: Path) -> None:
    def quoted(name: str) -> str:
        return "`" + name.replace("`", "``") + "`"

    odd = (*ODD, "back`tick", 'U&"x\\0041"')
    for name in odd:
        rows = [(name, -2 * 86400, name), (name, -3600, name), (None, None, None)]
        frame = session.createDataFrame(rows, "k string, b int, e string").selectExpr(
            f"k AS {quoted(name)}",
            f"CAST(current_timestamp() + make_interval(0,0,0,0,0,0,b) AS timestamp) AS {quoted(name + '_begin')}",
            f"e AS {quoted(name + '_end')}",
        )
        frame.createOrReplaceTempView(quoted(name))
    session.conf.set("spark.sql.session.timeZone", "UTC")
    objects = as_yaml([dataset(number, name) for number, name in enumerate(odd)])

    found = {result.check.id: result for result in verify(session, written(tmp_path, f"schema: {objects}\n")).results}

    for number, name in enumerate(odd):
        ids = ("row-count", "key.not-null", *(each["id"] for each in rules(name)))
        told = {id_: found[f"t{number}.{id_}"] for id_ in ids}
        assert {id_: result.measured for id_, result in told.items()} == {
            "row-count": 2,
            "key.not-null": 1,
            "current": 1,
            "gaps": 1,
            "orphans": 0 if number == 0 else 2,
            "keyless": 1,
            "overlaps": 0,
            "apart": 1,
            "difference": 0,
        }, (name, [result.reason for result in told.values()])


def test_a_database_of_the_catalogue_is_read_by_name(session: Any, tmp_path: Path) -> None:
    session.sql("CREATE DATABASE IF NOT EXISTS shop")
    session.sql("CREATE TABLE IF NOT EXISTS shop.parent USING parquet AS SELECT 1 AS k")
    session.sql("CREATE TABLE IF NOT EXISTS shop.child USING parquet AS SELECT explode(array(1, 2, 2, null)) AS k")
    body = """
    schema:
      - {name: child, properties: [{name: k, relationships: [{to: parent.k}]}]}
      - {name: parent, physicalName: shop.parent, properties: [{name: k, unique: true, physicalType: integer}]}
      - {name: gone, properties: [{name: k, required: true}]}
    """
    try:
        found = {result.check.id: result for result in verify(session, written(tmp_path, body), schema="shop").results}
        nowhere = verify(session, written(tmp_path, body), schema="no_such")
    finally:
        session.sql("DROP DATABASE shop CASCADE")

    assert (found["child.k.foreign-key"].outcome, found["child.k.foreign-key"].measured) == (Outcome.FAIL, 2)
    assert found["parent.k.unique"].outcome is Outcome.PASS
    assert found["parent.k.column-type"].outcome is Outcome.PASS
    assert found["gone.k.not-null"].outcome is Outcome.BLOCKED
    assert nowhere.verdict != "kept"


def test_what_is_no_session_with_a_machine_is_refused() -> None:
    with pytest.raises(TypeError, match="expected a pyspark"):
        verify(object(), "contract.odcs.yaml")


def test_nothing_of_a_contract_leaves_its_session_and_the_default_suite_needs_no_spark() -> None:
    code = "import monitor.spark, sys; print([name for name in sys.modules if name.startswith(('pyspark', 'py4j', 'soda'))])"
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert finished.stdout.strip() == "[]"
