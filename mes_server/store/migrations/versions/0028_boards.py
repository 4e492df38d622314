"""What boards tell of themselves, and when they came up."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    """Make the tables."""
    texts = ("kind", "image", "boot_reason", "link", "update_state", "buses", "looked")
    wides = ("heap_free", "certificate_until", "update_ms", "ready_ms", "buses_ms", "looked_ms")
    op.create_table(
        "board", sa.Column("node", sa.Integer(), autoincrement=False, nullable=False),
        *(sa.Column(name, sa.String(), nullable=True) for name in texts),
        *(sa.Column(name, sa.BigInteger(), nullable=True) for name in wides),
        sa.ForeignKeyConstraint(["node"], ["node.id"]), sa.PrimaryKeyConstraint("node"),
    )  # fmt: skip
    op.create_table(
        "board_boot", sa.Column("id", sa.Integer(), nullable=False), sa.Column("node", sa.Integer(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False), sa.Column("boot", sa.BigInteger(), nullable=True),
        *(sa.Column(name, sa.String(), nullable=True) for name in ("reason", "image", "serial")),
        sa.ForeignKeyConstraint(["node"], ["node.id"]), sa.PrimaryKeyConstraint("id"),
    )  # fmt: skip
    op.create_index("board_boot_node", "board_boot", ["node", "id"])
