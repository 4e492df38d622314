"""Whether a type of gauge has what it takes is asked of its studies in the ledger, by kind, use and day."""

from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    """Drop the table that knew one study a type."""
    op.drop_table("studied")
