"""What checks that compare runs measured."""

import sqlalchemy as sa
from alembic import op

from monitor.store.types import Document, Moment, Words

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the step."""
    op.create_table(
        "measurements",
        sa.Column("run_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("check_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("metric", Words(), nullable=False),
        sa.Column("value", Document(), nullable=False),
        sa.ForeignKeyConstraint(["check_id"], ["checks.id"], name=op.f("fk_measurements_check_id")),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_measurements_run_id")),
        sa.PrimaryKeyConstraint("run_id", "check_id", name=op.f("pk_measurements")),
    )
    op.create_index("ix_measurements_check_id_at", "measurements", ["check_id", "at"], unique=False)


def downgrade() -> None:
    """Take it back."""
    op.drop_index("ix_measurements_check_id_at", table_name="measurements")
    op.drop_table("measurements")
