"""A command asks for the secrets that it needs, and a command that was given nothing to do is never green."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.acceptance.program import Program

BODY = "schema: [{name: orders, properties: [{name: id}]}]\n"
SLACK = '[slack]\ntoken = "${SLACK_BOT_TOKEN}"\nchannel = "#data"\n'


def test_what_needs_no_secret_works_without_any(program: "Program") -> None:
    program.configure(SLACK, password="${DB_PASSWORD}")
    program.contract(BODY)
    for command in (["lint"], ["compile"], ["runs"], ["incidents"], ["report"]):
        done = program.run(*command)
        assert (done.code, "is not set" in done.all) == (0, False), done.all
    done = program.run("verify")
    told = "pactwatch.toml: servers.warehouse.password: the environment variable DB_PASSWORD is not set\n"
    assert (done.code, done.out, done.err) == (2, "", told)
    findings = program.run("doctor").out
    assert all(f"{name} is not set" in " ".join(findings.split()) for name in ("DB_PASSWORD", "SLACK_BOT_TOKEN"))


def test_nothing_to_look_at_is_not_green(program: "Program") -> None:
    program.configure()
    (program.folder / "contracts").mkdir()
    for command, told in (
        (["lint"], "no contract files found"),
        (["compile"], "nothing to compile: no contract in contracts"),
        (["compile", "--check"], "nothing to compile: no contract in contracts"),
        (["serve", "--once"], "nothing to verify: no contract in contracts"),
    ):
        done = program.run(*command)
        assert (done.code, told in done.all) == (2, True), done.all
    program.write("suite.json", '{"name": "no suite"}')
    done = program.run("import", "gx", "suite.json")
    assert (done.code, done.err) == (2, "suite.json: nothing in it that Great Expectations would read\n")


def test_a_compiled_file_whose_contract_is_gone_is_told_before_it_is_removed(program: "Program") -> None:
    program.configure()
    contract = program.contract(BODY)
    assert program.run("compile").code == 0
    contract.unlink()
    check = program.run("compile", "--check")
    assert (check.code, check.err) == (2, "test/1.0.0.postgres.yml: out of date; run `pactwatch compile`\n")
    assert program.run("compile").code == 0
    assert program.run("compile", "--check").code == 2


def test_a_misspelt_contract_is_not_taken_for_one_without_news(program: "Program") -> None:
    program.configure()
    program.contract(BODY, name="orders")
    for command in (
        ["drift", "list", "order"],
        ["incidents", "silence", "--contract", "order", "--for", "1h", "--why", "x"],
    ):
        done = program.run(*command)
        assert done.code == 2
        assert "no contract 'order', neither in contracts nor in " in done.err
        assert done.err.endswith("did you mean orders? known: orders\n")
    assert program.run("drift", "orders").out == "no drift is recorded\n"
