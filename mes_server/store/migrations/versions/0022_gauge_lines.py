"""What gauges sent over a serial line, guarded like the ledger; which check took which line."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"

_SQLITE = (
    "CREATE TRIGGER gauge_line_no_update BEFORE UPDATE ON gauge_line "
    "BEGIN SELECT RAISE(ABORT, 'what a gauge said cannot be changed'); END",
    "CREATE TRIGGER gauge_line_no_delete BEFORE DELETE ON gauge_line "
    "BEGIN SELECT RAISE(ABORT, 'what a gauge said cannot be deleted'); END",
    "CREATE TRIGGER gauge_line_append BEFORE INSERT ON gauge_line "
    "WHEN NEW.number <> (SELECT coalesce(max(number), 0) + 1 FROM gauge_line) OR EXISTS "
    "(SELECT 1 FROM gauge_line WHERE id = NEW.id) "
    "BEGIN SELECT RAISE(ABORT, 'what a gauge said is only appended to'); END",
)
_POSTGRES = (
    "CREATE FUNCTION gauge_line_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "IF TG_OP = 'INSERT' AND NEW.number = (SELECT coalesce(max(number), 0) + 1 FROM gauge_line) "
    "THEN RETURN NEW; END IF; "
    "RAISE EXCEPTION 'what a gauge said is only appended to'; END $$",
    "CREATE TRIGGER gauge_line_rows BEFORE INSERT OR UPDATE OR DELETE ON gauge_line "
    "FOR EACH ROW EXECUTE FUNCTION gauge_line_guard()",
    "CREATE TRIGGER gauge_line_whole BEFORE TRUNCATE ON gauge_line "
    "FOR EACH STATEMENT EXECUTE FUNCTION gauge_line_guard()",
)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), autoincrement=False, nullable=False)


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]


def upgrade() -> None:
    """Make the tables, what finds by them, and the guards."""
    op.create_table(
        "gauge_line", _number("number"), *_texts("id", "gauge", "station"), _number("at_ms"), _number("noted_ms"),
        *_texts("badge", "protocol", "raw", "text", "value", "unit", "fault"),
        sa.PrimaryKeyConstraint("number"), sa.UniqueConstraint("id"),
    )  # fmt: skip
    op.create_index("gauge_line_station", "gauge_line", ["station", "number"])
    op.create_index("gauge_line_gauge", "gauge_line", ["gauge", "number"])
    op.create_table(
        "gauge_line_taken", _number("line"), *_texts("code"), sa.PrimaryKeyConstraint("line"),
        sqlite_with_rowid=False,
    )  # fmt: skip
    for statement in _POSTGRES if op.get_bind().dialect.name == "postgresql" else _SQLITE:
        op.execute(statement)
