"""People, qualifications, sessions, tokens, wrong PINs."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=False)


def _time(name: str, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _badge() -> list[sa.Column[str] | sa.Constraint]:
    return [_text("badge"), sa.ForeignKeyConstraint(["badge"], ["person.badge"])]


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "person",
        _text("badge"), _text("name"), _text("language"), _text("roles"),
        sa.Column("pin_hash", sa.String(), nullable=True),
        _time("added_ms"), _time("disabled_ms", True),
        sa.PrimaryKeyConstraint("badge"),
    )  # fmt: skip
    op.create_table(
        "qualification",
        *_badge(), _text("name"), _time("until_ms"),
        sa.PrimaryKeyConstraint("badge", "name"),
    )  # fmt: skip
    op.create_table(
        "session",
        sa.Column("id", sa.Integer(), nullable=False),
        _text("secret_hash"), *_badge(), _text("station"), _text("address"),
        _time("begun_ms"), _time("seen_ms"), _time("idle_ms"), _time("until_ms"),
        _time("ended_ms", True), _text("ended_by"),
        sa.PrimaryKeyConstraint("id"), sa.UniqueConstraint("secret_hash"),
    )  # fmt: skip
    op.create_index("session_badge", "session", ["badge", "id"])
    op.create_table(
        "token",
        sa.Column("id", sa.Integer(), nullable=False),
        _text("secret_hash"), *_badge(), _text("name"), _text("scopes"),
        _time("made_ms"), _time("until_ms"), _time("revoked_ms", True),
        sa.PrimaryKeyConstraint("id"), sa.UniqueConstraint("secret_hash"),
    )  # fmt: skip
    op.create_table(
        "pin_try",
        sa.Column("id", sa.Integer(), nullable=False),
        _text("subject"), _time("at_ms"),
        sa.PrimaryKeyConstraint("id"),
    )  # fmt: skip
    op.create_index("pin_try_subject", "pin_try", ["subject", "at_ms"])
