"""A DAG for Airflow 3 that writes, audits, publishes: the data go out only when their contract is kept.

Two ways to ask: over HTTP, where a daemon runs (variables PACTWATCH_URL and PACTWATCH_TOKEN), and by the command line,
where the worker has Pactwatch and its configuration. Exit codes: 0 kept, 1 broken, 2 misused, 3 not verified; all but
the first fail the task.
"""

import os
from datetime import datetime, timedelta

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import dag, task
from pactwatch_gate import require_kept

CONTRACT = "nyc-flights"


@dag(
    schedule="0 6 * * *",
    start_date=datetime(2026, 1, 1),  # noqa: DTZ001 - Airflow takes it for UTC
    catchup=False,
    default_args={"retries": 2, "retry_delay": timedelta(minutes=5)},
)
def load_flights() -> None:
    """Load, ask for the verdict, publish."""

    @task
    def load() -> None:
        """Write to where nobody reads yet."""

    @task
    def audit(run_id: str) -> str:
        """Fail unless the contract is kept; a retry of this task asks for a new run."""
        attempt = os.environ.get("AIRFLOW_CTX_TRY_NUMBER", "1")
        url, token = os.environ["PACTWATCH_URL"], os.environ["PACTWATCH_TOKEN"]
        return require_kept(url, token, CONTRACT, key=f"{run_id}/{attempt}")

    @task
    def publish() -> None:
        """Let everybody read it."""

    audit_by_command = BashOperator(
        task_id="audit_by_command",
        bash_command=f"pactwatch --config /etc/pactwatch/pactwatch.toml verify {CONTRACT} --quiet",
    )
    load() >> [audit("{{ run_id }}"), audit_by_command] >> publish()


load_flights()
