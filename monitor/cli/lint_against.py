"""`pactwatch lint --against`: what must not happen to contracts between one state of them and the next."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.cli.github import add_to_summary, annotation, table
from monitor.cli.linted import LintedFile
from monitor.words import counted

if TYPE_CHECKING:
    from monitor.contracts.versions import Library
    from monitor.drift.releases import Release


def held_against(
    files: Sequence[LintedFile], library: "Library", against: str, paths: Sequence[Path], variables: Mapping[str, str]
) -> tuple[LintedFile, ...]:
    """Return the files with the problems that come from what they were before; gone ones are added.

    `against` is a folder, else a git revision. Raises UsageError if it is neither.
    """
    from monitor.contracts.revisions import library_at
    from monitor.contracts.versions import read_library
    from monitor.drift.releases import compare_folders

    folder = Path(against)
    before = read_library((folder,), variables) if folder.is_dir() else library_at(against, paths, variables)
    claimed = [each.contract for each in library.invalid if each.contract is not None]
    unreadable = {each.file for each in library.invalid if each.contract is None}
    told = {file.file: _unsure(file) if file.file in unreadable else file for file in files}
    for release in compare_folders(before.contracts, (*library.contracts, *claimed)):
        contract = release.new or release.old
        if contract is None or (release.new is None and contract.file in unreadable):
            continue
        blank = LintedFile(file=contract.file, contract=contract.id, version=contract.version, problems=(), remarks=())
        told[contract.file] = _with(told.get(contract.file, blank), release)
    for refused in before.invalid:
        if refused.file in told:
            known = told[refused.file]
            remark = f"1: cannot be held against {against}: there it was no valid contract"
            told[refused.file] = replace(known, remarks=(*known.remarks, remark))
    if not before.contracts and not before.invalid and not folder.is_dir():
        # Nothing to hold against is told: a mistyped folder must not pass for discipline.
        listed = ", ".join(str(path) for path in paths)
        told.setdefault(against, _nothing(against, listed))
    return tuple(sorted(told.values(), key=lambda file: file.file))


def annotations(files: Sequence[LintedFile]) -> Iterator[str]:
    """Yield one annotation per problem and remark, and add them to the page of the step."""
    rows = []
    for file in files:
        for level, found in (("error", file.problems), ("notice", file.remarks)):
            for text in found:
                line, _, words = text.partition(": ")
                yield annotation(level, words, title="pactwatch lint", file=file.file, line=int(line))
                rows.append((level, f"{file.file}:{line}", words))
    problems = [row for row in rows if row[0] == "error"]
    summary = table(("", "where", "what"), rows) if rows else f"{counted(len(files), 'file')}, nothing to tell"
    add_to_summary(f"## Contracts: {counted(len(problems), 'problem')}\n\n{summary}")


def _with(file: LintedFile, release: "Release") -> LintedFile:
    if release.problem is None:
        return file
    contract = release.new or release.old
    line = contract.version_line if contract is not None else 1
    where = "version" if release.new is not None else "id"
    remarks = [
        f"{line if change.is_gone else change.line}: {change.where}: {change.effect}: {change.what} ({change.reason})"
        for change in release.changes
        if change.is_promised
    ]
    problem = f"{line}: {where}: {release.problem}"
    return replace(file, problems=(*file.problems, problem), remarks=(*file.remarks, *remarks))


def _unsure(file: LintedFile) -> LintedFile:
    """Say of a file that is no contract that its past cannot be compared."""
    remark = "1: not held against what it was before: it is no valid contract"
    return replace(file, remarks=(*file.remarks, remark))


def _nothing(against: str, listed: str) -> LintedFile:
    remark = f"1: no contract stood in {listed} then; there was nothing to hold against"
    return LintedFile(file=against, contract=None, version=None, problems=(), remarks=(remark,))
