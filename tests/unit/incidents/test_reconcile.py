"""What people may rely on: when an incident begins, what it lives through, when it ends."""

from datetime import timedelta

from monitor.domain.incident import ChangeKind, IncidentKind, IncidentState
from monitor.domain.target import TargetKey
from monitor.incidents.policy import Policy
from tests.incidents import HOUR, NULLS, RANGE, SCHEMA, TARGET, Story, result

K = ChangeKind


def test_the_first_failure_opens_an_incident() -> None:
    story = Story()
    assert story.outcomes("f") == [K.OPENED]
    incident = story.find()
    assert (incident.state, incident.kind, incident.opened_at) == (IncidentState.OPEN, IncidentKind.BROKEN, story.now)


def test_a_check_that_holds_has_no_incident() -> None:
    assert Story().outcomes("ppp") == []


def test_a_failure_is_kept_to_ourselves_until_it_happened_often_enough() -> None:
    story = Story(Policy(alert_after_failures=3))
    assert story.outcomes("f") == [K.SEEN]
    assert story.find().state is IncidentState.PENDING
    assert story.outcomes("f") == [K.SEEN]
    assert story.outcomes("f") == [K.OPENED]
    assert story.find().first_failed_at == story.now - 2 * HOUR


def test_a_pending_failure_that_goes_away_was_never_told_and_ends_unheard() -> None:
    story = Story(Policy(alert_after_failures=2))
    assert story.outcomes("fp") == [K.SEEN]
    assert story.live() == set()
    assert all(change.is_quiet for change in story.log)


def test_failing_again_is_only_counted() -> None:
    story = Story()
    assert story.outcomes("fff") == [K.STILL_FAILING]
    assert story.find().failures == 3
    assert story.log[-1].is_quiet


def test_a_pass_resolves() -> None:
    story = Story()
    assert story.outcomes("fp") == [K.RESOLVED]
    assert story.find().ended_at == story.now


def test_it_is_resolved_only_after_enough_passes_in_a_row() -> None:
    story = Story(Policy(resolve_after_passes=2))
    assert story.outcomes("fp") == [K.SEEN]
    assert story.outcomes("f") == [K.STILL_FAILING]
    assert story.outcomes("p") == [K.SEEN]
    assert story.outcomes("p") == [K.RESOLVED]


def test_not_knowing_resolves_nothing_and_counts_for_nothing() -> None:
    story = Story(Policy(resolve_after_passes=2))
    story.outcomes("fpe")
    before = story.find()
    story.run(result(RANGE, "b", cause="table:elsewhere"))
    assert story.find() == before
    assert before.passes == 1
    assert story.outcomes("p")[0] is K.RESOLVED


def test_what_comes_back_within_a_day_is_the_same_incident_in_the_same_story() -> None:
    story = Story()
    story.outcomes("fp")
    first = story.find()
    story.wait(timedelta(hours=22))
    assert story.outcomes("f") == [K.REOPENED]
    again = story.find()
    assert (again.id, again.group, again.opened_at) == (first.id, first.group, first.opened_at)
    assert again.ended_at is None


def test_what_comes_back_later_is_a_new_incident() -> None:
    story = Story()
    story.outcomes("fp")
    first = story.find()
    story.wait(timedelta(hours=24))
    assert story.outcomes("f") == [K.OPENED]
    assert story.find().id != first.id
    assert story.find().sequence == 1


def test_a_second_failure_joins_the_story_that_is_being_told() -> None:
    story = Story()
    story.outcomes("f")
    story.run(result(RANGE, "f"), result(NULLS, "f"))
    assert story.find(NULLS).group == story.find(RANGE).group == story.find(RANGE).id


def test_a_story_that_ended_takes_no_new_members() -> None:
    story = Story()
    story.outcomes("fp")
    story.run(result(NULLS, "f"))
    assert story.find(NULLS).group != story.find(RANGE).group


def test_what_has_not_come_back_often_enough_tells_no_story() -> None:
    story = Story(Policy(alert_after_failures=2))
    story.outcomes("ffpf")
    story.outcomes("ff", NULLS)
    assert story.find(RANGE).state is IncidentState.PENDING
    assert story.find(NULLS).group == story.find(NULLS).id


def test_a_warning_that_becomes_a_failure_is_the_same_incident_and_worse() -> None:
    story = Story()
    story.outcomes("w")
    assert story.find().kind is IncidentKind.WARNING
    assert story.outcomes("f") == [K.WORSE]
    assert story.find().kind is IncidentKind.BROKEN


def test_a_failure_that_becomes_a_warning_is_not_over() -> None:
    story = Story()
    assert story.outcomes("fw") == [K.STILL_FAILING]
    assert story.find().kind is IncidentKind.WARNING


def test_worse_is_measured_against_the_number_that_people_know() -> None:
    story = Story()
    story.run(result(RANGE, "f", 100))
    assert story.run(result(RANGE, "f", 150)) == [K.STILL_FAILING]
    assert story.run(result(RANGE, "f", 199)) == [K.STILL_FAILING]
    assert story.run(result(RANGE, "f", 200)) == [K.WORSE]
    assert story.run(result(RANGE, "f", 100)) == [K.STILL_FAILING]
    assert story.run(result(RANGE, "f", 300)) == [K.STILL_FAILING]
    assert story.find().worst == 300


def test_nothing_is_called_worse_while_it_flaps() -> None:
    story = Story()
    for outcome in "fpfpf":
        story.run(result(RANGE, outcome, 10))
    assert story.run(result(RANGE, "f", 1000)) == [K.STILL_FAILING]


def test_what_ended_is_watched_only_as_long_as_its_flips_matter() -> None:
    story = Story()
    assert story.outcomes("f" + "p" * 10) == [K.SEEN]
    assert story.outcomes("p") == []


def test_a_check_that_left_the_contract_is_withdrawn_and_not_resolved() -> None:
    story = Story()
    story.outcomes("f")
    assert story.run(result(NULLS, "p"), planned=frozenset({NULLS})) == [K.WITHDRAWN]
    assert story.find().state is IncidentState.WITHDRAWN


def test_so_is_one_that_is_no_longer_checked() -> None:
    story = Story()
    story.outcomes("f")
    assert story.run(result(RANGE, "skipped", reason="switched off")) == [K.WITHDRAWN]
    assert story.log[-1].why == "no longer checked: switched off"


def test_a_run_of_a_part_touches_only_that_part() -> None:
    story = Story()
    story.run(result(RANGE, "f"), result(NULLS, "f"))
    assert story.run(result(NULLS, "p")) == [K.RESOLVED]
    assert story.live() == {RANGE}


def test_a_shadow_run_touches_nothing() -> None:
    story = Story()
    story.outcomes("f")
    assert story.run(result(RANGE, "p"), result(NULLS, "f"), is_shadow=True) == []


def test_another_target_is_another_matter() -> None:
    story = Story()
    story.outcomes("f")
    staging = TargetKey(contract=TARGET.contract, major=TARGET.major, server="staging")
    assert story.run(result(RANGE, "f"), target=staging) == [K.OPENED]
    assert story.run(result(RANGE, "p"), target=staging) == [K.RESOLVED]
    assert story.live() == {RANGE}


def test_the_changes_of_a_first_run_say_so() -> None:
    story = Story()
    story.run(result(RANGE, "f"), is_first=True)
    story.run(result(NULLS, "f"))
    assert [change.is_first_run for change in story.log] == [True, False]


def test_a_check_that_keeps_changing_its_mind_is_said_to_flap_once_and_then_left_alone() -> None:
    story = Story()
    assert story.outcomes("fpfp") == [K.RESOLVED]
    assert story.outcomes("f") == [K.FLAPPING]
    assert [story.outcomes(letter) for letter in "pfpf"] == [[K.SEEN], [K.STILL_FAILING], [K.SEEN], [K.STILL_FAILING]]
    assert story.live() == {RANGE}


def test_a_flapping_check_that_holds_for_long_enough_is_resolved() -> None:
    story = Story()
    story.outcomes("fpfpf")
    assert story.outcomes("pppp") == [K.SEEN]
    assert story.outcomes("p") == [K.RESOLVED]
    assert not story.find().is_flapping


def test_a_flapping_check_that_only_fails_is_calm_again_and_still_broken() -> None:
    story = Story()
    story.outcomes("fpfpf")
    assert story.outcomes("ffff") == [K.CALM_AGAIN]
    assert story.outcomes("f") == [K.STILL_FAILING]
    assert story.live() == {RANGE}


def test_four_flips_count_only_within_ten_runs() -> None:
    story = Story()
    story.outcomes("fp" + "p" * 8 + "f")
    assert story.outcomes("p" * 8 + "f") == [K.REOPENED]


def test_a_check_that_never_fails_twice_in_a_row_still_cannot_flap_unheard() -> None:
    story = Story(Policy(alert_after_failures=2))
    assert story.outcomes("fpfpf") == [K.FLAPPING]
    assert story.find().state is IncidentState.OPEN


def test_what_is_wrong_keeps_its_reason() -> None:
    story = Story()
    story.run(result(RANGE, "f", reason="measured 3, expected = 0"))
    assert story.log[-1].why == "measured 3, expected = 0"


def test_the_schema_check_is_a_check_like_any_other() -> None:
    assert Story().run(result(SCHEMA, "f", 2)) == [K.OPENED]
