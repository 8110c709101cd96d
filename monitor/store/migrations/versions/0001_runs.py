"""Contracts, runs and results."""

import sqlalchemy as sa
from alembic import op

from monitor.store.types import Document, Exact, Moment, Words

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Take the step."""
    op.create_table(
        "contract_versions",
        sa.Column("id", KEY, nullable=False),
        sa.Column("contract", Words(), nullable=False),
        sa.Column("version", Words(), nullable=False),
        sa.Column("fingerprint", Words(), nullable=False),
        sa.Column("meaning", Words(), nullable=False),
        sa.Column("slug", Words(), nullable=False),
        sa.Column("name", Words(), nullable=False),
        sa.Column("status", Words(), nullable=False),
        sa.Column("file", Words(), nullable=False),
        sa.Column("details", Document(), nullable=False),
        sa.Column("first_seen", Moment(), nullable=False),
        sa.Column("last_seen", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contract_versions")),
        sa.UniqueConstraint(
            "contract", "version", "fingerprint", name=op.f("uq_contract_versions_contract_version_fingerprint")
        ),
    )
    op.create_table(
        "targets",
        sa.Column("id", KEY, nullable=False),
        sa.Column("contract", Words(), nullable=False),
        sa.Column("major", Words(), nullable=False),
        sa.Column("server", Words(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_targets")),
        sa.UniqueConstraint("contract", "major", "server", name=op.f("uq_targets_contract_major_server")),
    )
    op.create_table(
        "checks",
        sa.Column("id", KEY, nullable=False),
        sa.Column("target_id", KEY, nullable=False),
        sa.Column("shadow", sa.Boolean(), nullable=False),
        sa.Column("check_id", Words(), nullable=False),
        sa.Column("name", Words(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("dataset", Words(), nullable=False),
        sa.Column("columns", Document(), nullable=False),
        sa.Column("dimension", sa.Text(), nullable=True),
        sa.Column("severity", Words(), nullable=False),
        sa.Column("expected", Words(), nullable=False),
        sa.Column("unit", Words(), nullable=True),
        sa.Column("impact", Words(), nullable=True),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("sql", Words(), nullable=True),
        sa.Column("needs", Document(), nullable=False),
        sa.Column("not_checked", Document(), nullable=False),
        sa.Column("first_seen", Moment(), nullable=False),
        sa.Column("removed_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["target_id"], ["targets.id"], name=op.f("fk_checks_target_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checks")),
        sa.UniqueConstraint("target_id", "shadow", "check_id", name=op.f("uq_checks_target_id_shadow_check_id")),
    )
    op.create_table(
        "columns_seen",
        sa.Column("id", KEY, nullable=False),
        sa.Column("target_id", KEY, nullable=False),
        sa.Column("schema", Words(), nullable=True),
        sa.Column("name", Words(), nullable=False),
        sa.Column("run_id", Words(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("relation", Document(), nullable=False),
        sa.ForeignKeyConstraint(["target_id"], ["targets.id"], name=op.f("fk_columns_seen_target_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_columns_seen")),
    )
    op.create_index("ix_columns_seen_target_id", "columns_seen", ["target_id"], unique=False)
    op.create_table(
        "slots",
        sa.Column("id", KEY, nullable=False),
        sa.Column("target_id", KEY, nullable=False),
        sa.Column("instant", Moment(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), server_default="0", nullable=False),
        sa.Column("claimed_by", Words(), nullable=True),
        sa.Column("until", Moment(), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["target_id"], ["targets.id"], name=op.f("fk_slots_target_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slots")),
        sa.UniqueConstraint("target_id", "instant", name=op.f("uq_slots_target_id_instant")),
    )
    op.create_table(
        "days",
        sa.Column("check_id", KEY, autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("worst", sa.SmallInteger(), nullable=False),
        sa.Column("least", Exact(), nullable=True),
        sa.Column("greatest", Exact(), nullable=True),
        sa.Column("last", Exact(), nullable=True),
        sa.Column("last_at", Moment(), nullable=False),
        sa.Column("passed", sa.Integer(), nullable=False),
        sa.Column("warned", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("errors", sa.Integer(), nullable=False),
        sa.Column("blocked", sa.Integer(), nullable=False),
        sa.Column("skipped", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["check_id"], ["checks.id"], name=op.f("fk_days_check_id")),
        sa.PrimaryKeyConstraint("check_id", "day", name=op.f("pk_days")),
    )
    op.create_index("ix_days_day", "days", ["day"], unique=False)
    op.create_table(
        "runs",
        sa.Column("id", KEY, nullable=False),
        sa.Column("run_id", Words(), nullable=False),
        sa.Column("target_id", KEY, nullable=False),
        sa.Column("version_id", KEY, nullable=False),
        sa.Column("slot_id", KEY, nullable=True),
        sa.Column("trigger", sa.Text(), nullable=False),
        sa.Column("shadow", sa.Boolean(), nullable=False),
        sa.Column("subset", sa.Boolean(), nullable=False),
        sa.Column("stands", sa.Boolean(), nullable=False),
        sa.Column("location", Words(), nullable=True),
        sa.Column("started_at", Moment(), nullable=False),
        sa.Column("finished_at", Moment(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("passed", sa.Integer(), nullable=False),
        sa.Column("warned", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("errors", sa.Integer(), nullable=False),
        sa.Column("blocked", sa.Integer(), nullable=False),
        sa.Column("skipped", sa.Integer(), nullable=False),
        sa.Column("pruned", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.ForeignKeyConstraint(["slot_id"], ["slots.id"], name=op.f("fk_runs_slot_id")),
        sa.ForeignKeyConstraint(["target_id"], ["targets.id"], name=op.f("fk_runs_target_id")),
        sa.ForeignKeyConstraint(["version_id"], ["contract_versions.id"], name=op.f("fk_runs_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
        sa.UniqueConstraint("run_id", name=op.f("uq_runs_run_id")),
        sa.UniqueConstraint("slot_id", name=op.f("uq_runs_slot_id")),
    )
    op.create_index("ix_runs_started_at", "runs", ["started_at"], unique=False)
    op.create_index("ix_runs_target_id_started_at", "runs", ["target_id", "started_at"], unique=False)
    op.create_table(
        "standings",
        sa.Column("check_id", KEY, autoincrement=False, nullable=False),
        sa.Column("target_id", KEY, nullable=False),
        sa.Column("removed", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("run_id", Words(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("outcome", sa.SmallInteger(), nullable=False),
        sa.Column("measured", Exact(), nullable=True),
        sa.Column("rows", sa.BigInteger(), nullable=True),
        sa.Column("reason", Words(), nullable=True),
        sa.Column("since", Moment(), nullable=False),
        sa.Column("held_at", Moment(), nullable=True),
        sa.Column("held_since", Moment(), nullable=True),
        sa.Column("held_run", Words(), nullable=True),
        sa.Column("held_measured", Exact(), nullable=True),
        sa.Column("held_rows", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["check_id"], ["checks.id"], name=op.f("fk_standings_check_id")),
        sa.ForeignKeyConstraint(["target_id"], ["targets.id"], name=op.f("fk_standings_target_id")),
        sa.PrimaryKeyConstraint("check_id", name=op.f("pk_standings")),
    )
    op.create_table(
        "results",
        sa.Column("run_id", KEY, autoincrement=False, nullable=False),
        sa.Column("check_id", KEY, autoincrement=False, nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.SmallInteger(), nullable=False),
        sa.Column("stands", sa.Boolean(), nullable=False),
        sa.Column("measured", Exact(), nullable=True),
        sa.Column("rows", sa.BigInteger(), nullable=True),
        sa.Column("seconds", sa.Double(), nullable=True),
        sa.Column("reason", Words(), nullable=True),
        sa.Column("expected", Words(), nullable=True),
        sa.Column("sql", Words(), nullable=True),
        sa.Column("offending", Words(), nullable=True),
        sa.Column("sample", Document(), nullable=True),
        sa.Column("cause", Words(), nullable=True),
        sa.ForeignKeyConstraint(["check_id"], ["checks.id"], name=op.f("fk_results_check_id")),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_results_run_id")),
        sa.PrimaryKeyConstraint("run_id", "check_id", name=op.f("pk_results")),
    )
    op.create_index("ix_results_check_id_at", "results", ["check_id", "at"], unique=False)


def downgrade() -> None:
    """Take it back."""
    op.drop_index("ix_results_check_id_at", table_name="results")
    op.drop_table("results")
    op.drop_table("standings")
    op.drop_index("ix_runs_target_id_started_at", table_name="runs")
    op.drop_index("ix_runs_started_at", table_name="runs")
    op.drop_table("runs")
    op.drop_index("ix_days_day", table_name="days")
    op.drop_table("days")
    op.drop_table("slots")
    op.drop_index("ix_columns_seen_target_id", table_name="columns_seen")
    op.drop_table("columns_seen")
    op.drop_table("checks")
    op.drop_table("targets")
    op.drop_table("contract_versions")
