"""Documents, the parts of control plans, checks, acknowledgements; when a line was stopped."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

_CHECK = (
    "person", "place", "plan", "characteristic", "operation", "moment", "lot", "run", "part", "gauge", "readings",
    "verdict", "source", "temperature_c", "note", "action", "voided",
)  # fmt: skip


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]


def upgrade() -> None:
    """Make the tables, the column and what finds by them."""
    op.create_table(
        "document",
        *_texts("kind", "code", "revision", "content"),
        sa.Column("released_ms", sa.BigInteger(), nullable=False),
        *_texts("person"),
        sa.Column("withdrawn_ms", sa.BigInteger(), nullable=True),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "code", "revision"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "plan_part",
        *_texts("part", "code", "revision"),
        sa.PrimaryKeyConstraint("part", "code", "revision"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "ack",
        *_texts("badge", "name"),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("badge", "name"),
        sqlite_with_rowid=False,
    )
    _make_checks()
    op.add_column(
        "line",
        sa.Column("stopped_ms", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
    )


def _make_checks() -> None:
    op.create_table(
        "check_done",
        *_texts("code"),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("noted_ms", sa.BigInteger(), nullable=False),
        *_texts(*_CHECK),
        sa.Column("sample", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("code"),
        sqlite_with_rowid=False,
    )
    for name, columns in (
        ("check_lot", ["lot", "at_ms"]),
        ("check_run", ["run"]),
        ("check_place", ["place", "characteristic", "at_ms"]),
        ("check_gauge", ["gauge", "at_ms"]),
        ("check_line", ["part", "characteristic", "at_ms"]),
    ):
        op.create_index(name, "check_done", columns)
