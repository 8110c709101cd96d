"""Slips of the pen in the head of a contract file: each is told once, with what was probably meant."""

from collections.abc import Callable
from pathlib import Path

import pytest

from monitor.contracts.reading import load
from monitor.contracts.versions import read_library
from monitor.errors import ContractError

HEAD = "apiVersion: v3.2.0\nkind: DataContract\nid: orders\nversion: {version}\nstatus: {status}\n"
BODY = "schema: [{name: orders, properties: [{name: id}]}]\n"


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    def write(version: str, *, status: str = "active", name: str = "1.0.0.odcs.yaml") -> Path:
        file = tmp_path / name
        file.write_text(HEAD.format(version=version, status=status) + BODY, encoding="utf-8")
        return file

    return write


def test_a_file_that_is_called_like_another_version_is_remarked(written: Callable[..., Path]) -> None:
    assert load(written("2.0.0")).remarks == ("4: version: '2.0.0', but the file is called 1.0.0.odcs.yaml",)
    assert load(written("1.0.0")).remarks == ()
    assert load(written("2.0.0", name="orders.odcs.yaml")).remarks == ()


def test_a_version_that_is_a_number_is_one_problem(written: Callable[..., Path]) -> None:
    with pytest.raises(ContractError) as refused:
        load(written("1"))
    assert refused.value.problems == ["4: version: found 1, expected text; put it in quotes"]
    with pytest.raises(ContractError, match="4: version: found '', expected a name"):
        load(written("''"))


def test_a_status_close_to_a_known_word_says_which(written: Callable[..., Path]) -> None:
    (told,) = load(written("1.0.0", status="actve")).remarks
    assert told.endswith("treated as active; did you mean active?")
    (told,) = load(written("1.0.0", status="xyz")).remarks
    assert told.endswith("treated as active")


def test_the_demo_finds_its_contract_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from monitor.cli.demo_command import shipped

    monkeypatch.chdir(tmp_path)
    assert read_library([Path("contracts")]).contracts == ()
    assert (shipped().contract.id, shipped().contract.file) == ("nyc-flights", "contracts/nyc-flights/1.0.0.odcs.yaml")
