"""How lots come into being apart from runs: received, blended, packed, sampled, returned by a customer.

Each takes a Book of one action and notes its facts; the caller closes the book. What the business does
not allow is returned as refusals, and then nothing was noted.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mes_server.actions.handle_lots import (
    load_each,
    lot_stream,
    most_reworks,
    not_at_hand,
    not_fresh,
    route_ahead,
    scrap,
    split_lot,
)
from mes_server.actions.record_events import Book
from mes_server.domain import lots
from mes_server.domain.amounts import RARE_EARTHS, Amount, TooLittle, total
from mes_server.domain.codes import PREFIXES
from mes_server.domain.lots import Lot, born_with
from mes_server.domain.rules import Refusal
from mes_server.store.numbering import next_code
from mes_server.store.routes import load_route

_NO_LOTS = ("shipment", "charge")
KINDS = tuple(kind for kind in PREFIXES if kind not in _NO_LOTS)
# What is made of several by weight. Magnets are merged: only what is alike may be.
BLENDED = ("raw", "recycled", "alloy", "coarse_powder", "powder", "slurry", "bath", "waste")
Made = list[str] | list[Refusal]
RETURNED = "returned by the customer"
PACKS_MAX = 2_000  # of one act: others wait for it


def receive_lot(book: Book, kind: str, amount: Amount, **facts: Any) -> str:
    """A lot comes into being from outside: its code. `facts`: part, grade, route, supplier's lot …"""
    code = next_code(book.conn, kind, book.act.at_ms)
    said = {"part": "", "grade": "", "route": "", "why": "received", "parents": []} | facts
    book.note(lot_stream(code), lots.CREATED, kind=kind, amount=amount.as_content(), **said)
    return code


def receive(book: Book, kind: str, amount: Amount, facts: Mapping[str, Any]) -> Made:
    """As receive_lot, after the rules: a kind there is, something of it, rare earths within the mass."""
    refused = _kind(kind) + _route(book, str(facts.get("route", "")))
    refused += not_nothing(amount)
    others = sorted(set(amount.elements) - set(RARE_EARTHS))
    if others:
        told = {"elements": ", ".join(others), "known": ", ".join(RARE_EARTHS)}
        refused.append(Refusal("elements_are_rare_earths", told))
    if sum(amount.elements.values()) > amount.mass_mg:
        told = {"mass_mg": str(amount.mass_mg), "elements_mg": str(sum(amount.elements.values()))}
        refused.append(Refusal("elements_fit_the_mass", told))
    return refused or [receive_lot(book, kind, amount, **facts)]


def not_nothing(amount: Amount) -> list[Refusal]:
    """A refusal where there is nothing of it."""
    if amount.pieces or amount.mass_mg:
        return []
    return [Refusal("amount_is_something", {})]


def _kind(kind: str, known: Sequence[str] = KINDS) -> list[Refusal]:
    if kind in known:
        return []
    return [Refusal("lot_kind_is_known", {"lot_kind": kind, "known": ", ".join(known)})]


def _pieces_in(lot: Lot, mass_mg: int) -> int:
    """The pieces that go into a blend with so much of a lot that has some."""
    return lot.amount.pieces * mass_mg // lot.amount.mass_mg if lot.amount.mass_mg else 0


def _route(book: Book, route: str) -> list[Refusal]:
    if not route or load_route(book.conn, route) is not None:
        return []
    return [Refusal("route_is_released", {"lot": "", "route": route})]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a blend is to be; "" for as its parts are, where they agree."""

    kind: str = ""
    part: str = ""
    grade: str = ""
    route: str = ""


def blend_lots(book: Book, parts: Sequence[tuple[str, int]], wanted: Wanted) -> Made:
    """So many mg of each lot become one new lot; what each element weighs follows from the parts."""
    codes = [code for code, _ in parts]
    found, refused = load_each(book, codes)
    for lot in found:
        refused += not_at_hand(lot) + not_fresh(book, lot)
    if len(set(codes)) != len(codes) or len(codes) < 2:
        refused.append(Refusal("lots_may_mix", {"others": ", ".join(codes), "most": "0"}))
    taken: list[tuple[Lot, Amount]] = []
    if len(found) == len(parts):
        for lot, (_, mass_mg) in zip(found, parts, strict=True):
            amount, why = some_of(lot, _pieces_in(lot, mass_mg), mass_mg, loose=True)
            taken.append((lot, amount))
            refused += why
    made = {n: getattr(wanted, n) or _agreed(found, n) for n in ("kind", "part", "grade", "route")}
    refused += _kind(made["kind"], BLENDED) + _route(book, made["route"])
    if refused:
        return refused
    return [_blend(book, taken, made)]


def _blend(book: Book, taken: Sequence[tuple[Lot, Amount]], made: dict[str, str]) -> str:
    for lot, amount in taken:
        book.note(lot_stream(lot.code), lots.TAKEN, why="blend", amount=amount.as_content())
    whole = total(amount for _, amount in taken)
    same = {(lot.route, lot.done) for lot, _ in taken}
    done = taken[0][0].done if same == {(made["route"], taken[0][0].done)} else ()
    born = born_with(taken[0][0], whole) | made | {"done": list(done), "supplier_lot": ""}
    born["expires_ms"] = soonest(lot for lot, _ in taken)
    born["reworks"] = most_reworks([lot for lot, _ in taken])
    parents = [{"lot": lot.code, "amount": amount.as_content()} for lot, amount in taken]
    return create(book, "blend", parents, born)


def create(
    book: Book, why: str, parents: Sequence[Mapping[str, Any]], born: Mapping[str, Any]
) -> str:
    """Note a new lot of these parents: its code."""
    code = next_code(book.conn, born["kind"], book.act.at_ms)
    book.note(lot_stream(code), lots.CREATED, why=why, parents=list(parents), **born)
    return code


def soonest(parents: Iterable[Lot]) -> int | None:
    """What is made of several keeps no longer than the first of them."""
    return min((lot.expires_ms for lot in parents if lot.expires_ms is not None), default=None)


def _agreed(found: Sequence[Lot], name: str) -> str:
    values = {str(getattr(lot, name)) for lot in found}
    return values.pop() if len(values) == 1 else ""


def some_of(
    lot: Lot, pieces: int, mass_mg: int, loose: bool = False
) -> tuple[Amount, list[Refusal]]:
    """So much of a lot, and why there is not as much. Pieces without a mass weigh their share.

    `loose`: it may be stuff without pieces (swarf) of a lot that has some.
    """
    if pieces and not mass_mg and lot.amount.pieces:
        mass_mg = lot.amount.mass_mg * pieces // lot.amount.pieces
    is_all = (pieces, mass_mg) == (lot.amount.pieces, lot.amount.mass_mg)
    amount = lot.amount if is_all else lot.amount.same_stuff(pieces, mass_mg)
    refused = not_nothing(amount)
    if lot.amount.pieces and not pieces and mass_mg and not loose:
        refused.append(Refusal("pieces_are_told", {"lot": lot.code}))
    if pieces < lot.amount.pieces and mass_mg and mass_mg == lot.amount.mass_mg:
        left = str(lot.amount.pieces - pieces)
        told = {"lot": lot.code, "mass_mg": str(mass_mg), "left": left}
        refused.append(Refusal("mass_is_left_for_pieces", told))
    if pieces and pieces == lot.amount.pieces and not is_all:
        # The last piece takes the last milligram: else a lot of no pieces would be left.
        told = {"lot": lot.code, "told_mg": str(mass_mg), "mass_mg": str(lot.amount.mass_mg)}
        refused.append(Refusal("last_piece_takes_the_rest", told))
    try:
        _ = lot.amount - amount
    except TooLittle as error:
        refused.append(Refusal("amount_is_there", {"lot": lot.code, "detail": str(error)}))
    return amount, refused


def split_off(book: Book, code: str, parts: Sequence[tuple[int, int]]) -> Made:
    """As split_lot, of parts as they were counted (pieces) and weighed (mg)."""
    found, refused = load_each(book, [code])
    amounts: list[Amount] = []
    for lot in found:
        left = lot
        for pieces, mass_mg in parts:
            amount, why = some_of(left, pieces, mass_mg)
            refused += why
            amounts.append(amount)
            left = left if why else replace(left, amount=left.amount - amount)
    return refused or split_lot(book, code, amounts)


def scrap_some(book: Book, code: str, much: tuple[int, int], why: tuple[str, str]) -> Made:
    """As scrap, of so many pieces and mg. `why`: the reason, and whether it is scrap or swarf."""
    found, refused = load_each(book, [code])
    for lot in found:
        amount, missing = some_of(lot, *much, loose=True)
        refused += missing
    return refused or scrap(book, code, amount, *why)


def take_coupons(book: Book, code: str, pieces: int, mass_mg: int) -> Made:
    """Some pieces of a lot become a coupon lot, for the laboratory. Its origin is told for ever."""
    return _take(book, code, (pieces, mass_mg), "coupon")


def _take(book: Book, code: str, much: tuple[int, int], kind: str) -> Made:
    found, refused = load_each(book, [code])
    for lot in found:
        refused += not_at_hand(lot)
        amount, why = some_of(lot, *much)
        refused += why
    if refused:
        return refused
    (lot,) = found
    book.note(lot_stream(code), lots.TAKEN, why=kind, amount=amount.as_content())
    born = born_with(lot, amount, kind) | {"route": "", "done": [], "first": ""}
    return [create(book, kind, [{"lot": code, "amount": amount.as_content()}], born)]


def pack_lot(book: Book, code: str, pieces_each: int) -> Made:
    """A lot at the end of its route becomes packs of so many pieces; the last holds what is left."""
    found, refused = load_each(book, [code])
    for lot in found:
        refused += not_at_hand(lot) + not_fresh(book, lot) + route_ahead(book, lot)
        refused += _no_goods(lot) + _packs(lot, pieces_each)
    if refused:
        return refused
    (lot,) = found
    made, left = [], lot.amount
    book.note(lot_stream(code), lots.TAKEN, why="pack", amount=left.as_content())
    while not left.is_nothing:
        count = min(pieces_each, left.pieces)
        amount = left if count == left.pieces else left.share(count, left.pieces)
        left = left - amount
        parents = [{"lot": code, "amount": amount.as_content()}]
        made.append(create(book, "pack", parents, born_with(lot, amount, "pack")))
    return made


def _no_goods(lot: Lot) -> list[Refusal]:
    """A refusal of what has no route, and so none that could be unfinished: it leaves as what it is."""
    if lot.kind not in ("coupon", "waste"):
        return []
    return [Refusal("lot_is_goods", {"lot": lot.code, "lot_kind": lot.kind})]


def _packs(lot: Lot, pieces_each: int) -> list[Refusal]:
    """A refusal where so many pieces to a pack make no packs, or too many."""
    if not 0 < pieces_each <= lot.amount.pieces:
        told = {"lot": lot.code, "detail": f"{pieces_each} / {lot.amount.pieces}"}
        return [Refusal("amount_is_there", told)]
    count = -(-lot.amount.pieces // pieces_each)
    if count <= PACKS_MAX:
        return []
    return [
        Refusal("packs_are_few", {"lot": lot.code, "count": str(count), "most": str(PACKS_MAX)})
    ]


def return_lot(book: Book, code: str, much: tuple[int, int], reason: str) -> Made:
    """Some (pieces, mg) of a lot that was shipped comes back: a lot of its own, held until it is judged."""
    found, refused = load_each(book, [code])
    for lot in found:
        if not lot.shipment:
            refused.append(Refusal("lot_was_shipped", {"lot": code, "status": lot.status}))
        amount, why = some_of(lot, *much)
        refused += why
    if not reason.strip():
        refused.append(Refusal("reason_is_given", {}))
    if refused:
        return refused
    (lot,) = found
    book.note(lot_stream(code), lots.TAKEN, reason, why="return", amount=amount.as_content())
    parents = [{"lot": code, "amount": amount.as_content()}]
    back = create(book, "return", parents, born_with(lot, amount) | {"shipment": lot.shipment})
    book.note(lot_stream(back), lots.HELD, f"{RETURNED}: {reason}")
    return [back]
