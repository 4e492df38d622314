"""What is told by HJ 212, exceedance episodes, and the records of days and months of outlets."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]


def _wide(*names: str, null: bool = False) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=null) for name in names]


def _whole(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.Integer(), nullable=False) for name in names]


def upgrade() -> None:
    """Make the tables and what finds by them."""
    op.create_table(
        "hj212_outbox", sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        *_texts("mn", "outlet", "command", "label", "cp", "qn"), *_wide("qn_ms", "made_ms"), *_texts("state"),
        *_whole("tries"), *_wide("next_ms"), *_wide("acked_ms", null=True), *_texts("trouble"),
        sa.PrimaryKeyConstraint("number"), sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_index("hj212_outbox_label", "hj212_outbox", ["mn", "command", "label"])
    op.create_index("hj212_outbox_state", "hj212_outbox", ["state", "next_ms"])
    op.create_table(
        "exceedance", *_texts("code", "outlet", "pollutant", "averaging"), *_wide("from_ms", "to_ms"),
        *_texts("state", "content"), sa.PrimaryKeyConstraint("code"), sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_index("exceedance_outlet", "exceedance", ["outlet", "from_ms"])
    op.create_table(
        "discharge_record", *_texts("outlet", "period"), *_whole("revision"), *_texts("paper", "digest"),
        *_wide("at_ms"), *_texts("person", "reason", "content"),
        sa.PrimaryKeyConstraint("outlet", "period", "revision"), sqlite_with_rowid=False,
    )  # fmt: skip
