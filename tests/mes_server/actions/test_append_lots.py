"""A made-up genealogy goes straight into the now tables and can be traced."""

from sqlalchemy import Engine

from mes_server.actions.append_lots import append_lots
from mes_server.actions.trace_lots import trace
from mes_server.bench.genealogies import KINDS, Genealogy
from mes_server.domain.genealogy import FORWARD
from mes_server.domain.lots import Lot
from mes_server.domain.recalls import Suspicion
from mes_server.store.engine import reading


def test_what_is_appended_is_found_again(engine: Engine) -> None:
    made = Genealogy(40)
    lots: list[Lot] = []
    for layer, edges in made.layers():
        append_lots(engine, layer, edges)
        lots += layer
    assert len({lot.code for lot in lots}) == 40 * len(KINDS)
    with reading(engine) as conn:
        found = trace(conn, Suspicion("lot", made.hub), FORWARD)
    assert len(found.lots) > 40
    assert found.account is not None
    assert found.account.start_mg > 0, "a lot without a past is what it is and gave"
