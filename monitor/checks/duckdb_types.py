"""Column types as DuckDB's own words for them: the physical type of a contract, read in DuckDB's dialect."""

import re

_PARTS = re.compile(r"(?P<base>[a-z_][a-z0-9_ ]*?)\s*(?P<params>\([^)]*\))?\s*(?P<dims>(\[\d*\]\s*)*)\Z")
_ALIASES = {
    **dict.fromkeys(("text", "string", "char", "bpchar", "nvarchar", "varchar", "character varying"), "varchar"),
    **dict.fromkeys(("bytea", "binary", "varbinary", "blob"), "blob"),
    **dict.fromkeys(("float", "float4", "real"), "real"),
    "int1": "tinyint",
    "short": "smallint",
    "signed": "integer",
    "int32": "integer",
    "long": "bigint",
    "int64": "bigint",
    "int128": "hugeint",
    "uint8": "utinyint",
    "uint16": "usmallint",
    "uint32": "uinteger",
    "uint64": "ubigint",
    "uint128": "uhugeint",
    "logical": "boolean",
    "datetime": "timestamp",
    "timestamp_us": "timestamp",
}
_WITHOUT_LENGTH = frozenset({"varchar", "blob", "real"})


def canonical(declared: str) -> str:
    """Return a declared type in the words of DuckDB's catalogue, which keeps no length of texts. Unknown words stay."""
    found = _PARTS.match(" ".join(declared.split()).lower())
    if found is None:
        return declared
    base = _ALIASES.get(found["base"], found["base"])
    params = "" if base in _WITHOUT_LENGTH else found["params"] or ""
    return base + params + found["dims"].strip()
