"""What comes over the socket is believed only where it has the shape of a press of ours."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.alerts.buttons import Action
from monitor.buttons.press import Press, PressError, read_press

PAYLOAD: dict[str, Any] = {
    "type": "block_actions",
    "user": {"id": "U0ANNA0000", "username": "anna", "team_id": "T0FAKE"},
    "container": {"type": "message", "message_ts": "1763856015.000100", "channel_id": "C000000001"},
    "team": {"id": "T0FAKE", "domain": "fake"},
    "actions": [{"action_id": "pactwatch_acknowledge", "value": "abc123", "action_ts": "1763856020.5"}],
}
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)


def test_a_press_says_who_what_where_and_when() -> None:
    assert read_press(PAYLOAD, "T0FAKE") == Press(
        action=Action.ACKNOWLEDGE,
        group="abc123",
        user="U0ANNA0000",
        name="anna",
        channel="C000000001",
        ts="1763856015.000100",
        at=datetime.fromtimestamp(1763856020.5, UTC),
    )


def changed(path: tuple[str | int, ...], value: object) -> dict[str, Any]:
    """Return the payload with another value in one place."""
    import copy

    payload: Any = copy.deepcopy(PAYLOAD)
    inside = payload
    for key in path[:-1]:
        inside = inside[key]
    inside[path[-1]] = value
    return payload  # type: ignore[no-any-return]


PLACES = [
    ("type",), ("user",), ("user", "id"), ("user", "team_id"), ("container",), ("container", "message_ts"),
    ("container", "channel_id"), ("team",), ("team", "id"), ("actions",), ("actions", 0), ("actions", 0, "action_id"),
    ("actions", 0, "value"), ("actions", 0, "action_ts"),
]  # fmt: skip


@pytest.mark.parametrize("path", PLACES)
@pytest.mark.parametrize("value", [None, 7, "", "<!channel>", [], {}, [None, None], "9" * 400 + ".0"])
def test_anything_else_is_refused_and_not_repeated(path: tuple[str | int, ...], value: object) -> None:
    with pytest.raises(PressError) as refused:
        read_press(changed(path, value), "T0FAKE")
    assert "channel>" not in str(refused.value)


def test_a_press_of_a_foreign_workspace_is_refused() -> None:
    for path in (("team", "id"), ("user", "team_id")):
        with pytest.raises(PressError, match="foreign"):
            read_press(changed(path, "T0OTHER"), "T0FAKE")
    with pytest.raises(PressError, match="foreign"):
        read_press(changed(("team", "id"), ""), "")


def test_two_actions_at_once_are_none() -> None:
    with pytest.raises(PressError, match="exactly one"):
        read_press(changed(("actions",), PAYLOAD["actions"] * 2), "T0FAKE")


@given(JSON, st.sampled_from(PLACES))
def test_no_payload_does_more_than_be_refused(value: object, path: tuple[str | int, ...]) -> None:
    for payload in (value, changed(path, value)):
        try:
            press = read_press(payload, "T0FAKE")
        except PressError:
            continue
        assert press.user == "U0ANNA0000"


def test_a_name_is_shown_but_cannot_hide_or_shout() -> None:
    press = read_press(changed(("user", "username"), "an\u202ena\n" + "x" * 100), "T0FAKE")
    assert "\u202e" not in press.by
    assert "\n" not in press.by
    assert len(press.by) < 80
    assert read_press(changed(("user", "username"), None), "T0FAKE").by == "somebody (U0ANNA0000)"
