"""Where it is written what to do when a check does not hold."""

import sqlalchemy as sa
from alembic import op

from monitor.store.types import Document

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the step."""
    op.add_column("checks", sa.Column("runbook", Document(), nullable=True))


def downgrade() -> None:
    """Take it back."""
    op.drop_column("checks", "runbook")
