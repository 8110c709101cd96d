"""Runs as JUnit XML: a suite per run, a case per rule. What build servers read (Jenkins' junit-10.xsd, Surefire)."""

import re
from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from monitor import words
from monitor.cli.exits import Named, counting
from monitor.domain.scan import CheckResult, Outcome, Run
from monitor.errors import ContractError
from monitor.visible import visible

NOT_XML = re.compile("[\ufffe\uffff]")
NO_VERDICT = frozenset({Outcome.ERROR, Outcome.BLOCKED})
KINDS = ("failure", "error", "skipped")


def junit(
    runs: Sequence[Run], invalid: Sequence[ContractError], *, fail_on_warn: bool = False, named: Named = ()
) -> str:
    """Return the document: broken promises are failures, what could not be looked at and invalid files are errors.

    A case that is neither carries its warning as output. Whatever a draft in the shadow breaks is skipped, with what it
    would have been: it decides nothing.
    """
    root = Element("testsuites", name="pactwatch")
    deciding = {run.run_id for run in counting(runs, named)}
    for run in runs:
        _suite(root, run, fail_on_warn=fail_on_warn, decides=run.run_id in deciding)
    if invalid:
        suite = SubElement(root, "testsuite", name="contract files")
        for error in invalid:
            case = SubElement(suite, "testcase", name=_text(error.file), classname="contract files")
            _verdict(case, "error", "no valid contract", "\n".join(error.problems))
    for suite in root:
        _count(suite, (suite,))
    _count(root, tuple(root))
    indent(root)
    return "<?xml version='1.0' encoding='utf-8'?>\n" + tostring(root, encoding="unicode") + "\n"


def _suite(root: Element, run: Run, *, fail_on_warn: bool, decides: bool) -> None:
    place = f" on {run.server}" if run.server else ""
    shadow = " (shadow)" if run.shadow else ""
    suite = SubElement(
        root,
        "testsuite",
        name=_text(f"{run.contract} {run.version}{place}{shadow}"),
        timestamp=run.scan.started_at.strftime("%Y-%m-%dT%H:%M:%S"),
        time=f"{(run.scan.finished_at - run.scan.started_at).total_seconds():.3f}",
        file=_text(run.file),
    )
    for result in run.scan.results:
        _case(suite, run, result, fail_on_warn=fail_on_warn, decides=decides)


def _case(suite: Element, run: Run, result: CheckResult, *, fail_on_warn: bool, decides: bool) -> None:
    check = result.check
    case = SubElement(suite, "testcase", name=_text(check.id), classname=_text(f"{run.contract}.{check.dataset}"))
    if result.seconds is not None:
        case.set("time", f"{result.seconds:.3f}")
    said = words.sentence(result)
    told = f"{check.name}: expected {check.expected}; {said}\n{run.file}:{check.line}"
    kind = _kind(result.outcome, fail_on_warn=fail_on_warn)
    if kind in {"failure", "error"} and not decides:
        _verdict(case, "skipped", f"a draft in the shadow; it would be {words.outcome(result.outcome)}: {said}", told)
    elif kind is not None:
        _verdict(case, kind, said, told, check.kind)
    elif result.outcome is Outcome.WARN:
        SubElement(case, "system-out").text = _text(f"warning: {told}", keep="\n")


def _kind(outcome: Outcome, *, fail_on_warn: bool) -> str | None:
    match outcome:
        case Outcome.FAIL:
            return "failure"
        case Outcome.WARN if fail_on_warn:
            return "failure"
        case Outcome.SKIPPED:
            return "skipped"
        case _ if outcome in NO_VERDICT:
            return "error"
        case _:
            return None


def _verdict(case: Element, kind: str, message: str, text: str, sort: str = "") -> None:
    verdict = SubElement(case, kind, message=_text(message))
    if sort:
        verdict.set("type", sort)
    verdict.text = _text(text, keep="\n")


def _count(element: Element, suites: Sequence[Element]) -> None:
    cases = [case for suite in suites for case in suite.iter("testcase")]
    counts = {kind: sum(case.find(kind) is not None for case in cases) for kind in KINDS}
    element.set("tests", str(len(cases)))
    element.set("failures", str(counts["failure"]))
    element.set("errors", str(counts["error"]))
    if element.tag == "testsuite":
        element.set("skipped", str(counts["skipped"]))


def _text(text: str, keep: str = "") -> str:
    """Return text that XML can hold: what it cannot is written as an escape."""
    shown = visible(text, keep=keep)
    return NOT_XML.sub(lambda found: f"\\u{ord(found[0]):04x}", shown)
