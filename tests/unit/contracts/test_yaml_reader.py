"""YAML is read as plain data: exact, with lines, and within limits."""

from decimal import Decimal

import pytest

from monitor.contracts.yaml_reader import YamlError, read_value, read_yaml
from monitor.domain.contract import Scalar


def refusal(text: str) -> list[tuple[int, str]]:
    with pytest.raises(YamlError) as refused:
        read_yaml(text)
    return [(line, words) for line, _, words in refused.value.problems]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("~", None),
        ("", None),
        ("Null", None),
        ("true", True),
        ("FALSE", False),
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("007", 7),
        ("-12", -12),
        ("0x1F", 31),
        ("0o17", 15),
        ("9007199254740993", 9007199254740993),
        ("1.10", Decimal("1.10")),
        ("1e3", Decimal(1000)),
        (".5", Decimal("0.5")),
        ("1_000", "1_000"),
        ("2026-01-01", "2026-01-01"),
        ("2026-01-01T10:00:00Z", "2026-01-01T10:00:00Z"),
        ("12:30:45", "12:30:45"),
        ("1.2.3", "1.2.3"),
        ("'5'", "5"),
        ("!!str 5", "5"),
        ("!!float 5", Decimal(5)),
        ("-", "-"),
        ("٣", "٣"),
    ],
)
def test_a_scalar_means_what_the_core_schema_says(text: str, value: Scalar) -> None:
    if text == "-":
        text = "'-'"
    found = read_yaml(f"a: {text}").root["a"]
    assert found == value
    assert type(found) is type(value)


def test_every_value_knows_its_line() -> None:
    document = read_yaml("a:\n  b:\n    - 1\n    - c: 2\n")
    assert document.line_of(("a", "b", 1, "c")) == 4
    assert document.line_of(("a", "b", 0)) == 3
    assert document.line_of(("a", "nothing", "here")) == 1


def test_duplicate_keys_are_told_with_both_lines() -> None:
    assert refusal("a: 1\nb: 2\na: 3\n") == [(3, "this key stands here twice; it was first given on line 1")]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: &x {k: 1}\nb: {<<: *x}", 2, "merge keys"),
        ("a: &x [*x]", 1, "stands inside what it stands for"),
        ("a: *nowhere", 1, "has no anchor"),
        ("a: 1\n---\nb: 1", 2, "second YAML document"),
        ("1: a", 1, "is not text"),
        ("null: a", 1, "is not text"),
        ("{[a]: b}", 1, "cannot be a key"),
        ("a: !python/object x", 1, "unknown here"),
        ("a: !!int x", 1, "no int"),
        ("a: .inf", 1, "put it in quotes"),
        ("a: .NaN", 1, "put it in quotes"),
        ("a: 1e999999999", 1, "too large"),
        ("a: " + "9" * 5000, 1, "more than 100 digits"),
        ('a: "x\\0y"', 1, "NUL"),
        ("a: [", 1, "not valid YAML"),
        ("a: \x07", 1, "not valid YAML"),
        ("[a]", 1, "expected a contract"),
        ("", 1, "found nothing, expected a contract"),
        ("[" * 20_000, 1, "levels deep"),
        ("a: &x 1\nb: [" + "*x," * 1_001 + "]", 2, "aliases"),
        ("a: [" + "1," * 50_001 + "]", 1, "values"),
    ],
)
def test_what_is_not_plain_data_is_refused(text: str, line: int, words: str) -> None:
    problems = refusal(text)
    assert problems[-1][0] == line
    assert words in problems[-1][1]


def test_aliases_are_counted_as_what_they_stand_for() -> None:
    bomb = "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9)
    )
    assert "more than 50,000 values" in refusal(bomb)[-1][1]


def test_an_alias_is_a_copy() -> None:
    root = read_yaml("a: &x {k: [1]}\nb: *x").root
    assert root["b"] == root["a"]
    assert root["b"] is not root["a"]


def test_any_value_may_be_read_by_itself() -> None:
    assert read_value("- a\n- b: 1\n") == ["a", {"b": 1}]
