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
    text,
    true,
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

OPEN_SLOTS = ("due", "running")

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
    Column("shadow", Boolean, nullable=False, server_default=false()),
    Column("trigger", Text, nullable=False, server_default="scheduled"),
    Column("parts", Document, nullable=False, server_default='["all"]'),
    Column("alert", Boolean, nullable=False, server_default=true()),
    Column("run_id", Words, unique=True),  # promised to whoever asked for this run
    Column("not_before", Moment),
    Column("losses", Integer, nullable=False, server_default="0"),  # attempts whose owner was not heard of any more
    Column("tries", Integer, nullable=False, server_default="0"),  # attempts that came to know nothing
    Column("reason", Words),
    Column("finished_at", Moment),
    UniqueConstraint("target_id", "instant", "shadow"),
    Index(
        "ix_slots_open",
        "not_before",
        sqlite_where=text("state IN ('due', 'running')"),
        postgresql_where=text("state IN ('due', 'running')"),
    ),
    Index(
        "ix_slots_open_target_id",
        "target_id",
        sqlite_where=text("state IN ('due', 'running')"),
        postgresql_where=text("state IN ('due', 'running')"),
    ),
)

watermarks = Table(  # up to when the slots of a target are written down
    "watermarks",
    metadata,
    Column("target_id", ForeignKey("targets.id"), primary_key=True, autoincrement=False),
    Column("shadow", Boolean, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("done", Moment),  # the latest slot with a result
    Column("missed", Moment),  # the first slot that was passed over since then
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
    Column("window", Words),
    Column("runbook", Document),
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
    Column("check_id", ForeignKey("checks.id"), primary_key=True, autoincrement=False),
    Column("target_id", ForeignKey("targets.id"), nullable=False),
    Column(
        "removed", Boolean, nullable=False, server_default=false()
    ),  # as its check is: the front page reads only this
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
    Column("cause", Words),
    Index("ix_results_check_id_at", "check_id", "at"),
)

measurements = Table(  # for checks that compare with earlier runs
    "measurements",
    metadata,
    Column("run_id", ForeignKey("runs.id"), primary_key=True, autoincrement=False),
    Column("check_id", ForeignKey("checks.id"), primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("metric", Words, nullable=False),
    Column("value", Document, nullable=False),
    Index("ix_measurements_check_id_at", "check_id", "at"),
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

drift_events = Table(
    "drift_events",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("target_id", ForeignKey("targets.id"), nullable=False),
    Column("run_id", Words, nullable=False),
    Column("at", Moment, nullable=False),
    Column("kind", Text, nullable=False),
    Column("value", Document, nullable=False),
    Index("ix_drift_events_target_id_at", "target_id", "at"),
    Index("ix_drift_events_at", "at"),
)

incidents = Table(
    "incidents",
    metadata,
    Column("id", Words, primary_key=True),
    Column("target_id", ForeignKey("targets.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("key", Words, nullable=False),
    Column("state", Text, nullable=False),
    Column("is_over", Boolean, nullable=False),
    Column("severity", Words, nullable=False),
    Column("last_seen_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("until", Moment),
    Column("sequence", Integer, nullable=False),
    Column("value", Document, nullable=False),  # the incident itself, whole
    Index(
        "uq_incidents_open",
        "target_id",
        "kind",
        "key",
        unique=True,
        sqlite_where=text("is_over = 0"),
        postgresql_where=text("NOT is_over"),
    ),
    Index("ix_incidents_target_id_ended_at", "target_id", "ended_at"),
    Index("ix_incidents_last_seen_at", "last_seen_at"),
)

incident_changes = Table(
    "incident_changes",
    metadata,
    Column("incident_id", ForeignKey("incidents.id"), primary_key=True),
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("value", Document, nullable=False),
    Index("ix_incident_changes_at", "at"),
)

threads = Table(  # one story in one channel: its parent message and what that says
    "threads",
    metadata,
    Column("group_id", Words, primary_key=True),
    Column("destination", Words, primary_key=True),
    Column("about", Words, nullable=False),  # the target, or the root cause
    Column("channel", Words),
    Column("ts", Words),
    Column("state", Document, nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("closed_at", Moment),
    Index("ix_threads_about", "about", "destination"),
)

silences = Table(
    "silences",
    metadata,
    Column("id", Words, primary_key=True),
    Column("starts_at", Moment, nullable=False),
    Column("ends_at", Moment, nullable=False),
    Column("value", Document, nullable=False),
    Column("ended", Boolean, nullable=False, server_default=false()),  # its end was dealt with
    Index("ix_silences_ends_at", "ends_at"),
)

UNSENT = ("queued", "sending", "failed")
_IS_UNSENT = text("state IN ('queued', 'sending', 'failed')")

outbox = Table(
    "outbox",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("alert_id", Words, nullable=False, unique=True),
    Column("target_id", ForeignKey("targets.id")),
    Column("destination", Words, nullable=False),
    Column("story", Words),  # the group of incidents whose thread it belongs to
    Column("kind", Text, nullable=False),
    Column("payload", Document, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("ambiguous", Boolean, nullable=False, server_default=false()),  # an attempt may have been heard
    Column("due_at", Moment),  # when it should have been told; no retry moves it
    Column("not_before", Moment, nullable=False),
    Column("claimed_by", Words),
    Column("until", Moment),
    Column("superseded_by", Words),
    Column("created_at", Moment, nullable=False),
    Column("finished_at", Moment),
    Index("ix_outbox_unsent", "destination", "id", sqlite_where=_IS_UNSENT, postgresql_where=_IS_UNSENT),
    Index("ix_outbox_created_at", "created_at"),
)

outbox_incidents = Table(
    "outbox_incidents",
    metadata,
    Column("outbox_id", ForeignKey("outbox.id"), primary_key=True, autoincrement=False),
    Column("incident_id", Words, primary_key=True),
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Index("ix_outbox_incidents_incident_id", "incident_id", "sequence"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("outbox_id", ForeignKey("outbox.id"), primary_key=True, autoincrement=False),
    Column("attempt", Integer, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("error", Words),
    Column("channel", Words),
    Column("ts", Words),
)

channels = Table(  # shared by all replicas: when the next message may go, and whether it is worth trying
    "channels",
    metadata,
    Column("destination", Words, primary_key=True),
    Column("next_send_at", Moment, nullable=False),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("probe_at", Moment),  # the circuit is open until then; after it, one probe
    Column("fault", Text),  # why it takes no messages, until it takes one again
    Column("trouble", Words),
)

heartbeats = Table(
    "heartbeats",
    metadata,
    Column("name", Words, primary_key=True),
    Column("started_at", Moment, nullable=False),
    Column("at", Moment, nullable=False),
    Column("details", Document, nullable=False),
)
