"""What a scrape of /metrics and the lists of the API cost: 1,000 targets of 50 checks in five datasets each.

Usage: python -m tests.bench.web [--targets N] [--rounds N]
"""

import argparse
import statistics
import sys
import tempfile
import time
from dataclasses import replace

import httpx

from monitor.domain.check import CheckKind
from monitor.domain.scan import Outcome, Run
from monitor.settings import HttpSettings
from monitor.store.store import Store, open_store
from monitor.store.values import Trigger
from monitor.web.app import app
from monitor.web.server import Server
from tests.integration.web.conftest import Now, loaded
from tests.runs import CONTRACT, check, result, run_of

PATHS = ("/healthz", "/metrics", "/api/v1/contracts", "/api/v1/contracts?limit=1000", "/api/v1/runs", "/api/v1/runs/0")


class Quiet:
    """A daemon that watches every target and does nothing."""

    def __init__(self, targets: int) -> None:
        contracts = (replace(CONTRACT, id=f"contract-{number:05}") for number in range(targets))
        self._status = Now(loaded=tuple(loaded(contract) for contract in contracts))

    def status(self) -> Now:
        return self._status

    def request_run(self, contract: str, server: str, run_id: str) -> None:
        raise NotImplementedError((contract, server, run_id))

    def requested(self, run_id: str) -> str | None:
        del run_id
        return None


def main() -> int:
    """Fill a file of SQLite, serve it, ask."""
    options = argparse.ArgumentParser()
    options.add_argument("--targets", type=int, default=1000)
    options.add_argument("--rounds", type=int, default=15)
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as folder, open_store(f"sqlite:///{folder}/state.db") as store:
        fill(store, asked.targets)
        settings = HttpSettings(port=0)
        with Server(app(store, Quiet(asked.targets), settings), settings) as server:
            measure(server.url, asked.rounds)
    return 0


def fill(store: Store, targets: int) -> None:
    """Record one run of each target."""
    whole = run()
    for number in range(targets):
        contract = replace(CONTRACT, id=f"contract-{number:05}")
        with store.writing() as writer:
            each = replace(whole, run_id=str(number), contract=contract.id)
            writer.record_run(each, contract, trigger=Trigger.SCHEDULED, stands=True)


def run() -> Run:
    """A run of 50 checks in five datasets, one of each fifth about freshness."""
    kinds = (CheckKind.FRESHNESS, *(CheckKind.NOT_NULL,) * 9)
    checks = [check(f"d{number // 10}.c{number}.x", "c", kinds[number % 10]) for number in range(50)]
    return run_of([result(each, Outcome.PASS, measured=7, rows=1000) for each in checks])


def measure(url: str, rounds: int) -> None:
    """Print how long each path takes, and how much it says."""
    with httpx.Client(base_url=url, timeout=60) as client:
        for path in PATHS:
            times = []
            for _ in range(rounds):
                begun = time.perf_counter()
                answer = client.get(path)
                times.append(time.perf_counter() - begun)
                answer.raise_for_status()
            median, worst = statistics.median(times) * 1000, max(times) * 1000
            print(f"{path:<32} median {median:7.1f} ms   worst {worst:7.1f} ms   {len(answer.content) / 1000:9.1f} kB")


if __name__ == "__main__":
    sys.exit(main())
