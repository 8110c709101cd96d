"""Builds the report site from history: a folder of pages that is as good served as opened from a disk."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Protocol

from monitor.domain.target import TargetKey
from monitor.errors import UsageError
from monitor.reports import html, links
from monitor.reports.contract_view import contract_page
from monitor.reports.dataset_view import dataset_pages
from monitor.reports.frame import frame, is_late, to_contract, to_index
from monitor.reports.incident_view import incident_page
from monitor.reports.index_view import Entry, Rows, coverage, first_day, index_page
from monitor.reports.material import DAYS, Promise, Settled, TargetHistory, midnight, read_target
from monitor.reports.now import now_of
from monitor.reports.promises import Promises
from monitor.reports.stamps import PAGE, alone, digest_of, pages_of, stamp
from monitor.reports.status import badge_of, status_of
from monitor.store.marks import Mark
from monitor.store.pages import Latest
from monitor.store.store import Reader

FEW = 100
"""So many contracts at most are named in a query."""


class Source(Protocol):
    """Where history is read from: a store."""

    def reading(self) -> AbstractContextManager[Reader]:
        """Provide one moment of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """How many pages were looked at, and how many of them were written because they had changed."""

    targets: int = 0
    pages: int = 0
    written: int = 0

    def __add__(self, other: "Built") -> "Built":
        """Return both together."""
        return Built(
            targets=self.targets + other.targets,
            pages=self.pages + other.pages,
            written=self.written + other.written,
        )


class Site:
    """A folder of pages. What it has read of every target for the front page it keeps: an update reads one target."""

    def __init__(self, folder: Path, *, note: str | None = None, days: int = DAYS) -> None:
        """Write to this folder; `note` stands on every page, `days` is how far pages look back."""
        self._folder = folder
        self._note = note
        self._days = days
        self._entries: dict[TargetKey, Entry] = {}
        self._rows = Rows()

    def build(
        self,
        source: Source,
        promises: Promises,
        now: datetime,
        *,
        only: Iterable[TargetKey] | None = None,
        with_runs: bool = True,
    ) -> Built:
        """Write the front page and the pages of every target, or of some of them, as far as they may have changed.

        The page of a run never changes: it is written once, with `with_runs` for each run that other pages link to.
        """
        self.read(source, promises)
        wanted = self._entries if only is None else [target for target in only if target in self._entries]
        built = self.refresh(source, promises, tuple(wanted), now, with_runs=with_runs)
        return built + self.front(source, now)

    def update(self, source: Source, promises: Promises, target: TargetKey, now: datetime) -> Built:
        """Write what a new run of a target changes: its pages, that of the run, and the front page."""
        self.read(source, promises, *((target,) if self._entries else ()))
        return self.refresh(source, promises, (target,), now) + self.front(source, now)

    def read(self, source: Source, promises: Promises, *targets: TargetKey) -> None:
        """Learn what the front page says of these targets now, or of all of them."""
        with source.reading() as reader:
            self._read_entries(reader, promises, *targets)

    def refresh(
        self,
        source: Source,
        promises: Promises,
        targets: Iterable[TargetKey],
        now: datetime,
        *,
        with_runs: bool = True,
    ) -> Built:
        """Write the pages of targets that were read, as far as they may have changed."""
        built, wanted = Built(), [target for target in targets if target in self._entries]
        with alone(self._folder), source.reading() as reader:
            contracts = {target.contract for target in wanted}
            marks = reader.marks(*(contracts if len(contracts) <= FEW else ()))
            making = _Making(
                reader=reader, homes=self._homes(), marks=_by_contract(marks), now=now, with_runs=with_runs
            )
            for target in wanted:
                built += self._target(self._entries[target].latest, promises, making)
        return built

    def front(self, source: Source, now: datetime) -> Built:
        """Write the front page of what was read, and what all pages share."""
        with source.reading() as reader:
            page = index_page(self._entries.values(), reader.troubles(), self._settled(now), self._rows)
        written = self._write([(page.frame.path, html.render_page(page))])
        shared = html.assets()
        self._write([(shared.style_name, shared.style), (shared.script_name, shared.script)])
        return _built(written)

    @property
    def targets(self) -> tuple[TargetKey, ...]:
        """Return those that were read: who asks for most attention first."""
        return tuple(sorted(self._entries, key=lambda target: (not self._entries[target].incidents, target)))

    def overdue(self, since: datetime, now: datetime) -> tuple[TargetKey, ...]:
        """Return those whose verdict became overdue after one moment and until another."""
        return tuple(
            target
            for target, entry in self._entries.items()
            if is_late(entry.promise.next_due, now) and not is_late(entry.promise.next_due, since)
        )

    def single(self, source: Source, promises: Promises, target: TargetKey, now: datetime) -> str:
        """Return the page of a contract as one file that needs no other. Raises UsageError if it never ran."""
        with source.reading() as reader:
            latest = reader.latest(target).get(target)
            if latest is None:
                raise UsageError(f"no run of {target} is recorded")
            history = read_target(reader, latest, days=self._days)
        promise = promises.of(latest.run, {})
        return html.render_page(contract_page(history, promise, self._settled(now, is_single=True)))

    def _settled(self, now: datetime, *, is_single: bool = False) -> Settled:
        return Settled(now=now, note=self._note, days=self._days, is_single=is_single)

    def _homes(self) -> dict[str, TargetKey]:
        """Return one target of each contract that pages may link to: of its highest major."""
        return {target.contract: target for target in sorted(self._entries)}

    def _read_entries(self, reader: Reader, promises: Promises, *targets: TargetKey) -> None:
        latest = reader.latest(*targets)
        until = max((each.run.started_at for each in latest.values()), default=None)
        if until is None:
            return
        counts, ages, incidents = reader.counts(*targets), reader.ages(*targets), reader.all_open(*targets)
        strips = reader.strips(*targets, since=midnight(first_day(until)))
        for target, each in latest.items():
            promise = promises.of(each.run, {})
            covered, columns = coverage(promise)
            self._entries[target] = Entry(
                latest=each,
                counts=counts.get(target, each.run.counts) if each.run.stands else each.run.counts,
                strip=strips.get(target, {}),
                ages=ages.get(target, ()),
                incidents=incidents.get(target, ()),
                promise=promise,
                covered=covered,
                columns=columns,
            )

    def _target(self, latest: Latest, promises: Promises, making: "_Making") -> Built:
        target = latest.run.target
        promise, folder = promises.of(latest.run, making.homes), links.target_folder(target)
        late = is_late(promise.next_due, making.now)
        said = replace(promise, plan=None)  # the plan follows from the contract
        known = latest.run.run_id, making.marks[target.contract]
        digest = digest_of(self._days, self._note, making.with_runs, late, said, known)
        pages = pages_of(self._folder, folder, digest)
        if pages is not None:
            return Built(targets=1, pages=pages)
        history = read_target(making.reader, latest, days=self._days)
        written = self._write(self._pages(history, promise, making.now))
        if making.with_runs:
            written |= self._write(self._runs(making.reader, history, promise, making.now))
        runs = (links.run_page(target, run_id) for run_id in history.kept_runs)
        stamp(self._folder, folder, digest, {*written, *(path for path in runs if (self._folder / path).exists())})
        return Built(targets=1) + _built(written)

    def _pages(self, history: TargetHistory, promise: Promise, now: datetime) -> Iterator[tuple[str, str]]:
        settled, target = self._settled(now), history.target
        page = contract_page(history, promise, settled)
        yield page.frame.path, html.render_page(page)
        for each in dataset_pages(history, promise, settled).values():
            yield each.frame.path, html.render_page(each)
        for incident in history.incidents:
            shown = incident_page(incident, history.changes[incident.id], history, promise, settled)
            yield shown.frame.path, html.render_page(shown)
        yield links.badge(target), html.render_badge(badge_of(page.head))
        yield links.status(target), status_of(page.head, history, now_of(history, promise))

    def _runs(
        self, reader: Reader, history: TargetHistory, promise: Promise, now: datetime
    ) -> Iterator[tuple[str, str]]:
        """Yield the pages of the runs that other pages name, as far as they are not written yet."""
        for run_id in sorted(history.kept_runs):
            path = links.run_page(history.target, run_id)
            found = None if (self._folder / path).exists() else reader.run(run_id)
            if found is None:
                continue
            record, run = found
            contract = promise.contract if promise.contract and promise.contract.version == run.version else None
            crumbs = (to_index(path), to_contract(path, record.target, record.name))
            title = f"Run {record.run_id} of {record.name} {record.version}"
            yield path, html.render_run(run, contract, frame(self._settled(now), path, title, *crumbs))

    def _write(self, pages: Iterable[tuple[str, str]]) -> dict[str, bool]:
        """Write pages; return whether each of them had changed."""
        return {path: html.write_changed(self._folder / path, text) for path, text in pages}


def _built(written: Mapping[str, bool]) -> Built:
    """Count the pages of what was looked at, and those of them that had changed."""
    pages = [is_new for path, is_new in written.items() if path.endswith(PAGE)]
    return Built(pages=len(pages), written=sum(pages))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Making:
    """What the pages of several targets are made with at one moment: history, and what it says of each contract."""

    reader: Reader
    homes: Mapping[str, TargetKey]
    marks: Mapping[str, Sequence[tuple[TargetKey, Mark]]]
    now: datetime
    with_runs: bool


def _by_contract(marks: Mapping[TargetKey, Mark]) -> Mapping[str, Sequence[tuple[TargetKey, Mark]]]:
    """Return marks by contract: the page of one of its targets also tells of its drafts and versions elsewhere."""
    found: dict[str, list[tuple[TargetKey, Mark]]] = {}
    for target in sorted(marks):
        found.setdefault(target.contract, []).append((target, marks[target]))
    return found
