"""Which rows a check looks at, where it does not look at all."""

import sqlalchemy as sa
from alembic import op

from monitor.store.types import Words

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the step."""
    op.add_column("checks", sa.Column("window", Words(), nullable=True))


def downgrade() -> None:
    """Take it back."""
    op.drop_column("checks", "window")
