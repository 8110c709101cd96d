"""What the page of a dataset shows: a section for each check that it has or ever had, which any link may lead to."""

from dataclasses import dataclass, replace

from monitor.domain.contract import Dataset
from monitor.reports import links
from monitor.reports.contract_view import ColumnRow, column_rows
from monitor.reports.frame import Frame, Head, frame, head, spelled, to_contract, to_index
from monitor.reports.material import Promise, Settled, TargetHistory
from monitor.reports.now import now_of
from monitor.reports.sections import CheckSection, Told, sections
from monitor.reports.statements import shared_statements
from monitor.reports.views import counts, sentence
from monitor.visible import visible


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetPage:
    """Everything the page of a dataset says: its columns, its checks (what asks for attention first), what is gone."""

    frame: Frame
    head: Head
    name: str
    description: str | None
    columns: tuple[ColumnRow, ...]
    checks: tuple[CheckSection, ...]
    gone: tuple[CheckSection, ...]
    days: int


def dataset_names(history: TargetHistory, promise: Promise) -> tuple[str, ...]:
    """Return every dataset of a target that has or had a check, or columns."""
    declared = [dataset.name for dataset in promise.contract.datasets] if promise.contract else []
    return tuple(name for name in dict.fromkeys([*declared, *(kept.check.dataset for kept in history.checks)]) if name)


def dataset_pages(history: TargetHistory, promise: Promise, settled: Settled) -> dict[str, DatasetPage]:
    """Return what the page of each dataset of a target shows, by the dataset's name."""
    now = now_of(history, promise)
    top = head(history, promise, now, settled)
    shared = shared_statements(now.run.scan.results)
    return {
        name: _page(
            name,
            top,
            Told(
                history=history,
                promise=promise,
                settled=settled,
                now=now,
                shared=shared,
                dataset=name,
                path=links.dataset_page(history.target, name),
            ),
        )
        for name in dataset_names(history, promise)
    }


def _page(name: str, top: Head, told: Told) -> DatasetPage:
    results, shown = told.results, sections(told)
    own = replace(told.now.run, scan=replace(told.now.run.scan, results=results))
    state, glyph, word = spelled(own.verdict, told.now.basis, late=top.is_late)
    contract = told.promise.contract
    declared = contract.dataset(name) if contract else None
    crumbs = (to_index(told.path), to_contract(told.path, told.history.target, top.name))
    return DatasetPage(
        frame=frame(told.settled, told.path, f"{word}: {name} of {top.name} on {top.server}", *crumbs),
        head=replace(
            top,
            name=visible(name),
            state=state,
            glyph=glyph,
            word=word,
            sentence=sentence(own) if results else "Nothing is checked here any more.",
            counts=counts(own),
        ),
        name=visible(name),
        description=_description(declared),
        columns=column_rows(declared, results, told.history, told.path) if declared else (),
        checks=shown.checks,
        gone=shown.gone,
        days=told.settled.days,
    )


def _description(declared: Dataset | None) -> str | None:
    return visible(declared.description, keep="\n") if declared and declared.description else None
