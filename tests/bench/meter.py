"""Wall time, CPU time and memory of a program with all its descendants."""

import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import psutil

INTERVAL = 0.02


@dataclass(frozen=True)
class Reading:
    """Seconds of wall and client CPU time, and the highest sum of PSS in MiB."""

    wall: float
    cpu: float
    pss: float


def measure(command: Sequence[str], *, allowed: frozenset[int] = frozenset({0})) -> Reading:
    """Run a program to its end. Raises RuntimeError if it exits with anything but the allowed codes."""
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    watcher = _Watcher(process.pid)
    watcher.start()
    _, errors = process.communicate()
    wall = time.perf_counter() - started
    watcher.done.set()
    watcher.join()
    if process.returncode not in allowed:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}: {errors.decode()[-2000:]}")
    return Reading(wall=wall, cpu=sum(watcher.cpu.values()), pss=watcher.pss / 2**20)


def timed(work: Callable[[], object]) -> float:
    """Return how many seconds a call takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


class _Watcher(threading.Thread):
    """Looks at a process and its descendants again and again; the last look before an end misses up to one interval."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.done = threading.Event()
        self.cpu: dict[int, float] = {}
        self.pss = 0.0
        self._root = psutil.Process(pid)

    def run(self) -> None:
        while not self.done.wait(INTERVAL):
            with suppress(psutil.Error):
                total = 0
                for process in [self._root, *self._root.children(recursive=True)]:
                    with suppress(psutil.Error, FileNotFoundError):
                        times = process.cpu_times()
                        self.cpu[process.pid] = times.user + times.system
                        total += process.memory_full_info().pss
                self.pss = max(self.pss, total)
