import pytest
from jinja2 import UndefinedError

from monitor import templates


def test_a_template_that_misses_a_value_raises() -> None:
    with pytest.raises(UndefinedError):
        templates.render_html("report/run.html.j2", style="", style_hash="")


def test_a_file_that_does_not_exist_raises() -> None:
    with pytest.raises(FileNotFoundError):
        templates.source("report/none.css")
