"""Writes pages: each whole or not at all, and only where its text has changed."""

import base64
import hashlib
import os
import re
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from monitor import templates
from monitor.domain.contract import Contract
from monitor.domain.scan import Run
from monitor.reports import links
from monitor.reports.contract_view import ContractPage
from monitor.reports.dataset_view import DatasetPage
from monitor.reports.frame import Frame
from monitor.reports.incident_view import IncidentPage
from monitor.reports.index_view import IndexPage
from monitor.reports.status import Badge
from monitor.reports.views import page

PAGE = "report/run.html.j2"
STYLE = "report/style.css"
SITE_STYLE = "report/site.css"
SITE_SCRIPT = "report/site.js"

BADGE = "report/badge.svg.j2"

_TEMPLATES = {
    ContractPage: "report/contract.html.j2",
    DatasetPage: "report/dataset.html.j2",
    IndexPage: "report/index.html.j2",
    IncidentPage: "report/incident.html.j2",
}
_PARTS = ("report/base.html.j2", "report/columns.html.j2", "report/parts.html.j2", "report/section.html.j2")
_TO_SITE = re.compile(r'<a (?:class="[a-z]+" )?href="(?!#|https?://)[^"]*"(?: data-filter)?>')
"""A link to another page of the site: it leads nowhere where a page lies alone. All text is escaped by then."""

_POLICY = "default-src 'none'; {allowed}; img-src 'self' data:; base-uri 'none'; form-action 'none'"
"""Content-Security-Policy of every page. `file:` is what 'self' means where a site is opened from a folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assets:
    """The one style sheet and the one script of the site: their names change with what is in them."""

    style_name: str
    style: str
    script_name: str
    script: str


def render(run: Run, contract: Contract | None) -> str:
    """Return the page of a run as one file. The same run and contract give the same bytes."""
    shown = page(run, contract)
    return _single(PAGE, (STYLE,), page=shown, title=shown.title, frame=None)


def render_run(run: Run, contract: Contract | None, frame: Frame) -> str:
    """Return the page of a run as a page of the site."""
    return _site(PAGE, frame, page=page(run, contract))


def render_page(page: ContractPage | DatasetPage | IndexPage | IncidentPage) -> str:
    """Return a page of the site, or as one file where its frame says so: for an e-mail, without script, in UTC."""
    template = _TEMPLATES[type(page)]
    if page.frame.is_single:
        text = _single(template, (STYLE, SITE_STYLE), page=page, title=page.frame.title, frame=page.frame)
        return _TO_SITE.sub("<a>", text)
    return _site(template, page.frame, page=page)


def render_badge(badge: Badge) -> str:
    """Return a badge as an SVG image."""
    return templates.render_html(BADGE, badge=badge)


def _site(template: str, frame: Frame, *, page: object) -> str:
    shared = assets()
    return templates.render_html(
        template,
        page=page,
        frame=frame,
        title=frame.title,
        policy=_POLICY.format(allowed="style-src 'self' file:; script-src 'self' file:"),
        style=None,
        style_href=links.relative(frame.path, to=shared.style_name),
        script_href=links.relative(frame.path, to=shared.script_name),
    )


def _single(template: str, styles: tuple[str, ...], **values: object) -> str:
    style, digest = _style(*styles)
    policy = _POLICY.format(allowed=f"style-src '{digest}'")
    return templates.render_html(template, policy=policy, style=style, **values)


@cache
def assets() -> Assets:
    """Return what every page of the site shares."""
    style, script = templates.source(STYLE) + templates.source(SITE_STYLE), templates.source(SITE_SCRIPT)
    return Assets(
        style_name=f"style-{_short_hash(style)}.css",
        style=style,
        script_name=f"site-{_short_hash(script)}.js",
        script=script,
    )


def sources() -> tuple[str, ...]:
    """Return the templates of all pages as they are written."""
    return tuple(templates.source(name) for name in sorted({PAGE, BADGE, *_TEMPLATES.values(), *_PARTS}))


def write(path: Path, text: str, *, durable: bool = True) -> None:
    """Write a page so that a reader sees the old one or the new one, never half of it; creates its folder.

    What is not `durable` may be lost with the power, as a page that can be made again may.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:80]}.", suffix=".tmp")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_changed(path: Path, text: str) -> bool:
    """Write a page if its file does not say the same already; return whether it did not."""
    wanted = text.encode()
    try:
        if path.stat().st_size == len(wanted) and path.read_bytes() == wanted:
            return False
    except FileNotFoundError:
        pass
    write(path, text, durable=False)
    return True


@cache
def _style(*names: str) -> tuple[templates.Trusted, str]:
    """Return style sheets as one, and its hash as a Content-Security-Policy names it (CSP Level 3, hash-source)."""
    style = templates.Trusted("".join(templates.source(name) for name in names))
    digest = hashlib.sha256(style.encode()).digest()
    return style, f"sha256-{base64.b64encode(digest).decode('ascii')}"


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:10]
