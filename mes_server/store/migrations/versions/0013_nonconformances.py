"""Nonconformances, and releases of lots."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Make the tables and what finds in them."""
    op.create_table(
        "nonconformance",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("opened_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("code"),
        sqlite_with_rowid=False,
    )
    op.create_index("nonconformance_state", "nonconformance", ["state", "opened_ms"])
    op.create_table(
        "nonconformance_lot",
        sa.Column("lot", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("lot", "code"),
        sqlite_with_rowid=False,
    )
    op.create_index("nonconformance_lot_code", "nonconformance_lot", ["code"])
    op.create_table(
        "release",
        *(sa.Column(name, sa.String(), nullable=False) for name in ("lot", "plan", "digest")),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("lot"),
        sqlite_with_rowid=False,
    )
