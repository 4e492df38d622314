"""Lots, amounts, events and suspicions as pages say them."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flask import url_for

from mes_server.domain.amounts import Amount, amount_from, total
from mes_server.domain.codes import PREFIXES
from mes_server.domain.genealogy import Edge
from mes_server.domain.recalls import RESOURCE, Found, Suspicion
from mes_server.domain.routes import Route
from mes_server.domain.rules import Refusal
from mes_server.domain.seal import Event
from mes_server.web import formats
from mes_server.web.nodes import CLOCKS
from mes_server.web.page import words
from mes_server.web.site import this_site

KINDS = tuple(kind for kind in PREFIXES if kind not in ("shipment", "charge"))
STATUSES = ("active", "running", "held", "used_up", "shipped")
_NAMED = ("lot", "operation", "run", "position", "grade", "shipment", "hold", "corrects")
STATUS_SIGNS = {"active": "idle", "running": "run", "used_up": "off", "shipped": "ok"}


def amount_text(amount: Amount | Found, area: bool = False) -> str:
    """`20 pcs · 1.88 kg`, with the area where it is asked for; a dash for nothing."""
    parts = []
    if amount.pieces:
        parts.append(words()("lot.pieces", n=formats.number_text(amount.pieces)))
    if amount.mass_mg:
        parts.append(formats.mass_text(amount.mass_mg))
    if area and amount.area_mm2:
        parts.append(formats.area_text(amount.area_mm2))
    return " · ".join(parts) or formats.NOTHING


def edges_text(edges: Iterable[Edge]) -> str:
    """The amounts of edges together."""
    return amount_text(total(edge.amount for edge in edges))


def elements_text(elements: Mapping[str, int]) -> str:
    """Rare earths with their masses: `Nd 570 g, Dy 12 g`."""
    return ", ".join(f"{name} {formats.mass_text(mg)}" for name, mg in elements.items())


def suspicion_text(suspicion: Suspicion) -> str:
    """`Station sinter-1, 2026-11-23 08:00 … 09:00`."""
    t, zone = words(), this_site().settings.zone
    text = f"{t('suspect.' + suspicion.kind)} {suspicion.name}"
    if suspicion.from_ms is None and suspicion.to_ms is None:
        return text
    ends = [formats.time_text(t, at, zone, False) for at in (suspicion.from_ms, suspicion.to_ms)]
    return f"{text}, {ends[0]} … {ends[1]}"


def event_text(event: Event, route: Route | None = None) -> str:
    """What an event says beyond its kind: amounts, run, lots, hold, shipment."""
    t, facts = words(), event.facts()
    if facts.get("operation"):
        facts["operation"] = operation_text(route, facts["operation"])
    parts = [amount_text(amount_from(facts["amount"]))] if "amount" in facts else []
    parts += [t(f"fact.{name}", value=facts[name]) for name in _NAMED if facts.get(name)]
    for name in ("parents", "lots"):
        codes = [each["lot"] if isinstance(each, dict) else each for each in facts.get(name) or ()]
        parts += [t(f"fact.{name}", value=", ".join(map(str, codes)))] if codes else []
    if facts.get("why"):
        parts.append(t.known("edge", facts["why"]))
    return " · ".join(parts)


def suspicion_in(event: Event) -> Suspicion:
    """What a drill is about, from any of its events."""
    return Suspicion(**event.facts()["suspicion"])


def clock_text(span_ms: int) -> str:
    """What a stopped clock shows: minutes and seconds, hours before them."""
    minutes, seconds = divmod(span_ms // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def clock_name(state: int | None) -> str:
    """How far a clock of the edge could be trusted: a key of the words `clock.…`."""
    return "unknown" if state is None else CLOCKS.get(state, "unknown")


def operation_text(route: Route | None, code: str) -> str:
    """The title of an operation in its route; its code where that is not known."""
    operation = route.operations.get(code) if route is not None else None
    return words().one_of(operation.title) or code if operation is not None else code


def resource_url(resource: str) -> str:
    """The recall of all that used a resource."""
    return url_for("recall.recall", kind=RESOURCE, name=resource)


def lot_writers() -> dict[str, Any]:
    """What the templates about lots need."""
    return {
        "amount": amount_text,
        "edges_text": edges_text,
        "elements_text": elements_text,
        "event_text": event_text,
        "suspicion_text": suspicion_text,
        "resource_url": resource_url,
        "new_id": lambda: uuid.uuid4().hex,
        "suspicion_in": suspicion_in,
        "clock_text": clock_text,
        "clock_name": clock_name,
        "operation": operation_text,
        "mass": formats.mass_text,
        "share": formats.share_text,
        "STATUS_SIGNS": STATUS_SIGNS,
        "KINDS": KINDS,
        "STATUSES": STATUSES,
    }


def refusals_of(answer: object) -> Sequence[Refusal]:
    """The refusals that an action answered with; none when it did what it was asked."""
    return answer if isinstance(answer, list) else ()
