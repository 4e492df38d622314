"""An action of a door that has no book: all of it or nothing, and again when somebody was quicker."""

import pytest
from sqlalchemy import Engine

from mes_server.actions.handle_lots import hold_lots
from mes_server.actions.one_action import TRIES, carry_out
from mes_server.actions.record_events import Act, Book
from mes_server.domain.amounts import Amount
from mes_server.store.ledger import Overtaken
from tests.mes_server.actions.lot_floor import Floor


def act(name: str) -> Act:
    return Act(name, "P2", "", 1000, 1000)


def test_what_is_noted_is_kept(engine: Engine) -> None:
    floor = Floor(engine)
    code = floor.receive(Amount(1, 1000))
    assert carry_out(engine, act("h1"), hold_lots, [code], "odd") == []
    assert floor.lot(code).holds == {"h1": "odd"}


def test_who_was_overtaken_decides_again_but_not_for_ever(engine: Engine) -> None:
    tries = []

    def acting(_book: Book, quicker: int) -> str:
        tries.append(1)
        if len(tries) <= quicker:
            raise Overtaken
        return "done"

    assert carry_out(engine, act("a"), acting, 2) == "done"
    assert len(tries) == 3
    tries.clear()
    with pytest.raises(Overtaken):
        carry_out(engine, act("b"), acting, TRIES)
