"""Indexes for traces (decision 0009), for what a person did, and for lots by age."""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Make the indexes; the two that hold an edge whole take the place of the one by child."""
    op.drop_index("lot_edge_child", "lot_edge")
    op.create_index("lot_edge_back", "lot_edge", ["child", "at_ms", "parent"])
    op.create_index("lot_edge_forward", "lot_edge", ["parent", "at_ms", "child"])
    op.create_index("lot_born", "lot", ["born_ms", "code"])
    op.create_index("ledger_person", "ledger", ["person", "at_ms"])
