"""Writes the page of one run: one self-contained file, whole or not at all."""

import base64
import hashlib
import os
import tempfile
from functools import cache
from pathlib import Path

from monitor import templates
from monitor.domain.contract import Contract
from monitor.domain.scan import Run
from monitor.reports.views import page

PAGE = "report/run.html.j2"
STYLE = "report/style.css"


def render(run: Run, contract: Contract | None) -> str:
    """Return the page of a run. The same run and contract give the same bytes."""
    style, policy = _style()
    return templates.render_html(PAGE, page=page(run, contract), style=style, style_hash=policy)


def write(path: Path, text: str) -> None:
    """Write a page so that a reader sees the old one or the new one, never half of it; creates its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def page_path(reports: Path, run: Run) -> Path:
    """Return where the page of a run belongs: `<slug>/runs/<run id>.html`."""
    return reports / run.slug / "runs" / f"{run.run_id}.html"


@cache
def _style() -> tuple[templates.Trusted, str]:
    """Return the style sheet and its hash as a Content-Security-Policy names it (CSP Level 3, hash-source)."""
    style = templates.trusted(STYLE)
    digest = hashlib.sha256(style.encode()).digest()
    return style, f"sha256-{base64.b64encode(digest).decode('ascii')}"
