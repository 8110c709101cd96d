"""`[servers.X.connection]`: what a warehouse's own package wants to know, handed on as it is. Nothing here is judged.

Keys are Soda's business, secrets are ours: a text whose key says that it is one has to come from the environment.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from monitor.settings_base import REFERENCE, Environment

CONNECTORS = frozenset({"athena", "bigquery", "databricks", "dremio", "redshift", "snowflake", "sqlserver", "trino"})
"""The types of servers that have such a table (`checks.dialect.CONNECTORS`; a test holds them equal)."""
_SECRET = re.compile(
    r"(?:password|passwd|passphrase|passcode|secret|token|api_?key|private_key|access_key|info_json)\Z"
)


def filled(value: object, environment: Environment, where: str) -> object:
    """Return settings with the `${NAME}` references of every text in them filled in, however deep it stands."""
    match value:
        case Mapping():
            return {key: filled(each, environment, f"{where}.{key}") for key, each in value.items()}
        case list():
            return [filled(each, environment, where) for each in value]
        case _:
            return environment.expand(value, where)


def in_plain_text(value: object, where: str) -> Iterator[str]:
    """Yield a problem for each secret that is written out."""
    if not isinstance(value, Mapping):
        return
    for key, each in value.items():
        if isinstance(each, str) and _SECRET.search(str(key).lower()) and not REFERENCE.fullmatch(each):
            variable = str(key).upper()
            yield f'{where}.{key}: a secret in plain text; write {key} = "${{{variable}}}" and set that variable'
        yield from in_plain_text(each, f"{where}.{key}")


def written(connection: Mapping[str, Any] | None) -> str | None:
    """Return the table as one text that settings can hold."""
    return None if connection is None else json.dumps(connection, default=str)
