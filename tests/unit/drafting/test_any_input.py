"""Files of strangers: whatever stands in them becomes a draft, a sentence about what was left, or a problem; no crash."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.contracts.document import Document
from monitor.contracts.files import Source
from monitor.contracts.reading import parse
from monitor.contracts.yaml_reader import read_yaml
from monitor.drafting import from_dbt, from_gx, from_sodacl
from monitor.drafting.imported import Imported, render
from monitor.errors import ContractError

Reader = Callable[[Document, str], list[Imported]]
EVIL = 'x"}\n  - ${HOME} #\x1b{{ ref("y") }}'
WORDS = st.sampled_from(
    [
        EVIL, "name", "unique", "not_null", "accepted_values", "values", "relationships", "to", "field", "columns", "tests",
        "models", "sources", "tables", "constraints", "type", "check", "expression", "config", "severity", "freshness",
        "error_after", "expectations", "kwargs", "column", "expect_column_values_to_be_between", "min_value", "mostly",
        "expect_column_values_to_be_in_set", "value_set", "row_count > 0", "missing_count(a) = 0", "schema", "fail",
        "invalid_count(a) < 3", "valid values", "when required column missing", "dbt_utils.accepted_range",
    ]
)  # fmt: skip
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats(-2, 2).map(str) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=25,
)
TOPS = st.sampled_from(
    ["models", "sources", "expectations", "checks for t", 'checks for "t"', "checks for t [x]", EVIL]
)


@pytest.mark.parametrize("reader", [from_dbt.imported, from_gx.imported, from_sodacl.imported])
@settings(max_examples=150, deadline=None)
@given(st.dictionaries(TOPS, VALUES | st.lists(st.dictionaries(WORDS, VALUES, max_size=4), max_size=2), max_size=3))
def test_no_file_makes_an_import_fall(reader: Reader, root: dict[str, Any]) -> None:
    for found in reader(Document(root=root, lines={(): 1}), "f"):
        text = render(found, EVIL)
        read_yaml(text)
        try:
            parse(Source(text=text, fingerprint="x"), "f")
        except ContractError as refused:
            assert refused.problems  # noqa: PT017 - a draft that is none is told with its problems


@given(st.sampled_from(["a.b", EVIL, 'q"', "plain"]))
def test_a_name_stays_what_it_is(name: str) -> None:
    table = Imported(name=name, schema="s")
    table.column(name)
    found = parse(Source(text=render(table, EVIL), fingerprint="x"), "f")
    assert [(dataset.name, dataset.schema, dataset.table) for dataset in found.datasets] == [(name, "s", name)]
    assert [column.physical_name for _, column in found.columns()] == [name]
