"""What Slack tells of people, and what is told to one of them alone."""

from monitor.domain.person import Person
from monitor.mrkdwn import words
from monitor.notifiers.base import AmbiguousDelivery, DeliveryError
from monitor.notifiers.slack_client import BASE_URL, SlackClient


class SlackPeople:
    """Asks and whispers with the bot's token."""

    def __init__(self, token: str, *, base_url: str = BASE_URL, timeout: int = 10) -> None:
        """Connect to nothing yet."""
        self._call = SlackClient(token, base_url=base_url, timeout=timeout).call

    def team(self) -> str:
        """Return the id of our own workspace. Raises DeliveryError."""
        try:
            return str(self._call("auth.test").get("team_id") or "")
        except AmbiguousDelivery as unsure:  # asking changes nothing, so it is only a failure
            raise DeliveryError(unsure.reason, retry_after=unsure.retry_after) from unsure

    def person(self, user: str) -> Person:
        """Return what is known of somebody (scopes `users:read`, `users:read.email`). Raises DeliveryError."""
        try:
            found = self._call("users.info", params={"user": user}).get("user") or {}
        except AmbiguousDelivery as unsure:
            raise DeliveryError(unsure.reason, retry_after=unsure.retry_after) from unsure
        email = (found.get("profile") or {}).get("email")
        is_guest = any(found.get(flag) for flag in ("is_restricted", "is_ultra_restricted", "is_stranger"))
        return Person(user=user, email=email if isinstance(email, str) else None, is_guest=is_guest)

    def whisper(self, channel: str, user: str, text: str) -> None:
        """Tell one person something that nobody else sees; it need not arrive. Raises DeliveryError."""
        body = {"channel": channel, "user": user, "text": words(text), "parse": "none", "link_names": False}
        try:
            self._call("chat.postEphemeral", json=body)
        except AmbiguousDelivery as unsure:
            raise DeliveryError(unsure.reason, retry_after=unsure.retry_after) from unsure
