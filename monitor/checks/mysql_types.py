"""Column types as MySQL's and MariaDB's catalogue writes them: the physical type of a contract, in those words."""

import re

_PARTS = re.compile(r"(?P<base>[a-z][a-z0-9_ ]*)(?P<params>\([^)]*\))?(?P<tail>[a-z ]*)\Z")
_ALIASES = {
    **dict.fromkeys(("integer", "int4"), "int"),
    "int1": "tinyint",
    "int2": "smallint",
    **dict.fromkeys(("int3", "middleint"), "mediumint"),
    "int8": "bigint",
    **dict.fromkeys(("numeric", "dec", "fixed"), "decimal"),
    **dict.fromkeys(("double precision", "real", "float8"), "double"),
    **dict.fromkeys(("character varying", "char varying", "varcharacter", "nvarchar"), "varchar"),
    **dict.fromkeys(("character", "nchar"), "char"),
    **dict.fromkeys(("timestamptz", "timestamp with time zone"), "timestamp"),
    "timestamp without time zone": "datetime",
    **dict.fromkeys(("boolean", "bool"), "tinyint(1)"),
}
_WHOLE = frozenset({"tinyint", "smallint", "mediumint", "int", "bigint"})
_MOMENTS = frozenset({"datetime", "timestamp", "time"})
_SIGNS = frozenset({"unsigned", "signed", "zerofill"})
_SINGLE = "float(24)"
"""How a FLOAT is written, which keeps 24 bits; a bare `float` means 53 elsewhere."""
_MAX_SINGLE_BITS = 24


def canonical(declared: str) -> str:
    """Return a declared type in the words of the catalogue. Unknown words stay as they are.

    Display widths say nothing of the values and are left out, but for TINYINT(1), which is what BOOLEAN means.
    """
    words = " ".join(declared.split())
    found = _PARTS.match(words.lower())
    if found is None:
        return words
    said = f"{found['base']} {found['tail']}".split()
    base = " ".join(word for word in said if word not in _SIGNS)
    base, params = _ALIASES.get(base, base), (found["params"] or "").replace(" ", "")
    sign = " unsigned" if "unsigned" in said or "zerofill" in said else ""
    if base in _WHOLE:
        return f"{base}(1)" if (base, params, sign) == ("tinyint", "(1)", "") else base + sign
    match base:
        case "float":
            bits = params[1:-1]
            return ("double" if bits.isdigit() and int(bits) > _MAX_SINGLE_BITS else _SINGLE) + sign
        case "decimal":
            given = params if "," in params or not params else f"{params[:-1]},0)"
            return f"{base}{given or '(10,0)'}{sign}"
        case "char":
            return base + (params or "(1)")
        case "year":
            return base
        case _:
            return base + params + sign


def spelt(live: str) -> str:
    """Return a type of the catalogue in its one spelling, with the digits of its seconds."""
    text = canonical(live) if not live.lower().startswith(("enum(", "set(")) else live
    return f"{text}(0)" if text in _MOMENTS else text


def base_type(live: str) -> str | None:
    """Return what a type is where its name does not say it: a TIMESTAMP is an instant, a DATETIME has no time zone."""
    return f"{live} with time zone" if live.startswith("timestamp(") else None
