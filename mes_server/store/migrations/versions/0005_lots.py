"""Lots as they are now, the edges between them, runs, routes, and the numbers of codes."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_TEXTS = ("kind", "part", "grade", "route", "status", "place", "run", "operation", "shipment")


def _amounts() -> list[sa.Column[int]]:
    names = ("pieces", "mass_mg", "area_mm2")
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "lot",
        *_texts("code", *_TEXTS),
        *_amounts(),
        *_texts("elements", "done", "holds", "reworks"),
        sa.Column("born_ms", sa.BigInteger(), nullable=False),
        sa.Column("expires_ms", sa.BigInteger(), nullable=True),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("code"),
        sqlite_with_rowid=False,
    )
    indexes = {"place": ["place", "status"], "status": ["status", "born_ms"]}
    for name, columns in {**indexes, "run": ["run"], "shipment": ["shipment"]}.items():
        op.create_index(f"lot_{name}", "lot", columns)
    op.create_table(
        "lot_edge",
        *_texts("parent", "child", "action", "why"),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        *_amounts(),
        *_texts("elements"),
        sa.PrimaryKeyConstraint("parent", "child", "action"),
        sqlite_with_rowid=False,
    )
    for name in ("child", "action"):
        op.create_index(f"lot_edge_{name}", "lot_edge", [name])
    _runs()
    op.create_table(
        "route",
        *_texts("code", "revision", "content"),
        sa.Column("released_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("code", "revision"),
    )
    _codes()


def _codes() -> None:
    op.create_table(
        "code_number",
        *_texts("kind"),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "year"),
    )


def _runs() -> None:
    op.create_table(
        "run",
        *_texts("code", "station", "operation", "recipe"),
        sa.Column("opened_ms", sa.BigInteger(), nullable=False),
        sa.Column("closed_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("code"),
        sqlite_with_rowid=False,
    )
    op.create_index("run_station", "run", ["station", "opened_ms"])
    still = sa.text("closed_ms IS NULL")
    op.create_index(
        "run_open", "run", ["station"], unique=True, sqlite_where=still, postgresql_where=still
    )
    op.create_table(
        "run_lot",
        *_texts("run", "lot"),
        sa.Column("from_ms", sa.BigInteger(), nullable=False),
        sa.Column("heavy", sa.Boolean(), nullable=False),
        *_texts("position"),
        sa.PrimaryKeyConstraint("run", "lot"),
        sqlite_with_rowid=False,
    )
    op.create_index("run_lot_lot", "run_lot", ["lot"])
    op.create_table(
        "run_resource",
        *_texts("run", "role", "resource"),
        sa.PrimaryKeyConstraint("run", "role", "resource"),
        sqlite_with_rowid=False,
    )
    op.create_index("run_resource_resource", "run_resource", ["resource"])
