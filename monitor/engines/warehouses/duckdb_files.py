"""Tables that are files: which files a table is read from, and how DuckDB reads them."""

from collections.abc import Iterable
from glob import glob, has_magic
from pathlib import Path

from monitor.engines.warehouses.base import Unsupported

READERS = {"parquet": "read_parquet", "csv": "read_csv", "json": "read_json"}
EXTENSIONS = {
    "parquet": ("parquet", "pq"),
    "csv": ("csv", "csv.gz", "tsv"),
    "json": ("json", "jsonl", "ndjson", "json.gz"),
}
_PLACEHOLDERS = ("{table}", "{model}")
_NO_READER = frozenset({"delta", "iceberg"})
_UNSAFE = frozenset("/\\*?[]{}\0")


def is_database(path: str, format_: str | None) -> bool:
    """Say whether a path is a DuckDB database, and not where files are."""
    return format_ is None and not _is_among_files(path)


def format_of(path: str, format_: str | None) -> str:
    """Return how the files are written: as it is said, else by the path's extension. Raises Unsupported."""
    found = (format_ or _by_extension(path) or "").lower()
    if found in READERS:
        return found
    if found in _NO_READER:
        raise Unsupported(f"unsupported: DuckDB reads {found} only with an extension that does not come with it")
    said = f"the format {format_!r}" if format_ else f"no format is given for {path}"
    raise Unsupported(f"unsupported: {said}, expected {', '.join(READERS)}")


def files_of(path: str, format_: str, table: str, *, is_only: bool) -> tuple[str, ...]:
    """Return the files of a table, sorted; none where the table does not exist.

    `path` is a file or pattern (of the only table, or of the one it is named after), a folder with a file or a folder
    for each table, or has `{table}` in it. A name that is no plain file name is no table: names come from contracts.
    """
    if not table or _UNSAFE & set(table) or table in {".", ".."}:
        return ()
    if any(word in path for word in _PLACEHOLDERS):
        for word in _PLACEHOLDERS:
            path = path.replace(word, table)
        return _matching([path])
    if Path(path).is_dir():
        endings = EXTENSIONS[format_]
        single = _matching(str(Path(path) / f"{table}.{ending}") for ending in endings)
        return single or _matching(str(Path(path) / table / "**" / f"*.{ending}") for ending in endings)
    return _matching([path]) if is_only or _name_of(path) == table else ()


def tables_at(path: str, format_: str) -> tuple[str, ...]:
    """Return the names of all tables that the path has files of, sorted."""
    endings = EXTENSIONS[format_]
    if any(word in path for word in _PLACEHOLDERS):
        word = next(word for word in _PLACEHOLDERS if word in path)
        before, _, after = path.partition(word)
        found = (_between(file, before, after) for file in _matching([f"{before}*{after}"]))
        return tuple(sorted({name for name in found if name}))
    if not Path(path).is_dir():
        return (_name_of(path),) if _matching([path]) else ()
    files = {file.name.removesuffix(f".{end}") for end in endings for file in Path(path).glob(f"*.{end}")}
    folders = {each.name for each in Path(path).iterdir() if each.is_dir()}
    return tuple(sorted(files | {name for name in folders if files_of(path, format_, name, is_only=False)}))


def _between(file: str, before: str, after: str) -> str | None:
    """Return what stands in the place of the placeholder, which no folder's edge may be part of."""
    name = file.removeprefix(before).partition("/")[0]
    ending = after.partition("/")[0]
    name = name.removesuffix(ending) if ending and not has_magic(ending) else name
    return name if name and not _UNSAFE & set(name) else None


def _matching(patterns: Iterable[str]) -> tuple[str, ...]:
    found = {file for pattern in patterns for file in glob(pattern, recursive=True)}  # noqa: PTH207 - a pattern may begin at the root
    return tuple(sorted(str(Path(file).resolve()) for file in found if Path(file).is_file()))


def _is_among_files(path: str) -> bool:
    return Path(path).is_dir() or has_magic(path) or "{" in path or _by_extension(path) is not None


def _by_extension(path: str) -> str | None:
    return next(
        (name for name, ends in EXTENSIONS.items() if path.lower().endswith(tuple(f".{e}" for e in ends))), None
    )


def _name_of(path: str) -> str:
    return Path(path).name.partition(".")[0]
