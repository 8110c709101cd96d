"""Severities, verdicts and exit codes, over one contract and over many."""

import pytest

from tests.acceptance.program import Program

KEPT = "schema: [{name: t, properties: [{name: n, required: true}]}]\n"
BROKEN = "schema: [{name: t, properties: [{name: n, logicalType: integer, logicalTypeOptions: {maximum: 0}}]}]\n"
UNVERIFIED = "schema: [{name: t, properties: [{name: n}], quality: [{type: sql, query: SELECT 1/0, mustBe: 1}]}]\n"
WARNED = "schema: [{name: t, properties: [{name: n}], quality: [{metric: rowCount, mustBe: 0, severity: warning}]}]\n"
INVALID = "schema: [{name: t, quality: [{metric: rowCount, mustBe: many}]}]\n"

SEVERITIES = {
    "info": "warn",
    "warning": "warn",
    "low": "warn",
    "minor": "warn",
    "Warning": "warn",
    "error": "fail",
    "high": "fail",
    "critical": "fail",
    "CRITICAL": "fail",
    "none": "fail",
    "wichtig": "fail",
}


@pytest.fixture(autouse=True)
def table(program: Program) -> None:
    program.warehouse.rows("CREATE TABLE t AS SELECT 1 AS n")
    program.configure()


def test_severity_decides_between_warning_and_failure(program: Program) -> None:
    rules = [
        f"      - {{id: {word}-{place}, metric: rowCount, mustBe: 0, severity: {word}}}\n"
        for place, word in enumerate(SEVERITIES)
    ]
    program.contract(
        "schema:\n  - name: t\n    properties: [{name: n}]\n    quality:\n"
        + "".join([*rules, "      - {id: silent, metric: rowCount, mustBe: 0}\n"])
    )

    found = program.verify().outcomes()

    assert {word: found[f"t.{word}-{place}"] for place, word in enumerate(SEVERITIES)} == SEVERITIES
    assert found["t.silent"] == "fail"
    assert "'wichtig'" in program.run("lint").out


@pytest.mark.parametrize(
    ("bodies", "code", "verdict"),
    [
        ([KEPT, WARNED], 0, "kept"),
        ([KEPT, UNVERIFIED], 3, "unverified"),
        ([KEPT, UNVERIFIED, INVALID], 2, "unverified"),
        ([INVALID], 2, "unverified"),
        ([KEPT, UNVERIFIED, INVALID, BROKEN], 1, "broken"),
    ],
    ids=["kept", "unverified", "invalid over unverified", "invalid alone", "broken over all"],
)
def test_the_worst_counts(program: Program, bodies: list[str], code: int, verdict: str) -> None:
    for number, body in enumerate(bodies):
        program.contract(body, name=f"c{number}")

    done = program.run("verify", "--format", "json")

    assert (done.code, done.document["verdict"]) == (code, verdict)
    assert len(done.document["runs"]) == len([body for body in bodies if body != INVALID])
    invalid = [f"contracts/c{number}/1.0.0.odcs.yaml" for number, body in enumerate(bodies) if body == INVALID]
    assert [each["file"] for each in done.document["invalid"]] == invalid
    assert all("found 'many', expected a number" in each["problems"][0] for each in done.document["invalid"])


def test_fail_on_warn_changes_the_exit_code_and_not_the_verdict(program: Program) -> None:
    program.contract(WARNED)

    done = program.run("verify", "--format", "json", "--fail-on", "warn")

    assert (done.code, done.document["verdict"], done.document["runs"][0]["verdict"]) == (1, "kept", "kept")


def test_nothing_evaluated_is_not_kept(program: Program) -> None:
    program.contract("slaProperties: [{property: availability, value: 99}]\n" + KEPT)

    found = program.verify("--check", "sla.availability")

    assert (found.code, found.run["verdict"]) == (3, "unverified")


@pytest.fixture
def versions(program: Program) -> Program:
    program.contract(KEPT, version="1.0.0", status="deprecated")
    program.contract(BROKEN, version="1.1.0", status="retired")
    program.contract(KEPT, version="2.0.0")
    program.contract(KEPT, version="2.1.0")
    program.contract(BROKEN, version="2.0.5", status="draft")
    program.contract(BROKEN, version="2.2.0-rc.1", status="draft")
    program.contract(BROKEN, version="3.0.0", status="proposed")
    return program


def test_a_newer_draft_runs_in_the_shadow_and_changes_nothing(versions: Program) -> None:
    done = versions.run("verify", "--format", "json")

    runs = {run["version"]: (run["verdict"], run["shadow"]) for run in done.document["runs"]}
    assert runs == {
        "1.0.0": ("kept", False),
        "2.1.0": ("kept", False),
        "2.2.0-rc.1": ("broken", True),
        "3.0.0": ("broken", True),
    }
    assert (done.code, done.document["verdict"]) == (0, "kept")
    told = versions.run("verify").out
    assert "2 broken, 0 unverified, 2 kept (2 in the shadow)" in told
    assert told.splitlines()[-1].startswith("Exit 0")


@pytest.mark.parametrize("words", [["test@3.0.0"], ["test@3.0.0", "test"]])
def test_a_draft_that_is_named_counts(versions: Program, words: list[str]) -> None:
    done = versions.run("verify", *words, "--format", "json")

    assert (done.code, done.document["verdict"]) == (1, "broken")
    assert ("3.0.0", True) in [(run["version"], run["shadow"]) for run in done.document["runs"]]
    assert versions.run("verify", *words).out.endswith("Exit 1    a promise is broken\n")


def test_a_contract_of_nothing_but_drafts_can_be_asked_for_by_its_id(program: Program) -> None:
    program.contract(BROKEN, name="young", status="draft")

    by_id, all_of_them = program.run("verify", "young"), program.run("verify")

    assert (by_id.code, all_of_them.code) == (1, 3)
    assert all_of_them.out.endswith("Exit 3    nothing but drafts ran: set `status: active`, or name one\n")


@pytest.mark.parametrize("word", ["test@1.1.0", "contracts/test/1.1.0.odcs.yaml"])
def test_any_version_can_be_asked_for(versions: Program, word: str) -> None:
    done = versions.run("verify", word, "--format", "json")

    assert (done.code, [run["version"] for run in done.document["runs"]]) == (1, ["1.1.0"])


def test_a_contract_that_is_named_tells_of_its_shadows_without_counting_them(versions: Program) -> None:
    done = versions.run("verify", "test", "--format", "json")

    assert len(done.document["runs"]) == 4
    assert done.code == 0
