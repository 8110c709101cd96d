"""What is asked for is what is verified; a name that means nothing is an error, never green."""

from contextlib import closing

import pytest

from tests.acceptance.program import Program

TWO = """
servers:
  - {server: first, type: postgres, host: ignored.invalid, port: 5432, database: ignored, schema: public}
  - {server: second, type: postgresql, host: ignored.invalid, port: 5432, database: ignored, schema: public}
schema:
  - {name: orders, properties: [{name: id, required: true}]}
  - {name: lines, properties: [{name: id}], quality: [{id: filled, metric: rowCount, mustBe: 1}]}
"""

SERVERLESS = TWO[TWO.index("\nschema") :]
SECRET = "correct-horse-battery"
REFERENCE = "${SECRET}"


@pytest.fixture
def program(program: Program) -> Program:
    program.warehouse.rows("CREATE TABLE orders (id int); CREATE TABLE lines AS SELECT 1 AS id")
    return program


@pytest.fixture
def shop(program: Program) -> Program:
    program.write("pactwatch.toml", program.server("first") + program.server("second"))
    program.contract(TWO, name="shop")
    return program


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["shopp"], "there is no contract 'shopp'; did you mean shop?"),
        (["shop@2.0.0"], "shop has no version '2.0.0'; it has 1.0.0"),
        (["missing.odcs.yaml"], "missing.odcs.yaml"),
        (["--server", "frist"], "shop: no server 'frist'; it has first, second"),
        ([], "shop: which server? --server first | second | all"),
        (["--server", "first", "--dataset", "order"], "shop: no dataset 'order'; did you mean orders?"),
        (["--server", "first", "--check", "lines.fill"], "shop: no check 'lines.fill'; did you mean lines.filled or"),
        (["--server", "first", "--dataset", "orders", "--check", "lines.filled"], "the selection leaves no check"),
        (["--server", "all", "--report", "page.html"], "one file cannot hold 2 runs; name a folder"),
    ],
    ids=str,
)
def test_a_name_that_means_nothing_is_refused_before_anything_runs(
    shop: Program, arguments: list[str], told: str
) -> None:
    done = shop.run("verify", *arguments)

    assert done.code == 2
    assert told in done.all
    assert "verifying" not in done.err
    assert "Traceback" not in done.err


def test_all_servers_are_verified(shop: Program) -> None:
    done = shop.run("verify", "--server", "all", "--format", "json")

    assert done.code == 0
    assert [run["server"] for run in done.document["runs"]] == ["first", "second"]
    assert len({len(run["results"]) for run in done.document["runs"]}) == 1


def test_a_part_that_is_asked_for_is_all_that_runs(shop: Program) -> None:
    found = shop.verify("--server", "first", "--dataset", "lines", "--check", "lines.filled", "--check", "lines.schema")

    assert list(found.results) == ["lines.schema", "lines.filled"]


def test_no_contracts_at_all_is_no_success(program: Program) -> None:
    nowhere = program.run("verify")
    program.write("contracts/README.md", "none yet")
    empty = program.run("verify")

    assert (nowhere.code, "there is no such file or folder" in nowhere.all) == (2, True)
    assert (empty.code, empty.out, empty.err) == (2, "", "no contract to verify in contracts\n")


def test_a_part_is_looked_for_in_every_contract_that_runs(program: Program) -> None:
    program.configure()
    program.contract("schema: [{name: orders, properties: [{name: id}]}]\n", name="a")
    program.contract("schema: [{name: lines, properties: [{name: id}]}]\n", name="b")

    only = program.run("verify", "--dataset", "lines", "--format", "json")
    nowhere = program.run("verify", "--dataset", "line")

    assert [run["contract"] for run in only.document["runs"]] == ["b"]
    assert (nowhere.code, "did you mean lines?" in nowhere.err) == (2, True)


def test_a_file_elsewhere_and_a_unique_name_can_be_verified(shop: Program) -> None:
    text = (shop.folder / "contracts/shop/1.0.0.odcs.yaml").read_text()
    shop.write(
        "elsewhere/draft.yaml", text.replace("id: shop", "id: other\nname: The Other").replace("active", "draft")
    )

    file = shop.run("verify", "elsewhere/draft.yaml", "--server", "first", "--format", "json")
    both = shop.run("verify", "shop", "shop@1.0.0", "--server", "first", "--format", "json")

    assert [(run["contract"], run["shadow"]) for run in file.document["runs"]] == [("other", True)]
    assert [run["contract"] for run in both.document["runs"]] == ["shop"]


def test_without_configuration_the_contract_says_where_and_the_environment_who(program: Program) -> None:
    own = program.warehouse.settings
    where = f"host: {own.host}, port: {own.port}, database: {own.database}, schema: public"
    server = f"servers: [{{server: my-dwh, type: postgres, {where}}}]"
    program.contract(server + SERVERLESS)

    by_name = program.verify(PACTWATCH_MY_DWH_USER=str(own.user), PACTWATCH_MY_DWH_PASSWORD=SECRET)
    by_driver = program.verify("contracts/test/1.0.0.odcs.yaml", PGUSER=str(own.user), PGPASSWORD=SECRET)
    nobody = program.verify(PACTWATCH_MY_DWH_USER="nobody_of_that_name", PACTWATCH_MY_DWH_PASSWORD=SECRET)

    assert (by_name.code, by_driver.code, nobody.code) == (0, 0, 3)
    assert by_name.run["server"] == "my-dwh"
    assert {"blocked"} == set(nobody.outcomes().values())
    assert "nobody_of_that_name" in nobody.reason("orders.schema")
    assert SECRET not in str(nobody.run)


def test_with_configuration_no_contract_chooses_where_the_password_goes(program: Program) -> None:
    program.configure()
    program.contract(
        "servers: [{server: warehouse, type: postgres, host: evil.invalid, port: 1, database: nowhere, schema: public}]"
        + SERVERLESS
    )
    kept = program.verify()

    program.contract(
        "servers: [{server: evil, type: postgres, host: evil.invalid, port: 1, database: x, schema: y}]" + SERVERLESS
    )
    refused = program.run("verify")

    assert kept.code == 0
    assert refused.code == 2
    assert "the contract declares evil, pactwatch.toml configures warehouse" in refused.err


def test_types_that_contradict_are_refused(program: Program) -> None:
    program.configure()
    program.contract("servers: [{server: warehouse, type: duckdb, database: x, schema: public}]" + SERVERLESS)

    done = program.run("verify")

    assert done.code == 2
    assert "server warehouse is of type duckdb, the configuration says postgres" in done.err


def test_every_mistake_in_the_configuration_is_told_at_once_and_no_secret(program: Program) -> None:
    program.write(
        "pactwatch.toml",
        """
        surprise = 1
        [servers.a]
        hots = "localhost"
        password = "hunter2"
        user = "${NOT_SET}"
        statement_timeout = "soon"
        [servers.b]
        port = 99999999
        [samples]
        rows = -1
        """,
    )
    program.contract(TWO)

    done = program.run("verify")

    assert (done.code, done.out) == (2, "")
    assert sorted(line.removeprefix("pactwatch.toml: ").split(":")[0] for line in done.err.splitlines()) == [
        "samples.rows",
        "servers.a.hots",
        "servers.a.password",
        "servers.a.statement_timeout",
        "servers.b.port",
        "surprise",
    ]
    assert "hunter2" not in done.err


def test_a_configuration_that_is_named_must_exist(program: Program) -> None:
    done = program.run("--config", "nowhere.toml", "verify")

    assert (done.code, done.err) == (2, "nowhere.toml: there is no such configuration file\n")


def test_a_dead_server_blocks_everything_with_one_sentence_and_never_breaks_a_promise(program: Program) -> None:
    program.configure(host="127.0.0.1", port=1, password=REFERENCE)
    program.environment["SECRET"] = SECRET
    program.contract(SERVERLESS)

    found = program.verify("--report", "page.html")
    text = program.run("verify", "-v")

    assert (found.code, found.run["verdict"]) == (3, "unverified")
    assert set(found.outcomes().values()) == {"blocked"}
    (reason,) = {result["reason"] for result in found.results.values()}
    assert reason.startswith("server warehouse cannot be reached: ")
    assert reason.endswith("port 1 failed: Connection refused")
    assert text.out.count("cannot be reached") == 1
    next_step = "is the server up, and does it answer from here? its address comes from host under [servers.warehouse]"
    assert next_step in " ".join(text.out.split())
    assert "nothing could be checked" in text.out
    assert found.run["location"] == f"{program.warehouse.settings.database}@127.0.0.1:1"
    assert found.run["location"] in " ".join(text.out.split())
    assert SECRET not in str(found) + text.all + (program.folder / "page.html").read_text()


def test_a_wrong_password_is_never_shown(program: Program) -> None:
    """An own listener answers as a server that wants a password and refuses it, quoting what it got."""
    import socket
    import threading

    got: list[bytes] = []

    def refuse(listener: socket.socket) -> None:
        with listener.accept()[0] as peer:
            peer.recv(4096)
            peer.sendall(b"R\x00\x00\x00\x08\x00\x00\x00\x03")
            got.append(peer.recv(4096))
            fields = b"SFATAL\x00C28P01\x00Mno: " + got[0][5:-1] + b"\x00\x00"
            peer.sendall(b"E" + (len(fields) + 4).to_bytes(4) + fields)

    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        thread = threading.Thread(target=refuse, args=[listener])
        thread.start()
        program.configure(host="127.0.0.1", port=listener.getsockname()[1], sslmode="disable", password=REFERENCE)
        program.environment["SECRET"] = SECRET
        program.contract(SERVERLESS)
        done = program.run("verify", "--format", "json")
        thread.join()

    assert got
    assert SECRET.encode() in got[0]
    assert done.code == 3
    assert SECRET not in done.all


def test_a_contract_without_a_usable_server_does_not_stop_the_others(program: Program) -> None:
    program.warehouse.rows("CREATE TABLE t AS SELECT 1 AS c")
    program.configure()
    body = "schema: [{name: t, properties: [{name: c, required: true}]}]\n"
    program.contract(body, name="good")
    duck = "servers: [{server: lake, type: duckdb, database: lake.db}]\n" + body
    program.contract(duck, name="elsewhere")

    found = program.run("verify", "--format", "json")

    assert [run["contract"] for run in found.document["runs"]] == ["good"]
    assert len(found.document["invalid"]) == 1
    assert "lake" in found.document["invalid"][0]["problems"][0]
    assert found.code == 2
