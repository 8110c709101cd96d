"""What a change of type means for the values: does every old value still fit, does every new one?"""

from collections.abc import Callable
from enum import StrEnum

from monitor.checks.duckdb_types import canonical
from monitor.checks.types import SqlType, parse_type, same_type
from monitor.drift.duckdb_types import fits as duckdb_fits


class TypeChange(StrEnum):
    """How two types relate. `equal` are two spellings, `equivalent` two types that hold the same values."""

    EQUAL = "equal"
    EQUIVALENT = "equivalent"
    WIDENED = "widened"
    NARROWED = "narrowed"
    CHANGED = "changed"


Fits = Callable[[SqlType, SqlType], bool]

_DIGITS = {"smallint": 5, "integer": 10, "bigint": 19}
_LADDERS = (
    ("smallint", "integer", "bigint"),
    ("smallint", "real", "double precision"),
    ("integer", "double precision"),
)
_VARIABLE = frozenset({"character varying", "bit varying"})
_SINGLE = frozenset({"character", "bit"})
_FRACTIONS = frozenset({"timestamp", "timestamp with time zone", "time", "time with time zone", "interval"})
_FINEST = 6
_UNBOUNDED = 10**9


def type_change(before: str, after: str, dialect: str, *, is_promise: bool = False) -> TypeChange:
    """Return what a change of type means in a dialect; unknown dialects only know equal words from others.

    With `is_promise` one side is a declared type, whose missing parameters allow any.
    """
    if dialect == "duckdb":
        before, after = canonical(before), canonical(after)
    old, new = _normal(parse_type(before)), _normal(parse_type(after))
    if dialect not in _FITS:
        return TypeChange.EQUAL if _same_words(before, after) else TypeChange.CHANGED
    if old == new or (is_promise and (same_type(before, after) or same_type(after, before))):
        return TypeChange.EQUAL
    forth, back = _FITS[dialect](old, new), _FITS[dialect](new, old)
    match forth, back:
        case True, True:
            return TypeChange.EQUIVALENT
        case True, False:
            return TypeChange.WIDENED
        case False, True:
            return TypeChange.NARROWED
        case _:
            return TypeChange.CHANGED


def _postgres_fits(old: SqlType, new: SqlType) -> bool:
    """Say whether every value of one PostgreSQL type is the same value in the other."""
    if old.is_array != new.is_array:
        return False
    if old.base == new.base:
        return _same_base_fits(old, new)
    if old.base in _DIGITS and new.base == "numeric":
        whole, _ = _numeric(new)
        return whole >= _DIGITS[old.base]
    if old.base == "numeric" and new.base in _DIGITS:
        whole, scale = _numeric(old)
        return scale <= 0 and whole < _DIGITS[new.base]
    if old.base in {"character", "character varying"} and new.base in {"character varying", "text"}:
        return new.base == "text" or _length(old) <= _length(new)
    if old.base == "text" and new.base == "character varying":
        return new.params is None
    return _climbs(old.base, new.base)


def _same_base_fits(old: SqlType, new: SqlType) -> bool:
    if old.base == "numeric":
        (whole, scale), (new_whole, new_scale) = _numeric(old), _numeric(new)
        return whole <= new_whole and scale <= new_scale
    if old.base in _VARIABLE or old.base == "character":
        return _length(old) <= _length(new)
    if old.base in _FRACTIONS:
        return _fraction(old) <= _fraction(new)
    return old.params == new.params


def _climbs(old: str, new: str) -> bool:
    for ladder in _LADDERS:
        if old in ladder and new in ladder:
            return ladder.index(old) <= ladder.index(new)
    return False


def _normal(found: SqlType) -> SqlType:
    """Return the type with the parameters that it has anyway made explicit, or left out."""
    if found.base in _SINGLE and found.params is None:
        return SqlType(base=found.base, params=("1",), is_array=found.is_array)
    if found.base in _FRACTIONS and found.params == (str(_FINEST),):
        return SqlType(base=found.base, params=None, is_array=found.is_array)
    return found


def _length(found: SqlType) -> int:
    return _UNBOUNDED if found.params is None else _number(found.params[0])


def _numeric(found: SqlType) -> tuple[int, int]:
    """Return how many digits may stand before and after the point."""
    if found.params is None:
        return _UNBOUNDED, _UNBOUNDED
    precision, scale = _number(found.params[0]), _number(found.params[1])
    return precision - scale, scale


def _fraction(found: SqlType) -> int:
    return _FINEST if found.params is None else _number(found.params[0])


def _number(text: str) -> int:
    return int(text) if text.lstrip("-").isdecimal() else _UNBOUNDED


def _same_words(one: str, other: str) -> bool:
    return one.lower().split() == other.lower().split()


_FITS: dict[str, Fits] = {"postgres": _postgres_fits, "duckdb": duckdb_fits}
