"""`pactwatch doctor`: what is in the way, and how to mend it."""

import json
import os
from typing import Any

from tests.acceptance.program import Program
from tests.slack.server import FakeSlack

BODY = """\
    schema:
      - {name: orders, properties: [{name: id, logicalType: integer}]}
    support:
      - {channel: "#orders", tool: slack, scope: notifications}
    """


def examined(program: Program, **environment: str) -> tuple[int, dict[str, Any]]:
    done = program.run("doctor", "--format", "json", **environment)
    return done.code, json.loads(done.out)


def of(document: dict[str, Any], about: str) -> list[tuple[str, str]]:
    return [(each["grade"], each["told"]) for each in document["findings"] if each["about"] == about]


def test_what_is_wrong_is_told_with_how_to_mend_it(program: Program) -> None:
    program.warehouse.rows("CREATE TABLE orders (id int)")
    with FakeSlack(interval=0.0, channels=("data-quality",)) as slack:
        program.configure(
            f'[slack]\ntoken = "${{TOKEN}}"\nchannel = "#data-quality"\nbase_url = "{slack.api}"\n'
            '[http]\nbind = "127.0.0.1:0"\npublic_url = "https://dq.example.com"\n'
        )
        program.contract(BODY)
        environment = {"TOKEN": slack.world.token, "NO_PROXY": "*"}
        slack.world.scopes.remove("chat:write.public")
        code, told = examined(program, **environment)
        assert (code, told["ok"]) == (1, False)
        assert of(told, "slack")[-1] == ("bad", "pactwatch is no member of #orders")
        assert all(each["mend"] for each in told["findings"] if each["grade"] != "ok")
        slack.world.configure({"channels": [{"name": "orders"}]})
        code, told = examined(program, **environment)
        assert (code, told["ok"]) == (0, True)
        assert ("ok", "1 table of the contracts can be read") in of(told, "warehouse")
        assert of(told, "contracts") == [("ok", "1 version can be read")]
        assert of(told, "state")[0][0] == "ok"


def test_a_broken_configuration_is_a_finding_too(program: Program) -> None:
    program.write("pactwatch.toml", "[samples]\nrows = -1\nrow = 1\n")
    code, told = examined(program)
    assert code == 1
    assert len(of(told, "configuration")) == 2


def test_people_read_it_line_by_line(program: Program) -> None:
    program.configure(host="127.0.0.1", port=1)
    program.contract("schema: 7\n", name="bad")
    done = program.run("doctor", COLUMNS="80", PATH=os.environ["PATH"])
    assert done.code == 1
    lines = done.out.splitlines()
    assert lines[0].startswith("ok    configuration   pactwatch.toml: 1 server")
    assert any(line.startswith("bad   warehouse       cannot be reached") for line in lines)
    assert any(line.startswith(" " * 22 + "mend  ") for line in lines)
    assert "2 to mend" in lines[-1]
    assert max(map(len, lines)) <= 80
