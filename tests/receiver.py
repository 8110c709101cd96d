"""A receiver of webhooks: a real https server on this machine, with what it was sent."""

import base64
import hashlib
import hmac
import json
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

NAME = "receiver.test"


@dataclass(frozen=True)
class Certificate:
    """For `receiver.test` and `localhost`, signed by itself."""

    key: Path
    public: Path


@dataclass
class Receiver:
    """It answers with `status` and `headers`, or not at all while it is `silent`."""

    port: int
    context: ssl.SSLContext
    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    silent: bool = False
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}/hook"

    def data(self) -> list[dict[str, Any]]:
        """Return what the messages told, in order."""
        found: list[dict[str, Any]] = [json.loads(body, parse_float=Decimal)["data"] for _, body in self.got]
        return found

    def proves(self, secret: str) -> bool:
        """Say whether something came, and all of it from whoever knows the secret; computed as the standard says."""
        for headers, body in self.got:
            sent = {name.lower(): value for name, value in headers.items()}
            signed = f"{sent['webhook-id']}.{sent['webhook-timestamp']}.".encode() + body
            wanted = base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest()).decode()
            if sent["webhook-signature"] != f"v1,{wanted}":
                return False
        return bool(self.got)


def certificate_in(folder: Path) -> Certificate:
    """Make a certificate; without openssl the test is skipped."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    made = Certificate(key=folder / "key.pem", public=folder / "certificate.pem")
    command = f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN={NAME}"
    more = ["-addext", f"subjectAltName=DNS:{NAME},DNS:localhost", "-keyout", str(made.key), "-out", str(made.public)]
    subprocess.run([*command.split(), *more], check=True, capture_output=True)
    return made


@contextmanager
def receiving(certificate: Certificate) -> Iterator[Receiver]:
    """Receive while the block runs."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            made.got.append((dict(self.headers), body))
            if made.silent:
                return
            self.send_response(made.status)
            for name, value in made.headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    class Server(HTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None: ...

    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(certificate.public, certificate.key)
    with Server(("127.0.0.1", 0), Handler) as server:
        server.socket = server_side.wrap_socket(server.socket, server_side=True)
        made = Receiver(server.server_address[1], ssl.create_default_context(cafile=str(certificate.public)))
        thread = Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield made
        server.shutdown()
        thread.join()
