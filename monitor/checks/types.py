"""Column types compared by meaning: `varchar` is `character varying`, a precision counts only when it is declared."""

import re
from dataclasses import dataclass

_ALIASES = {
    "int": "integer",
    "int4": "integer",
    "serial": "integer",
    "serial4": "integer",
    "int2": "smallint",
    "smallserial": "smallint",
    "serial2": "smallint",
    "int8": "bigint",
    "bigserial": "bigint",
    "serial8": "bigint",
    "decimal": "numeric",
    "dec": "numeric",
    "float8": "double precision",
    "double": "double precision",
    "float4": "real",
    "varchar": "character varying",
    "char": "character",
    "nchar": "character",
    "national character": "character",
    "char varying": "character varying",
    "bool": "boolean",
    "timestamp without time zone": "timestamp",
    "timestamptz": "timestamp with time zone",
    "time without time zone": "time",
    "timetz": "time with time zone",
    "varbit": "bit varying",
    "bpchar": "character",
}
_DUCKDB_INTEGERS = frozenset(
    {"tinyint", "hugeint", "utinyint", "usmallint", "uinteger", "ubigint", "uhugeint", "bignum"}
)
_MYSQL_INTEGERS = frozenset({"mediumint", "year"}) | {
    f"{each} unsigned" for each in ("tinyint", "smallint", "mediumint", "int", "bigint")
}
_INTEGERS = frozenset({"smallint", "integer", "bigint", "oid"}) | _DUCKDB_INTEGERS | _MYSQL_INTEGERS
_MYSQL_NUMBERS = frozenset({"decimal unsigned", "double unsigned", "float unsigned"})
_NUMBERS = _INTEGERS | {"numeric", "real", "double precision", "money"} | _MYSQL_NUMBERS
_FINE = frozenset({"timestamp", "timestamp with time zone", "timestamp_s", "timestamp_ms", "timestamp_ns"})
_TIMESTAMPS = _FINE | {"datetime"}
_TIMES = frozenset({"time", "time with time zone"})
_DOCUMENTS = frozenset({"json", "jsonb", "hstore", "xml"})
_MAX_REAL_BITS = 24
_FULL_PRECISION = dict.fromkeys(_FINE | _TIMES, ("6",))
_CATEGORIES = {
    "integer": _INTEGERS,
    "number": _NUMBERS,
    "boolean": frozenset({"boolean"}),
    "date": frozenset({"date"}),
    "timestamp": _TIMESTAMPS,
    "temporal": _TIMESTAMPS | {"date"},
    "time": _TIMES,
    "map": _DOCUMENTS,
    "vector": frozenset({"vector", "halfvec", "sparsevec"}),
}
_NOT_TEXT = _NUMBERS | _TIMESTAMPS | _TIMES | {"boolean", "date", "json", "jsonb"}
_TYPE = re.compile(r"(?P<head>[^(\[]+?)\s*(?:\((?P<params>[^)]*)\)(?P<tail>[^\[\]]*?))?(?P<dims>(?:\s*\[\d*\])*)\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlType:
    """A type taken apart: canonical name, parameters (None if there are none), array or not."""

    base: str
    params: tuple[str, ...] | None
    is_array: bool


def parse_type(text: str) -> SqlType:
    """Take apart a PostgreSQL type as people or `format_type` write it. Never fails: an unknown word stays as it is."""
    words = " ".join(text.split()).lower()
    match = _TYPE.match(words)
    if match is None:
        return SqlType(base=words, params=None, is_array=False)
    head = match["head"].strip()
    is_array = bool(match["dims"].strip()) or head.endswith(" array")
    base = f"{head.removesuffix(' array')} {match['tail'] or ''}".strip()
    base = " ".join(base.split()).removeprefix("pg_catalog.")
    if base.startswith("_") and not is_array:
        base, is_array = base[1:], True
    params = tuple(part.strip() for part in match["params"].split(",")) if match["params"] else None
    if base == "float":
        is_real = params is not None and params[0].isdigit() and int(params[0]) <= _MAX_REAL_BITS
        return SqlType(base="real" if is_real else "double precision", params=None, is_array=is_array)
    base = _ALIASES.get(base, base)
    if base == "numeric" and params is not None and len(params) == 1:
        params = (params[0], "0")
    return SqlType(base=base, params=params, is_array=is_array)


def same_type(declared: str, live: str) -> bool:
    """Say whether a live column has the declared physical type."""
    wanted, found = parse_type(declared), parse_type(live)
    if wanted.is_array != found.is_array or not _same_base(wanted.base, found.base):
        return False
    return wanted.params is None or wanted.params == (found.params or _FULL_PRECISION.get(found.base))


def _same_base(declared: str, live: str) -> bool:
    """Compare names; the catalogue writes a schema only before types that the search path does not find."""
    wanted, found = (base.replace('"', "") for base in (declared, live))
    if "." in wanted and "." in found:
        return wanted == found
    return wanted.rpartition(".")[2] == found.rpartition(".")[2]


def carries_zone(live: str) -> bool:
    """Say whether a live column's type is one with a time zone."""
    return parse_type(live).base.endswith(" with time zone")


def is_category(logical: str, live: str) -> bool:
    """Say whether a live column's type belongs to an ODCS logical type. Unknown live types pass for text or objects."""
    found = parse_type(live)
    match logical:
        case "array":
            return found.is_array or found.base in _DOCUMENTS
        case "vector" if found.is_array:
            return found.base in _NUMBERS
        case _ if found.is_array:
            return False
        case "string":
            return found.base not in _NOT_TEXT
        case "object":
            return found.base in _DOCUMENTS or found.base not in _NOT_TEXT | {"text", "character varying", "character"}
        case "boolean" if found.base == "tinyint":
            return found.params == ("1",)  # what MySQL makes of a BOOLEAN
        case "integer" if found.base in {"numeric", "decimal unsigned"}:
            return found.params is not None and found.params[1] == "0"
        case _:
            return found.base in _CATEGORIES.get(logical, frozenset())


def logical_type(live: str) -> str | None:
    """Return the ODCS logical type that says most about a live type; None for a vector, which wants options."""
    found = parse_type(live)
    if found.base in _CATEGORIES["vector"]:
        return None
    if not found.is_array and found.base not in _NOT_TEXT | _DOCUMENTS:
        return "string"
    order = ("boolean", "integer", "number", "date", "timestamp", "time", "object", "array")
    return next(each for each in order if is_category(each, live))
