"""One contract file as lint tells of it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LintedFile:
    """One file as lint tells of it; `contract` and `version` are None where it is no contract."""

    file: str
    contract: str | None
    version: str | None
    problems: tuple[str, ...]
    remarks: tuple[str, ...]
