"""Working days that were added up for the comparison of coatings."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "footprint_day", sa.Column("day", sa.String(), nullable=False), sa.Column("mark", sa.String(), nullable=False),
        sa.Column("computed_ms", sa.BigInteger(), nullable=False), sa.Column("content", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("day"), sqlite_with_rowid=False,
    )  # fmt: skip
