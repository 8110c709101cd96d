import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from monitor.cli.json_output import document
from monitor.domain.check import CheckKind, Dimension
from monitor.domain.scan import Outcome, Run
from monitor.errors import ContractError
from monitor.exact_json import encode
from tests.runs import BROKEN, DEAD, EVERYTHING, FOREIGN_KEY, HOSTILE, KEPT, check, result, run_of

SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "verify.schema.json").read_text(encoding="utf-8"))
INVALID = ContractError("contracts/orders/2.0.0.odcs.yaml", ["12: schema.orders: no such thing"])


@pytest.mark.parametrize("runs", [[BROKEN], [KEPT, DEAD], [EVERYTHING], [HOSTILE], []])
@pytest.mark.parametrize("invalid", [[], [INVALID]])
def test_every_document_follows_the_published_schema(runs: list[Run], invalid: list[ContractError]) -> None:
    Draft202012Validator.check_schema(SCHEMA)
    Draft202012Validator(SCHEMA).validate(json.loads(document(runs, invalid)))


def test_the_schema_knows_every_word() -> None:
    properties = SCHEMA["$defs"]["result"]["properties"]
    assert properties["kind"]["enum"] == list(CheckKind)
    assert properties["outcome"]["enum"] == list(Outcome)
    assert properties["dimension"]["enum"] == [*Dimension, None]


def test_a_run_says_what_the_design_promises() -> None:
    (run,) = json.loads(document([BROKEN], []))["runs"]
    assert {key: run[key] for key in ("run_id", "verdict", "shadow", "started_at", "finished_at", "counts")} == {
        "run_id": "7f3a",
        "verdict": "broken",
        "shadow": False,
        "started_at": "2026-11-23T02:00:14.000Z",
        "finished_at": "2026-11-23T02:00:14.900Z",
        "counts": {"pass": 17, "warn": 1, "fail": 2, "error": 0, "blocked": 0, "skipped": 1},
    }
    found = next(found for found in run["results"] if found["check"] == FOREIGN_KEY.check.id)
    assert {key: found[key] for key in ("dataset", "columns", "kind", "dimension", "severity", "outcome")} == {
        "dataset": "flights",
        "columns": ["dest"],
        "kind": "foreign_key",
        "dimension": "consistency",
        "severity": "error",
        "outcome": "fail",
    }
    assert (found["measured"], found["expected"], found["unit"], found["rows"]) == (7602, "= 0", "rows", 336_776)


@pytest.mark.parametrize("run", [BROKEN, KEPT, DEAD, EVERYTHING])
def test_every_result_has_a_reason_also_where_the_numbers_say_all(run: Run) -> None:
    reasons = {each["check"]: each["reason"] for each in json.loads(document([run], []))["runs"][0]["results"]}
    assert all(reasons.values())
    if FOREIGN_KEY.check.id in reasons:
        assert reasons[FOREIGN_KEY.check.id] == "measured 7,602 of 336,776 rows (2.26 %)"


@pytest.mark.parametrize(
    ("runs", "invalid", "verdict"),
    [
        ([KEPT], [], "kept"),
        ([KEPT, BROKEN, DEAD], [INVALID], "broken"),
        ([KEPT, DEAD], [], "unverified"),
        ([KEPT], [INVALID], "unverified"),
        ([], [], "unverified"),
        ([KEPT, replace(BROKEN, shadow=True)], [], "kept"),
    ],
)
def test_the_verdict_over_all_is_the_worst_that_counts(
    runs: list[Run], invalid: list[ContractError], verdict: str
) -> None:
    """A draft in the shadow is told and changes nothing."""
    assert json.loads(document(runs, invalid))["verdict"] == verdict


def test_a_shadow_run_that_was_named_counts() -> None:
    shadow = replace(BROKEN, shadow=True)
    assert json.loads(document([shadow], [], named={(shadow.contract, shadow.version)}))["verdict"] == "broken"


@given(st.decimals(allow_nan=False, allow_infinity=False) | st.integers())
def test_numbers_survive_exactly(number: Decimal | int) -> None:
    assert json.loads(encode({"n": number}), parse_float=Decimal, parse_int=Decimal)["n"] == number


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (9007199254740993, "9007199254740993"),
        (Decimal("9007199254740993.1"), "9007199254740993.1"),
        (Decimal("0.10"), "0.1"),
        (Decimal("1E-7"), "0.0000001"),
        (Decimal("1E+5000"), "1E+5000"),
        (Decimal("NaN"), "null"),
        (Decimal("-Infinity"), "null"),
    ],
)
def test_a_measured_number_is_written_by_its_own_digits(number: int | Decimal, written: str) -> None:
    found = result(check("a.b.sql", "n", CheckKind.SQL), measured=number)
    assert f'"measured": {written},' in document([run_of([found])], [])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON)
def test_the_encoder_writes_what_the_standard_library_would(value: object) -> None:
    assert encode(value) == json.dumps(value, indent=2) + "\n"  # type: ignore[arg-type]


def test_no_value_can_steer_a_terminal() -> None:
    text = document([HOSTILE], [])
    assert text.isascii()
    assert text.replace("\n", "").isprintable()
