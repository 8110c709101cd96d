"""`verify` answers build servers: JUnit in a file, annotations with a page, and the same exit code as ever."""

from lxml.etree import XMLSchema, parse

from tests.acceptance.program import ROOT, Program

CONTRACT = """
schema:
  - name: t
    properties:
      - {name: a, physicalType: integer, required: true}
      - {name: b, physicalType: integer}
"""


def test_a_broken_contract_is_told_in_both_formats(program: Program) -> None:
    program.configure()
    program.contract(CONTRACT)
    program.write("contracts/bad/1.0.0.odcs.yaml", "kind: nothing\n")
    program.warehouse.rows("CREATE TABLE t (a integer, b integer); INSERT INTO t VALUES (NULL, 1)")
    summary = program.folder / "summary.md"
    xml = program.run("verify", "--no-record", "--format", "junit", "--output", "out/report.xml")
    told = program.run("verify", "--no-record", "--format", "github", GITHUB_STEP_SUMMARY=str(summary))

    assert (xml.code, told.code) == (1, 1)
    report = parse(program.folder / "out/report.xml")
    XMLSchema(parse(ROOT / "tests/unit/cli/junit.xsd")).assertValid(report)
    suites = {suite.get("name"): suite for suite in report.getroot()}
    assert [suites["test 1.0.0 on warehouse"].get(count) for count in ("tests", "failures", "errors")] == [
        "5",
        "1",
        "0",
    ]
    assert suites["contract files"].get("errors") == "1"
    assert (
        "::error file=contracts/test/1.0.0.odcs.yaml,line=10,title=test 1.0.0 on warehouse::t.a must not be" in told.out
    )
    assert "::error file=contracts/bad/1.0.0.odcs.yaml,line=1,title=no valid contract::" in told.out
    assert summary.read_text().startswith("## Data contracts: broken\n")
