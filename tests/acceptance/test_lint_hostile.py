"""No file, however hostile, keeps lint busy, fills its memory or makes it fall."""

import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

HEAD = "apiVersion: v3.2.0\nkind: DataContract\nid: x\nversion: 1.0.0\nstatus: active\n"
OBJECT = f"{HEAD}schema:\n- name: t\n"
DRIVER = "from monitor.cli.lint_command import lint_command; lint_command()"
MEMORY = 1 << 30
SECONDS = 10


def repeated(template: str, times: int) -> str:
    return "".join(template.format(n=n) for n in range(times))


def bomb(levels: int) -> str:
    return "x0: &x0 [1, 1, 1]\n" + "".join(f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 9)}]\n" for n in range(1, levels))


def hostile() -> Iterator[tuple[str, str | bytes]]:
    yield "20,000 levels of lists", f"{HEAD}x: {'[' * 20_000}{']' * 20_000}"
    yield "unclosed lists", "[" * 500_000
    yield "nested mappings", "{a: " * 200_000
    yield "nested dashes", "- " * 400_000
    yield "dense list", f"{HEAD}tags: [{'a,' * 490_000}]"
    yield "dense list at the limit", f"{HEAD}tags: [{'a,' * 49_000}]"
    yield "dense list of the wrong type", f"{HEAD}tags: [{'1,' * 49_000}]"
    yield "many columns", OBJECT + "  properties:\n" + repeated("  - {{name: c{n}, logicalType: string}}\n", 9_000)
    yield "many unknown keys", OBJECT + "  properties:\n" + repeated("  - {{name: c{n}, q: string}}\n", 9_000)
    yield "many rules", OBJECT + "  quality:\n" + repeated("  - {{metric: rowCount, mustBe: {n}}}\n", 9_000)
    sql = "  - {{type: sql, mustBe: {n}, query: 'select count(*) from t where a{n} > 1'}}\n"
    yield "many queries", OBJECT + "  quality:\n" + repeated(sql, 6_000)
    deep = f"select {'(' * 5_000}1{')' * 5_000}"
    yield "a nested query", f"{OBJECT}  quality:\n  - {{type: sql, mustBe: 1, query: '{deep}'}}\n"
    yield "a command in place of a query", f"{OBJECT}  quality: [{{type: sql, mustBe: 1, query: 'EXPLAIN DELETE x'}}]"
    pattern = "  - {{name: c{n}, logicalTypeOptions: {{pattern: '{n}" + "(a|b[c-z])" * 80 + "'}}}}\n"
    yield "many patterns", OBJECT + "  properties:\n" + repeated(pattern, 1_000)
    lost = "- {{name: object_{n}, relationships: [{{from: object_{n}.x, to: objct_{n}.y}}]}}\n"
    yield "many misspelt references", f"{HEAD}schema:\n" + repeated(lost, 4_000)
    yield "a reference of dots", f"{OBJECT}  relationships: [{{from: t.a, to: {'a.' * 200_000}b}}]\n"
    elements = "a," * 300_000
    yield "an element of commas", f"{HEAD}slaProperties: [{{property: ly, value: 1, unit: d, element: '{elements}'}}]"
    yield "alias bomb", HEAD + bomb(9)
    yield "merge key bomb", "a: &a {x: 1}\nb: &b {<<: [*a, *a, *a]}\nc: {<<: [*b, *b, *b]}\n"
    yield "alias to itself", "a: &a [*a]\n"
    yield "many aliases", f"a: &a 1\nb: [{'*a,' * 200_000}]"
    yield "one key again and again", HEAD + "id: y\n" * 100_000
    yield "a long key", f"{HEAD}{'a' * 900_000}: 1\n"
    yield "a long number", f"{HEAD}name: {'9' * 900_000}\n"
    yield "a large exponent", f"{HEAD}name: 1e999999999\n"
    yield "a long tag", f"{HEAD}name: {'!' * 100_000}\n"
    yield "many variables", f'{HEAD}name: "{"${A}" * 200_000}"\n'
    yield "many documents", HEAD + "---\n" * 200_000
    yield "tabs", "\t" * 900_000
    yield "bytes", bytes(range(256)) * 1_000
    yield "UTF-16", HEAD.encode("utf-16")
    yield "Latin-1", f"{HEAD}name: café\n".encode("latin-1")
    yield "NUL", f'{HEAD}name: "a\\0b"\n'
    yield "empty", ""
    yield "50 MB", b"a: b\n" * 10_000_000


def confined() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


@pytest.fixture
def lint(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", DRIVER, *arguments],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
            preexec_fn=confined,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    return run


@pytest.mark.parametrize(("content"), [pytest.param(content, id=name) for name, content in hostile()])
def test_a_hostile_file_is_answered_soon_and_in_little_memory(
    tmp_path: Path, lint: Callable[..., subprocess.CompletedProcess[str]], content: str | bytes
) -> None:
    path = tmp_path / "hostile.odcs.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    done = lint(str(path), "--format", "json")
    assert done.stderr == ""
    assert done.returncode in (0, 2)
    (answer,) = json.loads(done.stdout)["files"]
    assert bool(answer["problems"]) == (done.returncode == 2)
    assert len(answer["problems"]) <= 101
    assert len(done.stdout) < 200_000


def test_hostile_and_odd_files_do_not_hide_a_good_one(
    tmp_path: Path, lint: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    folder = tmp_path / "contracts"
    folder.mkdir()
    (folder / "good.odcs.yaml").write_text(f"{OBJECT}  quality: [{{metric: rowCount, mustBeGreaterThan: 0}}]\n")
    (folder / "bad.odcs.yaml").write_text("{")
    (folder / "folder.odcs.yaml").mkdir()
    (folder / "loop").symlink_to(folder)
    os.mkfifo(folder / "pipe.odcs.yaml")
    done = lint()
    assert done.returncode == 2
    assert done.stdout.splitlines()[-1] == "4 files: 3 problems, 0 remarks"
    assert "contracts/bad.odcs.yaml:1: not valid YAML" in done.stdout


def test_a_good_contract_is_clean(tmp_path: Path, lint: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    (tmp_path / "good.odcs.yaml").write_text(f"{OBJECT}  quality: [{{metric: rowCount, mustBeGreaterThan: 0}}]\n")
    done = lint("good.odcs.yaml")
    assert (done.returncode, done.stdout, done.stderr) == (0, "1 file: 0 problems, 0 remarks\n", "")
    assert json.loads(lint("good.odcs.yaml", "--format", "json").stdout) == {
        "schema_version": 1,
        "files": [{"file": "good.odcs.yaml", "contract": "x", "version": "1.0.0", "problems": [], "remarks": []}],
    }


def test_two_files_of_one_version_clash_in_the_library_only(
    tmp_path: Path, lint: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    (tmp_path / "contracts").mkdir()
    for name in ("a", "b"):
        (tmp_path / "contracts" / f"{name}.odcs.yaml").write_text(OBJECT)
    assert lint().returncode == 2
    assert "1: version: x@1.0.0 is also in contracts/b.odcs.yaml" in lint("contracts").stdout
    apart = lint("contracts/a.odcs.yaml", "contracts/b.odcs.yaml")
    assert apart.returncode == 0
    assert "remark: contracts/a.odcs.yaml:1: version: x@1.0.0 is also in contracts/b.odcs.yaml" in apart.stdout
