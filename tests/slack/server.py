"""The fake Slack: `python -m tests.slack.server --port 0 --log FILE [--script FILE]` prints its address and serves.

Web API below `/api/`, incoming webhook at `/services/…`, Socket Mode by `apps.connections.open`. `/_control/…` takes
JSON by POST: `script` and `queue` (faults), `world` (tokens, channels, people), `press` (a button), `refresh` (Socket
Mode reconnects), `delete` (a message), `advance` (time passes), `messages`, `entries`, `stop`.
"""

import argparse
import contextlib
import io
import json
import signal
import socket
import struct
import sys
import time
from dataclasses import dataclass, replace
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit
from urllib.request import urlopen

from tests.slack.faults import Fault, Faults
from tests.slack.log import Log
from tests.slack.socket_mode import SocketMode
from tests.slack.world import Answer, SlackError, World, rate_key

Json = dict[str, Any]

PAGE = "<html><head><title>502 Bad Gateway</title></head><body>server error</body></html>"


@dataclass(frozen=True)
class Reply:
    """What goes over the wire; `reset` tears the connection down, `hang` waits that many seconds and says nothing."""

    status: int = 200
    body: str = ""
    kind: str = "application/json; charset=utf-8"
    retry_after: int | None = None
    reset: bool = False
    hang: float | None = None
    scopes: str | None = None

    @classmethod
    def json(cls, body: Json, status: int = 200, retry_after: int | None = None) -> Self:
        return cls(status=status, body=json.dumps(body), retry_after=retry_after)


class FakeSlack:
    """A Slack on a port of its own, in threads of this process. Use it as a context manager."""

    def __init__(
        self,
        log: Path | None = None,
        *,
        port: int = 0,
        channels: tuple[str, ...] = ("data-quality", "data-platform"),
        interval: float = 1.0,
    ) -> None:
        self.world = World(channels, interval)
        self.faults = Faults()
        self.log = Log(log)
        self.socket_mode = SocketMode(self.log)
        self.stopping = Event()
        self._http = _Server(("127.0.0.1", port), self)
        self._thread = Thread(target=self._http.serve_forever, args=(0.02,), name="fake-slack")

    @property
    def url(self) -> str:
        """Return the address of the server, without a path."""
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    @property
    def api(self) -> str:
        """Return what `[slack] base_url` points to."""
        return f"{self.url}/api/"

    @property
    def webhook(self) -> str:
        """Return the URL of the incoming webhook."""
        return f"{self.url}{self.world.webhook_path}"

    def settle(self, deadline: float = 15.0) -> None:
        """Return when everything that was asked so far, also by programs that are dead, has been dealt with."""
        with urlopen(f"{self.url}/_control/advance") as answered:  # noqa: S310 - our own; what was asked before came in before
            answered.read()
        with self._http.counting:
            before = set(self._http.active)
        end = time.monotonic() + deadline
        while before & self._http.active:
            if time.monotonic() > end:
                raise TimeoutError("a request is never dealt with")
            time.sleep(0.005)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stopping.set()
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()
        self.socket_mode.close()
        self.log.close()

    # -- answering -----------------------------------------------------------------------------------------------

    def api_call(self, method: str, arguments: Json, bearer: str | None) -> Reply:
        """Answer one Web API call and log it."""
        arrived, number = self.world.clock(), self.log.number()
        fault = self.faults.draw(method)
        with self.world.lock:
            reply, answer = self._decide(method, arguments, bearer, fault, arrived)
            self._record(number, method, arguments, reply, answer, fault=fault.kind, arrived=arrived)
        if fault.visible == "late" and reply == _faulty(fault):
            self._later(fault.seconds, number, lambda: self.world.call(method, arguments))
        return reply

    def webhook_call(self, path: str, body: Json | None) -> Reply:
        """Answer one incoming webhook and log it. The path is a secret: it is not logged."""
        arrived, number = self.world.clock(), self.log.number()
        fault = self.faults.draw("webhook")
        with self.world.lock:
            reply, answer = self._decide_webhook(path, body, fault, arrived)
            self._record(number, "webhook", body or {}, reply, answer, fault=fault.kind, arrived=arrived)
        if fault.visible == "late" and body is not None and reply == _faulty(fault):
            self._later(fault.seconds, number, lambda: self.world.post_by_webhook(body))
        return reply

    def _decide(
        self, method: str, arguments: Json, bearer: str | None, fault: Fault, arrived: float
    ) -> tuple[Reply, Answer | None]:
        if refused := self._unauthorised(method, bearer):
            return Reply.json({"ok": False, "error": refused}), None
        if (seconds := self.world.limited(method, arguments, arrived)) is not None:
            return Reply.json({"ok": False, "error": "ratelimited"}, 429, seconds), None
        if fault.kind == "none":
            return self._honest(method, arguments)
        answer = None
        if fault.visible == "now":
            with contextlib.suppress(SlackError):
                answer = self.world.call(method, arguments)
        if fault.kind == "ratelimit":
            key = rate_key(method, self.world.channel_id(arguments))
            self.world.close(key, arrived, fault.retry_after)
        return _faulty(fault), answer

    def _honest(self, method: str, arguments: Json) -> tuple[Reply, Answer | None]:
        if method == "apps.connections.open":
            return Reply.json({"ok": True, "url": self.socket_mode.open()}), None
        try:
            answer = self.world.call(method, arguments)
        except SlackError as error:
            return Reply.json(error.body), None
        return replace(Reply.json(answer.body), scopes=",".join(self.world.scopes)), answer

    def _decide_webhook(
        self, path: str, body: Json | None, fault: Fault, arrived: float
    ) -> tuple[Reply, Answer | None]:
        if path != self.world.webhook_path:
            return Reply(404, "no_service", "text/html"), None
        if body is None:
            return Reply(400, "invalid_payload", "text/html"), None
        first = {"channel": self.world.channels[0].id}
        if (seconds := self.world.limited("webhook", first, arrived)) is not None:
            return Reply(429, "rate_limited", "text/html", retry_after=seconds), None
        if fault.kind == "none" or fault.visible == "now":
            try:
                answer = self.world.post_by_webhook(body)
            except SlackError as error:
                return Reply(400, str(error), "text/html"), None
            return (Reply(200, "ok", "text/html") if fault.kind == "none" else _faulty(fault)), answer
        return _faulty(fault), None

    def _unauthorised(self, method: str, bearer: str | None) -> str | None:
        if bearer is None:
            return "not_authed"
        own = self.world.app_token if method == "apps.connections.open" else self.world.token
        if bearer == own:
            return None
        return "not_allowed_token_type" if bearer in {self.world.app_token, self.world.token} else "invalid_auth"

    def _record(
        self,
        number: int,
        method: str,
        body: Json,
        reply: Reply,
        answer: Answer | None,
        *,
        fault: str,
        arrived: float,
    ) -> None:
        told = json.loads(reply.body) if reply.kind.startswith("application/json") and reply.body else {}
        given = {
            "status": None if reply.reset or reply.hang is not None else reply.status,
            "ok": told.get("ok"),
            "error": told.get("error"),
            "retry_after": reply.retry_after,
            "fault": fault,
        }
        writes = method in {"chat.postMessage", "chat.update", "webhook"}
        self.log.write(
            number,
            at=arrived,
            method=method,
            channel=(answer.channel if answer else None) or self.world.channel_id(body),
            body={key: value for key, value in body.items() if key != "token"},
            answer=given,
            visible=writes and answer is not None,
            ts=answer.ts if answer else None,
        )

    def _later(self, seconds: float, number: int, call: Any) -> None:
        def appear() -> None:
            if self.stopping.wait(seconds):
                return
            with self.world.lock, contextlib.suppress(SlackError):
                answer = call()
                of = self.log.entries[number]
                more = {"channel": answer.channel, "body": of["body"], "visible": True, "ts": answer.ts}
                self.log.add(method="late", late=of["method"], of=number, **more)

        Thread(target=appear, name="fake-slack-late", daemon=True).start()

    # -- control -------------------------------------------------------------------------------------------------

    def control(self, action: str, values: Json) -> Json:
        """Do what a test asks for."""
        match action:
            case "script":
                self.faults.load(values)
            case "queue":
                self.faults.queue(values["faults"])
            case "world":
                self.world.configure(values)
            case "press":
                return {"ok": True, "envelope_id": self.press(**values)}
            case "refresh":
                self.socket_mode.refresh()
            case "delete":
                self.world.delete(values["channel"], values["ts"])
            case "advance":
                self.world.advance(values.get("seconds", 0.0))
            case "messages":
                return {"ok": True, "messages": self.world.seen()}
            case "entries":
                return {"ok": True, "entries": [entry for entry in self.log.entries if entry]}
            case "stop":
                self.stopping.set()
            case _:
                return {"ok": False, "error": "unknown_control"}
        return {"ok": True}

    def press(self, *, channel: str, ts: str, action_id: str, value: str = "", user: str = "U0ANNA0000") -> str | None:
        """Press a button of a message; return the envelope's id, None when nobody is connected."""
        return self.socket_mode.deliver(self.payload(channel, ts, action_id, value, user))

    def payload(self, channel: str, ts: str, action_id: str, value: str, user: str = "U0ANNA0000") -> Json:
        """Return what Slack says of a press."""
        message = next((each for each in self.world.seen() if (each["channel"], each["ts"]) == (channel, ts)), {})
        now = f"{time.time():.6f}"
        return {
            "type": "block_actions",
            "user": {"id": user, "username": "anna", "team_id": "T0FAKE"},
            "api_app_id": "A0FAKE",
            "container": {"type": "message", "message_ts": ts, "channel_id": channel},
            "trigger_id": "1.2.3",
            "team": {"id": "T0FAKE", "domain": "fake"},
            "channel": {"id": channel, "name": channel},
            "message": message,
            "response_url": f"{self.url}/actions/T0FAKE/1/response",
            "actions": [{"type": "button", "action_id": action_id, "value": value, "action_ts": now}],
        }


def _faulty(fault: Fault) -> Reply:
    match fault.kind:
        case "status":
            return Reply(fault.status, PAGE if fault.body is None else fault.body, "text/html")
        case "html":
            return Reply(200, PAGE if fault.body is None else fault.body, "text/html")
        case "error":
            return Reply.json({"ok": False, "error": fault.error})
        case "ratelimit":
            return Reply.json({"ok": False, "error": "ratelimited"}, 429, fault.retry_after)
        case "hang":
            return Reply(hang=fault.seconds)
        case _:
            return Reply(reset=True)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], slack: FakeSlack) -> None:
        self.slack = slack
        self.counting = Lock()
        self.active: set[int] = set()
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self.counting:
            self.active.add(id(request))
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self.counting:
                self.active.discard(id(request))

    def shutdown_request(self, request: Any) -> None:
        """Close without a farewell: a socket set to linger for 0 seconds then sends a reset, not an end."""
        request.close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that went away; tell of everything else."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        slack, path = self.server.slack, urlsplit(self.path).path
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        arguments = self._arguments(raw)
        if path.startswith("/api/"):
            bearer = (self.headers.get("Authorization") or "").removeprefix("Bearer ").strip() or None
            method = path.removeprefix("/api/")
            if arguments is None:
                self._send(Reply.json({"ok": False, "error": "invalid_json"}))
                return
            self._send(slack.api_call(method, arguments, bearer or arguments.get("token")))
        elif path.startswith("/services/"):
            self._send(slack.webhook_call(path, arguments))
        elif path.startswith("/actions/"):
            slack.log.add(method="response_url", body=arguments)
            self._send(Reply(200, "ok", "text/html"))
        elif path.startswith("/_control/"):
            self._control(path.removeprefix("/_control/"), arguments or {})
        else:
            self._send(Reply(404, "not found", "text/plain"))

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path.startswith("/_control/"):
            self._control(path.removeprefix("/_control/"), {})
        else:
            self._send(Reply(404, "not found", "text/plain"))

    def _control(self, action: str, values: Json) -> None:
        try:
            answer = self.server.slack.control(action, values)
        except (KeyError, TypeError, ValueError) as error:
            answer = {"ok": False, "error": f"{type(error).__name__}: {error}"}
        self._send(Reply.json(answer, 200 if answer["ok"] else 400))

    def _arguments(self, raw: bytes) -> Json | None:
        """Read JSON, a form, or a multipart form; None for something that should be a JSON object and is not."""
        kind = self.headers.get("Content-Type", "")
        query = dict(parse_qsl(urlsplit(self.path).query))
        if kind.startswith("multipart/form-data"):
            parsed = BytesParser(policy=HTTP).parsebytes(f"Content-Type: {kind}\r\n\r\n".encode() + raw)
            parts = {str(part.get_param("name", header="content-disposition")): part for part in parsed.iter_parts()}
            return query | _decoded({name: str(part.get_content()) for name, part in parts.items()})
        if not kind.startswith("application/json"):
            form = dict(parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True))
            return query | (_decoded(form) if "payload" not in form else json.loads(form["payload"]))
        try:
            read = json.loads(raw or b"{}")
        except ValueError:
            return None
        return query | read if isinstance(read, dict) else None

    def _send(self, reply: Reply) -> None:
        self.close_connection = True
        if reply.hang is not None:
            self.server.slack.stopping.wait(reply.hang)
        if reply.reset or reply.hang is not None:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.wfile = io.BytesIO()
            return
        payload = reply.body.encode()
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.kind)
        self.send_header("Content-Length", str(len(payload)))
        self.send_header("Connection", "close")
        if reply.scopes is not None:
            self.send_header("x-oauth-scopes", reply.scopes)
        if reply.retry_after is not None:
            self.send_header("Retry-After", str(reply.retry_after))
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, *_: object) -> None:
        """Keep standard error free; the log file has it all."""


def _decoded(form: Json) -> Json:
    """Return a form with its JSON values read: that is how blocks and metadata travel in one."""
    decoded = dict(form)
    for key in ("blocks", "metadata", "attachments"):
        if isinstance(form.get(key), str):
            with contextlib.suppress(ValueError):
                decoded[key] = json.loads(form[key])
    return decoded


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM, SIGINT or `/_control/stop`."""
    parser = argparse.ArgumentParser(prog="python -m tests.slack.server", description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--log", type=Path, required=True, help="JSON lines, appended")
    parser.add_argument("--script", type=Path, help="faults to begin with")
    parser.add_argument("--world", type=Path, help="tokens, channels and people to begin with")
    parser.add_argument("--channel", action="append", default=[], help="a channel's name; may be repeated")
    parser.add_argument("--interval", type=float, default=1.0, help="seconds between two messages to a channel")
    chosen = parser.parse_args(arguments)
    channels = tuple(chosen.channel) or ("data-quality", "data-platform")
    with FakeSlack(chosen.log, port=chosen.port, channels=channels, interval=chosen.interval) as slack:
        for option, take in ((chosen.script, slack.faults.load), (chosen.world, slack.world.configure)):
            if option:
                take(json.loads(option.read_text(encoding="utf-8")))
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: slack.stopping.set())
        print(json.dumps({"url": slack.url, "api": slack.api, "webhook": slack.webhook}), flush=True)  # noqa: T201
        slack.stopping.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
