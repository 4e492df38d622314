"""Take back what an action did to lots, by somebody who may: what quality decided, quality takes back."""

from collections.abc import Collection

from mes_server.actions.handle_lots import correct_action
from mes_server.actions.record_events import Book
from mes_server.domain.lots import CORRECTED, HELD, REGRADED, RELEASED
from mes_server.domain.rules import Refusal
from mes_server.store.ledger import list_action

_JUDGED = frozenset((HELD, RELEASED, REGRADED))


def take_back(book: Book, action: str, reason: str, rights: Collection[str]) -> list[Refusal]:
    """As correct_action, by somebody with these rights.

    To take a hold back is to release, also where it is done by corrections of corrections.
    """
    about = action
    while about:
        events = [e for e in list_action(book.conn, about) if e.stream.startswith("lot:")]
        kinds = {e.kind for e in events}
        about = str(events[0].facts()["corrects"]) if kinds == {CORRECTED} else ""
    if kinds and kinds <= _JUDGED and "release" not in rights:
        return [Refusal("judgement_is_of_quality", {"action": action})]
    return correct_action(book, action, reason)
