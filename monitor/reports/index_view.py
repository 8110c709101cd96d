"""What the front page shows: every target with its verdict, what is open first; and how well each team is covered."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlencode

from monitor import words
from monitor.domain.incident import Incident
from monitor.domain.scan import CheckResult, Outcome, verdict_of
from monitor.domain.target import TargetKey
from monitor.reports import charts, links
from monitor.reports.contract_view import SHAPE, owner_of
from monitor.reports.frame import Frame, is_late, server_words, spelled
from monitor.reports.material import Promise, Settled
from monitor.reports.now import Basis
from monitor.reports.rows import told
from monitor.reports.views import Instant, instant
from monitor.store.pages import Latest, Strip
from monitor.store.values import Standing
from monitor.visible import visible

STRIP_DAYS = 30
_STRIP_DAY = 4
_NOBODY = "nobody"
_LONGEST_NAME = 60
_PAIR = 2
_GROUPS = (
    ({"broken"}, ("is broken", "are broken", "Both contracts are broken.", "All {} contracts are broken.")),
    (
        {"unverified", "late"},
        (
            "could not be verified",
            "could not be verified",
            "Neither contract could be verified.",
            "None of {} contracts could be verified.",
        ),
    ),
    ({"kept"}, ("is kept", "are kept", "Both contracts are kept.", "All {} contracts are kept.")),
)
"""How contracts stand, worst first: said of one, of several, of both that there are, of all."""

_ORDER = {"broken": 0, "late": 1, "unverified": 2, "kept": 3, "shadow": 4}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What the front page knows of a target. `covered` of its `columns` have a rule on their values."""

    latest: Latest
    counts: Mapping[Outcome, int]
    strip: Strip
    ages: tuple[Standing, ...]
    incidents: tuple[Incident, ...]
    promise: Promise
    covered: int
    columns: int

    @property
    def target(self) -> TargetKey:
        """Return whose entry it is."""
        return self.latest.run.target


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexRow:
    """A target on the front page."""

    href: str
    name: str
    version: str
    server: str
    state: str
    glyph: str
    word: str
    told: str
    owner: str
    domain: str
    tags: str
    at: Instant
    due: Instant | None
    age: str
    limit: str
    is_fresh: bool
    strip: charts.Strip
    open: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A value to filter by: a link to the same page that shows only what has it."""

    text: str
    count: int
    href: str
    state: str = ""
    glyph: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """The values of one kind to filter by."""

    label: str
    key: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamRow:
    """A team: its targets by verdict, and how many of its columns have a rule on their values."""

    name: str
    href: str
    targets: int
    broken: int
    unknown: int
    coverage: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Something wrong that no contract has: a server, a file, the monitor itself."""

    what: str
    why: str | None
    since: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexPage:
    """Everything the front page says."""

    frame: Frame
    sentence: str
    as_of: Instant | None
    totals: tuple[Choice, ...]
    filters: tuple[Choices, ...]
    troubles: tuple[Trouble, ...]
    rows: tuple[IndexRow, ...]
    teams: tuple[TeamRow, ...]
    days: int


class Rows:
    """The rows of the front page as they were last made: each is made again only when it would be another."""

    def __init__(self) -> None:
        """Know none yet."""
        self._made: dict[TargetKey, tuple[Entry, date, bool, IndexRow]] = {}

    def of(self, entry: Entry, until: date, now: datetime) -> IndexRow:
        """Return the row of a target; its strip ends on `until`."""
        late = is_late(entry.promise.next_due, now)
        made = self._made.get(entry.target)
        if made is None or made[0] is not entry or made[1:3] != (until, late):
            made = self._made[entry.target] = (entry, until, late, _row(entry, until, late=late))
        return made[3]


def index_page(entries: Iterable[Entry], troubles: Iterable[Incident], settled: Settled, made: Rows) -> IndexPage:
    """Return what the front page shows. Days are counted back from the latest run of all."""
    found = tuple(entries)
    until = max((entry.latest.run.started_at for entry in found), default=settled.now)
    pairs = sorted(((made.of(entry, until.date(), settled.now), entry) for entry in found), key=_by_need)
    rows = tuple(row for row, _ in pairs)
    return IndexPage(
        frame=Frame(path=links.INDEX, title=_title(rows), crumbs=(), note=settled.note),
        sentence=sentence(_alone(rows), *(row.state for row in rows)),
        as_of=instant(until) if found else None,
        totals=_totals(rows),
        filters=tuple(each for each in _filters(pairs) if len(each.choices) > 1),
        troubles=tuple(
            Trouble(
                what=visible(f"{incident.target}: {incident.key}"),
                why=visible(incident.why) if incident.why else None,
                since=instant(incident.first_failed_at),
            )
            for incident in troubles
        ),
        rows=rows,
        teams=_teams(pairs),
        days=STRIP_DAYS,
    )


def sentence(name: str, *states: str) -> str:
    """Return how all targets stand in one sentence, the worst first; what stands alone is called by this name."""
    real = [state for state in states if state != "shadow"]
    if not real:
        return "There are only drafts yet." if states else "Nothing has been verified yet."
    groups = [(told, sum(state in of for state in real)) for of, told in _GROUPS]
    parts = [(told, count) for told, count in groups if count]
    (one, many, pair, every), first = parts[0]
    if len(real) == 1:
        return f"{name if len(name) <= _LONGEST_NAME else 'The contract'} {one}."
    if len(parts) == 1:
        return pair if len(real) == _PAIR else every.format(f"{len(real):,}")
    begin = f"{first:,} of {words.counted(len(real), 'contract')} {one if first == 1 else many}"
    rest = (f"{count:,} {one if count == 1 else many}" for (one, many, *_), count in parts[1:])
    return ", ".join((begin, *rest)) + "."


def coverage(promise: Promise) -> tuple[int, int]:
    """Return how many columns of a contract have a rule on their values, and how many columns there are."""
    if promise.contract is None:
        return 0, 0
    columns = {(dataset.name, column.name) for dataset, column in promise.contract.columns()}
    checks = promise.plan.checks if promise.plan else ()
    ruled = {(check.dataset, column) for check in checks if check.kind not in SHAPE for column in check.columns}
    return len(columns & ruled), len(columns)


def first_day(until: datetime) -> date:
    """Return the first day of the front page's strips."""
    return until.date() - timedelta(days=STRIP_DAYS - 1)


def _row(entry: Entry, until: date, *, late: bool) -> IndexRow:
    run, contract = entry.latest.run, entry.promise.contract
    basis = Basis.SHADOW if run.shadow else Basis.STANDS if run.stands else Basis.ON_DEMAND
    verdict = verdict_of(tuple(outcome for outcome, count in entry.counts.items() if count))
    due = entry.promise.next_due
    state, glyph, word = spelled(verdict, basis, late=late)
    age = _age(entry.ages)
    return IndexRow(
        href=links.quoted(links.contract_page(entry.target)),
        name=visible(contract.name if contract else run.name),
        version=visible(run.version),
        server=server_words(entry.target),
        state=state,
        glyph=glyph,
        word=word,
        told=told(entry.counts) + ("" if run.stands or run.shadow else ", on demand"),
        owner=visible(owner_of(contract, entry.latest.details)),
        domain=visible(_domain(entry)),
        tags="|".join(visible(tag).replace("|", " ") for tag in _tags(entry)),
        at=instant(run.started_at),
        due=instant(due) if due else None,
        age=str(words.measured(age)) if age else "",
        limit=words.expected(age.check) if age else "",
        is_fresh=age is None or age.outcome is Outcome.PASS,
        strip=charts.strip(entry.strip, until=until, length=STRIP_DAYS, size=_STRIP_DAY),
        open=len(entry.incidents),
    )


def _by_need(pair: tuple[IndexRow, Entry]) -> tuple[bool, int, str, str, str]:
    row, _ = pair
    return not row.open, _ORDER[row.state], row.name.lower(), row.version, row.server


def _age(ages: Iterable[Standing]) -> CheckResult | None:
    """Return the age that asks for most attention: one that is too old, else the oldest against its limit."""
    found = [(each.outcome is not Outcome.PASS, _ratio(each), each) for each in ages if each.measured is not None]
    if not found:
        return None
    worst = max(found, key=lambda each: each[:2])[2]
    return CheckResult(
        check=worst.check, outcome=worst.outcome, reason=worst.reason, measured=worst.measured, rows=worst.rows
    )


def _ratio(standing: Standing) -> float:
    limit = max(words.bounds(standing.check), default=None)
    return float(standing.measured or 0) / float(limit) if limit else 0.0


def _domain(entry: Entry) -> str:
    found = entry.promise.contract.domain if entry.promise.contract else entry.latest.details.get("domain")
    return str(found or "")


def _tags(entry: Entry) -> tuple[str, ...]:
    found = entry.promise.contract.tags if entry.promise.contract else entry.latest.details.get("tags")
    return tuple(str(tag) for tag in found) if isinstance(found, list | tuple) else ()


def _alone(rows: tuple[IndexRow, ...]) -> str:
    """Return the name of the first target that is no draft."""
    return next((row.name for row in rows if row.state != "shadow"), "")


def _title(rows: tuple[IndexRow, ...]) -> str:
    broken = sum(row.state == "broken" for row in rows)
    return f"{broken:,} broken of {len(rows):,}" if broken else f"{words.counted(len(rows), 'contract')}"


def _totals(rows: tuple[IndexRow, ...]) -> tuple[Choice, ...]:
    counts = Counter((row.state, row.glyph, row.word) for row in rows)
    ordered = sorted(counts.items(), key=lambda item: (_ORDER[item[0][0]], item[0]))
    return tuple(
        Choice(text=word, count=count, href=_query("verdict", word), state=state, glyph=glyph)
        for (state, glyph, word), count in ordered
    )


def _filters(pairs: list[tuple[IndexRow, Entry]]) -> tuple[Choices, ...]:
    values = {
        "owner": Counter(row.owner or _NOBODY for row, _ in pairs),
        "domain": Counter(row.domain for row, _ in pairs if row.domain),
        "tag": Counter(visible(tag) for _, entry in pairs for tag in set(_tags(entry))),
        "server": Counter(row.server for row, _ in pairs),
    }
    return tuple(
        Choices(
            label=key.capitalize(),
            key=key,
            choices=tuple(
                Choice(text=value, count=count, href=_query(key, value)) for value, count in sorted(found.items())
            ),
        )
        for key, found in values.items()
    )


def _teams(pairs: list[tuple[IndexRow, Entry]]) -> tuple[TeamRow, ...]:
    teams: dict[str, list[tuple[IndexRow, Entry]]] = {}
    for row, entry in pairs:
        teams.setdefault(row.owner or _NOBODY, []).append((row, entry))
    return tuple(
        TeamRow(
            name=name,
            href=_query("owner", name),
            targets=len(several),
            broken=sum(row.state == "broken" for row, _ in several),
            unknown=sum(row.state in {"unverified", "late"} for row, _ in several),
            coverage=_share(sum(entry.covered for _, entry in several), sum(entry.columns for _, entry in several)),
        )
        for name, several in sorted(teams.items())
    )


def _share(covered: int, columns: int) -> str:
    return f"{covered:,} of {columns:,} ({words.share_of(covered, columns)})" if columns else "not known"


def _query(key: str, value: str) -> str:
    return "?" + urlencode({key: value})
