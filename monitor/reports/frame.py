"""What every page of the site has around it: where it lies, the way up, the verdict with the time it is good for."""

from dataclasses import dataclass
from datetime import datetime

from monitor.domain.scan import Verdict
from monitor.domain.target import TargetKey
from monitor.reports import links
from monitor.reports.material import Promise, Settled, TargetHistory
from monitor.reports.now import Basis, Now
from monitor.reports.views import VERDICT_WORDS, Count, Instant, counts, instant, sentence
from monitor.visible import visible

GLYPHS = {Verdict.BROKEN: "fail", Verdict.KEPT: "pass", Verdict.UNVERIFIED: "error"}
IN_SHADOW = {
    Verdict.BROKEN: "Would be broken",
    Verdict.KEPT: "Would be kept",
    Verdict.UNVERIFIED: "Would be unverified",
}
_BASES = {
    Basis.STANDS: None,
    Basis.ON_DEMAND: "Rests on a run on demand: no scheduled run is recorded yet.",
    Basis.SHADOW: "A draft in the shadow: it is evaluated and alerts nobody.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Words that lead somewhere; without an address they are words."""

    text: str
    href: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The page itself: its path on the site, its title, the way up, and a note that the whole site carries."""

    path: str
    title: str
    crumbs: tuple[Link, ...]
    note: str | None
    is_single: bool = False

    @property
    def home(self) -> str:
        """Return the way to the front page."""
        return links.relative(self.path, to=links.INDEX)


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The verdict over a page: of a target, or of one of its datasets.

    `state` is the verdict, or `late` once the next one is overdue, or `shadow`. `due` is when the next verdict is due.
    """

    name: str
    version: str
    server: str
    state: str
    glyph: str
    word: str
    sentence: str
    counts: tuple[Count, ...]
    as_of: Instant
    due: Instant | None
    is_late: bool
    basis: str | None


def frame(settled: Settled, path: str, title: str, *crumbs: Link) -> Frame:
    """Return the frame of a page; the crumbs lead from the front page to it."""
    return Frame(path=path, title=visible(title), crumbs=crumbs, note=settled.note, is_single=settled.is_single)


def head(history: TargetHistory, promise: Promise, now: Now, settled: Settled) -> Head:
    """Return the verdict of a target, with the time it is good for."""
    run, latest = now.run, history.latest.run
    late = is_late(promise.next_due, settled.now)
    state, glyph, word = spelled(run.verdict, now.basis, late=late)
    return Head(
        name=visible(promise.contract.name if promise.contract else latest.name),
        version=visible(latest.version),
        server=visible(latest.target.server),
        state=state,
        glyph=glyph,
        word=word,
        sentence=sentence(run),
        counts=counts(run),
        as_of=instant(now.as_of),
        due=instant(promise.next_due) if promise.next_due else None,
        is_late=late,
        basis=_BASES[now.basis],
    )


def spelled(verdict: Verdict, basis: Basis, *, late: bool) -> tuple[str, str, str]:
    """Return a verdict's class, glyph and word. What is overdue is never green; what is a draft never red."""
    if basis is Basis.SHADOW:
        return "shadow", "shadow", IN_SHADOW[verdict]
    if late:
        return "late", "late", "Not verified"
    return verdict.value, GLYPHS[verdict], VERDICT_WORDS[verdict]


def is_late(due: datetime | None, now: datetime) -> bool:
    """Say whether a verdict is overdue."""
    return due is not None and now > due


def server_words(target: TargetKey) -> str:
    """Return the server of a target as people read it."""
    return visible(target.server) or "no server"


def to_index(path: str) -> Link:
    """Return the first crumb of every page but the front page."""
    return Link(text="All contracts", href=links.relative(path, to=links.INDEX))


def to_contract(path: str, target: TargetKey, name: str) -> Link:
    """Return the crumb of a contract's page."""
    text = f"{visible(name)} {visible(target.major)} on {server_words(target)}"
    return Link(text=text, href=links.relative(path, to=links.contract_page(target)))
