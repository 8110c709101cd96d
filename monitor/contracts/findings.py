"""What lint found in one contract file: problems that refuse it, remarks that do not."""

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from monitor.domain.contract import Unchecked

Path = tuple[str | int, ...]
"""Where a value stands in the document: its keys and indices from the top."""

MOST_PROBLEMS = 100
"""How many findings of one file are listed in full; the rest are counted."""

MOST_HINTS = 30
MOST_CANDIDATES = 200
LONGEST_SHOWN = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One sentence about one place; `str` gives `line: where: text`."""

    line: int
    where: str
    text: str

    def __str__(self) -> str:
        """Return the finding as it is printed after the file's name."""
        return f"{self.line}: {self.where}: {self.text}" if self.where else f"{self.line}: {self.text}"


def shown(value: object) -> str:
    """Write a value of a contract for people: on one line, quoted where it is text, cut where it is long."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case str():
            cut = value if len(value) <= LONGEST_SHOWN else value[: LONGEST_SHOWN - 1] + "…"
            return repr(cut)
        case dict():
            return "a mapping"
        case list():
            return "an empty list" if not value else f"a list of {len(value)}"
        case _:
            text = str(value)
            return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 1] + "…"


def plain_name(name: str) -> str:
    """Return a name fit for one line of text: control characters escaped, long ones cut."""
    cut = name if len(name) <= LONGEST_SHOWN else name[: LONGEST_SHOWN - 1] + "…"
    return cut if cut.isprintable() else repr(cut)[1:-1]


class Findings:
    """Collects the problems and remarks of one file; the same sentence about the same place is kept once.

    `line_of` and `where` translate a path of the document for the reader.
    """

    def __init__(self, line_of: Callable[[Path], int], where: Callable[[Path], str]) -> None:
        """Start with nothing found."""
        self._line_of = line_of
        self._where = where
        self._problems: dict[Finding, None] = {}
        self._remarks: dict[Finding, None] = {}
        self._unchecked: list[Unchecked] = []
        self._hints_left = MOST_HINTS

    def problem(self, path: Path, text: str) -> None:
        """Record something that must be mended before the contract can be used."""
        self._problems[self._finding(path, text)] = None

    def remark(self, path: Path, text: str) -> None:
        """Record something worth knowing that does not stop the contract."""
        self._remarks[self._finding(path, text)] = None

    def unchecked(self, path: Path, dataset: str, reason: str) -> None:
        """Record a promise of a dataset that nothing here can check: the plan skips it with this reason."""
        line, where = self._line_of(path), self._where(path)
        self._unchecked.append(Unchecked(dataset=dataset, where=where, reason=reason, line=line))

    @property
    def never_checked(self) -> tuple[Unchecked, ...]:
        """Return the promises that nothing here can check, in file order."""
        return tuple(sorted(self._unchecked, key=lambda promise: promise.line))

    def hint(self, word: str, known: Sequence[str]) -> str:
        """Return `; did you mean …?`, or nothing; looking costs time, so only the first of a file are helped."""
        self._hints_left -= 1
        if self._hints_left < 0:
            return ""
        close = difflib.get_close_matches(word[:LONGEST_SHOWN], known[:MOST_CANDIDATES], n=1)
        return f"; did you mean {plain_name(close[0])}?" if close else ""

    def line_of(self, path: Path) -> int:
        """Return the line on which the value at this path starts."""
        return self._line_of(path)

    @property
    def problems(self) -> list[str]:
        """Return all problems in line order, the first hundred in full."""
        return _listed(self._problems, "problems")

    @property
    def remarks(self) -> tuple[str, ...]:
        """Return all remarks in line order, the first hundred in full."""
        return tuple(_listed(self._remarks, "remarks"))

    def _finding(self, path: Path, text: str) -> Finding:
        return Finding(line=self._line_of(path), where=self._where(path), text=text)


def _listed(findings: dict[Finding, None], kind: str) -> list[str]:
    ordered = sorted(findings, key=lambda finding: finding.line)
    listed = [str(finding) for finding in ordered[:MOST_PROBLEMS]]
    if len(ordered) > MOST_PROBLEMS:
        rest = ordered[MOST_PROBLEMS:]
        listed.append(f"{rest[0].line}: and {len(rest):,} more {kind}")
    return listed
