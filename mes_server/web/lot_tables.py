"""Tables about lots as CSV, with the same filters in the address as their pages."""

from collections.abc import Iterator

from flask import Blueprint, Response, request

from mes_server.actions.trace_lots import trace
from mes_server.domain.genealogy import BACK, FORWARD
from mes_server.domain.lots import Lot
from mes_server.domain.recalls import PLACES, Found, Recall
from mes_server.store.lot_search import Sought, iter_lots
from mes_server.web.downloads import BEGIN, csv_line, download
from mes_server.web.formats import iso_text
from mes_server.web.guards import needs
from mes_server.web.lots import chosen_filters, text_of
from mes_server.web.recall import read_suspicion
from mes_server.web.site import this_site

lot_tables = Blueprint("lot_tables", __name__)
LOT_COLUMNS = (
    "lot", "kind", "part", "grade", "route", "status", "held", "place", "run", "operation",
    "shipment", "supplier_lot", "pieces", "mass_mg", "area_mm2", "since_utc", "use_before_utc",
)  # fmt: skip
FOUND_COLUMNS = (
    "lot", "suspected", "where", "place", "run", "shipment", "customer", "kind", "part", "held",
    "pieces", "mass_mg", "area_mm2",
)  # fmt: skip


@lot_tables.get("/lots.csv")
@needs("read")
def lots() -> Response:
    """All lots that the page of lots would show over all its parts."""
    site, sought = this_site(), Sought(text_of("q"), chosen_filters())

    def lines() -> Iterator[str]:
        yield BEGIN + csv_line(*LOT_COLUMNS)
        for lot in iter_lots(site.reading, sought):
            yield _lot(lot)

    return download("lots.csv", lines())


def _lot(lot: Lot) -> str:
    amount = lot.amount
    expires = None if lot.expires_ms is None else iso_text(lot.expires_ms)
    return csv_line(
        lot.code, lot.kind, lot.part, lot.grade, lot.route, lot.status, bool(lot.holds), lot.place,
        lot.run, lot.operation, lot.shipment, lot.supplier_lot, amount.pieces, amount.mass_mg,
        amount.area_mm2, iso_text(lot.born_ms), expires,
    )  # fmt: skip


@lot_tables.get("/recall.csv")
@needs("read")
def recall() -> Response:
    """All lots that a suspicion leads to, and where each is now."""
    suspicion = read_suspicion(request.args)
    direction = BACK if text_of("direction") == BACK else FORWARD
    with this_site().reading() as conn:
        found = trace(conn, suspicion, direction)
    shown = found.at(text_of("where")) if text_of("where") in PLACES else found.lots
    lines = (_found(found, lot) for lot in shown)
    head = BEGIN + csv_line(*FOUND_COLUMNS)
    return download(f"recall_{suspicion.kind}_{suspicion.name}.csv", (head, *lines))


def _found(recall: Recall, lot: Found) -> str:
    return csv_line(
        lot.code, lot.code in recall.starts, lot.where, lot.place, lot.run, lot.shipment,
        recall.customers.get(lot.shipment, ""), lot.kind, lot.part, lot.held, lot.pieces,
        lot.mass_mg, lot.area_mm2,
    )  # fmt: skip
