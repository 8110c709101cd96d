from dataclasses import replace

import pytest

from monitor.domain.check import CheckKind
from monitor.domain.runbook import Runbook
from monitor.domain.scan import CheckResult, Outcome
from monitor.reports.hints import Step, hint, next_step
from tests.runs import BAD_RULE, BROKEN, ERROR, FOREIGN_KEY, RANGE, check, result


def test_a_foreign_key_says_where_rows_are_missing() -> None:
    assert hint(FOREIGN_KEY, BROKEN) == "add the missing rows to airports, or correct dest at its source"


@pytest.mark.parametrize(
    ("version", "way"),
    [("1.0.0", "2.0.0"), ("0.4.2", "0.5.0"), ("v1", "a new version")],
)
def test_loosening_a_released_promise_takes_the_version_that_semver_asks_for(version: str, way: str) -> None:
    told = hint(RANGE, replace(BROKEN, version=version))
    assert told == f"correct the rows, or release other bounds as {way}"


def test_a_draft_is_changed_and_not_released_again() -> None:
    assert "put other bounds into the draft" in (hint(RANGE, replace(BROKEN, shadow=True)) or "")


@pytest.mark.parametrize("kind", [CheckKind.ENUM, CheckKind.PATTERN, CheckKind.FORMAT, CheckKind.LENGTH])
def test_only_a_range_has_bounds(kind: CheckKind) -> None:
    assert "bounds" not in (hint(result(check("a.b.c", "n", kind), Outcome.FAIL), BROKEN) or "")


def test_where_the_engine_knows_what_helps_that_is_the_next_step() -> None:
    found = result(check("a.b.c", "n", CheckKind.RANGE), Outcome.BLOCKED, remedy="start \x1b the server")
    assert hint(found, BROKEN) == r"start \x1b the server"
    assert hint(replace(found, outcome=Outcome.PASS), BROKEN) is None


@pytest.mark.parametrize("kind", CheckKind)
@pytest.mark.parametrize("outcome", Outcome)
def test_whatever_does_not_hold_has_a_next_step_and_the_rest_has_none(kind: CheckKind, outcome: Outcome) -> None:
    step = hint(result(check("a.b.c", "n", kind), outcome), BROKEN)
    assert (step is None) == (outcome in (Outcome.PASS, Outcome.SKIPPED))


def test_a_rule_that_cannot_be_run_is_told_apart_from_a_server_that_refused() -> None:
    assert "this rule" in (hint(BAD_RULE, BROKEN) or "")
    assert "what the reason names" in (hint(ERROR, BROKEN) or "")


def test_a_runbook_comes_first_and_replaces_what_only_the_kind_says() -> None:
    told = with_runbook(RANGE, Runbook(url="https://wiki.example.com/r"))
    assert str(next_step(told, BROKEN)) == "follow https://wiki.example.com/r"
    summed_up = with_runbook(RANGE, Runbook(url="https://wiki.example.com/r", summary="reload it"))
    assert str(next_step(summed_up, BROKEN)) == "follow https://wiki.example.com/r: reload it"
    assert next_step(replace(told, outcome=Outcome.PASS), BROKEN) is None


def test_a_statement_that_mends_it_is_told_beside_the_runbook() -> None:
    told = replace(with_runbook(RANGE, Runbook(url="https://wiki.example.com/r")), remedy="GRANT SELECT ON a TO b")
    assert next_step(told, BROKEN) == Step(words="GRANT SELECT ON a TO b", runbook="https://wiki.example.com/r")


def test_without_a_runbook_the_kind_says_what_to_do() -> None:
    step = next_step(FOREIGN_KEY, BROKEN)
    assert step == Step(words="add the missing rows to airports, or correct dest at its source")


def with_runbook(found: CheckResult, runbook: Runbook) -> CheckResult:
    return replace(found, check=replace(found.check, runbook=runbook))
