"""What nodes remember of the ledger."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add the column."""
    op.add_column("node", sa.Column("anchors", sa.String(), nullable=True))
