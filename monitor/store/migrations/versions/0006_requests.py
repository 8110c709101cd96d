"""A run that somebody asked for is found by its id, and asked for once."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

IS_ASKED = sa.text("run_id IS NOT NULL")


def upgrade() -> None:
    """Take the step."""
    op.create_index(
        "uq_slots_run_id", "slots", ["run_id"], unique=True, sqlite_where=IS_ASKED, postgresql_where=IS_ASKED
    )


def downgrade() -> None:
    """Take the step back."""
    op.drop_index("uq_slots_run_id", table_name="slots")
