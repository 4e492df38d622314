"""What a lot was put together from by splitting and merging alone."""

from sqlalchemy import Engine

from mes_server.actions.handle_lots import merge_lots, split_lot
from mes_server.actions.lot_origins import origins_of
from mes_server.domain.amounts import Amount
from mes_server.store.engine import reading
from tests.mes_server.actions.lot_floor import Floor

TEN = Amount(10, 1_000_000)


def test_parts_and_mixtures_lead_back_to_what_was_received(engine: Engine) -> None:
    floor = Floor(engine)
    one, two = floor.receive(TEN), floor.receive(TEN)
    born = {code: floor.lot(code).born_ms for code in (one, two)}
    (part,) = floor.act(split_lot, one, [TEN.share(1, 2)])
    (mixed,) = floor.act(merge_lots, [part, two])
    (small,) = floor.act(split_lot, mixed, [TEN.share(1, 2)])
    with reading(engine) as conn:
        assert origins_of(conn, [floor.lot(small)]) == born
        assert origins_of(conn, [floor.lot(one), floor.lot(part)]) == {one: born[one]}
        assert origins_of(conn, []) == {}
