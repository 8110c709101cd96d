"""Schedulers and workers on several hosts, as people set them up: what is missing is named before anything starts."""

from tests.acceptance.daemon import BODY, serving
from tests.acceptance.program import Program
from tests.conftest import Warehouse, until
from tests.integration.store.conftest import postgres_url

SPREAD = """
    [state]
    url = "${STATE_URL}"
    [schedule]
    spread = "0s"
    [daemon]
    dispatcher = "procrastinate"
    """


def test_a_role_and_once_contradict(program: Program) -> None:
    program.configure()
    told = program.run("serve", "--once", "--role", "worker")
    assert told.code == 2
    assert "--once does all there is to do: leave out --role" in told.err


def test_jobs_need_postgresql(program: Program) -> None:
    program.configure('[daemon]\ndispatcher = "procrastinate"\n')
    told = program.run("serve")
    assert told.code == 2
    assert 'daemon.dispatcher: "procrastinate" needs state.url in PostgreSQL, found sqlite' in told.err


def test_a_scheduler_finds_what_is_due_and_a_worker_runs_it(program: Program, warehouse: Warehouse) -> None:
    warehouse.rows("CREATE TABLE orders (id int NOT NULL, amount int); INSERT INTO orders VALUES (1, 1)")
    program.environment["STATE_URL"] = postgres_url(warehouse)
    program.configure(SPREAD)
    program.contract(BODY)
    assert program.run("migrate").code == 0
    with serving(program, "scheduler", "--role", "scheduler") as scheduler:
        until(lambda: warehouse.rows("SELECT 1 FROM procrastinate_jobs WHERE status = 'todo'"), 30)
        with serving(program, "worker", "--role", "worker") as worker:
            worker.wait_for("run_finished")
            until(lambda: not warehouse.rows("SELECT 1 FROM procrastinate_jobs"))
            assert worker.end() == 0
        assert scheduler.end() == 0
    assert "run_started" not in scheduler.actions()
    assert warehouse.rows("SELECT s.state, count(r.id) FROM slots s JOIN runs r ON r.slot_id = s.id GROUP BY 1") == [
        ("done", 1)
    ]


def test_a_queue_that_was_never_made_is_told_before_anything_starts(program: Program, warehouse: Warehouse) -> None:
    program.environment["STATE_URL"] = postgres_url(warehouse)
    program.configure(SPREAD.replace('dispatcher = "procrastinate"', ""))
    assert program.run("migrate").code == 0
    program.configure(SPREAD)
    told = program.run("serve", "--role", "worker")
    assert told.code == 3
    assert "has no tables of Procrastinate yet: run `pactwatch migrate` once" in told.err
