"""Every table. What changes here needs a migration; a test holds both against each other."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from monitor.store.types import Document, Exact, Moment, Words

KEY = BigInteger().with_variant(Integer(), "sqlite")
"""SQLite numbers rows by itself only where the type is exactly INTEGER."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

targets = Table(
    "targets",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("contract", Words, nullable=False),
    Column("major", Words, nullable=False),
    Column("server", Words, nullable=False),
    UniqueConstraint("contract", "major", "server"),
)

contract_versions = Table(
    "contract_versions",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("contract", Words, nullable=False),
    Column("version", Words, nullable=False),
    Column("fingerprint", Words, nullable=False),
    Column("meaning", Words, nullable=False),
    Column("slug", Words, nullable=False),
    Column("name", Words, nullable=False),
    Column("status", Words, nullable=False),
    Column("file", Words, nullable=False),
    Column("details", Document, nullable=False),  # owner, support, domain, purpose, tags: what pages and routing need
    Column("first_seen", Moment, nullable=False),
    Column("last_seen", Moment, nullable=False),
    UniqueConstraint("contract", "version", "fingerprint"),
)

slots = Table(
    "slots",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("target_id", ForeignKey("targets.id"), nullable=False),
    Column("instant", Moment, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column("claimed_by", Words),
    Column("until", Moment),
    Column("created_at", Moment, nullable=False),
    UniqueConstraint("target_id", "instant"),
)

runs = Table(
    "runs",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("run_id", Words, nullable=False, unique=True),
    Column("target_id", ForeignKey("targets.id"), nullable=False),
    Column("version_id", ForeignKey("contract_versions.id"), nullable=False),
    Column("slot_id", ForeignKey("slots.id"), unique=True),  # exactly one recorded run per slot
    Column("trigger", Text, nullable=False),
    Column("shadow", Boolean, nullable=False),
    Column("subset", Boolean, nullable=False),
    Column("stands", Boolean, nullable=False),  # "the verdict now" rests on it
    Column("location", Words),
    Column("started_at", Moment, nullable=False),
    Column("finished_at", Moment, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("passed", Integer, nullable=False),
    Column("warned", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("errors", Integer, nullable=False),
    Column("blocked", Integer, nullable=False),
    Column("skipped", Integer, nullable=False),
    Column("pruned", Boolean, nullable=False, server_default=false()),  # its results live on in the roll-ups only
    Index("ix_runs_started_at", "started_at"),
    Index("ix_runs_target_id_started_at", "target_id", "started_at"),
)

checks = Table(
    "checks",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("target_id", ForeignKey("targets.id"), nullable=False),
    Column("shadow", Boolean, nullable=False),  # a draft's checks have a history of their own
    Column("check_id", Words, nullable=False),
    Column("name", Words, nullable=False),
    Column("kind", Text, nullable=False),
    Column("dataset", Words, nullable=False),
    Column("columns", Document, nullable=False),
    Column("dimension", Text),
    Column("severity", Words, nullable=False),
    Column("expected", Words, nullable=False),
    Column("unit", Words),
    Column("impact", Words),
    Column("line", Integer, nullable=False),
    Column("sql", Words),
    Column("needs", Document, nullable=False),
    Column("not_checked", Document, nullable=False),
    Column("first_seen", Moment, nullable=False),
    Column("removed_at", Moment),
    UniqueConstraint("target_id", "shadow", "check_id"),
)

standings = Table(  # one row per check: its latest result that stands, and when it last held
    "standings",
    metadata,
    Column("check_id", ForeignKey("checks.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("run_id", Words, nullable=False),
    Column("at", Moment, nullable=False),
    Column("outcome", SmallInteger, nullable=False),
    Column("measured", Exact),
    Column("rows", BigInteger),
    Column("reason", Words),
    Column("since", Moment, nullable=False),
    Column("held_at", Moment),
    Column("held_since", Moment),
    Column("held_run", Words),
    Column("held_measured", Exact),
    Column("held_rows", BigInteger),
)

results = Table(  # the big one: no key of its own; what is as the check says (expected, sql) is left out
    "results",
    metadata,
    Column("run_id", ForeignKey("runs.id"), primary_key=True, autoincrement=False),
    Column("check_id", ForeignKey("checks.id"), primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("position", Integer, nullable=False),
    Column("outcome", SmallInteger, nullable=False),
    Column("stands", Boolean, nullable=False),
    Column("measured", Exact),
    Column("rows", BigInteger),
    Column("seconds", Double),
    Column("reason", Words),
    Column("expected", Words),
    Column("sql", Words),
    Column("offending", Words),
    Column("sample", Document),
    Index("ix_results_check_id_at", "check_id", "at"),
)

days = Table(  # roll-ups: what a check did on one UTC day, folded in as results come
    "days",
    metadata,
    Column("check_id", ForeignKey("checks.id"), primary_key=True, autoincrement=False),
    Column("day", Date, primary_key=True),
    Column("worst", SmallInteger, nullable=False),
    Column("least", Exact),
    Column("greatest", Exact),
    Column("last", Exact),
    Column("last_at", Moment, nullable=False),
    Column("passed", Integer, nullable=False),
    Column("warned", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("errors", Integer, nullable=False),
    Column("blocked", Integer, nullable=False),
    Column("skipped", Integer, nullable=False),
    Index("ix_days_day", "day"),
)

columns_seen = Table(
    "columns_seen",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("target_id", ForeignKey("targets.id"), nullable=False),
    Column("schema", Words),
    Column("name", Words, nullable=False),
    Column("run_id", Words, nullable=False),
    Column("at", Moment, nullable=False),
    Column("digest", Text, nullable=False),
    Column("relation", Document, nullable=False),
    Index("ix_columns_seen_target_id", "target_id"),
)

edits = Table(  # the ledger of released versions that met us again with another meaning
    "edits",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("contract", Words, nullable=False),
    Column("version", Words, nullable=False),
    Column("before", Words, nullable=False),
    Column("after", Words, nullable=False),
    Column("file", Words, nullable=False),
    Column("run_id", Words, nullable=False),
    Column("at", Moment, nullable=False),
    UniqueConstraint("contract", "version", "before", "after"),
)
