"""Loops that go on, logs that say it, signs of life, and an alarm clock that rings."""

import io
import json
import logging
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from monitor.daemon.alarm import AlarmClock, RhythmTrigger
from monitor.daemon.logs import JsonLines, Sentences
from monitor.daemon.loop import Loop
from monitor.daemon.signs import Ping, write_heartbeat
from monitor.errors import StoreError
from monitor.schedule.rhythm import Cron, Every, Rhythm
from tests.conftest import until


def test_a_loop_outlives_its_troubles_and_says_the_last_one() -> None:
    steps: list[int] = []

    def step() -> None:
        steps.append(1)
        if len(steps) == 1:
            raise StoreError("the state database is gone")
        if len(steps) == 2:
            raise ZeroDivisionError

    loop = Loop("desk", step, 60.0)
    loop.once()
    assert loop.trouble == "the state database is gone"
    loop.once()
    assert loop.trouble == "ZeroDivisionError: "
    loop.once()
    assert loop.trouble is None


def test_a_loop_can_be_woken_and_ended() -> None:
    done = threading.Semaphore(0)
    loop = Loop("desk", done.release, 600.0)
    loop.start()
    assert done.acquire(timeout=5)
    loop.wake()
    assert done.acquire(timeout=5)
    loop.end()
    assert loop.join(5.0)


def test_a_line_of_the_log_is_one_object_or_one_sentence() -> None:
    record = logging.makeLogRecord({"msg": "Run %s", "args": ("a\x1b[31m",), "levelno": 30, "levelname": "WARNING"})
    record.action, record.slot = "run_started", 7
    told = json.loads(JsonLines().format(record))
    assert (told["message"], told["action"], told["slot"], told["level"]) == (
        "Run a\x1b[31m",
        "run_started",
        7,
        "warning",
    )
    assert Sentences().format(record).split(" ", 2)[2] == "WARNING: Run a\\x1b[31m"


def test_the_time_is_written_as_a_whole(tmp_path: Path) -> None:
    file = tmp_path / "run" / "alive"
    write_heartbeat(file, datetime(2026, 11, 23, 2, tzinfo=UTC))
    assert file.read_text() == "2026-11-23T02:00:00+00:00\n"
    assert [each.name for each in file.parent.iterdir()] == ["alive"]


def test_a_heartbeat_that_cannot_be_written_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("")
    write_heartbeat(tmp_path / "file" / "alive", datetime.now(UTC))
    assert caplog.records[0].action == "heartbeat_failed"  # type: ignore[attr-defined]


@pytest.fixture
def switch() -> Iterator[tuple[str, list[str]]]:
    """An address that counts its calls; `/gone` answers 404."""
    calls: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            calls.append(self.path)
            self.send_response(404 if self.path == "/gone" else 200)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", calls
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_dead_mans_switch_is_called_only_while_all_is_well(switch: tuple[str, list[str]]) -> None:
    url, calls = switch
    assert Ping(f"{url}/alive", lambda: True).once()
    assert not Ping(f"{url}/gone", lambda: True).once()
    assert not Ping("http://127.0.0.1:9/", lambda: True).once()
    for is_well in (True, False, True):
        Ping(f"{url}/loop", lambda: is_well).step()  # noqa: B023 - it is asked at once
    assert calls == ["/alive", "/gone", "/loop", "/loop"]


def test_a_dead_mans_switch_that_answers_nonsense_is_called_again(caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1_000)
                connection.sendall(b"what is HTTP?\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        assert not Ping(f"http://127.0.0.1:{server.getsockname()[1]}/", lambda: True).once()
        thread.join()
    assert caplog.records[0].getMessage() == "ping_url does not answer: BadStatusLine"


def test_the_trigger_rings_at_the_moments_of_its_rhythm() -> None:
    trigger = RhythmTrigger(Cron(expression="30 2 * * *", zone="Europe/Berlin"))
    before = datetime(2026, 3, 28, 12, tzinfo=UTC)
    first = trigger.get_next_fire_time(None, before)
    assert first == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)  # 02:30 does not exist that night: it is made up for at 3
    assert trigger.get_next_fire_time(first, before) == datetime(2026, 3, 30, 0, 30, tzinfo=UTC)


def test_the_alarm_clock_rings_works_and_shows_that_it_lives() -> None:
    rung: list[Rhythm] = []
    alarm = AlarmClock(2, rung.append)
    assert not alarm.is_alive()
    alarm.start()
    second, never = Every(seconds=1), Cron(expression="0 0 1 1 *")
    alarm.ring_for([second, never])
    done = threading.Event()
    alarm.work(done.set, "a task")
    assert done.wait(5)
    assert alarm.is_alive()
    until(lambda: rung, 5)
    alarm.silence()
    count = len(rung)
    alarm.stop()
    until(lambda: not alarm.is_alive(), 5)
    assert set(rung) == {second}
    assert len(rung) <= count + 1
    assert timedelta(seconds=second.seconds) == timedelta(seconds=1)


def test_the_log_says_unforeseen_errors_with_where_they_came_from() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    logger = logging.getLogger("monitor.test")
    logger.addHandler(handler)
    try:
        _ = 1 / len(stream.getvalue())
    except ZeroDivisionError:
        logger.exception("unforeseen")
    finally:
        logger.removeHandler(handler)
    assert "ZeroDivisionError" in json.loads(stream.getvalue())["error"]
