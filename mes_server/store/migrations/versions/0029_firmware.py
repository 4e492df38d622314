"""Releases for boards, the keys they are signed with, and their roll-outs."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]


def _wides(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "firmware_key", *_texts("key", "name"), *_wides("trusted_ms"), *_texts("person"),
        sa.Column("withdrawn_ms", sa.BigInteger(), nullable=True), sa.PrimaryKeyConstraint("key"), sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_table(
        "firmware_release", *_texts("code", "version", "board"), *_wides("counter"),
        sa.Column("manifest_bytes", sa.Integer(), nullable=False), *_texts("manifest_sha256"),
        sa.Column("files", sa.Integer(), nullable=False), *_wides("bytes"), *_texts("key"), *_wides("at_ms"),
        *_texts("person"), sa.PrimaryKeyConstraint("code"), sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_table(
        "roll_out", *_texts("code", "release", "state"), sa.Column("percent", sa.Integer(), nullable=False),
        *_texts("reason"), *_wides("begun_ms", "changed_ms"), *_texts("person"),
        sa.PrimaryKeyConstraint("code"), sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_index("roll_out_state", "roll_out", ["state"])
    op.create_table(
        "roll_out_node", *_texts("roll_out", "node", "state"), *_wides("offered_ms"), *_texts("detail"),
        sa.Column("ended_ms", sa.BigInteger(), nullable=True), sa.PrimaryKeyConstraint("roll_out", "node"),
        sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_index("roll_out_node_name", "roll_out_node", ["node", "state"])
