"""A contract whose scanning process kills itself each time is told as an error, and holds nobody up."""

import json
from collections import Counter

from monitor.domain.scan import Outcome, Verdict
from monitor.failpoints import VARIABLE, Point
from monitor.store.slots import SlotState
from tests.acceptance.daemon import BODY, EVERY_SECOND, Serving, runs, serving, slots, state
from tests.acceptance.program import Program
from tests.conftest import until

SERVERS = """\
    servers: [{{server: {}, type: postgres, host: ignored.invalid, port: 5432, database: ignored, schema: public}}]
"""


def finished(daemon: Serving) -> Counter[str]:
    return Counter(line["target"] for line in daemon.lines() if line.get("action") == "run_finished")


def test_a_contract_that_kills_its_scanning_process_is_an_error_and_the_others_go_on(program: Program) -> None:
    program.warehouse.rows("CREATE TABLE orders (id int NOT NULL, amount int); INSERT INTO orders VALUES (1, 1)")
    program.environment[VARIABLE] = Point.SCANNING
    poisonous = program.server("poisonous") + f'env = ["{VARIABLE}"]\n'
    program.configure(EVERY_SECOND + "[daemon]\nretries = 1\n" + poisonous)
    for name, server in (("poison", "poisonous"), ("sound", "warehouse")):
        program.contract(SERVERS.format(server) + BODY, name=name)
    with serving(program) as daemon:
        until(lambda: finished(daemon) >= Counter({"poison 1 on poisonous": 1, "sound 1 on warehouse": 2}), 30)
        assert daemon.end() == 0
        program.warehouse.wait_until_alone(10)
    with state(program) as store:
        by_name = {name: [run for run in runs(store) if run.target.contract == name] for name in ("poison", "sound")}
        first = next(run for run in by_name["poison"] if not run.subset)
        assert (first.verdict, first.counts[Outcome.ERROR] > 0, first.counts[Outcome.PASS] > 0) == (
            Verdict.UNVERIFIED,
            True,
            True,
        )
        assert {run.verdict for run in by_name["sound"]} == {Verdict.KEPT}
        with store.reading() as reader:
            found = reader.run(first.run_id)
        assert found is not None
        reasons = {each.reason for each in found[1].scan.results if each.outcome is Outcome.ERROR}
        assert reasons == {"the scanning process died"}
        assert slots(store, SlotState.RUNNING) == ()
    told = json.loads(program.run("incidents", "list", "--format", "json").out)["incidents"]
    assert {each["contract"] for each in told} == {"poison"}
