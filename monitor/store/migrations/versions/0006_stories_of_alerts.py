"""Which story an alert belongs to, since when it is due, and which channels take no messages."""

import sqlalchemy as sa
from alembic import op

from monitor.store.types import Moment, Words

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the step."""
    op.add_column("outbox", sa.Column("story", Words(), nullable=True))
    op.add_column("outbox", sa.Column("due_at", Moment(), nullable=True))
    op.add_column("channels", sa.Column("fault", sa.Text(), nullable=True))
    op.add_column("channels", sa.Column("trouble", Words(), nullable=True))


def downgrade() -> None:
    """Take it back."""
    op.drop_column("channels", "trouble")
    op.drop_column("channels", "fault")
    op.drop_column("outbox", "due_at")
    op.drop_column("outbox", "story")
