import pytest

from monitor.notifiers.base import DeliveryError, Fault
from monitor.notifiers.slack_errors import FAULTS, UNSURE, fault_of


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("ratelimited", Fault.SERVICE),
        ("invalid_auth", Fault.CREDENTIALS),
        ("channel_not_found", Fault.DESTINATION),
        ("message_not_found", Fault.PARENT),
        ("msg_blocks_too_long", Fault.MESSAGE),
        ("an_error_of_tomorrow", Fault.DESTINATION),
    ],
)
def test_every_refusal_is_somebodys_fault(code: str, fault: Fault) -> None:
    assert fault_of(code) is fault


def test_only_the_services_fault_is_temporary() -> None:
    assert [fault for fault in Fault if not DeliveryError("x", fault=fault).permanent] == [Fault.SERVICE]


def test_what_may_have_happened_is_no_refusal() -> None:
    assert not UNSURE & set(FAULTS)
