"""What runs while files change: as they are, or as they last were."""

from pathlib import Path

import pytest

from monitor.daemon import library
from monitor.daemon.library import Shelf
from tests.contracts import HEAD

BODY = HEAD.format(api="v3.2.0") + "schema:\n  - {name: orders, properties: [{name: id, logicalType: integer}]}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "contracts"
    made.mkdir()
    (made / "a.odcs.yaml").write_text(BODY)
    return made


def versions(shelf: Shelf) -> tuple[list[str], list[str]]:
    """Return the versions that run, and the files that are invalid."""
    found, invalid = shelf.look()
    return [f"{each.id}@{each.version}" for each in found.contracts], [Path(each.file).name for each in invalid]


def test_an_invalid_file_runs_on_as_it_was_until_it_is_mended_or_gone(folder: Path) -> None:
    shelf = Shelf([folder], {})
    assert versions(shelf) == (["test@1.0.0"], [])
    (folder / "a.odcs.yaml").write_text(BODY.replace("logicalType: integer", "logicalType: whatever"))
    assert versions(shelf) == (["test@1.0.0"], ["a.odcs.yaml"])
    _, (invalid,) = shelf.look()
    assert invalid.running is not None
    (folder / "a.odcs.yaml").write_text(BODY.replace("1.0.0", "1.1.0"))
    assert versions(shelf) == (["test@1.1.0"], [])
    (folder / "a.odcs.yaml").unlink()
    assert versions(shelf) == ([], [])


def test_of_two_files_with_one_version_the_one_that_ran_goes_on_also_when_it_changes(folder: Path) -> None:
    shelf = Shelf([folder], {})
    shelf.look()
    (folder / "0.odcs.yaml").write_text(BODY)
    (folder / "a.odcs.yaml").write_text(BODY.replace("name: id", "name: key"))
    found, invalid = shelf.look()
    assert [contract.datasets[0].columns[0].name for contract in found.contracts] == ["key"]
    assert [Path(each.file).name for each in invalid] == ["0.odcs.yaml"]
    assert "is also in" in invalid[0].problems[0]


def test_of_two_new_files_with_one_version_none_runs(folder: Path) -> None:
    (folder / "b.odcs.yaml").write_text(BODY)
    assert versions(Shelf([folder], {})) == ([], ["a.odcs.yaml", "b.odcs.yaml"])


def test_a_folder_that_is_gone_takes_nothing_with_it(folder: Path) -> None:
    shelf = Shelf([folder], {})
    shelf.look()
    folder.rename(folder.with_name("elsewhere"))
    assert versions(shelf) == (["test@1.0.0"], ["contracts"])


def test_a_file_that_moves_is_the_same_contract(folder: Path) -> None:
    shelf = Shelf([folder], {})
    shelf.look()
    (folder / "a.odcs.yaml").rename(folder / "b.odcs.yaml")
    assert versions(shelf) == (["test@1.0.0"], [])


def test_what_has_not_changed_is_not_read_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = Shelf([folder], {})
    shelf.look()
    monkeypatch.setattr(library, "load", None)
    assert versions(shelf) == (["test@1.0.0"], [])
