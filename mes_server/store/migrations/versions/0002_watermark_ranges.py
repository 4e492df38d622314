"""Watermarks say what is stored, and apart from it what the edge gave up.

Until now a record that was given up counted as stored; which ones those were is not known any more.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_COPY = """
INSERT INTO watermark (node, epoch, seq, begun_ms, floor, stated, ranges)
SELECT node, epoch, seq, begun_ms, 1, 1, CASE
    WHEN seq > 0 AND ahead <> '' THEN '1-' || seq || ',' || ahead
    WHEN seq > 0 THEN '1-' || seq
    ELSE ahead END
FROM watermark_0001
"""


def upgrade() -> None:
    """Make the table anew: SQLite cannot add a column that must have a value."""
    op.execute("CREATE TABLE watermark_0001 AS SELECT * FROM watermark")
    op.drop_table("watermark")
    op.create_table(
        "watermark",
        sa.Column("node", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("epoch", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("begun_ms", sa.BigInteger(), nullable=False),
        sa.Column("ranges", sa.String(), nullable=False),
        sa.Column("floor", sa.BigInteger(), nullable=False),
        sa.Column("stated", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("node", "epoch"),
        sqlite_with_rowid=False,
    )
    op.execute(_COPY)
    op.drop_table("watermark_0001")
