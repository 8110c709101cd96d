"""Run suites with Great Expectations in its own environment: `run_gx.py URL SUITE…` answers with JSON, a suite a key."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import great_expectations as gx

Judge = Callable[[str, dict[str, Any]], Any]
"""Says what it finds for an expectation: its kind, its arguments."""

IS_OLD = gx.__version__.startswith("0.")


def source_of(url: str) -> Any:
    """Return the database as a source of tables."""
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    if IS_OLD:
        return context, context.sources.add_postgres("shop", connection_string=url)
    context.enable_analytics(False)
    return context, context.data_sources.add_postgres("shop", connection_string=url)


def judge_of(context: Any, source: Any, name: str) -> Judge:
    """Return what judges a table."""
    asset = source.add_table_asset(name=name, table_name=name)
    if IS_OLD:
        validator = context.get_validator(batch_request=asset.build_batch_request())
        return lambda kind, kwargs: getattr(validator, kind)(**kwargs)
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    batch = asset.add_batch_definition_whole_table("whole").get_batch()
    return lambda kind, kwargs: batch.validate(ExpectationConfiguration(type=kind, kwargs=kwargs).to_domain_obj())


def judged(judge: Judge, suite: dict[str, Any]) -> list[dict[str, Any]]:
    """Return one verdict an expectation, in their order. A suite of 0.x differs from one of 1.x in two names only."""
    found = []
    for each in suite["expectations"]:
        result = judge(each.get("type") or each["expectation_type"], each["kwargs"])
        trouble = [each["exception_message"] for each in _troubles(result.exception_info) if each["raised_exception"]]
        told = result.result or {}
        found.append({"success": result.success, "unexpected": told.get("unexpected_count"), "trouble": trouble})
    return found


def _troubles(info: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what was raised: one answer, or one a metric."""
    return [info] if "raised_exception" in info else list(info.values())


if __name__ == "__main__":
    opened, shop = source_of(sys.argv[1])
    suites = [json.loads(Path(name).read_text(encoding="utf-8")) for name in sys.argv[2:]]
    named = {suite.get("name") or suite["expectation_suite_name"]: suite for suite in suites}
    sys.stdout.write(json.dumps({name: judged(judge_of(opened, shop, name), named[name]) for name in named}))
