"""Text of a contract is data: whatever stands in it, the numbers are right and no reader is harmed."""

import json
import re
from html.parser import HTMLParser

import pytest

from tests.acceptance.program import Program

WORDS = {
    "quotes": 'it\'s a "quoted" `word`',
    "backslash": "back\\slash\\n\\",
    "variable": "${HOME} $HOME $(id) %HOME%",
    "expression": "{{7*7}} {{ config }}",
    "statement": "{% for x in y %}{# comment {#",
    "percent": "%s %(name)s %d 100 %",
    "comment": "x -- y; DROP TABLE t; /* z",
    "emoji": "naïve 🛫 家 \u0301",
    "direction": "\u202eevil\u202c مرحبا \u200b\ufeff",
    "markup": "<script>alert(1)</script> &amp; <b onclick=x>",
    "slack": "<!channel> *bold* _it_ <https://evil|x>",
    "reserved": "select",
    "terminal": "a\x1b[31mred\x07",
    "lines": "one\ntwo\r\nthree\ttab",
    "yaml": "- a: [b, 'c'] # d &e *f !!g |",
    "case": "MiXeD Case  two blanks",
}
NAMES = [word for key, word in WORDS.items() if len(word.encode()) <= 63]


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def entries() -> list[dict[str, object]]:
    """Return one object per hostile word: it is the table's, the column's and the rule's name, value and pattern."""
    return [
        {
            "name": word,
            "physicalName": quoted(word),
            "description": word,
            "quality": [
                {"id": "rows", "name": word, "description": word, "metric": "rowCount", "mustBe": 3},
                {
                    "id": "query",
                    "type": "sql",
                    "query": "SELECT COUNT(*) FROM {object}",
                    "mustBe": 3,
                    "businessImpact": word,
                },
            ],
            "properties": [
                {
                    "name": word,
                    "logicalType": "string",
                    "description": word,
                    "required": True,
                    "classification": "public",
                    "enum": [{"value": word}],
                    "logicalTypeOptions": {"pattern": "^" + re.escape(word) + "$", "maxLength": len(word)},
                    "quality": [
                        {"id": "valid", "metric": "invalidValues", "arguments": {"validValues": [word]}, "mustBe": 1},
                        {"id": "twice", "metric": "duplicateValues", "mustBe": 0, "name": f"twice {word}"},
                    ],
                }
            ],
        }
        for word in NAMES
    ]


class Page(HTMLParser):
    """Collects what a browser would run."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.scripts: list[str] = []
        self.handlers: list[str] = []
        self._in_script = False
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_script = tag == "script"
        self.handlers += [name for name, _ in attrs if name.startswith("on")]

    def handle_data(self, data: str) -> None:
        if self._in_script:
            self.scripts.append(data)


@pytest.fixture
def hostile(program: Program) -> Program:
    for word in NAMES:
        program.warehouse.rows(
            f"CREATE TABLE {quoted(word)} ({quoted(word)} text);"
            f" INSERT INTO {quoted(word)} VALUES ({text(word)}), ({text(word)}), ({text(word + '!')})"
        )
    program.configure("[samples]\nrows = 3\n")
    contract = {
        "apiVersion": "v3.1.0",  # where ${…} is plain text
        "kind": "DataContract",
        "id": "".join(WORDS.values()).replace("\n", "").replace("\r", ""),
        "name": "".join(WORDS.values()),
        "version": "1.0.0",
        "status": "active",
        "description": {"purpose": "".join(WORDS.values())},
        "schema": entries(),
    }
    program.write("contracts/hostile.odcs.yaml", json.dumps(contract, ensure_ascii=False))
    return program


def test_numbers_are_right_and_no_output_does_harm(hostile: Program) -> None:
    found = hostile.verify("--report", "page.html", HOME="/hunter2")

    by_dataset: dict[str, dict[str, tuple[str, object]]] = {word: {} for word in NAMES}
    for result in found.results.values():
        kind = f"{result['kind']}"
        by_dataset[result["dataset"]][kind] = (result["outcome"], result["measured"])
    expected = {
        "schema": ("pass", 0),
        "extra_columns": ("pass", 0),
        "column_type": ("pass", None),
        "not_null": ("pass", 0),
        "length": ("fail", 1),
        "pattern": ("fail", 1),
        "enum": ("fail", 1),
        "invalid_values": ("pass", 1),
        "duplicate_values": ("fail", 1),
        "row_count": ("pass", 3),
        "sql": ("pass", 3),
    }
    wrong = {word: kinds for word, kinds in by_dataset.items() if kinds != expected}
    assert not wrong
    assert set(hostile.run("verify", "--format", "json").out.encode()) <= {10, *range(32, 127)}
    page = Page((hostile.folder / "page.html").read_text())
    assert not any("alert" in script for script in page.scripts)
    assert page.handlers == []
    assert "hunter2" not in (hostile.folder / "page.html").read_text() + str(found)


def test_no_text_steers_a_terminal(hostile: Program) -> None:
    done = hostile.run("verify", "-v", HOME="/hunter2")
    lint = hostile.run("lint")

    for output in (done.all, lint.all):
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", output)
        assert "hunter2" not in output
    assert "${HOME}" in done.out
    assert "{{7*7}}" in done.out


def test_what_is_compiled_never_starts_a_template(hostile: Program) -> None:
    done = hostile.run("compile")

    assert done.code == 0, done.all
    (compiled,) = (hostile.folder / "checks").rglob("*.yml")
    assert (done.code, "${" in compiled.read_text()) == (0, False)
