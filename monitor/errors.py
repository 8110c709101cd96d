"""Errors written for the reader who must act: a message and the exit code it leads to."""


class MonitorError(Exception):
    """Something the user must mend before Pactwatch can go on; ends the program with `exit_code`."""

    exit_code = 3


class UsageError(MonitorError):
    """The command line asks for something that does not exist or is ambiguous."""

    exit_code = 2


class SettingsError(MonitorError):
    """`pactwatch.toml` or the environment it refers to is wrong."""

    exit_code = 2


class ContractError(MonitorError):
    """A contract file is invalid; `problems` holds every one of them as `line: where: what`."""

    exit_code = 2

    def __init__(self, file: str, problems: list[str]) -> None:
        """Keep the file and all its problems; the message lists them as `file:problem`."""
        self.file = file
        self.problems = problems
        super().__init__("\n".join(f"{file}:{problem}" for problem in problems))


class EngineError(MonitorError):
    """The engine itself failed (not a check, not the warehouse)."""

    exit_code = 3


class StoreError(MonitorError):
    """The state database cannot be opened, read or written."""

    exit_code = 3


class ConflictError(StoreError):
    """Somebody else changed the same thing meanwhile: read it again and decide anew."""


class FencedError(StoreError):
    """Somebody else does this work by now: what was found is not recorded."""
