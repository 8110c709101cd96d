"""What a contract promises, normalised from every supported ODCS version."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from monitor.domain.check import Threshold
from monitor.domain.duration import Duration
from monitor.domain.packs import Pack
from monitor.domain.runbook import Runbook

Scalar = str | int | Decimal | bool | None
"""A leaf of a contract document. Numbers are exact: `int`, or `Decimal` for anything with a fraction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleArguments:
    """`quality[].arguments` of the library metrics (ODCS data-quality, "Library metrics")."""

    missing_values: tuple[Scalar, ...] = ()
    valid_values: tuple[Scalar, ...] | None = None
    pattern: str | None = None
    properties: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityRule:
    """One entry of `quality[]`, on a dataset or on a column.

    `type` is one of `library`, `text`, `sql`, `custom`; `metric` is the 3.1 camel-case name (also of 3.0's `rule`).
    `implementation` is the text of a custom rule; an object in the file arrives here as the YAML it stands for, one
    for our own engine as `pack`, with its `metric` and `threshold`.
    """

    id: str | None
    name: str | None
    description: str | None
    type: str
    metric: str | None = None
    arguments: RuleArguments = RuleArguments()
    threshold: Threshold | None = None
    unit: str = "rows"
    query: str | None = None
    engine: str | None = None
    implementation: str | None = None
    pack: Pack | None = None
    dimension: str | None = None
    severity: str | None = None
    business_impact: str | None = None
    schedule: str | None = None
    scheduler: str | None = None
    runbook: Runbook | None = None
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """The far end of a relationship. `problem` says why it does not resolve inside this file (else None)."""

    dataset: str
    columns: tuple[str, ...]
    text: str
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Relationship:
    """A foreign key: `columns` of the owning dataset point to `to` (ODCS 3.1 relationships)."""

    id: str | None
    columns: tuple[str, ...]
    to: Reference
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """`logicalTypeOptions` of a column. Bounds are exact numbers, or ISO strings for dates and times.

    3.0's boolean `exclusiveMinimum: true` arrives here as an exclusive bound of its own.
    """

    minimum: int | Decimal | str | None = None
    maximum: int | Decimal | str | None = None
    exclusive_minimum: int | Decimal | str | None = None
    exclusive_maximum: int | Decimal | str | None = None
    multiple_of: int | Decimal | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    format: str | None = None
    timezone: bool | None = None
    default_timezone: str | None = None
    min_items: int | None = None
    max_items: int | None = None
    unique_items: bool = False
    min_properties: int | None = None
    max_properties: int | None = None
    required_properties: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One top-level property of a dataset. `physical_name` is the name in the table, exactly.

    `sources` are the objects that it is made from (ODCS `transformSourceObjects`), as the contract names them.
    """

    name: str
    physical_name: str
    logical_type: str | None = None
    physical_type: str | None = None
    description: str | None = None
    classification: str | None = None
    critical: bool = False
    required: bool = False
    unique: bool = False
    primary_key_position: int | None = None
    limits: Limits = Limits()
    enum: tuple[Scalar, ...] | None = None
    rules: tuple[QualityRule, ...] = ()
    relationships: tuple[Relationship, ...] = ()
    sources: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    runbook: Runbook | None = None
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckWindow:
    """Our custom property `checkWindow` of a dataset: its row rules look at the rows of the `last` so long by a column.

    `partition` is a column that holds the day of the same moment and by which the table is partitioned.
    """

    column: str
    last: Duration
    partition: str | None = None
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """A table or view (ODCS "schema object"). `schema` is None where the server's default applies.

    `physical_type` is what the contract calls it: `table`, `view`, …
    """

    name: str
    schema: str | None
    table: str
    physical_type: str | None = None
    description: str | None = None
    columns: tuple[Column, ...] = ()
    rules: tuple[QualityRule, ...] = ()
    relationships: tuple[Relationship, ...] = ()
    window: CheckWindow | None = None
    tags: tuple[str, ...] = ()
    runbook: Runbook | None = None
    line: int

    def column(self, name: str) -> Column | None:
        """Return the column with this contract name."""
        return next((column for column in self.columns if column.name == name), None)

    @property
    def primary_key(self) -> tuple[Column, ...]:
        """Return the key columns in `primaryKeyPosition` order; unnumbered ones follow in file order."""
        keys = [column for column in self.columns if column.primary_key_position is not None]
        return tuple(sorted(keys, key=lambda column: column.primary_key_position or 0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """A `dataset.column` that a service level speaks about. `problem` says why it does not resolve."""

    dataset: str
    column: str
    text: str
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceLevel:
    """One entry of `slaProperties`. `property` is the documented camel-case name (abbreviations and case resolved).

    `duration` is what value and unit say together, for the levels that data can show; None where they say nothing.
    """

    id: str | None
    property: str
    value: Scalar
    value_ext: Scalar = None
    unit: str | None = None
    duration: Duration | None = None
    elements: tuple[Element, ...] = ()
    description: str | None = None
    schedule: str | None = None
    scheduler: str | None = None
    runbook: Runbook | None = None
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractServer:
    """One entry of `servers[]`: where the contract says that its data lives. Never a credential."""

    name: str
    type: str
    environment: str | None = None
    host: str | None = None
    port: int | None = None
    database: str | None = None
    schema: str | None = None
    path: str | None = None
    format: str | None = None
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SupportChannel:
    """One entry of `support[]`."""

    channel: str
    tool: str | None = None
    scope: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Who stands behind a contract: the team's name, its members by name or else username, and all their usernames.

    A username may be an e-mail address (ODCS team, "username").
    """

    team: str | None = None
    members: tuple[str, ...] = ()
    usernames: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unchecked:
    """A promise that the standard allows and nothing here can check: `where` in the file, and the reason."""

    dataset: str
    where: str
    reason: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """One version of a contract, as read from one file.

    `fingerprint` covers the file's bytes, `meaning` only what is promised (schema, quality, service levels).
    `extra_columns` is `allow`, `warn` or `fail`; `column_order` likewise.
    """

    id: str
    slug: str
    name: str
    version: str
    status: str
    api_version: str
    file: str
    fingerprint: str
    meaning: str
    datasets: tuple[Dataset, ...] = ()
    service_levels: tuple[ServiceLevel, ...] = ()
    servers: tuple[ContractServer, ...] = ()
    owner: Owner = Owner()
    support: tuple[SupportChannel, ...] = ()
    domain: str | None = None
    purpose: str | None = None
    usage: str | None = None
    limitations: str | None = None
    runbook: Runbook | None = None
    tags: tuple[str, ...] = ()
    extra_columns: str = "warn"
    column_order: str = "allow"
    unchecked: tuple[Unchecked, ...] = ()
    remarks: tuple[str, ...] = ()
    version_line: int = 1

    def dataset(self, name: str) -> Dataset | None:
        """Return the dataset with this contract name."""
        return next((dataset for dataset in self.datasets if dataset.name == name), None)

    def columns(self) -> Iterator[tuple[Dataset, Column]]:
        """Yield every column with its dataset, in file order."""
        for dataset in self.datasets:
            for column in dataset.columns:
                yield dataset, column
