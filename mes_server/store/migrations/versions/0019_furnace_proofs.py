"""Proofs of runs; surveys of furnaces and their thermocouples."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]


def _wide(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]


def upgrade() -> None:
    """Make the tables and what finds by them."""
    op.create_table(
        "proof",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        *_texts("run", "station", "recipe", "verdict", "content"),
        *_wide("at_ms"),
        *_texts("person", "action"),
        sa.PrimaryKeyConstraint("number"),
        sqlite_with_rowid=False,
    )
    op.create_index("proof_run", "proof", ["run", "number"])
    op.create_index("proof_station", "proof", ["station", "number"])
    op.create_table(
        "survey",
        *_texts("code", "station", "test", "result", "content"),
        *_wide("at_ms"),
        *_texts("person", "signer"),
        *_wide("number"),
        sa.PrimaryKeyConstraint("code"),
        sqlite_with_rowid=False,
    )
    op.create_index("survey_station", "survey", ["station", "test", "at_ms"])
    op.create_table(
        "thermocouple",
        *_texts("code", "station", "role", "content"),
        *_wide("installed_ms"),
        sa.Column("removed_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("code"),
        sqlite_with_rowid=False,
    )
    op.create_index("thermocouple_station", "thermocouple", ["station"])
