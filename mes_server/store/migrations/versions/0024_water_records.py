"""What people record about water: samples, checks of analysers, meters, waste, and what of it was refused."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]


def _wide(*names: str, null: bool = False) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=null) for name in names]


def _number() -> sa.Column[int]:
    return sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False)


def upgrade() -> None:
    """Make the tables and what finds by them."""
    op.create_table(
        "water_sample", *_texts("code", "place", "kind"), *_wide("from_ms", "to_ms"),
        *_texts("state", "content", "voided"), sa.PrimaryKeyConstraint("code"), sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_index("water_sample_place", "water_sample", ["place", "from_ms"])
    op.create_table(
        "water_refused", _number(), *_texts("what", "about"), *_wide("at_ms"), *_texts("person", "content"),
        sa.PrimaryKeyConstraint("number"), sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_index("water_refused_about", "water_refused", ["about"])
    op.create_table(
        "analyser_check", *_texts("code", "place", "pollutant", "kind"), *_wide("at_ms"),
        *_wide("to_ms", null=True), *_texts("person"), sa.Column("passed", sa.Integer(), nullable=True),
        *_texts("content", "voided"), sa.PrimaryKeyConstraint("code"), sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_index("analyser_check_place", "analyser_check", ["place", "pollutant", "at_ms"])
    op.create_table(
        "meter_note", _number(), *_texts("meter", "station", "metric", "kind"), *_wide("at_ms"),
        *_texts("person", "content", "voided"), sa.PrimaryKeyConstraint("number"), sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_index("meter_note_of", "meter_note", ["station", "metric", "at_ms"])
    op.create_index("meter_note_meter", "meter_note", ["meter", "at_ms"])
    op.create_table(
        "waste_record", *_texts("code", "kind"), *_wide("at_ms"),
        *_texts("person", "place", "kg", "state", "content", "voided"),
        sa.PrimaryKeyConstraint("code"), sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_index("waste_record_kind", "waste_record", ["kind", "at_ms"])
