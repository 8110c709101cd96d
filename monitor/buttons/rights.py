"""Who may press: with `[alerts] restrict`, the team that the contract names. Pure."""

from monitor.domain.contract import Contract, Owner
from monitor.domain.person import Person

FEW = 5


def may_press(owner: Owner, person: Person) -> bool:
    """Say whether somebody is of the team: by e-mail address, by Slack's id, or by a username that begins the address.

    Names are what people choose themselves, so they say nothing; and a username alone says nothing of a guest, whose
    address is of another house.
    """
    email = (person.email or "").strip().casefold()
    known = {person.user.casefold(), *([email] if email else [])}
    if any(name.strip().casefold() in known for name in (*owner.usernames, *owner.members)):
        return True
    local = email.partition("@")[0]
    return bool(local) and not person.is_guest and any(name.strip().casefold() == local for name in owner.usernames)


def who_may(contract: Contract) -> str:
    """Return a sentence that names who may press."""
    members = contract.owner.members
    if not members:
        return f"Only its team may press this, and {contract.name} {contract.version} names no members of its team."
    more = f" and {len(members) - FEW:,} more" if len(members) > FEW else ""
    team = f"the team {contract.owner.team}" if contract.owner.team else "its team"
    return f"Only {team} may press this: {', '.join(members[:FEW])}{more}."
