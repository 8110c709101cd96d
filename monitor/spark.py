"""For a notebook or a job that has a session of Spark: verify a contract on it, by Pactwatch's own judgement.

    from monitor.spark import verify

    found = verify(spark, "contracts/orders.odcs.yaml")
    assert found.verdict == "kept", found

Nothing is remembered, reported or told to anybody: that is what `pactwatch verify` does, on a server of type `spark`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monitor.domain.check import TableName
from monitor.domain.scan import CheckResult, Outcome, Scan, Verdict, verdict_of
from monitor.settings import ServerSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What was found: the verdict (`kept`, `broken`, `unverified`), and the result of every check of the contract."""

    contract: str
    scan: Scan

    @property
    def verdict(self) -> Verdict:
        """Return the verdict over all checks."""
        return verdict_of(tuple(result.outcome for result in self.scan.results))

    @property
    def results(self) -> tuple[CheckResult, ...]:
        """Return one result per check, in the contract's order: `outcome`, `measured`, `reason`, `check.id`."""
        return self.scan.results

    def __str__(self) -> str:
        """Return the verdict, and a line for each check that did not pass."""
        from monitor.visible import visible

        odd = [result for result in self.results if result.outcome is not Outcome.PASS]
        lines = (
            f"{result.outcome.value:7} {result.check.id}: {result.check.name}"
            + (f", measured {result.measured}" if result.measured is not None else "")
            + (f": {result.reason}" if result.reason else "")
            for result in odd
        )
        return "\n".join(map(visible, [f"{self.contract}: {self.verdict.value}", *lines]))


def verify(
    session: Any,  # noqa: ANN401 - a pyspark.sql.SparkSession, which is not imported for its name alone
    contract: str | Path,
    *,
    schema: str | None = None,
    statement_timeout: float = 300.0,
) -> Verified:
    """Verify a contract file on the tables and temporary views of a session; `schema` is another database than its own.

    Works on a copy of the session, in ANSI mode and in UTC: the caller's settings, views and running jobs stay as they
    are. A statement that takes longer than `statement_timeout` seconds (0: no limit) is cancelled.

    Raises:
        ContractError: The file is no contract.
        TypeError: The session is no classic one; Spark Connect shares no machine with us.
    """
    from monitor.checks.plan import compile_plan
    from monitor.contracts.reading import load
    from monitor.engines.base import Wishes
    from monitor.engines.soda import SodaEngine
    from monitor.engines.warehouses.spark_holder import SparkHolder

    if not hasattr(session, "_jsparkSession"):
        raise TypeError(f"expected a pyspark.sql.SparkSession with a JVM, found {type(session).__module__}")
    promised = load(Path(contract))
    server = ServerSettings(name="session", type="spark", schema=schema, statement_timeout=statement_timeout)

    def beside(server: ServerSettings, slug: str, tables: Sequence[TableName]) -> SparkHolder:
        return SparkHolder(server, slug, tables, given=session)

    with SodaEngine(server, opener=beside) as engine:
        scan = engine.scan(compile_plan(promised, server.type), Wishes())
    return Verified(contract=promised.id, scan=scan)
