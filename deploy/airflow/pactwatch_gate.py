"""Asks Pactwatch for a verdict over HTTP, with the standard library alone: put it beside the DAG."""

import json
import time
import urllib.request
from typing import Any
from urllib.parse import quote, urljoin

LONGEST_WAIT = 300
"""Seconds that one request waits; proxies seldom allow more."""


class PromiseNotKeptError(Exception):
    """The contract is broken, or could not be verified: what was written must not be published."""


def require_kept(url: str, token: str, contract: str, key: str, *, limit: float = 3600) -> str:
    """Verify a contract now and return the id of the run that kept it; the same `key` asks for the same run.

    Raises PromiseNotKeptError with the reasons, TimeoutError after `limit` seconds, OSError where nobody answers.
    """
    end = time.monotonic() + limit
    path = f"/api/v1/contracts/{quote(contract, safe='')}/verify?wait={min(LONGEST_WAIT, int(limit))}"
    told = _ask(urljoin(url, path), token, "POST", {"Idempotency-Key": key})
    while told["state"] not in {"done", "skipped"}:
        if time.monotonic() > end:
            raise TimeoutError(f"run {told['run_id']} has not ended within {limit:.0f} s")
        time.sleep(2)
        told = _ask(urljoin(url, told.get("poll") or f"/api/v1/runs/{told['run_id']}"), token, "GET", {})
    if told["verdict"] != "kept":
        results = (told["run"] or {}).get("results", ())
        bad = [result for result in results if result["outcome"] in {"fail", "error", "blocked"}]
        reasons = [f"{result['check']}: {result['reason']}" for result in bad]
        raise PromiseNotKeptError(f"{contract} is {told['verdict'] or 'not verified'}: {'; '.join(reasons[:10])}")
    return str(told["run_id"])


def _ask(url: str, token: str, method: str, headers: dict[str, str]) -> dict[str, Any]:
    if not url.startswith(("https://", "http://")):
        raise ValueError(f"{url} is no web address")
    own = {"Authorization": f"Bearer {token}", **headers}
    request = urllib.request.Request(url, method=method, headers=own)  # noqa: S310 - just looked at
    with urllib.request.urlopen(request, timeout=LONGEST_WAIT + 30) as answer:  # noqa: S310
        told: dict[str, Any] = json.load(answer)
    return told
