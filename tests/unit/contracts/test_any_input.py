"""Whatever a file holds, reading it ends in a contract or in problems."""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.contracts.files import Source
from monitor.contracts.reading import parse
from monitor.errors import ContractError

KEYS = st.sampled_from(
    [
        "name",
        "id",
        "type",
        "metric",
        "rule",
        "mustBe",
        "mustBeBetween",
        "query",
        "engine",
        "implementation",
        "arguments",
        "validValues",
        "pattern",
        "properties",
        "quality",
        "relationships",
        "to",
        "from",
        "enum",
        "value",
        "logicalType",
        "logicalTypeOptions",
        "minimum",
        "exclusiveMinimum",
        "physicalName",
        "items",
        "primaryKey",
        "primaryKeyPosition",
        "semanticType",
        "map",
        "required",
        "schedule",
        "scheduler",
        "unit",
        "element",
        "property",
        "server",
        "port",
        "team",
        "members",
        "severity",
        "dimension",
        "customProperties",
        "vendor",
    ]
)
WORDS = st.sampled_from(
    [
        "t",
        "c",
        "t.c",
        "schema/t/properties/c",
        "library",
        "sql",
        "custom",
        "text",
        "soda",
        "nullValues",
        "rowCount",
        "duplicateValues",
        "invalidValues",
        "latency",
        "retention",
        "d",
        "m",
        "P1D",
        "integer",
        "string",
        "date",
        "object",
        "array",
        "map",
        "measure",
        "cron",
        "active",
        "extraColumns",
        "${X}",
        "${table}",
    ]
)
LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | WORDS | st.text()
)
VALUES = st.recursive(
    LEAVES,
    lambda below: st.lists(below, max_size=4) | st.dictionaries(KEYS | st.text(), below, max_size=5),
    max_leaves=25,
)
PARTS = st.sampled_from(
    [
        "schema",
        "slaProperties",
        "servers",
        "team",
        "support",
        "customProperties",
        "name",
        "tags",
        "description",
        "slaDefaultElement",
        "status",
    ]
)
APIS = st.sampled_from(["v3.2.0", "v3.1.0", "v3.0.2", "v3.0.0"])
UNHURRIED = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def ends_well(text: str) -> None:
    """A contract or its problems: every other exception is a bug."""
    try:
        contract = parse(Source(text=text, fingerprint="sha256:0"), "x.odcs.yaml")
    except ContractError as error:
        problems = error.problems
    else:
        assert contract.slug
        return
    assert problems
    for problem in problems:
        line, _, words = problem.partition(": ")
        assert int(line) >= 1
        assert words
        assert "\n" not in problem


@UNHURRIED
@given(st.text())
def test_any_text(text: str) -> None:
    ends_well(text)


@UNHURRIED
@given(APIS, st.dictionaries(PARTS, VALUES, max_size=5))
def test_any_document_under_a_valid_head(api: str, parts: dict[str, object]) -> None:
    head = {"apiVersion": api, "kind": "DataContract", "id": "x", "version": "1.0.0", "status": "active"}
    ends_well(json.dumps({**head, **parts}))


@UNHURRIED
@given(APIS, st.lists(st.dictionaries(KEYS, VALUES, max_size=8), max_size=4), st.dictionaries(KEYS, VALUES, max_size=8))
def test_any_columns_and_rules(api: str, columns: list[dict[str, object]], rule: dict[str, object]) -> None:
    named = [{"name": f"c{number}", **column} for number, column in enumerate(columns)]
    schema = [{"name": "t", "properties": [{**column, "quality": [rule]} for column in named], "quality": [rule]}]
    ends_well(json.dumps({"apiVersion": api, "kind": "DataContract", "id": "x", "version": "1", "schema": schema}))
