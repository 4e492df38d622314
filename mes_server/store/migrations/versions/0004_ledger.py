"""The ledger and the triggers that keep it append-only."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

# An INSERT OR REPLACE deletes the row in its way without a delete trigger: the insert trigger looks.
_SQLITE = (
    "CREATE TRIGGER ledger_no_update BEFORE UPDATE ON ledger "
    "BEGIN SELECT RAISE(ABORT, 'the ledger cannot be changed'); END",
    "CREATE TRIGGER ledger_no_delete BEFORE DELETE ON ledger "
    "BEGIN SELECT RAISE(ABORT, 'the ledger cannot be shortened'); END",
    "CREATE TRIGGER ledger_append BEFORE INSERT ON ledger "
    "WHEN NEW.number <> (SELECT coalesce(max(number), 0) + 1 FROM ledger) OR EXISTS "
    "(SELECT 1 FROM ledger WHERE stream = NEW.stream AND stream_number = NEW.stream_number) "
    "BEGIN SELECT RAISE(ABORT, 'the ledger is only appended to'); END",
)
_POSTGRES = (
    "CREATE FUNCTION ledger_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "IF TG_OP = 'INSERT' AND NEW.number = (SELECT coalesce(max(number), 0) + 1 FROM ledger) "
    "THEN RETURN NEW; END IF; "
    "RAISE EXCEPTION 'the ledger is only appended to'; END $$",
    "CREATE TRIGGER ledger_rows BEFORE INSERT OR UPDATE OR DELETE ON ledger "
    "FOR EACH ROW EXECUTE FUNCTION ledger_guard()",
    "CREATE TRIGGER ledger_whole BEFORE TRUNCATE ON ledger "
    "FOR EACH STATEMENT EXECUTE FUNCTION ledger_guard()",
)


def upgrade() -> None:
    """Make the table and its guards."""
    op.create_table(
        "ledger",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("stream", sa.String(), nullable=False),
        sa.Column("stream_number", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("noted_ms", sa.BigInteger(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("content", sa.String(), nullable=False),
        sa.Column("previous", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("stream", "stream_number", name="ledger_stream"),
    )
    for name in ("kind", "action"):
        op.create_index(f"ix_ledger_{name}", "ledger", [name])
    for statement in _POSTGRES if op.get_bind().dialect.name == "postgresql" else _SQLITE:
        op.execute(statement)
