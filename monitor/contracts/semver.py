"""Versions of contracts, ordered as semver.org orders them; what is no semantic version sorts below."""

import re
from dataclasses import dataclass
from functools import total_ordering

VERSION_TEXT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,79}")
"""What a version may consist of: it becomes part of a file's name."""

SEMANTIC = re.compile(
    r"(0|[1-9][0-9]{0,17})\.(0|[1-9][0-9]{0,17})\.(0|[1-9][0-9]{0,17})"
    r"(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
)
LENIENT = re.compile(r"v?([0-9]{1,18})(?:\.([0-9]{1,18}))?(?:\.([0-9]{1,18}))?")


@total_ordering
@dataclass(frozen=True, slots=True)
class Version:
    """One version. `numbers` are major, minor, patch; None when the text has no such meaning at all."""

    text: str
    numbers: tuple[int, int, int] | None
    prerelease: tuple[str, ...] = ()
    is_semantic: bool = True

    @classmethod
    def parse(cls, text: str) -> "Version":
        """Read a version; `1`, `1.2` and `v1.2.3` are understood though not semantic. Never fails."""
        match = SEMANTIC.fullmatch(text)
        if match is not None:
            numbers = (int(match[1]), int(match[2]), int(match[3]))
            return cls(text, numbers, tuple(match[4].split(".")) if match[4] else ())
        lenient = LENIENT.fullmatch(text)
        if lenient is not None:
            return cls(text, (int(lenient[1]), int(lenient[2] or 0), int(lenient[3] or 0)), (), is_semantic=False)
        return cls(text, None, (), is_semantic=False)

    @property
    def major(self) -> str:
        """Return the major version as people write it; versions without numbers are each a major of their own."""
        return self.text if self.numbers is None else str(self.numbers[0])

    @property
    def _order(self) -> tuple[object, ...]:
        rank = (1, self.numbers) if self.numbers is not None else (0, (0, 0, 0))
        # A prerelease is lower than its release; numeric identifiers are lower than words (semver.org, 11).
        parts = tuple((0, int(part[:300]), "") if part.isdigit() else (1, 0, part) for part in self.prerelease)
        return (*rank, not self.prerelease, parts, self.text)

    def __lt__(self, other: "Version") -> bool:
        return self._order < other._order
