"""With `restrict` only the contract's team may press, and a name that somebody chose proves nothing."""

import pytest

from monitor.buttons.rights import may_press, who_may
from monitor.domain.contract import Owner
from monitor.domain.person import Person
from tests.unit.alerts.stories import CONTRACT, replace

OWNER = Owner(team="flights", members=("Anna Berg", "ben"), usernames=("Anna@Example.com", "ben", "U0CARL0000"))


@pytest.mark.parametrize(
    ("person", "allowed"),
    [
        (Person(user="U1", email="anna@example.com"), True),
        (Person(user="U1", email="anna@example.org"), False),
        (Person(user="U1", email="ben@example.com"), True),
        (Person(user="U1", email="ben@elsewhere.com", is_guest=True), False),
        (Person(user="U0CARL0000"), True),
        (Person(user="U0DORA0000"), False),
        (Person(user="U1", email=""), False),
        (Person(user="U1", email="anna berg@example.com"), False),
    ],
)
def test_the_team_is_known_by_address_id_or_username(person: Person, allowed: bool) -> None:
    assert may_press(OWNER, person) is allowed


def test_a_team_of_nobody_lets_nobody_press() -> None:
    assert not may_press(Owner(members=("",), usernames=(" ",)), Person(user="U1", email="@example.com"))
    assert not may_press(Owner(), Person(user="U1", email="a@b.c"))


def test_it_is_said_who_may() -> None:
    assert who_may(replace(CONTRACT, owner=OWNER)) == "Only the team flights may press this: Anna Berg, ben."
    many = Owner(members=tuple(f"m{n}" for n in range(9)))
    assert who_may(replace(CONTRACT, owner=many)).endswith("its team may press this: m0, m1, m2, m3, m4 and 4 more.")
    assert "names no members" in who_may(replace(CONTRACT, owner=Owner()))
