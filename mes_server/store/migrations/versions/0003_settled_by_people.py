"""What people settle: nodes that are gone for good, messages that nobody will ever understand."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add who forgot a node and when, why a message was discarded, how large it was."""
    op.create_table(
        "forgotten_node",
        sa.Column("node", sa.Integer(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["node"], ["node.id"]),
        sa.PrimaryKeyConstraint("node", "at_ms"),
    )
    op.add_column("quarantine", sa.Column("size", sa.Integer(), nullable=True))
    op.add_column("quarantine", sa.Column("discarded", sa.String(), nullable=True))
