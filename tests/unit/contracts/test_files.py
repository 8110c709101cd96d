"""Finding and reading files survives whatever a folder may hold."""

import hashlib
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from monitor.contracts.files import find, read
from monitor.errors import ContractError


def refusal(path: Path) -> list[str]:
    with pytest.raises(ContractError) as refused:
        read(path, "x")
    return refused.value.problems


def test_contracts_are_found_in_a_fixed_order_and_once(tmp_path: Path, write: Callable[..., Path]) -> None:
    second = write("", name="b/2.odcs.yaml")
    first = write("", name="a/1.odcs.yaml")
    write("", name="a/other.yaml")
    (tmp_path / "c.odcs.yaml").symlink_to(first)
    (tmp_path / "b" / "loop").symlink_to(tmp_path)
    found = find([tmp_path, tmp_path / "a"])
    assert found.files == (tmp_path / "c.odcs.yaml", second)
    assert found.invalid == ()


def test_a_file_that_is_named_may_have_any_yaml_name(tmp_path: Path, write: Callable[..., Path]) -> None:
    named = write("", name="orders.yml")
    assert find([named]).files == (named,)
    other = write("", name="orders.txt")
    assert find([other]).invalid[0].problems == ("1: expected a folder or a file that ends in .yaml",)
    assert find([tmp_path / "nothing"]).invalid[0].problems == ("1: there is no such file or folder",)


def test_what_is_no_file_is_a_problem_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "folder.odcs.yaml").mkdir()
    os.mkfifo(tmp_path / "pipe.odcs.yaml")
    (tmp_path / "gone.odcs.yaml").symlink_to(tmp_path / "nowhere")
    with socket.socket(socket.AF_UNIX) as server:
        here = Path.cwd()
        os.chdir(tmp_path)  # a socket's path is short
        try:
            server.bind("socket.odcs.yaml")
        finally:
            os.chdir(here)
        found = find([tmp_path, Path("/dev/zero")])
    assert found.files == ()
    assert {Path(invalid.file).name: invalid.problems[0] for invalid in found.invalid} == {
        "folder.odcs.yaml": "1: found a folder, expected a file",
        "pipe.odcs.yaml": "1: found a pipe, expected a file",
        "socket.odcs.yaml": "1: found a socket, expected a file",
        "gone.odcs.yaml": "1: there is no such file or folder",
        "zero": "1: expected a folder or a file that ends in .yaml",
    }


def test_reading_a_device_or_pipe_never_waits(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert refusal(tmp_path / "pipe") == ["1: found a pipe, expected a file"]
    assert refusal(Path("/dev/zero")) == ["1: found a device, expected a file"]


def test_a_file_may_have_a_million_bytes(tmp_path: Path) -> None:
    path = tmp_path / "large.odcs.yaml"
    path.write_bytes(b"#" * 1_000_000)
    assert len(read(path, "x").text) == 1_000_000
    with path.open("ab") as file:
        file.truncate(50_000_000)
    assert refusal(path) == ["1: larger than 1,000,000 bytes; split the contract"]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"a: 1\nb: caf\xe9\n", "2: found the byte 0xe9 (at byte 11), expected text in UTF-8"),
        ("a: 1".encode("utf-16"), "1: found UTF-16, expected text in UTF-8"),
        (b"a: 1\n\n\0", "3: found a NUL byte (at byte 6), expected text in UTF-8"),
        (b"a: \xed\xa0\x80", "1: found the byte 0xed (at byte 3), expected text in UTF-8"),
    ],
)
def test_only_utf_8_is_text(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "x.odcs.yaml"
    path.write_bytes(content)
    assert refusal(path) == [problem]


def test_a_byte_order_mark_is_no_part_of_the_text_but_of_the_fingerprint(tmp_path: Path) -> None:
    path = tmp_path / "x.odcs.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1")
    source = read(path, "x")
    assert source.text == "a: 1"
    assert source.fingerprint == f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
