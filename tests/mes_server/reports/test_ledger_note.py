"""What papers say of the ledger."""

import json

from mes_server.domain.seal import Anchor, anchor_on_paper
from mes_server.reports.ledger_note import attached, noted

ANCHOR = Anchor(1234, "0123456789abcdef" * 4, 5)


def test_the_small_print_is_read_back_and_the_attachment_holds_the_whole_hash() -> None:
    assert noted(ANCHOR) == "账本 ledger 1234:0123456789abcdef"
    assert anchor_on_paper(noted(ANCHOR).split()[-1]) == Anchor(1234, ANCHOR.hash[:16], 0, "paper")
    assert json.loads(attached(ANCHOR)) == {"count": 1234, "hash": ANCHOR.hash}


def test_without_an_anchor_nothing_is_said() -> None:
    assert (noted(None), attached(None)) == ("", "")
