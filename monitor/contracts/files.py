"""Finding and reading contract files: the room's only I/O."""

import hashlib
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from monitor.domain.contract import Contract
from monitor.errors import ContractError

SUFFIX = ".odcs.yaml"
LARGEST = 1_000_000
"""Bytes; the largest official example has 192 KB."""

READ_AT_ONCE = 1 << 16
BOM = b"\xef\xbb\xbf"
UTF_16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True, kw_only=True)
class InvalidFile:
    """A file that is no contract, with every reason; an invalid contract is not a broken one.

    `contract` is what the file says where it is valid by itself and only clashes with another file.
    """

    file: str
    problems: tuple[str, ...]
    contract: Contract | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The contract files below some paths, in a fixed order, and the paths that could not be looked at."""

    files: tuple[Path, ...]
    invalid: tuple[InvalidFile, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A contract file's text and the fingerprint of its bytes."""

    text: str
    fingerprint: str


def find(paths: Sequence[Path]) -> Found:
    """Find every `*.odcs.yaml` below the folders, and the files that are named themselves.

    A file reached twice (by two paths or a link) is listed once; links that lead in circles are walked once.
    """
    files: dict[tuple[int, int], Path] = {}
    invalid: list[InvalidFile] = []
    folders: set[tuple[int, int]] = set()
    for path in paths:
        try:
            seen = path.stat()
        except (OSError, ValueError) as error:
            invalid.append(_refused(path, _unreadable(error)))
            continue
        if stat.S_ISDIR(seen.st_mode):
            _walk(path, files, invalid, folders)
        elif path.suffix not in (".yaml", ".yml"):
            invalid.append(_refused(path, "expected a folder or a file that ends in .yaml"))
        elif not stat.S_ISREG(seen.st_mode):
            invalid.append(_refused(path, f"found {_kind(seen.st_mode)}, expected a file"))
        else:
            files.setdefault((seen.st_dev, seen.st_ino), path)
    return Found(files=tuple(files.values()), invalid=tuple(invalid))


def _walk(
    folder: Path,
    files: dict[tuple[int, int], Path],
    invalid: list[InvalidFile],
    folders: set[tuple[int, int]],
) -> None:
    """Add what is below one folder, sorted by name; `folders` remembers where we have been."""
    waiting = [folder]
    while waiting:
        current = waiting.pop()
        try:
            here = current.stat()
            if (here.st_dev, here.st_ino) in folders:
                continue
            folders.add((here.st_dev, here.st_ino))
            names = sorted(path.name for path in current.iterdir())
        except OSError as error:
            invalid.append(_refused(current, _unreadable(error)))
            continue
        below: list[Path] = []
        for name in names:
            path = current / name
            is_contract = name.endswith(SUFFIX)
            try:
                seen = path.stat()
            except OSError as error:
                if is_contract:
                    invalid.append(_refused(path, _unreadable(error)))
                continue
            if stat.S_ISDIR(seen.st_mode):
                if is_contract:
                    invalid.append(_refused(path, "found a folder, expected a file"))
                below.append(path)
            elif is_contract and stat.S_ISREG(seen.st_mode):
                files.setdefault((seen.st_dev, seen.st_ino), path)
            elif is_contract:
                invalid.append(_refused(path, f"found {_kind(seen.st_mode)}, expected a file"))
        waiting.extend(reversed(below))


def read(path: Path, shown_as: str) -> Source:
    """Read one file, never more than a byte beyond the limit.

    Raises:
        ContractError: It cannot be read, is no regular file, too large, or not UTF-8 text.
    """
    try:
        content = _content(path)
    except (OSError, ValueError) as error:
        raise ContractError(shown_as, [f"1: {_unreadable(error)}"]) from error
    return source_of(content, shown_as)


def source_of(content: bytes, shown_as: str) -> Source:
    """Return what a file holds as text.

    Raises:
        ContractError: It is too large, or not UTF-8 text.
    """
    if len(content) > LARGEST:
        raise ContractError(shown_as, [f"1: larger than {LARGEST:,} bytes; split the contract"])
    fingerprint = f"sha256:{hashlib.sha256(content).hexdigest()}"
    if content.startswith(UTF_16):
        raise ContractError(shown_as, ["1: found UTF-16, expected text in UTF-8"])
    content = content.removeprefix(BOM)
    nul = content.find(b"\0")
    if nul >= 0:
        line = content.count(b"\n", 0, nul) + 1
        raise ContractError(shown_as, [f"{line}: found a NUL byte (at byte {nul}), expected text in UTF-8"])
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        found = f"found the byte 0x{content[error.start]:02x} (at byte {error.start})"
        raise ContractError(shown_as, [f"{line}: {found}, expected text in UTF-8"]) from error
    return Source(text=text, fingerprint=fingerprint)


def _content(path: Path) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            raise ValueError(f"found {_kind(mode)}, expected a file")
        pieces: list[bytes] = []
        wanted = LARGEST + 1
        while wanted > 0 and (piece := os.read(descriptor, min(READ_AT_ONCE, wanted))):
            pieces.append(piece)
            wanted -= len(piece)
        return b"".join(pieces)
    finally:
        os.close(descriptor)


def _refused(path: Path, text: str) -> InvalidFile:
    return InvalidFile(file=str(path), problems=(f"1: {text}",))


def _unreadable(error: OSError | ValueError) -> str:
    if isinstance(error, FileNotFoundError):
        return "there is no such file or folder"
    if isinstance(error, OSError):
        return f"cannot be read: {error.strerror or error}"
    return str(error)


def _kind(mode: int) -> str:
    kinds = (
        (stat.S_ISDIR, "a folder"),
        (stat.S_ISFIFO, "a pipe"),
        (stat.S_ISSOCK, "a socket"),
        (stat.S_ISCHR, "a device"),
        (stat.S_ISBLK, "a device"),
    )
    return next((word for is_kind, word in kinds if is_kind(mode)), "something else")
