"""The report site: the folder that `report` writes, with headers that let a page do nothing but be read."""

import os
from os import PathLike
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from monitor.web.answers import problem

POLICY = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; script-src 'self'; img-src 'self' data:;"
    " frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


class Site(StaticFiles):
    """Serves the folder; the pages keep their own stricter policy beside the header's."""

    async def check_config(self) -> None:
        """Accept a folder that is not there yet: the first report makes it."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file, never one whose name begins with a dot (a page that is just being written)."""
        if any(part.startswith(".") and part != "." for part in path.split("/")):
            return problem(404, "not_found", "there is nothing here", "path")
        response = await super().get_response(path, scope)
        response.headers.update(HEADERS)
        return response

    def file_response(
        self, full_path: PathLike[str] | str, stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """Return a file as it is at one moment: by the time it is sent, another page may be in its place.

        Starlette's own answer takes the length of the one and the text of the other.
        """
        try:
            with Path(full_path).open("rb") as file:
                stat_result, content = os.fstat(file.fileno()), file.read()
        except FileNotFoundError:
            raise HTTPException(status_code=404) from None
        answer = super().file_response(full_path, stat_result, scope, status_code)
        if not isinstance(answer, FileResponse):  # the reader has it already
            return answer
        del answer.headers["accept-ranges"]
        return Response(content, status_code, headers=answer.headers)


def routes(folder: Path | None) -> list[BaseRoute]:
    """Return what is served below `/`: the site, or a sentence while there is none."""
    if folder is None:
        return [Route("/", _nothing)]
    return [Mount("/", Site(directory=folder, html=True, check_dir=False, follow_symlink=False), name="site")]


async def _nothing(request: Request) -> Response:
    del request
    return problem(404, "no_reports", "no reports are written yet", "path")
