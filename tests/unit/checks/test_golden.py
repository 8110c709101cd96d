"""One contract for each kind of check compiles to the text beside it, byte for byte, whenever and wherever."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from monitor.domain.check import CheckKind
from tests.unit.checks.regenerate import DIALECTS, ROOT, beside, compiled, contracts


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def test_every_kind_has_its_contract() -> None:
    assert {path.name.removesuffix(".odcs.yaml") for path in contracts()} == set(CheckKind)


@pytest.mark.parametrize("path", contracts(), ids=lambda path: path.name.removesuffix(".odcs.yaml"))
@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_contract_compiles_to_the_text_beside_it(path: Path, dialect: str) -> None:
    text = compiled(path, dialect)

    assert text == beside(path, dialect).read_text(encoding="utf-8"), (
        "if it is meant: python -m tests.unit.checks.regenerate"
    )
    assert compiled(path, dialect) == text


@pytest.mark.parametrize("path", contracts(), ids=lambda path: path.name.removesuffix(".odcs.yaml"))
@pytest.mark.parametrize("dialect", DIALECTS)
def test_soda_can_read_the_text(path: Path, dialect: str) -> None:
    """Soda's reader refuses a mapping in which a key stands twice."""
    YAML().load(compiled(path, dialect))


def test_the_text_does_not_depend_on_the_process() -> None:
    script = (
        "from tests.unit.checks.regenerate import *; import hashlib;"
        "print(hashlib.sha256(''.join(map(compiled, contracts())).encode()).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("0", "4711")
    }
    assert len(digests) == 1
