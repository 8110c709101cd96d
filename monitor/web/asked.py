"""What a request asks for, read from its query: every mistake is told with its place, and no word is passed over."""

import base64
import binascii
import json
from collections.abc import Collection
from datetime import datetime
from typing import Any

from starlette.requests import Request

from monitor.exact_json import Json
from monitor.store.paging import Page, Position
from monitor.web.answers import ProblemError

LIMIT = 100
"""How many of a list are told when nothing is said about it."""

MOST = 1_000
LONGEST = 10_000
"""Characters of a value; the longest name that a contract file could hold is no question."""


class Asked:
    """The query of a request."""

    def __init__(self, request: Request, known: Collection[str]) -> None:
        """Read it. Raises ProblemError for a word that is not understood here, or is said twice."""
        self._values: dict[str, str] = {}
        for name, value in request.query_params.multi_items():
            if name not in known:
                listed = ", ".join(sorted(known)) or "nothing"
                raise ProblemError(400, "unknown_parameter", f"not understood here; expected {listed}", f"query.{name}")
            if name in self._values:
                raise ProblemError(400, "bad_parameter", "said twice, expected once", f"query.{name}")
            if len(value) > LONGEST:
                raise ProblemError(400, "bad_parameter", f"longer than {LONGEST:,} characters", f"query.{name}")
            self._values[name] = value

    def text(self, name: str) -> str | None:
        """Return a value, None where it is not said."""
        return self._values.get(name)

    def needed(self, name: str) -> str:
        """Return a value. Raises ProblemError where it is not said."""
        if not self._values.get(name):
            raise ProblemError(400, "missing_parameter", f"expected {name}=…", f"query.{name}")
        return self._values[name]

    def word(self, name: str, words: Collection[str], default: str) -> str:
        """Return one of some words."""
        found = self._values.get(name, default)
        if found not in words:
            raise ProblemError(400, "bad_parameter", f"found {found!r}, expected {' or '.join(words)}", f"query.{name}")
        return found

    def number(self, name: str, default: int, least: int, most: int) -> int:
        """Return a whole number between two others, ends included."""
        found = self._values.get(name)
        if found is None:
            return default
        if not (found.isascii() and found.isdigit() and len(found) <= len(str(most)) and least <= int(found) <= most):
            told = f"found {found[:40]!r}, expected a number from {least:,} to {most:,}"
            raise ProblemError(400, "bad_parameter", told, f"query.{name}")
        return int(found)

    def limit(self) -> int:
        """Return how many of a list are wanted."""
        return self.number("limit", LIMIT, 1, MOST)

    def after(self) -> Position | None:
        """Return where the page before ended. Raises ProblemError for a cursor that is none of ours."""
        cursor = self._values.get("cursor")
        if cursor is None:
            return None
        try:
            at, key = json.loads(base64.urlsafe_b64decode(cursor.encode("ascii")))
            position = Position(at=datetime.fromisoformat(at), key=key)
            if position.at.tzinfo is None or not isinstance(key, int | str) or isinstance(key, bool):
                raise ValueError(cursor)  # noqa: TRY301
        except (ValueError, TypeError, binascii.Error, RecursionError):
            told = "expected the `next` of an earlier answer"
            raise ProblemError(400, "bad_parameter", told, "query.cursor") from None
        return position


def cursor_of(page: Page[Any]) -> Json:
    """Return what to ask for to go on after a page, null after the last one."""
    if page.end is None:
        return None
    return base64.urlsafe_b64encode(json.dumps([page.end.at.isoformat(), page.end.key]).encode()).decode("ascii")
