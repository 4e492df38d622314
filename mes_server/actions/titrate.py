"""Record a titration of a bath. One that is out locks the bath and holds every lot since it was last known to be good.

A good one releases nothing: the hold of the bath, and those of its lots, are ended by somebody with a reason.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import Connection

from mes_server.actions.gather_baths import methods_at, spec_at
from mes_server.actions.keep_baths import in_use_then
from mes_server.actions.ready_station import name_resource, unfit_resources
from mes_server.actions.record_events import Book
from mes_server.actions.trace_lots import trace
from mes_server.domain import baths, lots
from mes_server.domain.bath_spec import BathSpec
from mes_server.domain.baths import Bath, Titration
from mes_server.domain.checks import OUT
from mes_server.domain.decimals import written
from mes_server.domain.gauges import gauge_faults
from mes_server.domain.genealogy import FORWARD
from mes_server.domain.lots import SHIPPED_OUT
from mes_server.domain.recalls import EVER_MS, RESOURCE, Found, Recall, Suspicion
from mes_server.domain.rules import Refusal
from mes_server.domain.texts import text_is_no_script
from mes_server.domain.titration import Taken, titrated
from mes_server.store.baths import good_times, list_titrations, load_titration
from mes_server.store.gauges import load_gauge
from mes_server.store.numbering import next_code
from mes_server.store.stations import load_station


@dataclass(frozen=True, slots=True)
class Titrating:
    """What was read. `titrant`: the lot of the standard solution; `burette`: its gauge code; "" not told."""

    taken: Sequence[Taken]
    titrant: str = ""
    burette: str = ""
    note: str = ""


def titrate(book: Book, lot: str, said: Titrating) -> list[str] | list[Refusal]:
    """The number of the titration; or every reason why it is none."""
    bath = in_use_then(book, lot)
    if not isinstance(bath, Bath):
        return bath
    spec = spec_at(book.conn, bath, book.act.at_ms)
    if spec is None:
        return [Refusal("bath_has_spec", {"lot": lot, "spec": bath.spec})]
    known = methods_at(book.act.at_ms)
    methods = {one.name: known[one.method] for one in spec.parameters}
    values, refused = titrated(methods, said.taken)
    refused += text_is_no_script({"note": said.note, "burette": said.burette})
    refused += _place_is_known(book) + _tools(book, said)
    if not said.taken:
        facts = {"parameter": ", ".join(methods), "field": "volume_ml", "method": spec.name}
        refused.append(Refusal("titration_is_whole", facts))
    if refused:
        return refused
    return [_record(book, (bath, spec), said, baths.judge(spec, values))]


def _record(
    book: Book,
    of: tuple[Bath, BathSpec],
    said: Titrating,
    judged: Sequence[tuple[str, Decimal, str]],
) -> str:
    bath, spec = of
    code = next_code(book.conn, "titration", book.act.at_ms)
    out = [name for name, _, verdict in judged if verdict == OUT]
    since_ms, until_ms = _since_last_good(book.conn, bath.lot, out, book.act.at_ms)
    found = suspects_of(book.conn, bath.lot, (since_ms, until_ms)).lots if out else ()
    held = [one.code for one in found if _is_at_hand(one)]
    readings = {one.parameter: dict(one.said) for one in said.taken}
    figures = {name: value for name, value, _ in judged}
    advice = baths.by_titration(spec, bath.volume_l, figures)
    titrant = name_resource(book.conn, said.titrant) if said.titrant else ""
    book.note(
        baths.stream_of(bath.lot), baths.TITRATED, titration=code, spec=spec.name,
        values=[
            {"parameter": name, "value": written(value, 6), "verdict": verdict,
             "said": _told(readings.get(name, {}))}
            for name, value, verdict in judged
        ],
        verdict=baths.worst([verdict for _, _, verdict in judged]), titrant=str(titrant),
        burette=said.burette, note=said.note, since_ms=since_ms, suspects=held,
        shipped=[one.code for one in found if one.status == SHIPPED_OUT],
        advice=[list(one) for one in advice],
    )  # fmt: skip
    if out:
        lock = [bath.lot] if bath.dumped_ms is None else []
        _hold(book, [*lock, *held], (code, bath.lot), out)
    return code


def _told(said: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in said.items() if text}


def _hold(book: Book, codes: Sequence[str], of: tuple[str, str], out: Sequence[str]) -> None:
    """Once for each parameter of a bath: while a hold because of it stands, another titration that finds it out adds
    none. What else is out is a hold of its own, which does not end with the first."""
    titration, bath = of
    for code in codes:
        lot = book.lot(code)
        holds = lot.holds.values() if lot is not None else ()
        told = {name for why in holds if f" {bath}: " in why for name in why.split(": ", 1)[1].split(", ")}  # fmt: skip
        new = [name for name in out if name not in told]
        if new:
            book.note(f"lot:{code}", lots.HELD, f"{titration} {bath}: {', '.join(new)}"[:200])


def _is_at_hand(one: Found) -> bool:
    return one.status in (lots.ACTIVE, lots.RUNNING) and one.kind != "waste"


def _since_last_good(
    conn: Connection, lot: str, out: Sequence[str], at_ms: int, but: str = ""
) -> tuple[int, int]:
    """From when, and until when, nobody knows of a bath that these parameters were good; 0: never known. `but`: a
    titration that does not count."""
    since, until = [at_ms], [at_ms]
    for name in out:
        times = good_times(conn, lot, name, but)
        since.append(max((one for one in times if one < at_ms), default=0))
        until.append(min((one for one in times if one > at_ms), default=EVER_MS))
    return min(since), max(until)


def suspects_of(conn: Connection, lot: str, span: tuple[int, int]) -> Recall:
    """The lots of the runs that used a bath in a span, and what they became."""
    return trace(conn, Suspicion(RESOURCE, lot, *span), FORWARD)


def recall_of(conn: Connection, titration: Titration) -> Recall:
    """The suspects of a titration that was out, as they are now."""
    span = _since_last_good(conn, titration.lot, titration.out, titration.at_ms)
    return suspects_of(conn, titration.lot, (min(titration.since_ms, span[0]), span[1]))


def void_titration(book: Book, lot: str, code: str, reason: str) -> list[Refusal]:
    """It counts for nothing from now on, and stays as it was written. What it held stays held; where it was the good
    one that cleared lots of another that was out, these are held now."""
    found = load_titration(book.conn, code)
    if found is None or found.lot != lot:
        return [Refusal("titration_is_known", {"titration": code, "lot": lot})]
    refused = [] if reason.strip() else [Refusal("reason_is_given", {})]
    if found.voided:
        refused.append(Refusal("titration_counts", {"titration": code, "reason": found.voided}))
    if refused or found is None:
        return refused
    held = []
    for one in list_titrations(book.conn, lot):
        if not one.voided and set(one.out) & {v.parameter for v in found.values if v.verdict != OUT}:  # fmt: skip
            span = _since_last_good(book.conn, lot, one.out, one.at_ms, code)
            more = [f.code for f in suspects_of(book.conn, lot, span).lots if _is_at_hand(f)]
            new = [code for code in more if code not in one.suspects]
            _hold(book, new, (one.code, lot), one.out)
            held += new
    book.note(baths.stream_of(lot), baths.VOIDED, reason, titration=code, held=sorted(set(held)))
    return []


def _place_is_known(book: Book) -> list[Refusal]:
    place = book.act.place
    if not place or place in ("lab", "office") or load_station(book.conn, place) is not None:
        return []
    return [Refusal("station_is_known", {"station": place})]


def _tools(book: Book, said: Titrating) -> list[Refusal]:
    """A burette that is no gauge of ours or out of calibration, a solution that is held or past its life."""
    refused = []
    if said.burette:
        gauge = load_gauge(book.conn, said.burette)
        asked = (said.burette, gauge.type if gauge is not None else "")
        refused += gauge_faults(gauge, asked, (), book.act.at_ms)
    if not said.titrant:
        return refused
    named = name_resource(book.conn, said.titrant)
    if isinstance(named, Refusal):
        return [*refused, named]
    unfit = unfit_resources(book.conn, {"titrant": named}, book.act.at_ms)
    told = "; ".join(f"{what}: {why}" for what, why in unfit.items())
    return refused + ([Refusal("resources_are_good", {"resources": told})] if unfit else [])
