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


def test_a_page_may_break_a_path_behind_its_separators_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(templates, "_load", lambda _: "{{ value|breakable }}")
    templates._html.cache_clear()
    try:
        shown = templates.render_html("any.j2", value="a/b@c/ <i>/1.0 s</i>")
    finally:
        templates._html.cache_clear()
    assert shown == "a/<wbr>b@<wbr>c/ &lt;i&gt;/<wbr>1.0 s&lt;/<wbr>i&gt;"


def slack(text: str, monkeypatch: pytest.MonkeyPatch, **values: object) -> str:
    monkeypatch.setattr(templates, "_load", lambda _: text)
    templates._slack.cache_clear()
    try:
        return templates.render_slack("slack/any.j2", **values)
    finally:
        templates._slack.cache_clear()


def test_a_value_in_a_slack_message_is_never_active(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = slack("*{{ name }}*: {{ n }} {{ value|code }}", monkeypatch, name="<!channel> *x*", n=3, value="<@U1>`")
    assert shown == "*&lt;!channel&gt; ∗x∗*: 3 `&lt;@U1&gt;ˋ`"


def test_slack_knows_no_escape_for_quotes(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "{% macro say(it) %}<{{ it }}>{% endmacro %}\"it's\" {{ v }} {{ say(v) }} {{ [v, v]|join(', ') }}"
    assert slack(text, monkeypatch, v="'a' & \"b\"") == (
        '"it\'s" \'a\' &amp; "b" <\'a\' &amp; "b"> \'a\' &amp; "b", \'a\' &amp; "b"'
    )


def test_a_slack_template_links_and_trusts_what_it_is_told_to(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "{{ url|link('run ' ~ n) }} {{ markup }}"
    shown = slack(text, monkeypatch, url="https://dq.example.com/7?a=1&b=2", n="7_", markup=templates.Trusted("<@U1>"))
    assert shown == "<https://dq.example.com/7?a=1&amp;b=2|run 7ˍ> <@U1>"


def test_a_slack_template_that_misses_a_value_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UndefinedError):
        slack("{{ missing }}", monkeypatch)
