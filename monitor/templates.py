"""Finds and renders `templates/`, of the repository or of an installed wheel; the only module that imports jinja2."""

from functools import cache, reduce
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

Trusted = Markup
"""Text that is HTML already."""


def render_html(name: str, **values: object) -> str:
    """Render an HTML template. Every value is escaped as text; a name the template uses but was not given raises."""
    return _html().get_template(name).render(**values)


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
    """Return the environment for pages."""
    return Environment(
        loader=FunctionLoader(_load),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
