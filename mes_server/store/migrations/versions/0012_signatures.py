"""Signatures."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Make the table and what finds in it."""
    op.create_table(
        "signature",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        *(
            sa.Column(n, sa.String(), nullable=False)
            for n in ("about", "digest", "badge", "meaning")
        ),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sqlite_with_rowid=False,
    )
    op.create_index("signature_about", "signature", ["about", "number"])
    op.create_index("signature_badge", "signature", ["badge", "number"])
