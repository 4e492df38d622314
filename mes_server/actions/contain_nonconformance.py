"""Open a nonconformance and contain it: all that it concerns is held, whoever got some of it is listed.

What is suspected or not identified is nonconforming until it is disposed of (IATF 16949:2016 8.7.1.3).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from mes_server.actions.record_events import Book
from mes_server.actions.trace_lots import trace
from mes_server.domain import lots
from mes_server.domain import nonconformance as nc
from mes_server.domain.attempts import Refusal
from mes_server.domain.genealogy import FORWARD
from mes_server.domain.lots import Lot
from mes_server.domain.nonconformance import Nonconformance
from mes_server.domain.recalls import LOT, Found, Suspicion
from mes_server.domain.texts import text_is_no_script
from mes_server.store.lots import load_lots, lots_of_shipment
from mes_server.store.nonconformances import load_nc
from mes_server.store.numbering import next_code

AT_HAND = (lots.ACTIVE, lots.RUNNING)


@dataclass(frozen=True, slots=True)
class Opening:
    """What does not conform. `lots`: those it was found at; or `about` a run, resource … of that `name`. What was made
    of them is found and held, too. `found`: how much of it, as people say it."""

    title: str
    source: str
    lots: tuple[str, ...] = ()
    characteristic: str = ""
    about: str = nc.LOTS
    name: str = ""
    found: str = ""


@dataclass(frozen=True, slots=True)
class Concerned:
    """The lots it began with, all that came of them, and the customers who have some."""

    starts: tuple[str, ...]
    lots: tuple[Found, ...]
    notices: list[dict[str, Any]]

    @property
    def at_hand(self) -> list[str]:
        """Those that can be held."""
        return [one.code for one in self.lots if one.status in AT_HAND and one.kind != "waste"]


def open_nonconformance(book: Book, said: Opening) -> list[str] | list[Refusal]:
    """Its number. Every lot at hand that it concerns is held; customers who got some are listed to be told."""
    refused = text_is_no_script(
        {name: getattr(said, name) for name in ("title", "characteristic", "name", "found")}
    )
    if not said.title.strip():
        refused.append(Refusal("reason_is_given", {}))
    if said.source not in nc.SOURCES:
        facts = {"source": said.source, "sources": ", ".join(nc.SOURCES)}
        refused.append(Refusal("source_is_known", facts))
    concerned, unknown = _concerned_by(book.conn, said)
    if refused or unknown:
        return refused + unknown
    code = next_code(book.conn, "nonconformance", book.act.at_ms)
    held = concerned.at_hand
    book.note(
        nc.stream_of(code), nc.OPENED, title=said.title, source=said.source, held=held,
        lots=sorted({*concerned.starts, *held}), characteristic=said.characteristic,
        notices=concerned.notices, about=said.about, name=said.name, found=said.found,
    )  # fmt: skip
    for one in held:
        book.note(f"lot:{one}", lots.HELD, f"{code} {said.title}"[:200])
    if said.about != nc.UNIDENTIFIED and not any(one.shipment for one in concerned.lots):
        book.note(nc.stream_of(code), nc.CONTAINED, held=[], notices=[])
    return [code]


def _concerned_by(conn: Connection, said: Opening) -> tuple[Concerned, list[Refusal]]:
    """What an opening is about, and why it is about nothing."""
    nothing = Concerned((), (), [])
    if said.about not in nc.SUBJECTS:
        facts = {"subject": said.about, "subjects": ", ".join(nc.SUBJECTS)}
        return nothing, [Refusal("subject_is_known", facts)]
    if said.about == nc.UNIDENTIFIED:
        return nothing, [] if said.found.strip() else [Refusal("amount_is_said", {})]
    known = load_lots(conn, said.lots)
    missing = [Refusal("lot_is_known", {"lot": one}) for one in said.lots if one not in known]
    if missing:
        return nothing, missing
    found = concerned_by(conn, (said.about, said.name), said.lots)
    if found.starts:
        return found, []
    if said.about == nc.LOTS:
        return nothing, [Refusal("lots_are_named", {})]
    return nothing, [Refusal("subject_is_found", {"subject": said.about, "name": said.name})]


def concerned_by(conn: Connection, about: tuple[str, str], codes: Sequence[str]) -> Concerned:
    """All that came of these lots, and of what `about` names, as it is now."""
    kind, name = about
    wanted = [Suspicion(LOT, code) for code in codes]
    if kind == nc.SHIPMENT:
        wanted += [Suspicion(LOT, code) for code in lots_of_shipment(conn, name)]
    elif kind not in (nc.LOTS, nc.UNIDENTIFIED):
        wanted.append(Suspicion(kind, name))
    found: dict[str, Found] = {}
    starts: set[str] = set()
    by_customer: dict[str, tuple[set[str], set[str]]] = {}
    for suspicion in wanted:
        recall = trace(conn, suspicion, FORWARD)
        starts |= set(recall.starts)
        found |= {one.code: one for one in recall.lots}
        for one in recall.lots:
            if one.shipment and one.shipment in recall.customers:
                customer = str(recall.customers[one.shipment])
                shipments, gone = by_customer.setdefault(customer, (set(), set()))
                shipments.add(one.shipment)
                gone.add(one.code)
    notices = [
        {"customer": name, "shipments": sorted(shipments), "lots": sorted(gone)}
        for name, (shipments, gone) in sorted(by_customer.items())
    ]
    return Concerned(tuple(sorted(starts)), tuple(found[code] for code in sorted(found)), notices)


def contain(book: Book, code: str, how: str) -> list[Refusal]:
    """All of it is held, set apart or told of; `how` says what was done. What has come of it since is held, too."""
    found = load_nc(book.conn, code)
    if found is None:
        return [Refusal("nonconformance_is_known", {"nonconformance": code})]
    refused = [] if how.strip() else [Refusal("reason_is_given", {})]
    if found.stage != nc.OPEN:
        facts = {"nonconformance": code, "state": found.stage}
        refused.append(Refusal("nonconformance_is_open", facts))
    if refused:
        return refused
    concerned = concerned_by(book.conn, (found.about, found.name), found.lots)
    held = [one for one in concerned.at_hand if not _is_held(book.lot(one), found)]
    for one in held:
        book.note(f"lot:{one}", lots.HELD, found.hold_text)
    notices = concerned.notices
    book.note(nc.stream_of(code), nc.CONTAINED, how, held=concerned.at_hand, notices=notices)
    return []


def _is_held(lot: Lot | None, found: Nonconformance) -> bool:
    return lot is not None and bool(holds_of(lot, found))


def holds_of(lot: Lot, found: Nonconformance) -> dict[str, str]:
    """The holds of a lot that speak of a nonconformance, by name: its own, or of what the lot was made of."""
    return {name: text for name, text in lot.holds.items() if found.code in nc.named_in(text)}


def end_hold(book: Book, lot: Lot, found: Nonconformance, reason: str) -> None:
    """What a nonconformance holds is free of it; what else the same hold says goes on as a hold."""
    for name, text in holds_of(lot, found).items():
        book.note(f"lot:{lot.code}", lots.RELEASED, f"{found.code}: {reason}", hold=name)
        rest = "; ".join(part for part in text.split(found.hold_text) if part.strip("; "))
        if rest.strip("; "):
            book.note(f"lot:{lot.code}", lots.HELD, rest.strip("; "))


def end_rest_of_hold(book: Book, lot: Lot, hold: str, reason: str) -> list[Refusal]:
    """Release a hold but for what it says of open nonconformances; refused when it says nothing else."""
    text = lot.holds[hold]
    named = [one for code in nc.named_in(text) if (one := load_nc(book.conn, code)) is not None]
    still = [one for one in named if one.state == nc.OPEN]
    kept = "; ".join(one.hold_text for one in still)
    if still and text == kept:
        return [
            Refusal("nonconformance_is_disposed", {"nonconformance": one.code, "state": one.stage})
            for one in still
        ]
    book.note(f"lot:{lot.code}", lots.RELEASED, reason, hold=hold)
    if still:
        book.note(f"lot:{lot.code}", lots.HELD, kept)
    return []
