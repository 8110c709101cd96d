"""Column types of Spark as standard words, and the physical type of a contract in Spark's: its texts have no length."""

import re

_PARTS = re.compile(r"(?P<base>[a-z_][a-z0-9_ ]*?)\s*(?P<params>\([^)]*\))?\s*(?P<dims>(?:\[\d*\]\s*)*)\Z")
_ALIASES = {
    **dict.fromkeys(("text", "varchar", "char", "character", "character varying", "bpchar", "uuid"), "string"),
    **dict.fromkeys(("integer", "int4"), "int"),
    **dict.fromkeys(("int8", "long"), "bigint"),
    **dict.fromkeys(("int2", "short"), "smallint"),
    **dict.fromkeys(("byte", "int1"), "tinyint"),
    **dict.fromkeys(("double precision", "float8"), "double"),
    **dict.fromkeys(("real", "float4"), "float"),
    **dict.fromkeys(("numeric", "dec"), "decimal"),
    **dict.fromkeys(("bytea", "blob", "varbinary"), "binary"),
    **dict.fromkeys(("bool",), "boolean"),
    **dict.fromkeys(("timestamptz", "timestamp with time zone", "timestamp_ltz"), "timestamp"),
    **dict.fromkeys(("timestamp without time zone",), "timestamp_ntz"),
}
_STANDARD = {
    "string": "text",
    "int": "integer",
    "double": "double precision",
    "float": "real",
    "binary": "bytea",
    "timestamp": "timestamp with time zone",
    "timestamp_ntz": "timestamp",
}


def canonical(declared: str) -> str:
    """Return a declared type in the words of Spark's catalogue. Unknown words stay as they are."""
    found = _PARTS.match(" ".join(declared.split()).lower())
    if found is None:
        return declared
    base = _ALIASES.get(found["base"], found["base"])
    for _ in re.findall(r"\[", found["dims"]):
        base = f"array<{base}>"
    return base + (found["params"] or "" if base == "decimal" else "")


def standard(type_: str) -> str | None:
    """Return what a type of Spark's is in standard words, where its own word does not say it: what is in it is JSON."""
    if type_.startswith("array<"):
        return f"{standard(type_[6:-1]) or type_[6:-1]}[]" if "<" not in type_[6:] else "json[]"
    if type_.startswith(("struct<", "map<")):
        return "json"
    return _STANDARD.get(type_)
