"""Tables that are files: where a table's files are, and how Spark reads them. Only what is configured is read."""

from glob import has_magic
from pathlib import Path
from typing import Any

from monitor.engines.warehouses import duckdb_files as files
from monitor.engines.warehouses.base import Unsupported

FORMATS = (*files.READERS, "delta")
_OPTIONS = {
    "csv": {
        "header": "true",
        "inferSchema": "true",
        "mode": "FAILFAST",
        "multiLine": "true",
        "escape": '"',
        "enforceSchema": "false",
    },
    "json": {"mode": "FAILFAST"},
}
"""A row that does not fit the others is an error, not a NULL. In CSV a quotation mark is doubled (RFC 4180)."""
_UNSAFE = frozenset("/\\*?[]{}\0")
_PLACEHOLDERS = ("{table}", "{model}")


def format_of(path: str, format_: str | None) -> str:
    """Return how the files are written: as it is said, else by the path's extension. Raises Unsupported."""
    said = (format_ or "").lower()
    if said in FORMATS:
        return said
    if format_ is None and (found := files._by_extension(path)):  # noqa: SLF001 - the same layout, read by another
        return found
    told = f"the format {format_!r}" if format_ else f"no format is given for {path}"
    raise Unsupported(f"unsupported: {told}, expected {', '.join(FORMATS)}")


def places_of(path: str, format_: str, table: str, *, is_only: bool) -> tuple[str, ...]:
    """Return what Spark is to load for a table; nothing where the table does not exist.

    The layout is DuckDB's (`duckdb_files.files_of`), but a table's own folder is one place: Spark finds partitions in
    it. Behind `scheme://` only Spark can look. A name that is no plain file name is no table: contracts give it.
    """
    if not table or _UNSAFE & set(table) or table in {".", ".."}:
        return ()
    named = path
    for word in _PLACEHOLDERS:
        named = named.replace(word, table)
    if "://" in path:
        return (named if named != path else f"{path.rstrip('/')}/{table}",)
    folder = Path(named) if named != path else Path(path) / table
    if format_ == "delta":
        return (str(folder),) if (folder / "_delta_log").is_dir() else ()
    found = files.files_of(path, format_, table, is_only=is_only)
    if found and folder.is_dir() and not has_magic(str(folder)) and Path(found[0]).is_relative_to(folder.resolve()):
        return (str(folder.resolve()),)
    return found


def frame(gateway: Any, session: Any, format_: str, places: tuple[str, ...]) -> Any:  # noqa: ANN401 - py4j has no types
    """Return the rows of files as Spark's session sees them. Raises what Spark raises."""
    reader = session.read().format(format_)
    for name, value in _OPTIONS.get(format_, {}).items():
        reader = reader.option(name, value)
    if format_ == "json" and _is_one_document(places[0]):
        reader = reader.option("multiLine", "true")
    listed = gateway.new_array(gateway.jvm.java.lang.String, len(places))
    for number, place in enumerate(places):
        listed[number] = place
    return reader.load(listed)


def _is_one_document(place: str) -> bool:
    """Say whether a JSON file is one array; else each of its lines is a row."""
    path = Path(place)
    if path.is_dir():
        path = next((each for each in sorted(path.rglob("*.json")) if each.is_file()), path)
    if not path.is_file() or path.suffix == ".gz":
        return False
    with path.open("rb") as opened:
        return opened.read(100).lstrip().startswith(b"[")
