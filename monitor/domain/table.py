"""What a server's catalogue says of a table beyond its columns: keys, constraints, comments."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveColumn:
    """A column with all that its catalogue knows. `labels` are the values of an enumeration, in its order."""

    name: str
    type: str
    base_type: str | None
    nullable: bool
    comment: str | None = None
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveReference:
    """A foreign key that the server keeps: `columns` point to `to` of another table."""

    columns: tuple[str, ...]
    schema: str
    table: str
    to: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveTable:
    """A table or view with its constraints. `checks` are SQL conditions as the server writes them."""

    schema: str
    name: str
    kind: str
    comment: str | None = None
    columns: tuple[LiveColumn, ...] = ()
    primary_key: tuple[str, ...] = ()
    uniques: tuple[tuple[str, ...], ...] = ()
    references: tuple[LiveReference, ...] = ()
    checks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LivePlace:
    """Where tables were found: the server as a contract may name it, `address` in ODCS's words; never a credential."""

    server: str
    type: str
    schema: str
    address: Mapping[str, str | int]
