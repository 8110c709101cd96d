"""The contracts that run: as their files are now, or as they last were while a file is no contract."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from monitor.contracts.files import InvalidFile
from monitor.contracts.reading import load
from monitor.contracts.versions import Library, read_library
from monitor.domain.contract import Contract
from monitor.errors import ContractError

Signature = tuple[int, int, int, int]
"""What tells that a file is as it was: device, inode, size, time of its last change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invalid:
    """A file that is no contract now. `running` is the version that runs on in its place, if there is one."""

    file: str
    problems: tuple[str, ...]
    running: Contract | None = None


class Shelf:
    """Reads the contract folders again and again; a file that has not changed is not read twice."""

    def __init__(self, folders: Sequence[Path], variables: Mapping[str, str]) -> None:
        """Remember where; nothing is read yet."""
        self._folders = folders
        self._variables = variables
        self._read: dict[Path, tuple[Signature, Contract | ContractError]] = {}
        self._good: dict[str, Contract] = {}

    def look(self) -> tuple[Library, tuple[Invalid, ...]]:
        """Return the contracts that run, and the files that are none.

        A file that was a contract before keeps running as it was. Of two files that claim the same version the one that
        ran before goes on. What is in a folder that cannot be looked at stays as it was.
        """
        found = read_library(self._folders, self._variables, self._load)
        contracts = {contract.file: contract for contract in found.contracts}
        invalid: list[Invalid] = []
        for file in found.invalid:
            kept = self._kept(file, contracts)
            contracts |= {contract.file: contract for contract in kept}
            running = kept[0] if kept else None
            if running is None or running is not file.contract:
                invalid.append(Invalid(file=file.file, problems=file.problems, running=running))
        self._good = contracts
        ordered = tuple(sorted(contracts.values(), key=lambda contract: contract.file))
        return Library(contracts=ordered, invalid=()), tuple(invalid)

    def _kept(self, file: InvalidFile, contracts: Mapping[str, Contract]) -> list[Contract]:
        """Return what runs in the place of a file that is no contract."""
        before = self._good.get(file.file)
        claimed = {(contract.id, contract.version) for contract in contracts.values()}
        if before is not None and (before.id, before.version) not in claimed:
            return [file.contract if file.contract is not None else before]
        below = [good for name, good in self._good.items() if Path(file.file) in Path(name).parents]
        return [good for good in below if (good.id, good.version) not in claimed]

    def _load(self, path: Path) -> Contract:
        """Return a contract, read only if its file has changed."""
        try:
            status = path.stat()
        except OSError:
            return load(path, variables=self._variables)  # it says what is wrong
        signature = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
        known = self._read.get(path)
        if known is None or known[0] != signature:
            try:
                known = (signature, load(path, variables=self._variables))
            except ContractError as error:
                known = (signature, error)
            self._read[path] = known
        if isinstance(known[1], ContractError):
            raise ContractError(known[1].file, list(known[1].problems))
        return known[1]
