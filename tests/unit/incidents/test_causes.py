"""What cannot be verified is told once, where it comes from, and is never mistaken for good or bad data."""

from monitor.domain.incident import ChangeKind, IncidentKind, IncidentState
from monitor.domain.scan import CheckResult
from monitor.domain.target import MONITOR, TargetKey
from monitor.incidents.causes import NOT_VERIFIED
from monitor.incidents.policy import Policy
from monitor.incidents.troubles import NO_RUN, invalid_file, missed_run
from tests.incidents import NULLS, RANGE, SCHEMA, TARGET, Story, result

K = ChangeKind
MANY = tuple(f"flights.c{number}.range" for number in range(40))
SERVER = "server:warehouse"
ORDERS = TargetKey(contract="orders", major="2", server="warehouse")


def story() -> Story:
    return Story(None, RANGE, NULLS, SCHEMA, *MANY)


def by_schema(*checks: str) -> list[CheckResult]:
    return [result(identity, "b", cause=SCHEMA) for identity in checks]


def dead(*checks: str) -> list[CheckResult]:
    return [result(identity, "b", reason="server warehouse cannot be reached") for identity in checks]


def test_a_lost_table_that_blocks_forty_checks_is_one_incident_with_forty_children() -> None:
    told = story()
    assert told.run(result(SCHEMA, "f"), *by_schema(*MANY)) == [K.OPENED]
    assert told.find(SCHEMA).children == MANY


def test_when_the_table_is_back_nothing_remains() -> None:
    told = story()
    told.run(result(SCHEMA, "f"), *by_schema(*MANY))
    assert told.run(result(SCHEMA, "p"), *(result(identity, "p") for identity in MANY)) == [K.RESOLVED]
    assert told.live() == set()


def test_children_join_and_leave_their_culprit() -> None:
    told = story()
    told.run(result(SCHEMA, "f"), *by_schema(RANGE))
    assert told.run(result(SCHEMA, "f"), *by_schema(RANGE, NULLS)) == [K.JOINED]
    assert told.run(result(SCHEMA, "f"), result(RANGE, "p"), *by_schema(NULLS)) == [K.LEFT]
    assert told.find(SCHEMA).children == (NULLS,)


def test_children_leave_a_culprit_that_does_not_hold_for_long_enough_yet() -> None:
    told = Story(Policy(resolve_after_passes=2))
    told.run(result(SCHEMA, "f"), *by_schema(RANGE))
    assert told.run(result(SCHEMA, "p"), result(RANGE, "p")) == [K.SEEN]
    assert told.find(SCHEMA).children == ()


def test_a_part_of_the_checks_finds_the_culprit_that_an_earlier_run_reported() -> None:
    told = story()
    told.run(result(SCHEMA, "f"))
    assert told.run(*by_schema(RANGE)) == [K.JOINED]
    assert told.live() == {SCHEMA}


def test_a_culprit_that_comes_back_has_only_the_children_it_has_now() -> None:
    told = story()
    told.run(result(SCHEMA, "f"), *by_schema(RANGE, NULLS))
    told.run(result(SCHEMA, "p"))
    assert told.run(result(SCHEMA, "f"), *by_schema(RANGE)) == [K.REOPENED]
    assert told.find(SCHEMA).children == (RANGE,)


def test_a_failure_that_is_blocked_later_stays_broken() -> None:
    told = story()
    told.run(result(RANGE, "f"), result(SCHEMA, "p"))
    told.run(result(SCHEMA, "f"), *by_schema(RANGE))
    assert told.live() == {RANGE, SCHEMA}
    assert told.find(SCHEMA).children == (RANGE,)


def test_a_privilege_that_is_missing_is_one_incident_of_not_knowing() -> None:
    """The schema check itself holds: the table is there, only not for us."""
    told = story()
    assert told.run(result(SCHEMA, "p"), *by_schema(RANGE, NULLS)) == [K.OPENED]
    incident = told.find(NOT_VERIFIED + SCHEMA)
    assert (incident.kind, incident.children) == (IncidentKind.NOT_VERIFIED, (RANGE, NULLS))


def test_not_knowing_moves_to_the_culprit_once_it_is_found() -> None:
    told = story()
    told.run(*by_schema(RANGE))
    assert set(told.run(result(SCHEMA, "f"), *by_schema(RANGE))) == {K.OPENED, K.WITHDRAWN}
    assert told.live() == {SCHEMA}
    assert told.find(NOT_VERIFIED + SCHEMA).state is IncidentState.WITHDRAWN


def test_an_error_is_an_incident_of_not_knowing_beside_that_of_the_data() -> None:
    told = story()
    told.outcomes("f")
    assert told.outcomes("e") == [K.OPENED]
    assert told.live() == {RANGE, NOT_VERIFIED + RANGE}


def test_not_knowing_ends_when_we_know_again_whatever_we_know() -> None:
    told = story()
    assert set(told.outcomes("ep")) == {K.RESOLVED}
    assert set(told.outcomes("ef")) == {K.OPENED, K.RESOLVED}
    assert told.live() == {RANGE}


def test_errors_for_one_reason_are_one_incident() -> None:
    told = story()
    assert told.run(*(result(identity, "e", reason="the scanning process died") for identity in MANY)) == [K.OPENED]
    assert told.find(NOT_VERIFIED + MANY[0]).children == MANY


def test_an_error_that_finds_other_words_is_no_new_incident() -> None:
    told = story()
    told.run(result(RANGE, "e", reason="cancelled after 5.01 s"))
    assert told.run(result(RANGE, "e", reason="cancelled after 5.02 s")) == [K.STILL_FAILING]


def test_checks_that_were_lost_together_stay_together_whatever_each_of_them_says() -> None:
    told = story()
    told.run(result(RANGE, "e", reason="died"), result(NULLS, "e", reason="died"))
    assert told.run(result(RANGE, "e", reason="died"), result(NULLS, "e", reason="timeout")) == [K.STILL_FAILING]
    assert told.live() == {NOT_VERIFIED + RANGE}


def test_a_check_of_nothing_known_that_leaves_the_contract_is_withdrawn() -> None:
    told = story()
    told.outcomes("e")
    assert told.run(result(NULLS, "p"), planned=frozenset({NULLS})) == [K.WITHDRAWN]


def test_a_dead_server_is_one_incident_for_all_its_contracts() -> None:
    told = story()
    assert told.run(*dead(RANGE, NULLS, SCHEMA)) == [K.OPENED]
    assert told.run(*dead("orders.count"), target=ORDERS) == [K.JOINED]
    assert told.live() == {SERVER}
    assert told.find(SERVER).children == (str(TARGET), str(ORDERS))
    assert str(told.find(SERVER).target) == "server warehouse"


def test_a_server_is_alive_as_soon_as_any_contract_hears_from_it() -> None:
    told = story()
    told.run(*dead(RANGE, NULLS))
    told.run(*dead("orders.count"), target=ORDERS)
    assert told.run(result(RANGE, "p")) == [K.RESOLVED]
    assert told.live() == set()


def test_a_run_that_looked_at_nothing_says_nothing_of_the_server() -> None:
    told = story()
    told.run(*dead(RANGE, NULLS))
    assert told.run(result(RANGE, "skipped")) == []
    assert told.live() == {SERVER}


def test_a_dead_server_leaves_what_is_known_of_the_data_alone() -> None:
    told = story()
    told.run(result(RANGE, "f"), result(NULLS, "e"), result(SCHEMA, "p"))
    before = told.find(RANGE), told.find(NOT_VERIFIED + NULLS)
    told.run(*dead(RANGE, NULLS, SCHEMA))
    assert (told.find(RANGE), told.find(NOT_VERIFIED + NULLS)) == before


def test_a_rule_that_is_itself_at_fault_is_not_blamed_on_the_server() -> None:
    told = story()
    told.run(result(NULLS, "e", reason="no such function"), *dead(RANGE))
    assert told.live() == {SERVER, NOT_VERIFIED + NULLS}


def test_a_server_lost_half_way_has_answered() -> None:
    told = story()
    told.run(*dead(RANGE, NULLS))
    told.run(result(SCHEMA, "p"), *dead(RANGE, NULLS))
    assert told.live() == {NOT_VERIFIED + SERVER}


def test_a_server_that_showed_its_tables_is_not_down_because_one_check_lost_its_connection() -> None:
    told = story()
    assert told.run(*dead(RANGE), has_answered=True) == [K.OPENED]
    assert told.live() == {NOT_VERIFIED + SERVER}


def test_a_run_that_did_not_happen_is_an_incident_that_ends_when_we_know_again() -> None:
    told = story()
    late = missed_run(TARGET, "due at 02:00, not started")
    assert told.watch(IncidentKind.NO_RUN, late) == [K.OPENED]
    assert told.watch(IncidentKind.NO_RUN, late) == [K.STILL_FAILING]
    told.run(*dead(RANGE))
    assert NO_RUN in told.live()
    assert set(told.run(result(RANGE, "f"))) == {K.OPENED, K.RESOLVED}
    assert told.live() == {RANGE}


def test_no_run_resolves_nothing() -> None:
    told = story()
    told.outcomes("f")
    told.watch(IncidentKind.NO_RUN, missed_run(TARGET, "late"))
    assert told.live() == {RANGE, NO_RUN}


def test_an_invalid_file_is_an_incident_of_the_monitor_until_it_is_valid() -> None:
    told = story()
    broken = invalid_file("contracts/orders.odcs.yaml", "12: schema: expected a list")
    assert told.watch(IncidentKind.INVALID_FILE, broken) == [K.OPENED]
    assert told.find("file:contracts/orders.odcs.yaml").target == MONITOR
    assert told.watch(IncidentKind.INVALID_FILE) == [K.RESOLVED]
    assert told.watch(IncidentKind.INVALID_FILE) == []


def test_not_knowing_waits_at_the_same_gate() -> None:
    told = Story(Policy(alert_after_failures=2))
    assert told.outcomes("e") == [K.SEEN]
    assert told.outcomes("e") == [K.OPENED]
    assert told.outcomes("p") == [K.RESOLVED]
