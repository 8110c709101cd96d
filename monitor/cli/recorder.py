"""Remembering runs while the terminal is told of them: trouble with the state database never hides a verdict."""

import threading
from typing import TYPE_CHECKING, Self

from monitor.errors import MonitorError, StoreError

if TYPE_CHECKING:
    from monitor.domain.contract import Contract
    from monitor.domain.scan import Run
    from monitor.store.store import Store


class Recorder:
    """Records runs on demand. The store is opened in the background, as its import is as long as a small scan."""

    def __init__(self, url: str) -> None:
        """Remember where; nothing is opened yet."""
        self._url = url
        self._store: Store | None = None
        self._trouble: MonitorError | None = None
        self._opening = threading.Thread(target=self._open, name="store", daemon=True)

    @property
    def trouble(self) -> MonitorError | None:
        """Return why runs could not be recorded, None if they were."""
        return self._trouble

    def start(self) -> None:
        """Begin to open the store."""
        self._opening.start()

    def record(self, run: "Run", contract: "Contract", *, subset: bool) -> bool:
        """Record a run and say whether that worked. After a first failure no other is tried."""
        from monitor.store.rows import target_of
        from monitor.store.values import Trigger

        self._opening.join()
        if self._store is None:
            return False
        try:
            with self._store.writing() as writer:
                writer.record_run(run, contract, trigger=Trigger.ON_DEMAND, subset=subset)
                writer.save_columns(target_of(run), run.run_id, run.scan.started_at, run.scan.seen)
        except StoreError as error:
            self._trouble = error
            self.close()
            return False
        return True

    def close(self) -> None:
        """Close the store."""
        if self._opening.ident is not None:
            self._opening.join()
        if self._store is not None:
            self._store.close()
        self._store = None

    def __enter__(self) -> Self:
        """Use it until the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the store."""
        self.close()

    def _open(self) -> None:
        try:
            from monitor.store.store import open_store

            self._store = open_store(self._url)
        except MonitorError as error:
            self._trouble = error
