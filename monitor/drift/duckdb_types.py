"""What a change of type means for the values in DuckDB."""

from monitor.checks.types import SqlType

_INTEGERS: dict[str, tuple[int, int]] = {
    **{name: (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for name, bits in (
        ("tinyint", 8), ("smallint", 16), ("integer", 32), ("bigint", 64), ("hugeint", 128),
    )},
    **{name: (0, 2**bits - 1) for name, bits in (
        ("utinyint", 8), ("usmallint", 16), ("uinteger", 32), ("ubigint", 64), ("uhugeint", 128),
    )},
}  # fmt: skip
_EXACT: dict[str, int] = {"real": 2**24, "double precision": 2**53}
"""Up to where a floating-point type holds every whole number."""
_TEXTS = frozenset({"character varying", "text"})
_FINER = ("timestamp_s", "timestamp_ms", "timestamp")
_WIDTH, _SCALE = 18, 3


def fits(old: SqlType, new: SqlType) -> bool:
    """Say whether every value of one DuckDB type is the same value in the other."""
    if old.is_array != new.is_array:
        return False
    if old.base in _TEXTS and new.base in _TEXTS:
        return True
    if old.base == "numeric" or new.base == "numeric":
        return _decimal_fits(old, new)
    if old.base in _INTEGERS and new.base in _INTEGERS:
        (low, high), (new_low, new_high) = _INTEGERS[old.base], _INTEGERS[new.base]
        return new_low <= low and high <= new_high
    if old.base in _INTEGERS and new.base in _EXACT:
        return max(map(abs, _INTEGERS[old.base])) <= _EXACT[new.base]
    if old.base in _FINER and new.base in _FINER:
        return _FINER.index(old.base) <= _FINER.index(new.base)
    return (old.base, new.base) == ("real", "double precision") or (old.base, old.params) == (new.base, new.params)


def _decimal_fits(old: SqlType, new: SqlType) -> bool:
    if not all(_is_sized(each) for each in (old, new) if each.base == "numeric"):  # a contract may say anything
        return old == new
    if old.base == new.base:
        (width, scale), (new_width, new_scale) = _decimal(old), _decimal(new)
        return scale <= new_scale and width - scale <= new_width - new_scale
    if old.base in _INTEGERS:
        width, scale = _decimal(new)
        return len(str(_INTEGERS[old.base][1])) <= width - scale
    if new.base in _INTEGERS:
        width, scale = _decimal(old)
        low, high = _INTEGERS[new.base]
        return scale == 0 and low <= -(10**width - 1) and 10**width - 1 <= high
    return False


def _is_sized(found: SqlType) -> bool:
    return found.params is None or (len(found.params) in {1, 2} and all(each.isdecimal() for each in found.params))


def _decimal(found: SqlType) -> tuple[int, int]:
    """Return width and scale; without any, DuckDB's own, and no scale where only the width is said."""
    if found.params is None:
        return _WIDTH, _SCALE
    width, scale = (*found.params, "0")[:2]
    return int(width), int(scale)
