"""What slots need to be run exactly once: shadows, parts, leases that were lost, watermarks."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from monitor.store.types import Document, Moment, Words

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
IS_OPEN = sa.text("state IN ('due', 'running')")


def columns() -> tuple[sa.Column[Any], ...]:
    """Return the new columns of slots."""
    return (
        sa.Column("shadow", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("trigger", sa.Text(), server_default="scheduled", nullable=False),
        sa.Column("parts", Document(), server_default='["all"]', nullable=False),
        sa.Column("alert", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("run_id", Words(), nullable=True),
        sa.Column("not_before", Moment(), nullable=True),
        sa.Column("losses", sa.Integer(), server_default="0", nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("reason", Words(), nullable=True),
        sa.Column("finished_at", Moment(), nullable=True),
    )


def upgrade() -> None:
    """Take the step."""
    with op.batch_alter_table("slots") as slots:
        for column in columns():
            slots.add_column(column)
        slots.drop_constraint("uq_slots_target_id_instant", type_="unique")
        slots.create_unique_constraint("uq_slots_target_id_instant_shadow", ["target_id", "instant", "shadow"])
        slots.create_unique_constraint("uq_slots_run_id", ["run_id"])
    for name, key in (("ix_slots_open", "not_before"), ("ix_slots_open_target_id", "target_id")):
        op.create_index(name, "slots", [key], sqlite_where=IS_OPEN, postgresql_where=IS_OPEN)
    op.create_table(
        "watermarks",
        sa.Column("target_id", KEY, autoincrement=False, nullable=False),
        sa.Column("shadow", sa.Boolean(), autoincrement=False, nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("done", Moment(), nullable=True),
        sa.Column("missed", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["target_id"], ["targets.id"], name=op.f("fk_watermarks_target_id")),
        sa.PrimaryKeyConstraint("target_id", "shadow", name=op.f("pk_watermarks")),
    )


def downgrade() -> None:
    """Take the step back; slots of shadows go."""
    op.drop_table("watermarks")
    for name in ("ix_slots_open", "ix_slots_open_target_id"):
        op.drop_index(name, table_name="slots")
    op.execute("UPDATE runs SET slot_id = NULL WHERE slot_id IN (SELECT id FROM slots WHERE shadow)")
    op.execute("DELETE FROM slots WHERE shadow")
    with op.batch_alter_table("slots") as slots:
        slots.drop_constraint("uq_slots_run_id", type_="unique")
        slots.drop_constraint("uq_slots_target_id_instant_shadow", type_="unique")
        slots.create_unique_constraint("uq_slots_target_id_instant", ["target_id", "instant"])
        for column in reversed(columns()):
            slots.drop_column(column.name)
