"""The hook and the action do what they say: their own commands, run in a real repository as their hosts run them."""

import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.repository import Repository, repository

ROOT = Path(__file__).parents[2]
BODY = "schema: [{name: t, properties: [{name: a, physicalType: integer, required: true}]}]\n"


def loaded(path: str) -> Any:
    return YAML(typ="safe", pure=True).load(ROOT / path)


@pytest.fixture
def shop(tmp_path: Path) -> Repository:
    made = repository(tmp_path)
    program = made.folder / "bin" / "pactwatch"
    program.parent.mkdir()
    program.write_text(f"#!{sys.executable}\nfrom monitor.cli import main\nmain()\n")
    program.chmod(0o755)
    (made.folder / ".gitignore").write_text("bin\nsummary.md\n")
    made.write(BODY)
    run(made, "pactwatch compile")
    made.commit()
    return made


def run(shop: Repository, command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": f"{shop.folder / 'bin'}:{os.environ['PATH']}",
        "HOME": str(shop.folder),
        "PYTHONPATH": str(ROOT),
        "GITHUB_STEP_SUMMARY": str(shop.folder / "summary.md"),
        **variables,
    }
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", command],
        cwd=shop.folder, env=environment, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def steps() -> dict[str, dict[str, Any]]:
    action = loaded(".github/actions/contracts/action.yml")
    return {step["name"]: step for step in action["runs"]["steps"]}


def step(shop: Repository, name: str, **variables: str) -> subprocess.CompletedProcess[str]:
    wanted = steps()[name]
    assert set(wanted.get("env", {})) == set(variables)
    return run(shop, wanted["run"], **variables)


def test_the_hooks_let_discipline_pass_and_stop_the_rest(shop: Repository) -> None:
    hooks = {
        hook["id"]: shlex.join([*shlex.split(hook["entry"]), *hook.get("args", ())])
        for hook in loaded(".pre-commit-hooks.yaml")
    }
    assert [run(shop, command).returncode for command in hooks.values()] == [0, 0]
    shop.write(BODY.replace("true", "false"))
    found = {hook: run(shop, command) for hook, command in hooks.items()}
    assert {hook: done.returncode for hook, done in found.items()} == {"pactwatch-lint": 2, "pactwatch-compile": 2}
    assert "it should be 2.0.0" in found["pactwatch-lint"].stdout


def test_the_action_tells_a_pull_request_what_it_breaks(shop: Repository) -> None:
    base = shop.git("rev-parse", "HEAD")
    shop.write(BODY.replace("true", "false"), version="1.0.1")
    shop.commit()
    lint = step(shop, "Lint the contracts", AGAINST=base)
    compiled = step(shop, "Compiled checks are in step")
    changed = step(shop, "What changed, and whom it hurts", AGAINST=base)
    assert (lint.returncode, compiled.returncode, changed.returncode) == (2, 2, 1)
    assert (
        "::error file=contracts/shop/1.0.1.odcs.yaml,line=4,title=pactwatch lint::version: major changes" in lint.stdout
    )
    assert "1.0.1.postgres.yml: out of date" in compiled.stderr
    assert "breaking: t.a: a may now be NULL" in changed.stdout
    page = (shop.folder / "summary.md").read_text()
    assert "## Contracts: 1 problem" in page
    assert "## Changes of contracts" in page


def test_what_comes_from_outside_is_never_part_of_a_script() -> None:
    for name, each in steps().items():
        assert "${{" not in each["run"], name
        assert each["shell"] == "bash"
    assert all("AGAINST" in each.get("env", {}) for each in steps().values() if "AGAINST" in each["run"])


def test_a_hostile_revision_is_only_a_revision(shop: Repository) -> None:
    done = step(shop, "Lint the contracts", AGAINST='HEAD"; touch pwned; "$(touch pwned)')
    assert (done.returncode, (shop.folder / "pwned").exists()) == (2, False)


def test_the_example_workflow_uses_what_the_action_has() -> None:
    workflow = loaded("docs/examples/contracts-workflow.yml")
    (used,) = [each for each in workflow["jobs"]["contracts"]["steps"] if "pactwatch" in each.get("uses", "")]
    action = loaded(".github/actions/contracts/action.yml")
    assert set(used["with"]) <= set(action["inputs"])
