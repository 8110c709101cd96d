"""A git repository with contracts, and the program run inside it, in this process: nothing of it needs a database."""

import os
import subprocess
import textwrap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from click.testing import CliRunner

from monitor.cli import cli
from monitor.errors import MonitorError

HEAD = "apiVersion: v3.2.0\nkind: DataContract\nid: {id}\nversion: {version}\nstatus: {status}\n"


@dataclass(frozen=True)
class Answer:
    code: int
    out: str


@dataclass(frozen=True)
class Repository:
    folder: Path

    def git(self, *arguments: str) -> str:
        who = {
            f"GIT_{role}_{what}": "ada@example.com" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
        }
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "GIT_CONFIG_NOSYSTEM": "1", **who}
        done = subprocess.run(
            ["git", *arguments], cwd=self.folder, env=environment, capture_output=True, check=True, text=True
        )
        return done.stdout.strip()

    def write(
        self, body: str, *, version: str = "1.0.0", name: str = "shop", status: str = "active", file: str | None = None
    ) -> str:
        """Write a contract; the body begins with `schema:` or another top-level key. Returns its path in here."""
        path = file or f"contracts/{name}/{version}.odcs.yaml"
        head = HEAD.format(id=name, version=version, status=status)
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).write_text(head + textwrap.dedent(body), encoding="utf-8")
        return path

    def remove(self, path: str) -> None:
        (self.folder / path).unlink()

    def commit(self) -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "a state")
        return self.git("rev-parse", "HEAD")

    def run(self, *arguments: str, below: str = ".", environment: Mapping[str, str] | None = None) -> Answer:
        """Run the program in the repository, or in a folder of it."""
        with _inside(self.folder / below):
            done = CliRunner().invoke(cli, arguments, env=dict(environment or {}), standalone_mode=False)
        if done.exception is None:
            return Answer(code=done.return_value or done.exit_code, out=done.output)
        if not isinstance(done.exception, MonitorError):
            raise done.exception
        return Answer(code=done.exception.exit_code, out=f"{done.output}{done.exception}")


@contextmanager
def _inside(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def repository(folder: Path) -> Repository:
    """Return an empty repository."""
    made = Repository(folder=folder)
    made.git("init", "--quiet", "--initial-branch", "main")
    return made
