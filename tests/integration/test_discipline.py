"""Contracts change with discipline: held against what they were in git, nobody breaks a promise unnoticed."""

import json
from pathlib import Path

import pytest

from tests.repository import Repository, repository

TABLE = """\
schema:
  - name: orders
    properties:
      - {name: id, physicalType: integer, primaryKey: true, primaryKeyPosition: 1}
      - {name: amount, physicalType: integer, logicalTypeOptions: {minimum: 0}}
"""
BROKEN = TABLE.replace("minimum: 0", "minimum: -5")
STRICTER = TABLE.replace("minimum: 0", "minimum: 5")


@pytest.fixture
def shop(tmp_path: Path) -> Repository:
    made = repository(tmp_path)
    made.write(TABLE)
    made.commit()
    return made


def lint(shop: Repository, against: str = "HEAD") -> tuple[int, list[str]]:
    """Return the exit code and the problems."""
    answer = shop.run("lint", "--against", against, "--format", "json")
    files = json.loads(answer.out)["files"]
    return answer.code, [f"{file['file']}:{problem}" for file in files for problem in file["problems"]]


def test_what_did_not_change_is_no_problem(shop: Repository) -> None:
    assert lint(shop) == (0, [])


def test_a_released_version_that_promises_something_else_is_a_problem_with_its_place(shop: Repository) -> None:
    shop.write(BROKEN)
    problem = "version: 1.0.0 says something else than before; it should be 2.0.0"
    assert lint(shop) == (2, [f"contracts/shop/1.0.0.odcs.yaml:4: {problem}"])
    remarks = shop.run("lint", "--against", "HEAD").out
    assert "contracts/shop/1.0.0.odcs.yaml:10: orders.amount: breaking: range was at least 0" in remarks


def test_a_draft_and_words_may_be_edited(shop: Repository) -> None:
    shop.write(TABLE, version="2.0.0", status="draft")
    shop.commit()
    shop.write(BROKEN, version="2.0.0", status="draft")
    shop.write("team: {name: others}\n" + TABLE)
    assert lint(shop) == (0, [])


@pytest.mark.parametrize(
    ("body", "version", "problem"),
    [
        (BROKEN, "2.0.0", None),
        (BROKEN, "1.1.0", "major changes since 1.0.0: 1.1.0 should be 2.0.0"),
        (STRICTER, "1.1.0", None),
        (STRICTER, "1.0.1", "minor changes since 1.0.0: 1.0.1 should be 1.1.0"),
        (TABLE, "1.0.1", None),
        (TABLE, "0.9.0", None),
    ],
)
def test_a_new_version_must_carry_its_changes(shop: Repository, body: str, version: str, problem: str | None) -> None:
    file = shop.write(body, version=version)
    assert lint(shop) == ((2, [f"{file}:4: version: {problem}"]) if problem else (0, []))


def test_a_new_version_is_held_against_the_one_before_it_even_in_the_same_change(shop: Repository) -> None:
    shop.write(BROKEN, version="2.0.0")
    file = shop.write(STRICTER, version="2.0.1")
    code, problems = lint(shop)
    assert (code, problems) == (2, [f"{file}:4: version: minor changes since 2.0.0: 2.0.1 should be 2.1.0"])


def test_a_version_that_goes_backwards_is_a_problem(shop: Repository) -> None:
    shop.write(TABLE, version="1.2.0")
    shop.commit()
    file = shop.write(TABLE, version="1.1.0")
    assert lint(shop) == (2, [f"{file}:4: version: the version goes backwards: 1.2.0 is released already"])


def test_a_correction_of_an_older_major_is_no_step_backwards(shop: Repository) -> None:
    shop.write(BROKEN, version="2.0.0")
    shop.commit()
    shop.write(TABLE, version="1.0.1")
    assert lint(shop) == (0, [])


def test_one_file_for_all_versions_is_understood(tmp_path: Path) -> None:
    shop = repository(tmp_path)
    shop.write(TABLE, file="contracts/shop.odcs.yaml")
    shop.commit()
    shop.write(BROKEN, file="contracts/shop.odcs.yaml", version="2.0.0")
    assert lint(shop) == (0, [])
    shop.write(TABLE, file="contracts/shop.odcs.yaml", version="0.9.0")
    code, problems = lint(shop)
    assert code == 2
    assert "contracts/shop.odcs.yaml:4: version: the version goes backwards: 1.0.0 is released already" in problems


def test_an_active_contract_that_is_gone_is_a_problem_and_a_retired_one_is_not(shop: Repository) -> None:
    shop.write(TABLE, name="old", status="retired")
    shop.commit()
    shop.remove("contracts/shop/1.0.0.odcs.yaml")
    shop.remove("contracts/old/1.0.0.odcs.yaml")
    gone = "id: shop 1.0.0 was active and is gone; let it be deprecated or retired first"
    assert lint(shop) == (2, [f"contracts/shop/1.0.0.odcs.yaml:4: {gone}"])


def test_an_older_version_may_be_tidied_away(shop: Repository) -> None:
    shop.write(STRICTER, version="1.1.0")
    shop.commit()
    shop.remove("contracts/shop/1.0.0.odcs.yaml")
    assert lint(shop) == (0, [])


def test_a_file_that_became_invalid_is_told_once_and_is_not_called_gone(shop: Repository) -> None:
    shop.write("schema: 5\n")
    code, problems = lint(shop)
    assert code == 2
    assert len(problems) == 1
    assert "schema" in problems[0]


def test_a_folder_serves_as_well_as_a_revision(shop: Repository) -> None:
    shop.write(BROKEN, file="copy/shop.odcs.yaml")
    code, problems = lint(shop, "copy")
    assert (code, len(problems)) == (2, 1)


def test_what_is_no_revision_is_said_so(shop: Repository) -> None:
    answer = shop.run("lint", "--against", "nowhere")
    assert (answer.code, "'nowhere' is no git revision" in answer.out) == (2, True)
    answer = shop.run("lint", "--against", "--output=/tmp/x")
    assert (answer.code, "is no git revision" in answer.out) == (2, True)


def test_a_revision_without_contracts_is_told(shop: Repository) -> None:
    empty = shop.git("commit-tree", "-m", "empty", shop.git("hash-object", "-t", "tree", "-w", "/dev/null"))
    answer = shop.run("lint", "--against", empty)
    assert (answer.code, "there was nothing to hold against" in answer.out) == (0, True)


def test_from_a_folder_below_and_with_any_name_of_a_file(shop: Repository) -> None:
    name = 'contracts/ü "x"\n/1.0.0.odcs.yaml'
    shop.write(TABLE, name="other", file=name)
    shop.commit()
    shop.write(BROKEN, name="other", file=name)
    answer = shop.run("lint", ".", "--against", "HEAD", "--format", "json", below="contracts")
    files = json.loads(answer.out)["files"]
    assert [file["file"] for file in files if file["problems"]] == ['ü "x"\n/1.0.0.odcs.yaml']


def test_github_hears_each_problem_at_its_place(shop: Repository) -> None:
    shop.write(BROKEN)
    summary = shop.folder / "summary.md"
    answer = shop.run(
        "lint", "--against", "HEAD", "--format", "github", environment={"GITHUB_STEP_SUMMARY": str(summary)}
    )
    first = answer.out.splitlines()[0]
    assert first.startswith(
        "::error file=contracts/shop/1.0.0.odcs.yaml,line=4,title=pactwatch lint::version: 1.0.0 says"
    )
    assert "Contracts: 1 problem\n" in summary.read_text()


def test_diff_of_two_revisions_names_every_version_that_changed(shop: Repository) -> None:
    old = shop.git("rev-parse", "HEAD")
    shop.write(BROKEN, version="2.0.0")
    shop.write(TABLE, name="new")
    shop.commit()
    answer = shop.run("diff", old, "HEAD", "--format", "json")
    found = json.loads(answer.out)["comparisons"]
    assert answer.code == 0
    assert [(each["new"]["contract"], each["new"]["version"], each["required"]) for each in found] == [
        ("new", "1.0.0", "none"),
        ("shop", "2.0.0", "major"),
    ]
    assert shop.run("diff", "HEAD", "contracts").out == "no contract is different\n"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("contracts/shop/1.0.0.odcs.yaml", "contracts/shop/1.1.0.odcs.yaml"),
        ("shop@1.0.0", "shop@1.1.0"),
        ("HEAD:contracts/shop/1.0.0.odcs.yaml", "shop@1.1.0"),
    ],
)
def test_diff_takes_files_versions_and_revisions(shop: Repository, old: str, new: str) -> None:
    shop.write(BROKEN, version="1.1.0")
    answer = shop.run("diff", old, new)
    assert answer.code == 1
    assert "breaking" in answer.out
    assert "orders.amount: range was at least 0, is at least -5" in answer.out
    assert "PROBLEM  major changes since 1.0.0: 1.1.0 should be 2.0.0" in answer.out


def test_diff_of_a_version_with_itself_speaks_of_no_edit(shop: Repository) -> None:
    answer = shop.run("diff", "shop@1.0.0", "shop@1.0.0")
    assert (answer.code, answer.out) == (0, "shop 1.0.0\nnothing is different: both are the same text\n")


def test_diff_counts_apart_what_the_version_need_not_tell_of(shop: Repository) -> None:
    place = "servers: [{server: w, type: postgres, host: h, port: 5432, database: d, schema: s}]\n"
    shop.write(place + TABLE)
    shop.write(STRICTER, version="1.1.0")
    answer = shop.run("diff", "shop@1.0.0", "shop@1.1.0")
    assert "2 changes: 1 tightening, 1 breaking on which no promise rests; they want a new minor version" in answer.out


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("HEAD", "shop@1.0.0", "compare two of a kind"),
        ("HEAD:nothing.odcs.yaml", "shop@1.0.0", "there is no such file at that revision"),
        ("HEAD:contracts", "shop@1.0.0", "is no file at that revision"),
        ("gone.odcs.yaml", "shop@1.0.0", "there is no file gone.odcs.yaml"),
        ("shop@7", "shop@1.0.0", "has no version '7'"),
        ("a", "b", "there is no contract 'a'; known: shop"),
    ],
)
def test_diff_says_what_it_cannot_compare(shop: Repository, old: str, new: str, said: str) -> None:
    answer = shop.run("diff", old, new)
    assert (answer.code, said in answer.out) == (2, True)


def test_hostile_names_cannot_give_github_a_command(shop: Repository) -> None:
    evil = 'schema: [{name: "t\\n::error::pwned<b>|@all", description: one}]\n'
    shop.write(evil, version="3.0.0")
    shop.commit()
    shop.write(evil.replace("one", "two"), version="3.0.0")
    summary = shop.folder / "summary.md"
    answer = shop.run(
        "diff", "HEAD", "contracts", "--format", "github", environment={"GITHUB_STEP_SUMMARY": str(summary)}
    )
    assert all(line.startswith("::notice file=contracts/shop/3.0.0") for line in answer.out.splitlines())
    assert len(answer.out.splitlines()) == 1
    assert "<b>" not in summary.read_text()
    assert "@all" not in summary.read_text()
