"""Bath make-ups: titrations, additions, tanks."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]


def _wide(*names: str, null: bool = False) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=null) for name in names]


def _number() -> sa.Column[int]:
    return sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False)


def upgrade() -> None:
    """Make the tables and what finds by them."""
    op.create_table(
        "bath", *_texts("lot", "spec", "volume_l"), *_wide("made_ms"), *_texts("person"),
        *_wide("dumped_ms", null=True), sa.PrimaryKeyConstraint("lot"), sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_table(
        "titration", *_texts("code", "lot"), *_wide("at_ms"), *_texts("person", "place", "content", "voided"),
        sa.PrimaryKeyConstraint("code"), sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_index("titration_lot", "titration", ["lot", "at_ms"])
    op.create_table(
        "titration_value", *_texts("titration", "parameter", "lot"), *_wide("at_ms"), *_texts("value", "verdict"),
        sa.PrimaryKeyConstraint("titration", "parameter"), sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_index("titration_value_lot", "titration_value", ["lot", "parameter", "at_ms"])
    op.create_table(
        "bath_addition", _number(), *_texts("lot"), *_wide("at_ms"),
        *_texts("person", "product", "amount", "unit", "product_lot"),
        sa.PrimaryKeyConstraint("number"), sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_index("bath_addition_lot", "bath_addition", ["lot", "at_ms"])
    op.create_table(
        "bath_tank", _number(), *_texts("station", "role", "lot"), *_wide("from_ms"),
        *_wide("to_ms", null=True), sa.PrimaryKeyConstraint("number"), sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_index("bath_tank_lot", "bath_tank", ["lot", "from_ms"])
    op.create_index("bath_tank_station", "bath_tank", ["station", "role"])
