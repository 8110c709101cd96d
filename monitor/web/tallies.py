"""Counts that only grow, kept up from what the store has got since the last look."""

from collections import Counter
from collections.abc import Iterable

from monitor.domain.scan import Outcome
from monitor.store.measures import OVERLAP, Place
from monitor.store.store import Reader

ALARMING = (Outcome.FAIL, Outcome.ERROR, Outcome.BLOCKED)
"""Outcomes that are told before there are any: Prometheus sees no increase in a series that begins with 1."""


class _Seen:
    """The numbers of rows that were counted, as far back as they are looked at again."""

    def __init__(self) -> None:
        self.newest = 0
        self.numbers: frozenset[int] = frozenset()

    def add(self, numbers: Iterable[int]) -> None:
        known = self.numbers | frozenset(numbers)
        self.newest = max(known, default=self.newest)
        self.numbers = frozenset(number for number in known if number > self.newest - OVERLAP)


class Tallies:
    """How results counted since it began, and how long the drift ledger is, by dataset."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.results: Counter[tuple[Place, Outcome]] = Counter()
        self.drift: Counter[Place] = Counter()
        self._runs, self._events = _Seen(), _Seen()

    def begin(self, reader: Reader) -> None:
        """Leave out the results that are there already."""
        newest = reader.newest_run()
        self._runs.add({newest, *reader.recent_runs(newest)})

    def update(self, reader: Reader, known: Iterable[Place]) -> None:
        """Count what came since. A known dataset begins with zeros of what is `ALARMING`."""
        for place in known:
            for outcome in ALARMING:
                self.results.setdefault((place, outcome), 0)
        found = reader.outcomes_since(self._runs.newest, self._runs.numbers)
        for counts in found.values():
            self.results.update(counts)
        self._runs.add(found)
        events = reader.drift_since(self._events.newest, self._events.numbers)
        self.drift.update((target, event.table) for _, target, event in events)
        self._events.add(number for number, _, _ in events)
