"""What a YAML scalar means: the core schema of YAML 1.2, with exact numbers and without timestamps."""

import re
from decimal import Decimal

from monitor.domain.contract import Scalar

NULLS = frozenset({"", "~", "null", "Null", "NULL"})
TRUE = frozenset({"true", "True", "TRUE"})
FALSE = frozenset({"false", "False", "FALSE"})
INTEGER = re.compile(r"[-+]?[0-9]+")
OCTAL = re.compile(r"0o[0-7]+")
HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+")
FRACTION = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")

MOST_DIGITS = 100
"""More digits, or a larger exponent, than any column can hold; written out they could fill the memory."""

TAG = "tag:yaml.org,2002:"


class ScalarError(ValueError):
    """A scalar has no exact meaning; the message says why."""


def resolve(text: str, *, plain: bool, tag: str | None) -> Scalar:
    """Return what a scalar stands for.

    Args:
        text: The scalar's text after YAML's own unescaping.
        plain: Whether it was written without quotes.
        tag: Its explicit tag, or None.

    Raises:
        ScalarError: The tag is unknown, does not fit the text, or the number is not finite or too long.
    """
    if tag is None:
        return _resolve_plain(text) if plain else text
    name = tag.removeprefix(TAG)
    if tag in ("!", f"{TAG}str"):
        return text
    if name == tag or name not in ("null", "bool", "int", "float"):
        raise ScalarError(f"the YAML tag {tag[:60]!r} is unknown here; remove it")
    value = _resolve_plain(text)
    fits = {
        "null": value is None,
        "bool": isinstance(value, bool),
        "int": isinstance(value, int) and not isinstance(value, bool),
        "float": isinstance(value, int | Decimal) and not isinstance(value, bool),
    }[name]
    if not fits:
        raise ScalarError(f"{text[:60]!r} is no {name} although its tag says so")
    return Decimal(value) if name == "float" and isinstance(value, int) else value


def _resolve_plain(text: str) -> Scalar:
    if text in NULLS:
        return None
    first = text[0]
    if first in "tTfF":
        return True if text in TRUE else False if text in FALSE else text
    if not (first.isascii() and (first.isdigit() or first in "+-.")):
        return text
    return _number(text)


def _number(text: str) -> Scalar:
    if NOT_FINITE.fullmatch(text):
        raise ScalarError(f"{text} is not a number that data can be held against; put it in quotes if it is text")
    if OCTAL.fullmatch(text) or HEXADECIMAL.fullmatch(text):
        _refuse_long(text)
        return int(text, 0)
    if INTEGER.fullmatch(text):
        _refuse_long(text)
        return int(text)
    if FRACTION.fullmatch(text):
        _refuse_long(text)
        exponent = re.split("[eE]", text)[1:]
        if exponent and (len(exponent[0]) > 4 or abs(int(exponent[0])) > MOST_DIGITS):  # noqa: PLR2004 sign and digits
            raise ScalarError(
                f"the number {text} is too large or too small to be exact; put it in quotes if it is text"
            )
        return Decimal(text)
    return text


def _refuse_long(text: str) -> None:
    if len(text) > MOST_DIGITS:
        raise ScalarError(f"a number of more than {MOST_DIGITS} digits; put it in quotes if it is text")
