"""Tells it to a stream of text: a terminal, or a file for whoever tries Pactwatch without Slack."""

from datetime import datetime
from typing import TextIO

from monitor.mrkdwn import plain
from monitor.notifiers.base import Abilities, CannotTell, DeliveryError, Destination, Fault, Message, Sent
from monitor.visible import visible


class ConsoleNotifier:
    """Writes one line for each message. A stream knows no threads, and what is written stays."""

    abilities = Abilities()

    def __init__(self, stream: TextIO) -> None:
        """Write to this stream, which stays open."""
        self._stream = stream

    def send(self, message: Message, destination: Destination) -> Sent:
        """Write the message's text. Raises DeliveryError when the stream is closed or full."""
        try:
            self._stream.write(visible(plain(message.text), keep="\n") + "\n")
            self._stream.flush()
        except (OSError, ValueError) as error:
            raise DeliveryError(f"the console cannot be written to: {error}", fault=Fault.CREDENTIALS) from error
        return Sent(channel=destination.channel, ts=None)

    def reply(self, message: Message, destination: Destination, thread_ts: str) -> Sent:
        """Write it like any other message."""
        del thread_ts
        return self.send(message, destination)

    def update(self, message: Message, destination: Destination, ts: str) -> Sent:
        """Raise DeliveryError: what is written stays."""
        raise DeliveryError("the console cannot change what is written", fault=Fault.PARENT)

    def find(
        self, outbox_id: str, destination: Destination, since: datetime, thread_ts: str | None = None
    ) -> Sent | None:
        """Raise CannotTell: nobody reads back what was written."""
        raise CannotTell("the console does not remember what was written")
