from importlib.resources import files
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from monitor import templates


def test_a_template_that_misses_a_value_raises() -> None:
    with pytest.raises(UndefinedError):
        templates.render_html("report/run.html.j2", style="", style_hash="")


def test_a_file_that_does_not_exist_raises() -> None:
    with pytest.raises(FileNotFoundError):
        templates.source("report/none.css")


def test_the_wheel_carries_templates_in_a_package_without_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As `monitor._templates` is: a namespace package, which Python 3.11 treats differently from a folder."""
    (tmp_path / "carried_templates" / "report").mkdir(parents=True)
    (tmp_path / "carried_templates" / "report" / "style.css").write_text("p {}", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(templates, "_root", lambda: files("carried_templates"))
    assert templates.source("report/style.css") == "p {}"
    with pytest.raises(FileNotFoundError):
        templates.source("report/none.css")
