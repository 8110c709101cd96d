"""Build servers read what they can read: every case once, exact counts, and text that stays text."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from lxml.etree import XMLParser, XMLSchema, _Element, fromstring, parse

from monitor.cli.github import annotation, cell, table
from monitor.cli.junit import junit
from monitor.cli.verify_github import annotations, summary
from monitor.domain.check import CheckKind
from monitor.domain.scan import Outcome, Run
from monitor.errors import ContractError
from tests.runs import check, result, run_of

EVERY = run_of(
    result(check(f"t.{outcome}.rule", f"the {outcome} rule", CheckKind.RANGE), outcome, f"why {outcome}")
    for outcome in Outcome
)
INVALID = ContractError("x.odcs.yaml", ["3: schema: found nothing", "no line at all"])
EVIL = 'a"b<c>&]]>\x00\x1b[31m\ufffe\ud800\r\n::error::x\u202e%0A|`@all'
SCHEMA = XMLSchema(parse(Path(__file__).with_name("junit.xsd")))


def valid(text: str) -> _Element:
    """Return the document if it keeps to the schema of those who read it."""
    root = fromstring(text.encode(), XMLParser(resolve_entities=False, no_network=True))
    SCHEMA.assertValid(root)
    return root


def counts(element: _Element) -> dict[str, int]:
    return {name: int(element.get(name, "0")) for name in ("tests", "failures", "errors", "skipped")}


def test_every_rule_is_one_case_and_the_counts_are_exact() -> None:
    root = valid(junit([EVERY, EVERY], [INVALID]))
    assert counts(root[0]) == {"tests": 6, "failures": 1, "errors": 2, "skipped": 1}
    assert counts(root) == {"tests": 13, "failures": 2, "errors": 5, "skipped": 0}
    assert [case.get("name") for case in root[0]] == [f"t.{outcome}.rule" for outcome in Outcome]
    warned = next(case for case in root[0] if case.get("name") == "t.warn.rule")
    assert [child.tag for child in warned] == ["system-out"]
    assert root[2][0][0].text == "3: schema: found nothing\nno line at all"


def test_a_warning_is_a_failure_where_it_was_asked_for() -> None:
    assert counts(valid(junit([EVERY], [], fail_on_warn=True))[0])["failures"] == 2


@pytest.mark.parametrize(("named", "failures"), [((), 0), ([("nyc-flights", "1.0.0")], 1)])
def test_a_draft_fails_no_build_unless_it_was_named(named: list[tuple[str, str]], failures: int) -> None:
    root = valid(junit([replace(EVERY, shadow=True)], [], named=named))
    assert counts(root[0])["failures"] == failures
    levels = {line.partition(" ")[0] for line in annotations([replace(EVERY, shadow=True)], [], named=named)}
    assert levels == ({"::error", "::warning"} if named else {"::notice"})


def hostile() -> Run:
    told = check(EVIL, EVIL, CheckKind.RANGE, dataset=EVIL)
    return run_of([result(told, Outcome.FAIL, EVIL)], contract=EVIL, file=EVIL, server=EVIL)


def test_hostile_text_stays_text_in_xml() -> None:
    root = valid(junit([hostile()], [ContractError(EVIL, [EVIL])]))
    (name,) = [case.get("name") for case in root[0]]
    assert name is not None
    assert name.isprintable()
    assert name.startswith('a"b<c>&]]>\\x00')


def test_what_is_no_such_document_is_no_such_document() -> None:
    """The schema can say no: else it would say nothing."""
    text = junit([EVERY], [])
    for found, other in (
        (r"(</?)testsuite\b", r"\1suite"), (' name="t.fail.rule"', ""), ('tests="6"', 'tests="six"'),
        (r"(</?)failure\b", r"\1failed"), (' message="', ' words="'), ("<testcase ", '<testcase status="x" '),
        (' errors="2"', ""), (r'time="\d+', 'time="soon'),
    ):  # fmt: skip
        changed, times = re.subn(found, other, text)
        assert times, found
        assert not SCHEMA.validate(fromstring(changed.encode())), found


@pytest.mark.parametrize(
    ("text", "message", "title"),
    [
        ("50% of\r\nrows", "50%25 of\\r\\nrows", "50%25 of\\r\\nrows"),
        ("a:b,c=d::error::e", "a:b,c=d::error::e", "a%3Ab%2Cc=d%3A%3Aerror%3A%3Ae"),
        ("%0A%3A,", "%250A%253A,", "%250A%253A%2C"),
    ],
)
def test_signs_that_mean_something_to_github_are_escaped(text: str, message: str, title: str) -> None:
    """In properties `:` and `,` too; a line's end that a stranger wrote is shown, never sent."""
    line = annotation("error", text, title=text, file=text, line=7)
    assert line == f"::error file={title},line=7,title={title}::{message}"


def test_hostile_text_is_no_command_and_no_markup() -> None:
    lines = list(annotations([hostile()], [ContractError(EVIL, [EVIL])]))
    assert len(lines) == 2
    for line in lines:
        assert line.replace("\ufffe", "").isprintable()
        assert re.match(r"::error file=[^:,]*,line=\d+,title=[^:,]*::", line)
        assert "%0A" not in line.replace("%250A", "")
    page = summary([hostile()], [ContractError(EVIL, [EVIL])])
    assert not re.search(r"<(?!/?\w+>)|@all|\x1b|`", page.replace("<c>", "!"))
    assert "<c>" not in page


def test_annotations_stand_at_the_line_of_the_rule() -> None:
    lines = list(annotations([EVERY], [INVALID]))
    assert lines[0] == (
        "::warning file=contracts/nyc-flights/1.0.0.odcs.yaml,line=40,title=nyc-flights 1.0.0 on warehouse"
        "::the warn rule: warn: why warn (t.warn.rule)"
    )
    assert [line.partition(" ")[0] for line in lines] == ["::warning", *["::error"] * 5]
    assert lines[-2:] == [
        "::error file=x.odcs.yaml,line=3,title=no valid contract::schema: found nothing",
        "::error file=x.odcs.yaml,line=1,title=no valid contract::no line at all",
    ]


def test_a_table_has_as_many_cells_in_every_row() -> None:
    rows = table(("a", "b"), [("x|y", "z\nw")]).splitlines()
    assert [row.count("|") for row in rows] == [3, 3, 3]
    assert cell("<b>") == "&#60;b&#62;"


def test_a_long_message_says_that_it_was_cut() -> None:
    line = annotation("error", "x" * 9_000, title="t")
    assert len(line) < 4_100
    assert line.endswith("…")


def test_a_promise_that_fails_is_called_broken_as_everywhere() -> None:
    (told,) = (line for line in annotations([EVERY], []) if "t.fail.rule" in line)
    assert "the fail rule: broken: " in told
    head, _, row = summary([EVERY], []).splitlines()[2:5]
    assert ("| broken |" in head, "| fail |" in head, row.startswith("| nyc-flights")) == (True, False, True)
    skipped = valid(junit([replace(EVERY, shadow=True)], [])).find(".//skipped")
    assert skipped is not None
    assert "it would be broken: " in skipped.attrib["message"]
