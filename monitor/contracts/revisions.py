"""Contract files as they stood at a git revision."""

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from monitor.contracts.files import LARGEST, SUFFIX, InvalidFile, source_of
from monitor.contracts.reading import NO_VARIABLES, parse
from monitor.contracts.versions import Library, library_of
from monitor.domain.contract import Contract
from monitor.errors import ContractError, UsageError

LINKS = "120000"
PATIENCE = 60.0
"""Seconds for one call of git; reading a thousand files takes well under one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Blob:
    """One file of a revision: `path` from the folder that was asked about."""

    mode: str
    object_id: str
    size: int
    path: str


def library_at(revision: str, paths: Sequence[Path], variables: Mapping[str, str] = NO_VARIABLES) -> Library:
    """Read every contract that stood below the paths at a revision; a file that was no contract never stops the others.

    Files are shown by the paths that they had. Raises UsageError if there is no such revision, or no git.
    """
    contracts: dict[str, Contract] = {}
    invalid: list[InvalidFile] = []
    for path in paths:
        folder, below = _nearest(path)
        commit = _commit(revision, folder)
        blobs = [blob for blob in _blobs(commit, folder, below) if _is_contract(blob, path)]
        for blob, content in zip(blobs, _contents(folder, blobs), strict=True):
            shown_as = str(folder / blob.path)
            try:
                contracts[shown_as] = parse(source_of(content, shown_as), shown_as, variables=variables)
            except ContractError as error:
                invalid.append(InvalidFile(file=error.file, problems=tuple(error.problems)))
    return library_of(list(contracts.values()), invalid)


def contract_at(revision: str, path: str, variables: Mapping[str, str] = NO_VARIABLES) -> Contract:
    """Read the contract that a file held at a revision; `path` is from the top of the repository, as git writes it.

    Raises:
        UsageError: There is no such revision or file.
        ContractError: It was no valid contract.
    """
    here = Path()
    shown_as = f"{revision}:{path}"
    name = f"{_commit(revision, here)}:{path}"
    size = _git(here, "cat-file", "-s", name, missing=f"{shown_as}: there is no such file at that revision")
    if int(size) > LARGEST:
        raise ContractError(shown_as, [f"1: larger than {LARGEST:,} bytes; split the contract"])
    content = _git(here, "cat-file", "blob", name, missing=f"{shown_as}: is no file at that revision")
    return parse(source_of(content, shown_as), shown_as, variables=variables)


def is_revision(word: str) -> bool:
    """Say whether git knows a commit by this name here."""
    try:
        _commit(word, Path())
    except UsageError:
        return False
    return True


def _commit(revision: str, folder: Path) -> str:
    """Return the full id of a commit: what is passed on to git is never a stranger's text."""
    arguments = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    return _git(folder, *arguments, missing=f"{revision!r} is no git revision in {folder.absolute()}").decode().strip()


def _nearest(path: Path) -> tuple[Path, str]:
    """Return the nearest folder that is still there, and the way from it: what was removed stood there all the same."""
    folder = next(each for each in (path, *path.parents, Path()) if each.is_dir())
    return folder, str(path.relative_to(folder))


def _blobs(commit: str, folder: Path, below: str) -> list[_Blob]:
    listed = _git(folder, "ls-tree", "-r", "-z", "--long", commit, "--", below if below != "." else "./")
    blobs = []
    for entry in listed.decode("utf-8", "surrogateescape").split("\0"):
        head, tab, path = entry.partition("\t")
        if tab:
            mode, kind, object_id, size = head.split()
            if kind == "blob":
                blobs.append(_Blob(mode=mode, object_id=object_id, size=int(size), path=path))
    return sorted(blobs, key=lambda blob: blob.path)


def _is_contract(blob: _Blob, asked: Path) -> bool:
    return blob.mode != LINKS and (blob.path.endswith(SUFFIX) or asked.suffix in {".yaml", ".yml"})


def _contents(folder: Path, blobs: Sequence[_Blob]) -> list[bytes]:
    """Return the content of each blob; of one that is too large a byte more than is allowed."""
    wanted = [blob for blob in blobs if blob.size <= LARGEST]
    answer = _git(folder, "cat-file", "--batch", given="".join(f"{blob.object_id}\n" for blob in wanted).encode())
    found: dict[str, bytes] = {}
    place = 0
    for blob in wanted:
        start = answer.index(b"\n", place) + 1
        found[blob.object_id] = answer[start : start + blob.size]
        place = start + blob.size + 1
    return [found.get(blob.object_id, b" " * (LARGEST + 1)) for blob in blobs]


def _git(folder: Path, *arguments: str, missing: str | None = None, given: bytes = b"") -> bytes:
    """Return what git answers; raises UsageError with `missing`, else with git's own words, if it refuses."""
    try:
        done = subprocess.run(  # noqa: S603 - the words of strangers stand behind --end-of-options
            ["git", "-C", str(folder), *arguments],  # noqa: S607 - the git that people use
            input=given,
            capture_output=True,
            check=False,
            timeout=PATIENCE,
        )
    except FileNotFoundError as error:
        raise UsageError("git is not installed, and a git revision was asked for") from error
    except subprocess.TimeoutExpired as error:
        raise UsageError(f"git {arguments[0]} did not answer within {PATIENCE:.0f} s") from error
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        is_general = any("not a git repository" in line or "dubious ownership" in line for line in said)
        detail = said[0] if said and (missing is None or is_general) else None
        raise UsageError(detail or missing or f"git {arguments[0]} ended with {done.returncode}")
    return done.stdout
