"""Asks Slack about the bot itself: who it is, what it may do, where it is a member. Sends nothing."""

from dataclasses import dataclass

from monitor.notifiers.slack import SlackNotifier


@dataclass(frozen=True, slots=True, kw_only=True)
class Bot:
    """A bot in a workspace. `scopes` are None where Slack did not say (header `x-oauth-scopes` of every answer)."""

    name: str
    team: str
    scopes: frozenset[str] | None


class SlackInspector(SlackNotifier):
    """Every method raises DeliveryError or AmbiguousDelivery with Slack's own word for what is wrong."""

    def bot(self) -> Bot:
        """Return whom the token belongs to."""
        response = self._client.answer("auth.test")
        data = response.data if isinstance(response.data, dict) else {}
        said = next((value for name, value in response.headers.items() if name.lower() == "x-oauth-scopes"), None)
        scopes = None if said is None else frozenset(word.strip() for word in str(said).split(",") if word.strip())
        return Bot(name=str(data.get("user") or ""), team=str(data.get("team") or ""), scopes=scopes)

    def memberships(self) -> frozenset[str]:
        """Return the ids and names (`#data-quality`) of all channels that the bot is a member of; needs channels:read.

        Raises CannotTell where there are too many.
        """
        arguments: dict[str, str | int | bool] = {"types": "public_channel,private_channel", "exclude_archived": True}
        found = list(self._pages("users.conversations", "channels", arguments))
        return frozenset(word for each in found for word in (str(each.get("id")), f"#{each.get('name')}"))

    def open_socket(self) -> None:
        """Ask for a Socket Mode address, with an app-level token; nothing is connected."""
        self._call("apps.connections.open")
