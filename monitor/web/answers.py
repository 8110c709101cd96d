"""What is answered: JSON with exact numbers, and errors that say what to mend."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from monitor.errors import MonitorError, UsageError
from monitor.exact_json import Json, encode
from monitor.web.access import Refused

COMMON = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
NEVER_KEPT = {"Cache-Control": "no-store"}
NOT_FOUND = 404
UNAUTHORIZED = 401


class ProblemError(Exception):
    """Why a request cannot be answered as it was asked. `where` names what to correct, such as `query.limit`."""

    def __init__(self, status: int, code: str, message: str, where: str | None = None) -> None:
        """Keep what is answered."""
        self.status, self.code, self.message, self.where = status, code, message, where
        super().__init__(message)


def answer(value: Mapping[str, Json], status: int = 200, headers: Mapping[str, str] = {}) -> Response:
    """Return a JSON answer."""
    return Response(encode(value), status, {**NEVER_KEPT, **headers}, media_type="application/json")


def problem(status: int, code: str, message: str, where: str | None = None) -> Response:
    """Return an error: `{"error": {"code", "message", "where"}}`."""
    headers = {"WWW-Authenticate": 'Bearer realm="pactwatch"'} if status == UNAUTHORIZED else {}
    return answer({"error": {"code": code, "message": message, "where": where}}, status, headers)


def refused(found: Refused, *, is_page: bool) -> Response:
    """Return why somebody is not answered; a browser that wants pages then asks for a password, which is the token."""
    response = problem(found.status, found.code, found.message)
    if is_page and found.status == UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = 'Basic realm="pactwatch", charset="UTF-8"'
    return response


async def on_problem(request: Request, error: Exception) -> Response:
    """Answer a `ProblemError`."""
    del request
    if not isinstance(error, ProblemError):
        raise error
    return problem(error.status, error.code, error.message, error.where)


async def on_trouble(request: Request, error: Exception) -> Response:
    """Answer what one of our own errors means: the asker's mistake, or a state database that does not answer."""
    del request
    if isinstance(error, UsageError):
        return problem(400, "bad_request", str(error))
    if isinstance(error, MonitorError):
        return problem(503, "unavailable", str(error))
    raise error


async def on_http(request: Request, error: Exception) -> Response:
    """Answer a path or a method that does not exist."""
    status = int(getattr(error, "status_code", 500))
    code = {404: "not_found", 405: "method_not_allowed"}.get(status, "bad_request")
    said = "there is nothing here" if status == NOT_FOUND else f"{request.method} is not understood here"
    response = problem(status, code, said, "path" if status == NOT_FOUND else "method")
    response.headers.update(getattr(error, "headers", None) or {})
    return response


async def on_crash(request: Request, error: Exception) -> Response:
    """Answer what nobody foresaw; the log has it, the answer has nothing of it."""
    del request, error
    return problem(500, "internal", "this went wrong here; the log says how")
