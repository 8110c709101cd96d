"""Finds and renders `templates/`, of the repository or of an installed wheel; the only module that imports jinja2."""

import re
from collections.abc import Callable
from functools import cache, reduce, wraps
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup, escape

from monitor import mrkdwn

_SEPARATED = re.compile(r"(?<=[/@])(?=\w)")

Trusted = Markup
"""Text that is markup already: HTML for a page, Slack's for a message."""


def render_html(name: str, /, **values: object) -> str:
    """Render an HTML template. Every value is escaped as text; a name the template uses but was not given raises."""
    return _html().get_template(name).render(**values)


def render_slack(name: str, /, **values: object) -> str:
    """Render a template of a Slack message to Slack's markup; a name it uses but was not given raises.

    A plain value is shown as it reads and is never active: no mention, link or format in it. `value|code` shows it
    exactly, `url|link("words")` links. `Trusted` text is taken as markup. Join values by the template, not by `~`:
    jinja2 would escape quotes as HTML does.
    """
    return _slack().get_template(name).render(**values)


def source(name: str) -> str:
    """Return a file below `templates/` as it is. Raises `FileNotFoundError` when there is none.

    One step at a time: `joinpath` of a package without `__init__` takes a single name in Python 3.11.
    """
    return reduce(lambda folder, part: folder / part, name.split("/"), _root()).read_text(encoding="utf-8")


def trusted(name: str) -> Trusted:
    """Return a file of ours below `templates/` as HTML that is not escaped again."""
    return Trusted(source(name))


@cache
def _root() -> Traversable:
    """Return the repository's own folder when this is a checkout, else the package that the wheel carries."""
    repository = Path(__file__).resolve().parent.parent
    if (repository / "pyproject.toml").is_file():
        return repository / "templates"
    return files("monitor._templates")


def _load(name: str) -> str | None:
    """Return a template's text, None when there is none: jinja2 then raises `TemplateNotFound`."""
    try:
        return source(name)
    except FileNotFoundError:
        return None


@cache
def _html() -> Environment:
    """Return the environment for pages. `value|breakable` may end a line behind a slash or an at sign."""
    environment = Environment(
        loader=FunctionLoader(_load),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters["breakable"] = _breakable
    return environment


@cache
def _slack() -> Environment:
    """Return the environment for Slack messages: HTML's escapes would be read as they are written there."""
    environment = Environment(
        loader=FunctionLoader(_load),
        autoescape=True,
        finalize=_slack_value,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters |= {name: _trusted(make) for name, make in mrkdwn.FILTERS.items()}
    return environment


def _breakable(value: object) -> Markup:
    return Markup("<wbr>").join(escape(part) for part in _SEPARATED.split(str(value)))


def _slack_value(value: object) -> object:
    """Return what a template shows of a value. Marked as trusted, the HTML escaping after it leaves it alone."""
    if isinstance(value, Markup | StrictUndefined):
        return value
    return Trusted(mrkdwn.words(str(value)))


def _trusted(make: Callable[..., str]) -> Callable[..., Trusted]:
    @wraps(make)
    def filtered(value: object, *arguments: object) -> Trusted:
        return value if isinstance(value, Markup) else Trusted(make(str(value), *arguments))

    return filtered
