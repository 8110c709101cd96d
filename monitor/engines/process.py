"""Warm processes: a nursery imports the heavy libraries once, then forks killable, isolated children on request.

Not `multiprocessing`'s forkserver: that one inherits the parent's environment, imports the parent's main module again
in each child and keeps a third process. Here the environment is an argument; secrets travel only through a socket.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NoReturn

_PLAIN_VARIABLES = frozenset({"PATH", "HOME", "LANG", "TZ"})
_BOOT = (
    "import sys, json, importlib; sys.path[:] = json.loads(sys.argv[1]);"
    "from monitor.engines.process import serve; serve(int(sys.argv[2]), sys.argv[3])"
)
_PATIENCE = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A child and the channel to it: what is sent first is its work, what comes back is up to the child's program."""

    channel: Connection

    def kill(self) -> None:
        """Make the child end at once, wherever it is: it watches its channel."""
        self.channel.close()


def scrubbed(environment: Mapping[str, str], allowed: tuple[str, ...]) -> dict[str, str]:
    """Return the few harmless variables and those that are allowed by name."""
    return {
        name: value
        for name, value in environment.items()
        if name in _PLAIN_VARIABLES or name.startswith("LC_") or name in allowed
    }


class Nursery:
    """A warm process per engine, and the children forked from it. Safe to use from several threads."""

    def __init__(self, program: str, environment: Mapping[str, str]) -> None:
        """Remember `module:function` that children run after `module:preload` ran once; nothing is started yet."""
        self._program = program
        self._environment = dict(environment)
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    def start(self) -> None:
        """Start to warm up, and return at once."""
        with self._lock:
            self._started()

    def spawn(self) -> Child:
        """Ask for a child; it runs as soon as the nursery is warm. Its channel ends when it could not be born."""
        ours, theirs = socket.socketpair()
        with self._lock, theirs, suppress(BrokenPipeError, ConnectionResetError):
            socket.send_fds(self._started(), [b"+"], [theirs.fileno()])
        return Child(channel=Connection(ours.detach()))

    def close(self) -> None:
        """End the nursery. Its children end with their own channels."""
        with self._lock:
            process, control, self._process, self._control = self._process, self._control, None, None
        if control is not None:
            control.close()
        if process is not None:
            try:
                process.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _started(self) -> socket.socket:
        if self._control is not None and self._process is not None and self._process.poll() is None:
            return self._control
        if self._control is not None:
            self._control.close()
        ours, theirs = socket.socketpair()
        with theirs:
            path = json.dumps([str(Path(entry).absolute()) for entry in sys.path])
            self._process = subprocess.Popen(  # noqa: S603 - this very interpreter, our own program
                [sys.executable, "-I", "-W", "ignore", "-c", _BOOT, path, str(theirs.fileno()), self._program],
                env=self._environment,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                process_group=0,  # Ctrl-C is the parent's to answer
            )
        self._control = ours
        return ours


def serve(control_number: int, program: str) -> NoReturn:
    """Be the nursery: preload, then fork a child for every channel that arrives, until the parent is gone."""
    import gc
    import importlib

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # a service manager signals everybody; we end with our parent
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # children are not waited for
    module_name, function = program.split(":")
    module = importlib.import_module(module_name)
    module.preload()
    gc.freeze()
    with socket.socket(fileno=control_number) as control:
        while True:
            order, numbers, _, _ = socket.recv_fds(control, 1, 1)
            if not order:
                os._exit(0)  # nothing to tidy up, and taking all that was imported apart takes 30 ms
            if os.fork() == 0:
                control.close()
                _live(getattr(module, function), Connection(numbers[0]))
            os.close(numbers[0])


def _live(run: Callable[[Connection, object], None], channel: Connection) -> NoReturn:
    code = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        work = channel.recv()
        threading.Thread(target=_die_with_the_parent, args=[channel.fileno()], daemon=True).start()
        run(channel, work)
        code = 0
    except (EOFError, BrokenPipeError, ConnectionResetError):
        code = 2  # the parent has gone; nobody is left to tell
    except BaseException:  # noqa: BLE001 - the boundary of a process; the parent sees its channel end
        traceback.print_exc()
    finally:
        os._exit(code)


def _die_with_the_parent(number: int) -> NoReturn:
    # The parent sends nothing after the work: whatever ends this wait means that it closed the channel or died.
    with socket.socket(fileno=os.dup(number)) as watched, suppress(OSError):
        watched.recv(1)
    os._exit(1)
