"""The daemon as people run it: `pactwatch serve` in a folder, its log, and the database that it writes."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from monitor.store.slots import SlotRecord, SlotState
from monitor.store.store import Store, open_store
from monitor.store.values import RunRecord
from tests.acceptance.program import Program
from tests.conftest import until

BODY = """\
    schema:
      - name: orders
        properties:
          - {name: amount, logicalType: integer, logicalTypeOptions: {minimum: 0}}
          - {name: id, logicalType: integer, required: true, unique: true}
    """
EVERY_MINUTE = """
    [schedule]
    default = "* * * * *"
    spread = "0s"
    """
EVERY_SECOND = EVERY_MINUTE + 'schema_every = "1s"\n'


@dataclass
class Serving:
    """A daemon that runs, and its log so far."""

    process: subprocess.Popen[bytes]
    log: Path
    seen: int = field(default=0)

    def lines(self) -> list[dict[str, Any]]:
        found = []
        for line in self.log.read_text().splitlines():
            try:
                found.append(json.loads(line))
            except ValueError:
                found.append({"message": line})
        return found

    def actions(self) -> list[str]:
        return [str(line.get("action", line["message"])) for line in self.lines()]

    def wait_for(self, action: str, count: int = 1, deadline: float = 30.0) -> dict[str, Any]:
        def found() -> dict[str, Any] | None:
            assert self.process.poll() is None, self.log.read_text()
            mine = [line for line in self.lines() if line.get("action") == action]
            return mine[count - 1] if len(mine) >= count else None

        line = until(found, deadline)
        assert line is not None
        return line

    def end(self, number: int = signal.SIGTERM, deadline: float = 30.0) -> int:
        self.process.send_signal(number)
        return self.process.wait(deadline)


@contextmanager
def serving(program: Program, name: str = "serve", *arguments: str) -> Iterator[Serving]:
    """Run the daemon; whatever happens, it is gone afterwards."""
    log = program.folder / f"{name}.log"
    with log.open("wb") as stream:
        process = program.start("serve", "--log-format", "json", *arguments, stdout=stream, stderr=stream)
        try:
            yield Serving(process=process, log=log)
        finally:
            if process.poll() is None:
                os.kill(process.pid, signal.SIGCONT)
                process.kill()
                process.wait()


@contextmanager
def state(program: Program, url: str | None = None) -> Iterator[Store]:
    with open_store(url or f"sqlite:///{program.folder}/.pactwatch/state.db") as store:
        yield store


def runs(store: Store) -> tuple[RunRecord, ...]:
    with store.reading() as reader:
        return reader.runs(limit=10_000)


def slots(store: Store, *states: SlotState) -> tuple[SlotRecord, ...]:
    return store.slots.slots(limit=10_000, states=states or None)
