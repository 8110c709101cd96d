"""What the page of one run shows: a Run with its Contract, turned into ready-made harmless words."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from monitor import words
from monitor.domain.check import Check
from monitor.domain.contract import Contract
from monitor.domain.scan import CheckResult, Outcome, Run, Sample, Verdict
from monitor.reports.hints import Step, next_step
from monitor.reports.statements import SharedStatement, place_of, shared_statements, statement_of
from monitor.visible import visible

OUTCOME_WORDS = {
    Outcome.FAIL: ("broken", "broken"),
    Outcome.ERROR: ("error", "errors"),
    Outcome.BLOCKED: ("blocked", "blocked"),
    Outcome.WARN: ("warning", "warnings"),
    Outcome.PASS: ("holds", "hold"),
    Outcome.SKIPPED: ("skipped", "skipped"),
}
"""The word of each outcome for one and for many, worst first: the order of the page."""

VERDICT_WORDS = {Verdict.BROKEN: "Broken", Verdict.UNVERIFIED: "Unverified", Verdict.KEPT: "Kept"}
_NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Instant:
    """A moment in UTC: for machines (`iso`) and for people (`text`; `minute` and `day` where there is little room)."""

    iso: str
    text: str
    minute: str
    day: str

    @property
    def short(self) -> str:
        """Return it without its year, for the front page: what it shows is of now."""
        return re.sub(r" \d{4},", ",", self.minute)

    @property
    def short_iso(self) -> str:
        """Return the same to the minute for machines."""
        return f"{self.iso[:16]}Z"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Sample rows as text."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultView:
    """One result. `bar` is the share of offending rows in percent of the bar's width, None without a share.

    `sql` is the check's own statement; `shared` is the anchor of the one that measured it together with others.
    """

    anchor: str
    check: str
    promise: str
    outcome: str
    word: str
    dataset: str
    dimension: str | None
    severity: str
    expected: str
    measured: words.Measured | None
    bar: float | None
    reason: str | None
    offending: str | None
    sample: Table | None
    impact: str | None
    step: Step | None
    where: str
    sql: str | None
    shared: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Results under one heading: a dataset, or a cause they share."""

    title: str
    results: tuple[ResultView, ...]

    @property
    def size(self) -> int:
        """Return how many results there are."""
        return len(self.results)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A statement that measured many checks of a dataset in one pass."""

    anchor: str
    dataset: str
    checks: str
    sql: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many checks had one outcome, and its piece of the bar (start and width in percent)."""

    outcome: str
    word: str
    number: str
    start: float
    width: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One line about the run; `value` is text or a moment."""

    label: str
    text: str
    instant: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPage:
    """Everything the page of one run says, in the page's order."""

    title: str
    contract: str
    version: str
    verdict: str
    verdict_word: str
    sentence: str
    shadow: bool
    purpose: str | None
    facts: tuple[Fact, ...]
    counts: tuple[Count, ...]
    failures: tuple[ResultView, ...]
    errors: tuple[Group, ...]
    blocked: tuple[Group, ...]
    warnings: tuple[ResultView, ...]
    holds: tuple[Group, ...]
    skipped: tuple[Group, ...]
    statements: tuple[Statement, ...]
    run_id: str
    fingerprint: str


def page(run: Run, contract: Contract | None) -> RunPage:
    """Return what the page of this run shows. Without a contract, what only the contract knows is left out."""
    name = visible(contract.name if contract else run.contract)
    shared = shared_statements(run.scan.results)
    found = {outcome: _of(run, outcome, shared) for outcome in Outcome}
    return RunPage(
        title=f"{VERDICT_WORDS[run.verdict]}: {name} {visible(run.version)}",
        contract=name,
        version=visible(run.version),
        verdict=run.verdict,
        verdict_word=VERDICT_WORDS[run.verdict],
        sentence=sentence(run),
        shadow=run.shadow,
        purpose=visible(contract.purpose) if contract and contract.purpose else None,
        facts=_facts(run, contract),
        counts=counts(run),
        failures=found[Outcome.FAIL],
        warnings=found[Outcome.WARN],
        errors=by_reason(found[Outcome.ERROR]),
        blocked=by_reason(found[Outcome.BLOCKED]),
        holds=by_dataset(found[Outcome.PASS]),
        skipped=by_reason(found[Outcome.SKIPPED]),
        statements=tuple(
            Statement(
                anchor=f"pass-{number}",
                dataset=visible(each.dataset),
                checks=words.counted(each.checks, "check"),
                sql=visible(each.sql, keep="\n\t"),
            )
            for number, each in enumerate(shared, start=1)
        ),
        run_id=visible(run.run_id),
        fingerprint=visible(run.fingerprint),
    )


def sentence(run: Run) -> str:
    """Say in one sentence what the verdict means for somebody who uses the data."""
    total, holding, warned = len(run.scan.results), run.count(Outcome.PASS), run.count(Outcome.WARN)
    unknown = run.count(Outcome.ERROR) + run.count(Outcome.BLOCKED)
    unknown_too = f", and {unknown:,} could not be verified" if unknown else ""
    match run.verdict:
        case Verdict.BROKEN:
            broken = run.count(Outcome.FAIL)
            are = "is" if broken == 1 else "are"
            of_all = words.counted(total, "promise")
            return (
                f"Do not rely on {_subjects(run, Outcome.FAIL)}: {broken:,} of {of_all} {are} broken, "
                f"{holding:,} {_word(Outcome.PASS, holding)}{unknown_too}."
            )
        case Verdict.UNVERIFIED if unknown:
            unverified = f"{unknown:,} of {words.counted(total, 'promise')} could not be verified"
            return f"Nothing is known to be broken, but {unverified}{_cause(run)}."
        case Verdict.UNVERIFIED:
            return "Nothing was checked, so nothing is known."
        case Verdict.KEPT if warned:
            what = f"{warned:,} {_word(Outcome.WARN, warned)}"
            return f"No promise is broken; {what} to look at: {_subjects(run, Outcome.WARN)}."
        case Verdict.KEPT if skipped := run.count(Outcome.SKIPPED):
            were = "was" if skipped == 1 else "were"
            return f"All {words.counted(holding, 'promise')} that could be checked hold; {skipped:,} {were} skipped."
        case Verdict.KEPT:
            return f"All {words.counted(holding, 'promise')} hold."


def anchor(check_id: str) -> str:
    """Return the page anchor of a check: its id, with every unsafe character as `~hex~`. No two ids share one."""
    return "check-" + re.sub(r"[^A-Za-z0-9._-]", lambda match: f"~{ord(match[0]):x}~", check_id)


def where(run: Run, check: Check) -> str:
    """Return where the promise is written, as `file:line`."""
    file = visible(run.file)
    return f"{file}:{check.line}" if check.line else file


def by_reason(results: Iterable[ResultView]) -> tuple[Group, ...]:
    """Group results by their reason, in order of first appearance."""
    causes: dict[str, list[ResultView]] = {}
    for result in results:
        causes.setdefault(result.reason or "no reason was given", []).append(result)
    return tuple(Group(title=cause, results=tuple(group)) for cause, group in causes.items())


def by_dataset(results: Iterable[ResultView]) -> tuple[Group, ...]:
    """Group results by their dataset, in order of first appearance."""
    datasets: dict[str, list[ResultView]] = {}
    for result in results:
        datasets.setdefault(result.dataset, []).append(result)
    return tuple(Group(title=dataset, results=tuple(group)) for dataset, group in datasets.items())


def result_view(result: CheckResult, run: Run, shared: tuple[SharedStatement, ...] = ()) -> ResultView:
    """Return one result in words."""
    check, found = result.check, words.measured(result)
    statement, place = statement_of(result, shared), place_of(result, shared)
    return ResultView(
        anchor=anchor(check.id),
        check=visible(check.id),
        promise=visible(check.name),
        outcome=result.outcome,
        word=_word(result.outcome, 1),
        dataset=visible(check.dataset),
        dimension=check.dimension,
        severity=visible(check.severity),
        expected=words.expected(check),
        measured=found,
        bar=None if found is None or found.share is None else max(0.6, round(found.share * 100, 2)),
        reason=words.reason(result),
        offending=visible(result.offending) if result.offending else None,
        sample=None if result.sample is None else sample_table(result.sample),
        impact=visible(check.impact) if check.impact else None,
        step=next_step(result, run),
        where=where(run, check),
        sql=visible(statement, keep="\n\t") if statement else None,
        shared=None if place is None else f"pass-{place + 1}",
    )


@lru_cache(maxsize=4096)
def instant(moment: datetime) -> Instant:
    """Return an aware moment in UTC."""
    utc = moment.astimezone(UTC)
    return Instant(
        iso=utc.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        text=f"{utc:%-d %b %Y, %H:%M:%S} UTC",
        minute=f"{utc:%-d %b %Y, %H:%M}",
        day=f"{utc:%-d %b %Y}",
    )


def seconds(run: Run) -> str:
    """Return how long the scan took, to a tenth of a second."""
    return f"{(run.scan.finished_at - run.scan.started_at).total_seconds():,.1f} s"


def _of(run: Run, outcome: Outcome, shared: tuple[SharedStatement, ...]) -> tuple[ResultView, ...]:
    """Return the views of all results with this outcome, in plan order."""
    return tuple(result_view(result, run, shared) for result in run.scan.results if result.outcome is outcome)


def sample_table(sample: Sample) -> Table | None:
    """Return sample rows as text, None when there are none."""
    if not sample.rows:
        return None
    return Table(
        columns=tuple(visible(column) for column in sample.columns),
        rows=tuple(tuple(visible(cell) for cell in row) for row in sample.rows),
    )


def _cause(run: Run) -> str:
    """Name the one cause of everything that could not be verified, nothing where there are several."""
    unknown = (Outcome.ERROR, Outcome.BLOCKED)
    causes = {result.reason.strip().rstrip(".") for result in run.scan.results if result.outcome in unknown}
    (cause, *more) = causes
    return "" if more or not cause else f": {visible(cause.splitlines()[0])}"


def _subjects(run: Run, outcome: Outcome) -> str:
    """Name what the results with this outcome are about: columns if few, else datasets, else how many."""
    checks = [result.check for result in run.scan.results if result.outcome is outcome]
    columns = dict.fromkeys(
        f"{check.dataset}.{check.columns[0]}" if len(check.columns) == 1 else check.dataset for check in checks
    )
    datasets = dict.fromkeys(check.dataset for check in checks)
    for names in (tuple(columns), tuple(datasets)):
        if len(names) <= _NAMED:
            return visible(" and ".join(filter(None, (", ".join(names[:-1]), names[-1]))))
    return f"{len(datasets):,} datasets"


def _word(outcome: Outcome, count: int) -> str:
    """Return the word for this many checks of an outcome."""
    return OUTCOME_WORDS[outcome][count != 1]


def counts(run: Run) -> tuple[Count, ...]:
    """Return the counts of all outcomes, worst first, with their pieces of the bar."""
    total = len(run.scan.results) or 1
    found, start = [], 0.0
    for outcome in OUTCOME_WORDS:
        count = run.count(outcome)
        width = round(100 * count / total, 3)
        found.append(
            Count(
                outcome=outcome,
                word=_word(outcome, count),
                number=f"{count:,}",
                start=round(start, 3),
                width=width,
            )
        )
        start += width
    return tuple(found)


def _facts(run: Run, contract: Contract | None) -> tuple[Fact, ...]:
    """Return the lines about the run: where, when, whose and from what file."""
    server = " · ".join(filter(None, (run.server, run.location))) or "none"
    facts = [
        Fact(label="Verified", text=f"in {seconds(run)}", instant=instant(run.scan.started_at)),
        Fact(label="Server", text=visible(server)),
    ]
    if contract:
        owner = contract.owner.team or ", ".join(contract.owner.members)
        support = ", ".join(dict.fromkeys(channel.channel for channel in contract.support))
        facts += [Fact(label="Owner", text=visible(owner))] if owner else []
        facts += [Fact(label="Support", text=visible(support))] if support else []
        facts += [Fact(label="Status", text=visible(contract.status))]
    return (*facts, Fact(label="Contract file", text=visible(run.file)))
