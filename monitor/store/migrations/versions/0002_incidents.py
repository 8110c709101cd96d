"""Incidents, drift and the outbox."""

import sqlalchemy as sa
from alembic import op

from monitor.store.types import Document, Moment, Words

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

IS_UNSENT = sa.text("state IN ('queued', 'sending', 'failed')")
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Take the step."""
    op.create_table(
        "channels",
        sa.Column("destination", Words(), nullable=False),
        sa.Column("next_send_at", Moment(), nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("probe_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("destination", name=op.f("pk_channels")),
    )
    op.create_table(
        "heartbeats",
        sa.Column("name", Words(), nullable=False),
        sa.Column("started_at", Moment(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("details", Document(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_heartbeats")),
    )
    op.create_table(
        "silences",
        sa.Column("id", Words(), nullable=False),
        sa.Column("starts_at", Moment(), nullable=False),
        sa.Column("ends_at", Moment(), nullable=False),
        sa.Column("value", Document(), nullable=False),
        sa.Column("ended", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_silences")),
    )
    op.create_index("ix_silences_ends_at", "silences", ["ends_at"], unique=False)
    op.create_table(
        "threads",
        sa.Column("group_id", Words(), nullable=False),
        sa.Column("destination", Words(), nullable=False),
        sa.Column("about", Words(), nullable=False),
        sa.Column("channel", Words(), nullable=True),
        sa.Column("ts", Words(), nullable=True),
        sa.Column("state", Document(), nullable=False),
        sa.Column("opened_at", Moment(), nullable=False),
        sa.Column("closed_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("group_id", "destination", name=op.f("pk_threads")),
    )
    op.create_index("ix_threads_about", "threads", ["about", "destination"], unique=False)
    op.create_table(
        "drift_events",
        sa.Column("id", KEY, nullable=False),
        sa.Column("target_id", KEY, nullable=False),
        sa.Column("run_id", Words(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", Document(), nullable=False),
        sa.ForeignKeyConstraint(["target_id"], ["targets.id"], name=op.f("fk_drift_events_target_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drift_events")),
    )
    op.create_index("ix_drift_events_at", "drift_events", ["at"], unique=False)
    op.create_index("ix_drift_events_target_id_at", "drift_events", ["target_id", "at"], unique=False)
    op.create_table(
        "incidents",
        sa.Column("id", Words(), nullable=False),
        sa.Column("target_id", KEY, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", Words(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("is_over", sa.Boolean(), nullable=False),
        sa.Column("severity", Words(), nullable=False),
        sa.Column("last_seen_at", Moment(), nullable=False),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.Column("until", Moment(), nullable=True),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("value", Document(), nullable=False),
        sa.ForeignKeyConstraint(["target_id"], ["targets.id"], name=op.f("fk_incidents_target_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incidents")),
    )
    op.create_index("ix_incidents_last_seen_at", "incidents", ["last_seen_at"], unique=False)
    op.create_index("ix_incidents_target_id_ended_at", "incidents", ["target_id", "ended_at"], unique=False)
    op.create_index(
        "uq_incidents_open",
        "incidents",
        ["target_id", "kind", "key"],
        unique=True,
        sqlite_where=sa.text("is_over = 0"),
        postgresql_where=sa.text("NOT is_over"),
    )
    op.create_table(
        "outbox",
        sa.Column("id", KEY, nullable=False),
        sa.Column("alert_id", Words(), nullable=False),
        sa.Column("target_id", KEY, nullable=True),
        sa.Column("destination", Words(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("payload", Document(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("ambiguous", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("not_before", Moment(), nullable=False),
        sa.Column("claimed_by", Words(), nullable=True),
        sa.Column("until", Moment(), nullable=True),
        sa.Column("superseded_by", Words(), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("finished_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["target_id"], ["targets.id"], name=op.f("fk_outbox_target_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("alert_id", name=op.f("uq_outbox_alert_id")),
    )
    op.create_index("ix_outbox_created_at", "outbox", ["created_at"], unique=False)
    op.create_index(
        "ix_outbox_unsent",
        "outbox",
        ["destination", "id"],
        unique=False,
        sqlite_where=IS_UNSENT,
        postgresql_where=IS_UNSENT,
    )
    op.create_table(
        "deliveries",
        sa.Column("outbox_id", KEY, autoincrement=False, nullable=False),
        sa.Column("attempt", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("error", Words(), nullable=True),
        sa.Column("channel", Words(), nullable=True),
        sa.Column("ts", Words(), nullable=True),
        sa.ForeignKeyConstraint(["outbox_id"], ["outbox.id"], name=op.f("fk_deliveries_outbox_id")),
        sa.PrimaryKeyConstraint("outbox_id", "attempt", name=op.f("pk_deliveries")),
    )
    op.create_table(
        "incident_changes",
        sa.Column("incident_id", Words(), nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("value", Document(), nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_incident_changes_incident_id")),
        sa.PrimaryKeyConstraint("incident_id", "sequence", name=op.f("pk_incident_changes")),
    )
    op.create_index("ix_incident_changes_at", "incident_changes", ["at"], unique=False)
    op.create_table(
        "outbox_incidents",
        sa.Column("outbox_id", KEY, autoincrement=False, nullable=False),
        sa.Column("incident_id", Words(), nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["outbox_id"], ["outbox.id"], name=op.f("fk_outbox_incidents_outbox_id")),
        sa.PrimaryKeyConstraint("outbox_id", "incident_id", "sequence", name=op.f("pk_outbox_incidents")),
    )
    op.create_index("ix_outbox_incidents_incident_id", "outbox_incidents", ["incident_id", "sequence"], unique=False)


def downgrade() -> None:
    """Take it back."""
    op.drop_index("ix_outbox_incidents_incident_id", table_name="outbox_incidents")
    op.drop_table("outbox_incidents")
    op.drop_index("ix_incident_changes_at", table_name="incident_changes")
    op.drop_table("incident_changes")
    op.drop_table("deliveries")
    op.drop_index("ix_outbox_unsent", table_name="outbox")
    op.drop_index("ix_outbox_created_at", table_name="outbox")
    op.drop_table("outbox")
    op.drop_index("uq_incidents_open", table_name="incidents")
    op.drop_index("ix_incidents_target_id_ended_at", table_name="incidents")
    op.drop_index("ix_incidents_last_seen_at", table_name="incidents")
    op.drop_table("incidents")
    op.drop_index("ix_drift_events_target_id_at", table_name="drift_events")
    op.drop_index("ix_drift_events_at", table_name="drift_events")
    op.drop_table("drift_events")
    op.drop_index("ix_threads_about", table_name="threads")
    op.drop_table("threads")
    op.drop_index("ix_silences_ends_at", table_name="silences")
    op.drop_table("silences")
    op.drop_table("heartbeats")
    op.drop_table("channels")
