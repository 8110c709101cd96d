"""The real program, run as people run it: in a folder, with an environment, on a real database."""

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from tests.conftest import Warehouse, hear_interrupts

ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-W", "error", "-c", "from monitor.cli import main; main()")
HEAD = """\
apiVersion: {api}
kind: DataContract
id: {name}
version: {version}
status: {status}
"""


@dataclass(frozen=True)
class Finished:
    """What is left of a run of the program."""

    code: int
    out: str
    err: str

    @property
    def all(self) -> str:
        return self.out + self.err

    @property
    def document(self) -> dict[str, Any]:
        """Return the JSON answer, which always keeps to the published schema."""
        document: dict[str, Any] = json.loads(self.out, parse_float=Decimal)
        schema_of_verify().validate(json.loads(self.out))
        return document


@dataclass(frozen=True)
class Verified:
    """The JSON answer about one run, its results by check id."""

    code: int
    run: dict[str, Any]
    results: dict[str, dict[str, Any]]
    err: str

    def __getitem__(self, check: str) -> dict[str, Any]:
        return self.results[check]

    def outcome(self, check: str) -> str:
        return str(self.results[check]["outcome"])

    def outcomes(self) -> dict[str, str]:
        return {check: result["outcome"] for check, result in self.results.items()}

    def measured(self) -> dict[str, Any]:
        return {check: result["measured"] for check, result in self.results.items()}

    def reason(self, check: str) -> str:
        return str(self.results[check]["reason"])


@dataclass
class Program:
    """A folder with contracts and, if configured, a `pactwatch.toml`; and the database that they speak of."""

    folder: Path
    warehouse: Warehouse
    environment: dict[str, str] = field(default_factory=dict)

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def contract(
        self,
        body: str,
        *,
        name: str = "test",
        version: str = "1.0.0",
        status: str = "active",
        api: str = "v3.2.0",
    ) -> Path:
        """Write a contract whose text begins with `schema:` (or any other top-level keys)."""
        head = HEAD.format(api=api, name=name, version=version, status=status)
        return self.write(f"contracts/{name}/{version}.odcs.yaml", head + textwrap.dedent(body))

    def configure(self, more: str = "", **changes: Any) -> Path:
        """Write a configuration with one server, `warehouse`: the test's database. A daemon takes any free port."""
        more = textwrap.dedent(more)
        http = "" if "[http]" in more else '[http]\nbind = "127.0.0.1:0"\n'
        return self.write("pactwatch.toml", self.server("warehouse", **changes) + http + more)

    def server(self, name: str, **changes: Any) -> str:
        own = self.warehouse.settings
        found = {"host": own.host, "port": own.port, "database": own.database, "user": own.user, **changes}
        if own.password is not None and "password" not in found:
            self.environment["TEST_PASSWORD"] = own.password
            found["password"] = "${TEST_PASSWORD}"
        lines = [f"{key} = {json.dumps(value)}" for key, value in found.items() if value is not None]
        return "\n".join([f"[servers.{name}]", *lines, ""])

    def variables(self, more: Mapping[str, str] = {}) -> dict[str, str]:
        home = {"HOME": str(self.folder), "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT)}
        return {**home, **self.environment, **more}

    def run(self, *arguments: str, **environment: str) -> Finished:
        done = subprocess.run(
            [*COMMAND, *arguments],
            cwd=self.folder,
            env=self.variables(environment),
            capture_output=True,
            check=False,
            timeout=60,
        )
        return Finished(code=done.returncode, out=done.stdout.decode(), err=done.stderr.decode())

    def start(self, *arguments: str, **options: Any) -> subprocess.Popen[bytes]:
        """Start the program and return while it runs."""
        return subprocess.Popen(
            [*COMMAND, *arguments], cwd=self.folder, env=self.variables(), preexec_fn=hear_interrupts, **options
        )

    def verify(self, *arguments: str, **environment: str) -> Verified:
        """Verify one contract and return its results."""
        done = self.run("verify", "--format", "json", *arguments, **environment)
        assert done.code in {0, 1, 3}, done.all
        (run,) = done.document["runs"]
        results = {result["check"]: result for result in run["results"]}
        assert len(results) == len(run["results"])
        return Verified(code=done.code, run=run, results=results, err=done.err)


@cache
def schema_of_verify() -> Draft202012Validator:
    schema = json.loads((ROOT / "docs" / "verify.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)
