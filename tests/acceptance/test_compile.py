"""`compile` keeps the committed SodaCL in step with the contracts, byte for byte."""

from pathlib import Path

import pytest

from tests.acceptance.program import Program

CONTRACT = """
schema:
  - name: t
    quality: [{metric: rowCount, mustBeGreaterThan: 0}]
    properties: [{name: id, required: true}, {name: größe, logicalType: number, logicalTypeOptions: {minimum: 0.50}}]
"""


@pytest.fixture
def program(program: Program) -> Program:
    program.contract(CONTRACT)
    program.contract(CONTRACT, version="2.0.0", status="draft")
    return program


def below(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_what_is_written_is_in_step_and_always_the_same(program: Program) -> None:
    first = program.run("compile")
    written = below(program.folder / "checks")
    again = program.run("compile", PYTHONHASHSEED="7", LANG="de_DE.ISO-8859-1", LC_ALL="C")
    check = program.run("compile", "--check")

    assert (first.code, again.code, check.code) == (0, 0, 0)
    assert sorted(written) == ["test/1.0.0.postgres.yml", "test/2.0.0.postgres.yml"]
    assert below(program.folder / "checks") == written
    assert "wrote" not in again.out
    assert "größe" in written["test/1.0.0.postgres.yml"].decode()
    assert "sha256:" in written["test/1.0.0.postgres.yml"].decode()


def test_what_is_out_of_date_is_told_and_left_alone(program: Program) -> None:
    program.run("compile")
    program.contract(CONTRACT.replace("0.50", "0.75"))
    program.write("checks/gone/1.0.0.postgres.yml", "# Compiled by pactwatch: an orphan\n")
    (program.folder / "checks/test/2.0.0.postgres.yml").unlink()
    before = below(program.folder / "checks")

    done = program.run("compile", "--check")

    assert (done.code, done.out) == (2, "")
    assert done.err.splitlines() == [
        "gone/1.0.0.postgres.yml: out of date; run `pactwatch compile`",
        "test/1.0.0.postgres.yml: out of date; run `pactwatch compile`",
        "test/2.0.0.postgres.yml: out of date; run `pactwatch compile`",
    ]
    assert below(program.folder / "checks") == before


def test_writing_removes_what_nothing_stands_behind(program: Program) -> None:
    program.write("checks/gone/1.0.0.postgres.yml", "# Compiled by pactwatch: an orphan\n")

    done = program.run("compile")

    assert done.code == 0
    assert "removed checks/gone/1.0.0.postgres.yml" in done.out
    assert sorted(below(program.folder / "checks")) == ["test/1.0.0.postgres.yml", "test/2.0.0.postgres.yml"]
    assert not (program.folder / "checks/gone").exists()


def test_an_invalid_contract_is_told_and_keeps_its_compiled_file(program: Program) -> None:
    program.run("compile")
    program.contract("schema: [{name: t, quality: [{metric: rowCount, mustBe: many}]}]\n")

    done = program.run("compile")

    assert done.code == 2
    assert "contracts/test/1.0.0.odcs.yaml:6: " in done.err
    assert (program.folder / "checks/test/1.0.0.postgres.yml").exists()


def test_files_of_others_stay(program: Program) -> None:
    program.contract("schema: [{name: t}]\n")
    mine = program.write("checks/mine.yml", "checks for t:\n  - row_count > 0\n")
    program.run("compile")
    program.write("checks/gone/1.0.0.postgres.yml", "# Compiled by pactwatch from a contract that is gone\n")

    done = program.run("compile")

    assert mine.exists()
    assert "removed checks/gone/1.0.0.postgres.yml" in done.out
    assert not (program.folder / "checks/gone").exists()
