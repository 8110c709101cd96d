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
