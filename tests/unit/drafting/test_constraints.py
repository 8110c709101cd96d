"""A check constraint becomes a promise of its column only if it says nothing more than that."""

import pytest

from monitor.contracts.document import Value
from monitor.drafting.constraints import promises


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("((amount >= (0)::numeric))", {("amount", "minimum", 0)}),
        ("(5 > n)", {("n", "exclusiveMaximum", 5)}),
        ("((a >= '-1.50'::numeric) AND (b <= -2))", {("a", "minimum", "-1.50"), ("b", "maximum", -2)}),
        ("((length(x) > 2) AND (char_length((y)::text) < 9))", {("x", "minLength", 3), ("y", "maxLength", 8)}),
        ("((code)::text ~ '^[A-Z]{2}$'::text)", {("code", "pattern", "^[A-Z]{2}$")}),
        ("(a IS NOT NULL)", {("a", "required", True)}),
    ],
)
def test_what_a_column_can_promise(condition: str, said: set[tuple[str, str, Value]]) -> None:
    found = promises(condition)
    assert found is not None
    assert {(promise.column, promise.key, promise.value) for promise in found} == said


@pytest.mark.parametrize(
    "condition",
    [
        "((state = 'a'::text) OR (state = 'b'::text))",
        "(state = ANY (ARRAY['a'::text, 'b'::text]))",
        "((state)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[]))",
        "(state IN ('a', 'b'))",
    ],
)
def test_every_spelling_of_a_list_of_values(condition: str) -> None:
    (promise,) = promises(condition) or ()
    assert (promise.column, promise.key, promise.value) == ("state", "enum", ["a", "b"])


@pytest.mark.parametrize(
    "condition",
    [
        "(a < b)",
        "((a > 0) OR (b > 0))",
        "((a = 1) OR (b = 2))",
        "((a > 0) AND (a < b))",
        "(lower(x) = x)",
        "(x !~ 'a'::text)",
        "(x ~* 'a'::text)",
        "(x ~~ 'a%'::text)",
        "(NOT (a > 0))",
        "(a IS NULL)",
        "((a + 1) > 0)",
        "(now() > at)",
        "(x = ANY (ARRAY['a'::text, NULL::text]))",
        "not SQL at all (",
        "",
    ],
)
def test_what_says_more_or_other_things_is_left_alone(condition: str) -> None:
    assert promises(condition) is None
