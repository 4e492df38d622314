"""Identities of nodes and the certificates they got."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]


def _wide(*names: str, null: bool = False) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=null) for name in names]


def upgrade() -> None:
    """Make the tables and what finds by them."""
    op.create_table(
        "node_identity",
        *_texts("fingerprint", "serial", "group_id", "node_id", "state", "asked_by"), *_wide("asked_ms"),
        *_texts("approved_by"), *_wide("approved_ms", null=True), *_texts("token_hash", "token_by"),
        *_wide("token_until_ms", null=True), *_texts("revoked_by"), *_wide("revoked_ms", null=True),
        *_texts("why"), *_wide("number"), sa.PrimaryKeyConstraint("fingerprint"), sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_index("node_identity_node", "node_identity", ["node_id"])
    op.create_index("node_identity_token", "node_identity", ["token_hash"])
    op.create_table(
        "node_certificate", *_texts("number", "fingerprint"), *_wide("issued_ms", "until_ms"), *_texts("chain"),
        sa.PrimaryKeyConstraint("number"), sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_index("node_certificate_key", "node_certificate", ["fingerprint", "issued_ms"])
