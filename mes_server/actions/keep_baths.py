"""What is done to a bath make-up besides titrating it: made up under a spec, added to, dumped."""

from decimal import Decimal

from mes_server.actions.gather_baths import row_in_force, spec_at
from mes_server.actions.handle_lots import scrap
from mes_server.actions.ready_station import name_resource
from mes_server.actions.record_events import Book
from mes_server.domain import baths
from mes_server.domain.baths import Bath
from mes_server.domain.decimals import NoFigure, figure, written
from mes_server.domain.rules import Refusal
from mes_server.domain.texts import text_is_no_script
from mes_server.store.baths import load_bath
from mes_server.store.documents import load_current


def make_up(book: Book, lot: str, spec: str, volume_l: str) -> list[Refusal] | list[str]:
    """A lot of kind "bath" is a make-up of so many litres under a spec (its code) from now on."""
    found = book.lot(lot)
    if found is None:
        return [Refusal("lot_is_known", {"lot": lot})]
    refused = []
    if found.kind != "bath":
        refused.append(Refusal("lot_is_a_bath", {"lot": lot, "is": found.kind}))
    if load_bath(book.conn, lot) is not None:
        refused.append(Refusal("bath_is_new", {"lot": lot}))
    if load_current(book.conn, "bath", spec, book.act.now_ms) is None:
        refused.append(Refusal("bath_has_spec", {"lot": lot, "spec": spec}))
    low, high = (Decimal(one) for one in row_in_force("baths", book.act.at_ms)["volume_l"])
    volume, wrong = _figure(volume_l, "volume_l", (low, high))
    refused += wrong
    if refused or volume is None:
        return refused
    book.note(baths.stream_of(lot), baths.MADE, spec=spec, volume_l=written(volume, 9))
    return [lot]


def add(book: Book, lot: str, said: tuple[str, str, str, str]) -> list[Refusal]:
    """So much of a product went in. `said`: product, amount, unit (mL or g), lot of the product."""
    product, text, unit, product_lot = said
    bath = in_use(book, lot)
    if not isinstance(bath, Bath):
        return bath
    refused = text_is_no_script({"product": product})
    most = bath.volume_l * Decimal(row_in_force("baths", book.act.at_ms)["addition_ml_per_l_max"])
    amount, wrong = _figure(text, "amount", (Decimal("0.001"), most))
    refused += wrong
    spec = spec_at(book.conn, bath, book.act.at_ms)
    known = {one.product: one.unit for one in spec.replenishment} if spec else {}
    if not product.strip() or unit != known.get(product, unit) or unit not in ("mL", "g"):
        facts = {"product": product, "unit": known.get(product, "mL, g"), "told": unit}
        refused.append(Refusal("addition_has_its_unit", facts))
    named = name_resource(book.conn, product_lot) if product_lot else ""
    if isinstance(named, Refusal):
        refused.append(named)
    if refused or amount is None:
        return refused
    book.note(
        baths.stream_of(lot), baths.ADDED, product=product, amount=written(amount, 9),
        unit=unit, product_lot=str(named),
    )  # fmt: skip
    return []


def dump(book: Book, lot: str, reason: str) -> list[Refusal] | list[str]:
    """The make-up is over; what is left of it becomes waste, and nothing is loaded into it any more."""
    bath = in_use(book, lot)
    if not isinstance(bath, Bath):
        return bath
    found = book.lot(lot)
    if not reason.strip():
        return [Refusal("reason_is_given", {})]
    made: list[str] = []
    mark = book.mark()
    book.note(baths.stream_of(lot), baths.DUMPED, reason)
    if found is not None and not found.amount.is_nothing:
        answer = scrap(book, lot, found.amount, reason)
        refused = [one for one in answer if isinstance(one, Refusal)]
        if refused:
            book.forget_since(mark)
            return refused
        made = [str(one) for one in answer]
    return made


def in_use(book: Book, lot: str) -> Bath | list[Refusal]:
    """The make-up, or why nothing may be done to it."""
    bath = load_bath(book.conn, lot)
    if bath is None:
        return [Refusal("bath_is_made_up", {"lot": lot})]
    if bath.dumped_ms is not None:
        return [Refusal("bath_is_in_use", {"lot": lot, "at_ms": str(bath.dumped_ms)})]
    if book.act.at_ms < bath.made_ms:
        facts = {"lot": lot, "at_ms": str(bath.made_ms), "told_ms": str(book.act.at_ms)}
        return [Refusal("bath_was_made_up_then", facts)]
    return bath


def in_use_then(book: Book, lot: str) -> Bath | list[Refusal]:
    """The make-up as far as a sample of it could be taken at the time of the act: also when it was dumped since."""
    bath, at_ms = load_bath(book.conn, lot), book.act.at_ms
    if bath is None or bath.dumped_ms is None or not bath.made_ms <= at_ms <= bath.dumped_ms:
        return in_use(book, lot)
    return bath


def _figure(
    text: str, name: str, limits: tuple[Decimal, Decimal]
) -> tuple[Decimal | None, list[Refusal]]:
    try:
        value = figure(text)
    except NoFigure as error:
        return None, [Refusal(error.rule, {"text": text})]
    if limits[0] <= value <= limits[1]:
        return value, []
    facts = {"parameter": name, "field": name, "value": written(value)}
    facts |= {"low": written(limits[0]), "high": written(limits[1])}
    return None, [Refusal("titration_is_possible", facts)]
