"""Papers that were made, and their files."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """Make the tables and what finds in them."""
    op.create_table(
        "paper",
        *(
            sa.Column(n, sa.String(), nullable=False)
            for n in ("number", "kind", "about", "language", "verdict")
        ),
        sa.Column("made_ms", sa.BigInteger(), nullable=False),
        *(sa.Column(n, sa.String(), nullable=False) for n in ("person", "files", "earlier")),
        sa.Column("event", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sqlite_with_rowid=False,
    )
    op.create_index("paper_about", "paper", ["about", "event"])
    op.create_index("paper_event", "paper", ["event"])
    op.create_table(
        "paper_file",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("format", sa.String(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number", "format"),
    )
