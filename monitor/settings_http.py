"""`[http]` of `pactwatch.toml`: where Pactwatch is seen from outside, and by whom."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, WrapValidator, model_validator

from monitor.settings import HttpSettings, Pages
from monitor.settings_base import REFERENCE, Environment, Table, Unset, site, unless_unset

_BIND = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<host>[A-Za-z0-9.-]+)):(?P<port>\d{1,5})")
_HIGHEST_PORT = 65_535
SHORTEST_TOKEN = 16
BIND = "127.0.0.1:8650"


def _bind(value: str) -> str:
    match = _BIND.fullmatch(value)
    if match is None or int(match["port"]) > _HIGHEST_PORT:
        raise ValueError('expected an address and a port such as "127.0.0.1:8650" or "[::]:8650"')
    return value


Caller = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,60}$")]
Token = Annotated[str, Field(min_length=SHORTEST_TOKEN, pattern=r"^[!-~]+$"), WrapValidator(unless_unset)]


class Http(Table):
    """The table as it is written."""

    bind: Annotated[str, AfterValidator(_bind)] = BIND
    public_url: Annotated[str, AfterValidator(site)] | None = None
    pages: Annotated[Pages, Field(strict=False)] = Pages.OPEN
    tokens: dict[Caller, Token] = Field(default_factory=dict)

    @model_validator(mode="after")
    def agrees(self) -> Self:
        """Refuse one token for two callers, and pages that nobody could ever open."""
        if len(set(self.tokens.values())) < len(self.tokens):
            raise ValueError("two callers have the same token: give each a token of its own")
        value = self.value()
        if value.pages is Pages.TOKEN and not value.tokens:
            raise ValueError('pages = "token" needs tokens: [http.tokens] anna = "${ANNA_TOKEN}"')
        if value.pages is Pages.PROXY and "proxy" not in value.tokens and not value.is_local:
            raise ValueError('pages = "proxy" off loopback needs a token of the proxy\'s: proxy = "${PROXY_TOKEN}"')
        return self

    def value(self) -> HttpSettings:
        """Return it as the rest of the program knows it."""
        match = _BIND.fullmatch(BIND if isinstance(self.bind, Unset) else self.bind)
        if match is None:  # the field's own validator has seen to it
            raise ValueError(self.bind)
        return HttpSettings(
            host=match["six"] or match["host"],
            port=int(match["port"]),
            public_url=self.public_url,
            pages=self.pages,
            tokens=self.tokens,
        )


def filled(http: Mapping[str, Any], environment: Environment, problems: list[str]) -> dict[str, object]:
    """Return the table with its references filled in; a token in plain text is a problem, and is never repeated."""
    found: dict[str, object] = {
        key: environment.expand(value, f"http.{key}") for key, value in http.items() if not isinstance(value, dict)
    }
    tokens = http.get("tokens")
    if isinstance(tokens, dict):
        found["tokens"] = {
            caller: environment.expand(token, f"http.tokens.{caller}") for caller, token in tokens.items()
        }
        for caller, token in tokens.items():
            if isinstance(token, str) and not REFERENCE.fullmatch(token):
                variable = re.sub(r"[^A-Z0-9]", "_", caller.upper()) + "_TOKEN"
                problems.append(
                    f"http.tokens.{caller}: a secret in plain text;"
                    f' write {caller} = "${{{variable}}}" and set that variable'
                )
    return found
