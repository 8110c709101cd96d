from dataclasses import replace
from datetime import datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.check import CheckKind
from monitor.domain.scan import Outcome
from monitor.reports.views import anchor, instant, page, sentence
from tests.runs import BROKEN, CONTRACT, DEAD, ERROR, EVERYTHING, FOREIGN_KEY, KEPT, PASSED, check, result, run_of


def test_a_broken_run_says_what_not_to_rely_on() -> None:
    assert sentence(BROKEN) == "Do not rely on flights.dest and flights.air_time: 2 of 21 promises are broken, 17 hold."


def test_a_kept_run_does_not_claim_what_was_skipped() -> None:
    assert sentence(KEPT) == "All 17 promises that could be checked hold; 1 was skipped."


def test_an_unverified_run_is_neither_good_nor_bad_news() -> None:
    cause = "table nyc.flights is missing"
    assert sentence(DEAD) == f"Nothing is known to be broken, but 17 of 17 promises could not be verified: {cause}."


def test_a_run_of_nothing_knows_nothing() -> None:
    assert sentence(run_of(())) == "Nothing was checked, so nothing is known."


def test_many_broken_datasets_are_counted_and_not_listed() -> None:
    run = run_of(result(check(f"t{n}.c.range", "n", CheckKind.RANGE), Outcome.FAIL) for n in range(9))
    assert sentence(run).startswith("Do not rely on 9 datasets: 9 of 9 promises are broken")


def test_every_result_is_on_the_page_exactly_once() -> None:
    shown = page(EVERYTHING, CONTRACT)
    groups = [group.results for group in (*shown.errors, *shown.blocked, *shown.holds, *shown.skipped)]
    listed = [view.check for views in (shown.failures, shown.warnings, *groups) for view in views]
    assert sorted(listed) == sorted(found.check.id for found in EVERYTHING.scan.results)


def test_counts_fill_the_bar_and_name_every_outcome() -> None:
    counts = page(EVERYTHING, CONTRACT).counts
    assert {count.outcome for count in counts} == set(Outcome)
    assert round(sum(count.width for count in counts)) == 100


def test_errors_of_one_reason_stand_together() -> None:
    locked = [replace(ERROR, check=replace(ERROR.check, id=f"flights.{n}.sql"), reason="locked") for n in range(3)]
    assert [group.size for group in page(run_of([*locked, ERROR]), CONTRACT).errors] == [3, 1]


def test_a_pass_is_shown_once_and_every_check_leads_to_it() -> None:
    shown = page(run_of([*PASSED, FOREIGN_KEY]), CONTRACT)
    (together,) = shown.statements
    assert (together.dataset, together.checks, together.sql) == ("flights", "3 checks", PASSED[0].sql)
    assert [view.shared for view in shown.failures] == [together.anchor] * 3 + [None]
    assert shown.failures[0].sql == 'SELECT COUNT(CASE WHEN n < 0 THEN 1 END)\nFROM "flights"'
    assert shown.failures[-1].sql == FOREIGN_KEY.sql


def test_blocked_checks_of_one_cause_stand_together() -> None:
    (cause,) = page(DEAD, CONTRACT).blocked
    assert (cause.title, cause.size) == ("table nyc.flights is missing", 17)


def test_without_a_contract_the_run_speaks_for_itself() -> None:
    shown = page(BROKEN, None)
    assert (shown.contract, shown.purpose) == ("nyc-flights", None)


def test_moments_are_utc_wherever_they_were_taken() -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    assert instant(moment).iso == "2026-01-01T21:34:05.000Z"
    assert instant(moment).text == "1 Jan 2026, 21:34:05 UTC"


@given(st.text(), st.text())
def test_anchors_are_safe_and_no_two_checks_share_one(one: str, other: str) -> None:
    assert (anchor(one) == anchor(other)) == (one == other)
    assert all(character.isascii() and (character.isalnum() or character in "-._~") for character in anchor(one))


def test_a_readable_id_stays_readable_as_anchor() -> None:
    assert anchor("flights.air_time.foreign-key") == "check-flights.air_time.foreign-key"


def test_the_owner_is_the_team_or_else_its_members() -> None:
    def owner(contract: object) -> list[str]:
        return [fact.text for fact in page(BROKEN, contract).facts if fact.label == "Owner"]  # type: ignore[arg-type]

    assert owner(CONTRACT) == ["flights"]
    assert owner(replace(CONTRACT, owner=replace(CONTRACT.owner, team=None))) == ["mira, jonas"]
