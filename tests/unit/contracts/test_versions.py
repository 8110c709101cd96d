"""Which versions run, and what people mean when they name one."""

from collections.abc import Callable
from pathlib import Path

import pytest

from monitor.contracts.semver import Version
from monitor.contracts.versions import Library, current, read_library, resolve
from monitor.errors import UsageError

Shelf = Callable[..., Library]


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """Return a library of contracts written as `id version status`."""

    def library(*lines: str) -> Library:
        for number, line in enumerate(lines):
            contract_id, version, status = line.split()
            (tmp_path / f"{number}.odcs.yaml").write_text(
                f"{{apiVersion: v3.2.0, kind: DataContract, id: {contract_id}, version: {version!r}, "
                f"status: {status}, name: The {contract_id.upper()}}}"
            )
        return read_library([tmp_path])

    return library


def running(library: Library) -> list[str]:
    return [f"{one.contract.version}{' shadow' if one.shadow else ''}" for one in current(library)]


def test_versions_are_ordered_as_numbers() -> None:
    ordered = "nonsense 0.9.9 1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0-beta.2 1.0.0-beta.11 1.0.0-rc.1 1.0.0"
    texts = [*ordered.split(), "1.2", "1.9.0", "1.10.0", "2.0.0"]
    assert [version.text for version in sorted(map(Version.parse, reversed(texts)))] == texts


@pytest.mark.parametrize(
    ("versions", "runs"),
    [
        (["1.9.0 active", "1.10.0 active"], ["1.10.0"]),
        (["1.0.0 deprecated", "2.0.0 active"], ["1.0.0", "2.0.0"]),
        (["1.0.0 active", "1.1.0 deprecated"], ["1.0.0"]),
        (["1.0.0 retired", "2.0.0 active"], ["2.0.0"]),
        (["1.0.0 active", "1.1.0 draft", "2.0.0 proposed"], ["1.0.0", "1.1.0 shadow", "2.0.0 shadow"]),
        (["1.0.0 draft", "1.1.0 active"], ["1.1.0"]),
        (["1.5.0 draft", "1.4.0 retired", "2.0.0 active"], ["2.0.0"]),
        (["0.1.0 draft", "0.2.0 draft"], ["0.2.0 shadow"]),
        (["1.0.0 production"], ["1.0.0"]),
        (["1.0.0 retired"], []),
    ],
)
def test_the_highest_active_version_of_each_major_runs(shelf: Shelf, versions: list[str], runs: list[str]) -> None:
    assert running(shelf(*[f"a {version}" for version in versions])) == runs


def test_a_contract_is_named_by_id_slug_name_or_version(shelf: Shelf) -> None:
    library = shelf("orders 1.0.0 active", "orders 1.1.0 draft", "Users 1.0.0 active", "gone 1.0.0 retired")
    slug = next(contract.slug for contract in library.contracts if contract.id == "Users")
    assert [one.contract.version for one in resolve(library, "orders")] == ["1.0.0", "1.1.0"]
    assert resolve(library, "orders@1.1.0")[0].shadow
    assert resolve(library, slug)[0].contract.id == "Users"
    assert resolve(library, "The USERS@1.0.0")[0].contract.id == "Users"
    assert not resolve(library, "gone@1.0.0")[0].shadow


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ("order", "did you mean orders"),
        ("orders@9.9.9", "has no version '9.9.9'; it has 1.0.0"),
        ("gone", "no version of gone runs: 1.0.0 .retired."),
        ("THE SAME", "there is no contract"),
        ("nothing@1.0.0", "there is no contract"),
    ],
)
def test_what_nobody_is_called_gets_a_suggestion(shelf: Shelf, wanted: str, words: str) -> None:
    library = shelf("orders 1.0.0 active", "gone 1.0.0 retired")
    with pytest.raises(UsageError, match=words):
        resolve(library, wanted)


def test_a_name_of_two_contracts_is_refused(shelf: Shelf) -> None:
    library = shelf("orders 1.0.0 active", "Orders 1.0.0 active")
    assert len(library.contracts) == 2
    with pytest.raises(UsageError, match="several contracts are called 'The ORDERS': Orders, orders"):
        resolve(library, "The ORDERS")


def test_the_same_version_twice_refuses_both_and_names_the_other(shelf: Shelf) -> None:
    library = shelf("a 1.0.0 active", "a 1.0.0 draft", "b 1.0.0 active")
    assert [contract.id for contract in library.contracts] == ["b"]
    first, second = library.invalid
    assert first.problems == (f"1: version: a@1.0.0 is also in {second.file}",)
    assert second.problems == (f"1: version: a@1.0.0 is also in {first.file}",)


def test_an_invalid_file_never_stops_the_others(shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "broken.odcs.yaml").write_text("[")
    library = shelf("a 1.0.0 active")
    assert [contract.id for contract in library.contracts] == ["a"]
    assert [Path(invalid.file).name for invalid in library.invalid] == ["broken.odcs.yaml"]
