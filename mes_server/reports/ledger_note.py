"""What a paper says of the ledger: so many events, the last of them with this hash (docs/ledger.md)."""

import json

from mes_server.domain.seal import Anchor
from mes_server.reports.bilingual import both


def noted(anchor: Anchor | None) -> str:
    """The small print of a sheet."""
    return f"{both('paper.ledger')} {anchor.on_paper()}" if anchor else ""


def attached(anchor: Anchor | None) -> str:
    """The anchor whole, as JSON that a PDF carries as ledger.json."""
    if anchor is None:
        return ""
    return json.dumps({"count": anchor.number, "hash": anchor.hash})
