"""The message that a story begins with, as it stands now: the beginning, a digest, a summary, or how it ended."""

from collections import Counter
from collections.abc import Sequence

from monitor.alerts import words
from monitor.alerts.buttons import buttons_of
from monitor.alerts.render import Rendered, render
from monitor.alerts.story import STORM, Story, state_of
from monitor.domain.check import CheckKind
from monitor.domain.incident import OF_DATA, Incident, IncidentState
from monitor.domain.scan import CheckResult, Outcome
from monitor.reports.hints import next_step
from monitor.store.values import Held
from monitor.words import amount, expected, measured


def parent_of(story: Story) -> Rendered:
    """Return the message that shows where the story stands."""
    live = [member for member in story.members if not member.is_over]
    if not live:
        return _over(story)
    if story.is_summary:
        return summary_of(story, live)
    lead, *others = live
    told = _common(story, lead) | _story_of(story, lead)
    buttons = buttons_of(story.group, lead, live, story.context)
    if len(live) > STORM:
        counts = Counter(member.dataset or str(member.target) for member in live)
        datasets = [f"{dataset}: {count:,}" for dataset, count in counts.most_common(10)]
        items = [story.member(member, is_brief=True) for member in live]
        told |= {"total": len(live), "datasets": datasets}
        return render("digest", told, items=items, mentions=story.mentions(live), buttons=buttons)
    items = [story.member(member) for member in others]
    told |= {"others": len(others)}
    return render("parent", told, items=items, mentions=story.mentions(live), buttons=buttons)


def _over(story: Story) -> Rendered:
    lead, members = story.lead, story.members
    resolved = sum(member.state is IncidentState.RESOLVED for member in members)
    ended = max(member.ended_at or member.last_seen_at for member in members)
    began = min(member.first_failed_at for member in members)
    what = f"{resolved:,} of {resolved:,} resolved" if resolved > 1 else f"resolved: {story.promise(lead)}"
    if resolved < len(members):
        what = f"{resolved:,} of {len(members):,} resolved, the others are no longer watched"
    headline = f"{what}, after {words.lasting(ended - began)}"
    items = [story.member(member) for member in members]
    buttons = buttons_of(story.group, lead, (), story.context)
    return render("over", _common(story, lead) | {"headline": headline}, items=items, buttons=buttons)


def summary_of(story: Story, live: Sequence[Incident]) -> Rendered:
    """Return the first that people hear of a target."""
    run = story.context.run
    counts = Counter(result.outcome for result in run.scan.results) if run else Counter[Outcome]()
    parts = [
        (counts[Outcome.PASS], "holds" if counts[Outcome.PASS] == 1 else "hold"),
        (counts[Outcome.FAIL], "broken"),
        (counts[Outcome.WARN], "warned of"),
        (counts[Outcome.ERROR] + counts[Outcome.BLOCKED], "not verified"),
        (counts[Outcome.SKIPPED], "not checkable"),
    ]
    told = ", ".join(f"{count:,} {word}" for place, (count, word) in enumerate(parts) if count or not place)
    common = _common(story, live[0] if live else None)
    return render("summary", common | {"counts": told}, items=[story.member(member) for member in live])


def _common(story: Story, lead: Incident | None) -> dict[str, object]:
    contract, run = story.context.contract, story.context.run
    target = lead.target if lead else story.context.target
    dataset = lead.dataset if lead else ""
    latest = story.result(lead) if lead else None
    columns = latest.check.columns if latest else ()
    version = f"contract {run.version}" if run and target.contract else ""
    what = ".".join(part for part in (dataset, ", ".join(columns)) if part)
    server = f"server {target.server}" if target.server and target.contract else ""
    return {
        "icon": "quiet" if lead is None else words.icon(lead),
        "name": contract.name if contract and target.contract else target.contract or str(target),
        "place": " · ".join(part for part in (what, version, server) if part) or str(target),
        "command": f"pactwatch verify {target.contract} --alert" if target.contract else "",
        "run": run.run_id if run else "",
        "at": f"{story.now:%Y-%m-%d %H:%M:%S} UTC",
    }


def _story_of(story: Story, lead: Incident) -> dict[str, object]:
    """Return what is told of the incident that a story begins with."""
    result = story.found(lead)
    contract, run = story.context.contract if lead.target.contract else None, story.context.run
    background = story.background(lead)
    has_numbers = result is not None and lead.kind in OF_DATA and result.check.unit != "columns"
    return {
        "headline": words.breach(lead, result, story.why(lead)),
        "expected": expected(result.check) if result and has_numbers else "",
        "measured": str(measured(result) or "") if result and has_numbers else "",
        "since": words.moment(lead.first_failed_at, story.now),
        "times": f"{words.ordinal(max(lead.failures, 1))} failing run",
        "held": story.held(lead),
        "unverified": story.unverified(lead),
        "state": state_of(lead, story.now) or story.quiet_is_over(lead),
        "impact": (result.check.impact if result else None) or (contract.purpose if contract else None) or "",
        "changed": (*_number(background.held, result), *background.changed),
        "step": next_step(result, run) if result and run else None,
        "owner": (contract.owner.team if contract else None) or "",
    }


def _number(held: Held | None, found: CheckResult | None) -> tuple[str, ...]:
    """Return the number when its check last held and now; that of rows stands with those of all tables."""
    then, now = held.measured if held else None, found.measured if found else None
    if found is None or then is None or now is None or then == now:
        return ()
    if found.check.unit == "columns" or found.check.kind is CheckKind.ROW_COUNT:
        return ()
    return (f"measured: {amount(found.check, then, None)} → {amount(found.check, now, None)}",)
