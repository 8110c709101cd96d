"""What goes wrong on demand: one fault at a time from a queue, or drawn by weight from a seeded script."""

import random
from collections import deque
from dataclasses import dataclass, field, fields
from threading import Lock
from typing import Any

KINDS = frozenset({"none", "status", "html", "reset", "hang", "error", "ratelimit"})
VISIBLE = frozenset({"never", "now", "late"})


@dataclass(frozen=True)
class Fault:
    """One way for a call to go wrong.

    `kind`: `status` (an HTTP status with a JSON or HTML body), `html` (200 and a page that is not JSON), `reset` (the
    connection is torn down), `hang` (no answer for `seconds`, then the connection closes), `error` (`ok: false` with
    `error`), `ratelimit` (429 with `retry_after`), `none`. `visible` says what became of the message meanwhile: it
    `never` appeared, it appeared `now` (posted, but the reply was lost), or `late`, after `seconds`.
    """

    kind: str
    visible: str = "never"
    status: int = 500
    error: str = "internal_error"
    retry_after: int = 1
    seconds: float = 1.0
    body: str | None = None
    weight: float = 1.0
    methods: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in KINDS or self.visible not in VISIBLE:
            raise ValueError(f"unknown fault: {self}")

    def concerns(self, method: str) -> bool:
        """Say whether this fault may happen to this method; without `methods` it may happen to any."""
        return not self.methods or method in self.methods


NONE = Fault("none")


def fault(values: dict[str, Any]) -> Fault:
    """Read a fault from JSON. An unknown key raises."""
    known = {each.name for each in fields(Fault)}
    if unknown := set(values) - known:
        raise ValueError(f"unknown keys of a fault: {sorted(unknown)}")
    return Fault(**{**values, "methods": tuple(values.get("methods", ()))})


@dataclass
class Faults:
    """What shall go wrong next. Queued faults come first, each once; then the script decides by weight."""

    seed: int = 0
    script: tuple[Fault, ...] = ()
    _queue: deque[Fault] = field(default_factory=deque)
    _lock: Lock = field(default_factory=Lock)
    _random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 - a reproducible campaign, not a secret

    def load(self, script: dict[str, Any]) -> None:
        """Replace the script: `{"seed": 7, "faults": [{"kind": "reset", "weight": 2, …}, …]}`; `{}` ends all faults."""
        chosen = tuple(fault(each) for each in script.get("faults", ()))
        with self._lock:
            self.script = chosen
            self._random = random.Random(script.get("seed", self.seed))  # noqa: S311
            self._queue.clear()

    def queue(self, faults: list[dict[str, Any]]) -> None:
        """Let these happen next, in this order, each at the first call it concerns."""
        with self._lock:
            self._queue.extend(fault(each) for each in faults)

    def draw(self, method: str) -> Fault:
        """Return what shall happen to this call."""
        with self._lock:
            for queued in self._queue:
                if queued.concerns(method):
                    self._queue.remove(queued)
                    return queued
            if not self.script:
                return NONE
            drawn = self._random.choices(self.script, [each.weight for each in self.script])[0]
            return drawn if drawn.concerns(method) else NONE
