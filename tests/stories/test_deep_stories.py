"""A life of more than a hundred generations is traced to its end, both ways."""

import pytest
from sqlalchemy import Engine

from mes_server.actions.handle_lots import merge_lots
from mes_server.actions.make_lots import split_off
from mes_server.actions.trace_lots import trace
from mes_server.domain.amounts import Amount
from mes_server.domain.genealogy import BACK, FORWARD
from mes_server.domain.recalls import LOT, Suspicion
from mes_server.store.engine import reading
from tests.mes_server.actions.lot_floor import Floor

DEPTH = 150


@pytest.fixture
def floor(engine: Engine) -> Floor:
    return Floor(engine)


def test_a_chain_of_150_splits_and_merges_is_traced_both_ways(floor: Floor) -> None:
    """Split, merge with something new, split …: every generation a lot joins."""
    first = floor.receive(Amount(1000, 5_000_000, 0, {"Nd": 1_500_000}))
    code, joined = first, []
    for depth in range(DEPTH):
        if depth % 2:
            joined.append(floor.receive(Amount(1, 5_000)))
            (code,) = floor.act(merge_lots, [code, joined[-1]])
        else:
            (code,) = floor.act(split_off, code, [(floor.lot(code).amount.pieces - 1, 0)])
    with reading(floor.engine) as conn:
        back = trace(conn, Suspicion(LOT, code), BACK)
        forward = trace(conn, Suspicion(LOT, first), FORWARD)
    causes = {lot.code for lot in back.lots}
    assert {first, code, *joined} <= causes
    assert len(causes) == DEPTH + 1 + len(joined)
    assert {lot.code for lot in forward.lots} == causes - set(joined)
    assert forward.account is not None
    assert forward.account.missing_mg == 0
    floor.check()
