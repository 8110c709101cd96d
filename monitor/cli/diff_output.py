"""Differences between contracts as lines, as JSON, as annotations and as a page of GitHub."""

from collections.abc import Iterator, Sequence

from monitor.cli.github import annotation, cell, table
from monitor.cli.layout import Line, edged, line, wrap
from monitor.domain.change import Change, Effect
from monitor.domain.contract import Contract
from monitor.drift.releases import Release
from monitor.exact_json import Json, encode
from monitor.objects import SCHEMA_VERSION
from monitor.visible import visible
from monitor.words import counted

GUTTER = 12
STYLES = {Effect.BREAKING: "bold red", Effect.TIGHTENING: "bold yellow", Effect.COSMETIC: "dim"}
LEVELS = {Effect.BREAKING: "warning", Effect.TIGHTENING: "warning", Effect.COSMETIC: "notice"}
NOTHING = "no contract is different"


def as_lines(releases: Sequence[Release], *, width: int) -> list[Line]:
    """Return what people read: per version its changes, the bump that they want, and what is wrong."""
    lines: list[Line] = []
    for release in releases:
        lines.append(line(visible(_title(release)), "bold"))
        for change in release.changes:
            lines += edged(
                change.effect,
                visible(f"{change.where}: {change.what}"),
                visible(_place(release, change)),
                width=width,
                gutter=GUTTER,
                word_style=STYLES[change.effect],
                style="",
                right_style="dim",
            )
            lines += [line(text, "dim", indent=GUTTER) for text in wrap(change.reason, width - GUTTER)]
        if release.problem is None:
            lines.append(line(visible(_total(release))))
        else:
            lines += [line(text, "bold red") for text in wrap(visible(f"PROBLEM  {release.problem}"), width)]
        lines.append(())
    return lines[:-1] if lines else [line(NOTHING)]


def as_document(releases: Sequence[Release]) -> str:
    """Return the document of `diff --format json`."""
    return encode({"schema_version": SCHEMA_VERSION, "comparisons": [_object(release) for release in releases]})


def as_annotations(releases: Sequence[Release]) -> Iterator[str]:
    """Yield one annotation per problem and change, at its place in the newer file."""
    for release in releases:
        title = _title(release)
        if release.problem is not None:
            newest = _newest(release)
            yield annotation("error", release.problem, title=title, file=newest.file, line=newest.version_line)
        for change in release.changes:
            file = release.new.file if release.new else ""
            words = f"{change.effect}: {change.where}: {change.what} ({change.reason})"
            line_number = 1 if change.is_gone else change.line
            yield annotation(LEVELS[change.effect], words, title=title, file=file, line=line_number)


def as_summary(releases: Sequence[Release]) -> str:
    """Return the page of a step: a table of changes per version."""
    parts = ["## Changes of contracts\n"]
    for release in releases:
        verdict = f"**{cell(release.problem)}**" if release.problem else cell(_total(release))
        rows = [(change.effect, change.where, change.what, change.reason) for change in release.changes]
        listed = table(("effect", "where", "change", "why"), rows) if rows else ""
        parts.append(f"### {cell(_title(release))}\n\n{verdict}\n\n{listed}")
    return "\n".join(parts if releases else [*parts, NOTHING])


def _title(release: Release) -> str:
    old, new = release.old, release.new
    if old is None or new is None:
        one = _newest(release)
        return f"{one.id} {one.version} {'is gone' if new is None else 'is new'}"
    if old.id == new.id and old.version == new.version:
        return f"{new.id} {new.version}" + ("" if old.fingerprint == new.fingerprint else ", edited")
    return f"{old.id} {old.version} → {f'{new.id} ' if new.id != old.id else ''}{new.version}"


def _newest(release: Release) -> Contract:
    contract = release.new or release.old
    assert contract is not None  # noqa: S101 a release has one of them
    return contract


def _place(release: Release, change: Change) -> str:
    contract = release.old if change.is_gone else release.new
    return f"{contract.file}:{change.line}" if contract is not None else ""


def _total(release: Release) -> str:
    if not release.changes:
        same = release.old is not None and release.new is not None
        is_same_file = same and release.old.fingerprint == release.new.fingerprint  # type: ignore[union-attr]
        if not same:
            return "no version stands before it"
        return (
            "nothing is different: both are the same text"
            if is_same_file
            else "only what is not compared is different: comments, layout, price, roles"
        )
    counts = ", ".join(_counts(release.changes))
    bump = f"; they want a new {release.required} version, and this is one"
    old, new = release.old, release.new
    if old is not None and new is not None and old.version == new.version:
        bump = "; no promise changed, so the version may stay"
        if any(change.is_promised for change in release.changes):
            bump = f"; when it is released they want a new {release.required} version"
    return f"{counted(len(release.changes), 'change')}: {counts}{bump}"


def _counts(changes: Sequence[Change]) -> Iterator[str]:
    """Yield how many changes have which effect; what hurts and no version need tell of stands apart, at the end."""
    apart = [change for change in changes if not change.is_promised and change.effect is not Effect.COSMETIC]
    told = [change for change in changes if change not in apart]
    for members, words in ((told, ""), (apart, " on which no promise rests")):
        for effect in Effect:
            number = sum(change.effect is effect for change in members)
            if number:
                yield f"{number} {effect}{words}"


def _object(release: Release) -> dict[str, Json]:
    return {
        "old": _contract(release.old),
        "new": _contract(release.new),
        "required": release.required,
        "carried": release.problem is None,
        "problem": release.problem,
        "changes": [
            {
                "effect": change.effect,
                "hurts": change.hurts,
                "where": change.where,
                "what": change.what,
                "reason": change.reason,
                "bump": change.bump,
                "promised": change.is_promised,
                "gone": change.is_gone,
                "line": change.line,
            }
            for change in release.changes
        ],
    }


def _contract(contract: Contract | None) -> Json:
    if contract is None:
        return None
    return {
        "contract": contract.id,
        "version": contract.version,
        "status": contract.status,
        "file": contract.file,
        "fingerprint": contract.fingerprint,
    }
