import io
from datetime import UTC, datetime

import pytest

from monitor.notifiers.base import CannotTell, DeliveryError, Destination, Message
from monitor.notifiers.console import ConsoleNotifier

HERE = Destination(channel="console")


def test_a_terminal_reads_plain_words_and_obeys_nothing() -> None:
    stream = io.StringIO()
    message = Message(outbox_id="o-1", text="*orders*: a &lt; b\n<https://x.example|run> \x1b[31m")
    assert ConsoleNotifier(stream).send(message, HERE).ts is None
    assert stream.getvalue() == "orders: a < b\nrun (https://x.example) \\x1b[31m\n"


def test_a_line_begins_with_how_it_stands_and_has_no_markup() -> None:
    stream = io.StringIO()
    for text in (
        ":red_circle: *orders*: 2 rows of a lack b · `orders.b.not-null`",
        ":white_check_mark: *Resolved* after 2 h: orders.b must not be empty · `orders.b*c*`",
        ":white_circle: *orders* is now watched: 2 hold",
    ):
        ConsoleNotifier(stream).send(Message(outbox_id="o-1", text=text), HERE)
    assert stream.getvalue().splitlines() == [
        "BROKEN orders: 2 rows of a lack b · orders.b.not-null",
        "OK Resolved after 2 h: orders.b must not be empty · orders.b*c*",
        "orders is now watched: 2 hold",
    ]


def test_a_stream_that_is_closed_is_a_failed_delivery() -> None:
    stream = io.StringIO()
    stream.close()
    with pytest.raises(DeliveryError):
        ConsoleNotifier(stream).send(Message(outbox_id="o-1", text="x"), HERE)


def test_what_is_written_is_neither_changed_nor_read_again() -> None:
    console = ConsoleNotifier(io.StringIO())
    with pytest.raises(DeliveryError):
        console.update(Message(outbox_id="o-1", text="x"), HERE, "1.0")
    with pytest.raises(CannotTell):
        console.find("o-1", HERE, datetime.now(UTC))
