"""Wait for a blocking call and still hear Ctrl-C."""

import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def patiently(call: Callable[[], T]) -> T:
    """Return what a call returns, or raise what it raises; KeyboardInterrupt is heard while libpq blocks inside it.

    An interrupted call is abandoned: it ends by its own timeout, or with the program.
    """
    outcomes: list[T] = []
    errors: list[BaseException] = []

    def attempt() -> None:
        try:
            outcomes.append(call())
        except BaseException as error:  # noqa: BLE001 - raised again below, in the thread that waits
            errors.append(error)

    thread = threading.Thread(target=attempt, daemon=True)
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return outcomes[0]
