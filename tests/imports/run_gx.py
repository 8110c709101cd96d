"""Run suites with Great Expectations 1.x in its own environment: `run_gx.py URL SUITE…` answers with JSON, a suite a key."""

import json
import sys
from pathlib import Path
from typing import Any

import great_expectations as gx
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration


def judged(source: Any, suite: dict[str, Any]) -> list[dict[str, Any]]:
    """Return one verdict an expectation, in their order. A suite of 0.x differs from one of 1.x in two names only."""
    name = suite.get("name") or suite["expectation_suite_name"]
    batch = source.add_table_asset(name=name, table_name=name).add_batch_definition_whole_table("whole").get_batch()
    found = []
    for each in suite["expectations"]:
        kind = each.get("type") or each["expectation_type"]
        result = batch.validate(ExpectationConfiguration(type=kind, kwargs=each["kwargs"]).to_domain_obj())
        trouble = [each["exception_message"] for each in _troubles(result.exception_info) if each["raised_exception"]]
        told = result.result or {}
        found.append({"success": result.success, "unexpected": told.get("unexpected_count"), "trouble": trouble})
    return found


def _troubles(info: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what was raised: one answer, or one a metric."""
    return [info] if "raised_exception" in info else list(info.values())


if __name__ == "__main__":
    context = gx.get_context(mode="ephemeral")
    context.enable_analytics(False)
    context.variables.progress_bars = {"globally": False}
    shop = context.data_sources.add_postgres("shop", connection_string=sys.argv[1])
    suites = [json.loads(Path(name).read_text(encoding="utf-8")) for name in sys.argv[2:]]
    answers = {suite.get("name") or suite["expectation_suite_name"]: judged(shop, suite) for suite in suites}
    sys.stdout.write(json.dumps(answers))
