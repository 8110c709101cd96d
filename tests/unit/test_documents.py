"""What is written for people agrees with itself and with the program: links, settings, commands."""

import re
import tomllib
from pathlib import Path

import pytest
from pydantic import BaseModel

from monitor.cli import COMMANDS
from monitor.settings_file import _File, parse

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("deploy/**/*.md")])
CODE = re.compile(r"^( *)```.*?^\1```$|`[^`\n]*`", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)")
CONFIGURATION = ROOT / "docs" / "configuration.md"


def links(file: Path) -> list[str]:
    """Return where a document links to in this repository."""
    found: list[str] = LINK.findall(CODE.sub("", file.read_text(encoding="utf-8")))
    return [link for link in found if not re.match(r"https?://", link)]


def anchors(file: Path) -> set[str]:
    """Return the anchors that GitHub gives to the headings of a document."""
    text = re.sub(r"^( *)```.*?^\1```$", "", file.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("file", DOCUMENTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_link_leads_somewhere(file: Path) -> None:
    for link in links(file):
        path, _, anchor = link.partition("#")
        there = (file.parent / path).resolve() if path else file
        assert there.is_relative_to(ROOT), link
        assert there.exists(), link
        assert not anchor or anchor in anchors(there), link


def test_a_reader_of_the_front_page_finds_every_document() -> None:
    reached, ahead = set[Path](), [ROOT / "README.md"]
    while ahead:
        file = ahead.pop()
        if file in reached or file.suffix != ".md":
            continue
        reached.add(file)
        ahead += [(file.parent / link.partition("#")[0]).resolve() for link in links(file) if link[0] != "#"]
    assert reached == set(DOCUMENTS)


def test_every_command_is_named_on_the_front_page_and_has_its_section() -> None:
    rows = set(re.findall(r"^\| \[`(\w+)`\]\(docs/cli", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE))
    assert rows == set(COMMANDS)
    assert {f"pactwatch-{name}" for name in COMMANDS} <= anchors(ROOT / "docs" / "cli.md")


def reference() -> str:
    """Return the configuration that the documents show: every key there is."""
    return CONFIGURATION.read_text(encoding="utf-8").partition("```toml\n")[2].partition("```")[0]


def test_the_configuration_that_is_shown_is_understood() -> None:
    text = reference()
    values = {name: f"https://{name.lower()}.example.com" for name in re.findall(r"\$\{([A-Z_]+)\}", text)}
    assert parse(text, Path("pactwatch.toml"), values).slack


def test_a_value_that_is_shown_and_is_no_example_is_the_default() -> None:
    tables = [table for table in reference().split("\n\n") if not re.match(r"\[.*# an example", table)]
    defaults = re.sub(r"^.*# example.*\n", "", "\n\n".join(tables), flags=re.MULTILINE)
    assert len(defaults.splitlines()) > len(_File.model_fields)
    assert parse(defaults, Path("pactwatch.toml"), {}) == parse("", Path("pactwatch.toml"), {})


def test_every_key_that_exists_is_shown() -> None:
    shown = tomllib.loads(reference().replace("# webhook = ", "webhook = "))
    assert set(shown) == set(_File.model_fields)
    for name, field in _File.model_fields.items():
        servers = shown["servers"]
        places = ("warehouse", "files", "lake", "cloud")
        inside = {key for place in places for key in servers[place]} if name == "servers" else shown[name]
        for model in tables_of(field.annotation):
            keys = set(inside[0] if name == "routes" else inside)
            assert keys == {setting.alias or key for key, setting in model.model_fields.items()}


def tables_of(annotation: object) -> list[type[BaseModel]]:
    """Return the tables in a field's type."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for inner in getattr(annotation, "__args__", ()) for model in tables_of(inner)]
