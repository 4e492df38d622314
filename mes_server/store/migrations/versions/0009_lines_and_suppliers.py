"""What stands at each station; of lots: what must come first, and the supplier's own number."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Make the table, the columns and what finds by them; the lots that wait are found by what they had."""
    op.create_table(
        "line",
        *(
            sa.Column(name, sa.String(), nullable=False)
            for name in ("station", "mounted", "locked")
        ),
        sa.Column("cleared_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("station"),
    )
    for name in ("first", "supplier_lot"):
        op.add_column(
            "lot", sa.Column(name, sa.String(), nullable=False, server_default=sa.text("''"))
        )
    op.create_index("lot_supplier_lot", "lot", ["supplier_lot"])
    standing = ["status", "route", "done", "first", "born_ms", "code"]
    op.create_index("lot_waiting", "lot", standing)
