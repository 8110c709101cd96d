"""What a server of ours wrote down of the statements that reached it."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import Warehouse

UNDONE_ALONE = "RELEASE SAVEPOINT before; SAVEPOINT before"
"""What a guarded connection sends before each statement: it is not told."""


@dataclass(frozen=True)
class ServerLog:
    """The log of the server, and the database of a test in it."""

    warehouse: Warehouse
    file: Path

    def statements(self, application: str = "pactwatch/") -> list[str]:
        """Return, whole and in order, the statements of the sessions whose application name begins so.

        The server writes `[unknown]` where there is none.
        """
        self.warehouse.wait_until_alone()
        entries: list[list[str]] = []
        told = False
        for line in self.file.read_text(errors="replace").split("\n"):
            if line.startswith("\t") and told:  # the server indents what follows the first line of a message
                entries[-1].append(line[1:])
                continue
            head, _, text = line.partition("LOG:")
            name, _, rest = head.partition("|")
            told = (
                name.startswith(application)
                and rest.startswith(f"{self.warehouse.settings.database}|")
                and text.strip().startswith("statement:")
            )
            if told:
                entries.append([text.strip().removeprefix("statement:").strip()])
        told_of = ("\n".join(lines).strip() for lines in entries)
        return [statement for statement in told_of if statement != UNDONE_ALONE]


def watch(warehouse: Warehouse) -> ServerLog:
    """Let the server write down every statement in this database from the next session on; skip if it is not ours."""
    if warehouse.postgres.log is None:
        pytest.skip("NOT PROVEN HERE: the log of a server that is not ours cannot be read")
    warehouse.rows(f"ALTER DATABASE {warehouse.settings.database} SET log_statement = 'all'")
    return ServerLog(warehouse=warehouse, file=warehouse.postgres.log)
