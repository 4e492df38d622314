"""Calibrations and studies as they were recorded, and the lots that a gauge in doubt has measured."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection

from mes_server.domain.gauges import CALIBRATED, STUDIED, VOIDED, Study, stream_of, study_from
from mes_server.domain.seal import Event
from mes_server.store.ledger import load_stream
from mes_server.store.lots import load_lots
from mes_server.store.traces import customers_of


class Calibrated(NamedTuple):
    """A calibration with its points: the facts of its event. `number`: among those of its gauge, as they were recorded.
    `voided`: why it counts no more, "" when it counts."""

    number: int
    at_ms: int
    by: str
    facts: Mapping[str, Any]
    voided: str = ""


class Studied(NamedTuple):
    """A study with its readings, by appraiser, part and trial; names are "1", "2" … where none were told.
    `number`: among those of its type."""

    number: int
    study: Study
    readings: list[list[list[str]]]
    references: list[str]
    appraisers: list[str]
    parts: list[str]


class Affected(NamedTuple):
    """A lot that a gauge in doubt has measured. `held`: it is; `customer`: who got it, "" nobody yet."""

    lot: str
    status: str
    shipment: str
    customer: str
    held: bool


def calibrated(conn: Connection, code: str) -> list[Calibrated]:
    """The calibrations of a gauge as they were recorded, voided ones too."""
    events = load_stream(conn, stream_of(code))
    voided = {one.facts()["calibration"]: one.reason for one in events if one.kind == VOIDED}
    made = (one for one in events if one.kind == CALIBRATED)
    return [
        Calibrated(number, one.at_ms, one.person, one.facts(), voided.get(number, ""))
        for number, one in enumerate(made, 1)
    ]


def studied(conn: Connection, kind: str) -> list[Studied]:
    """The studies of a type of gauge, the oldest first."""
    events = (one for one in load_stream(conn, f"study:{kind}") if one.kind == STUDIED)
    return [_studied(number, one) for number, one in enumerate(events, 1)]


def _studied(number: int, event: Event) -> Studied:
    facts = event.facts()
    readings = facts["readings"]
    return Studied(
        number, study_from(event), readings, facts.get("references", []),
        facts.get("appraisers") or [str(i + 1) for i in range(len(readings))],
        facts.get("parts") or [str(i + 1) for i in range(len(readings[0]))],
    )  # fmt: skip


def affected(conn: Connection, codes: Sequence[str]) -> list[Affected]:
    """These lots as they are now, by code; those that were shipped with their customer."""
    known = load_lots(conn, list(codes)) if codes else {}
    shipments = {lot.shipment for lot in known.values() if lot.shipment}
    customers = customers_of(conn, shipments) if shipments else {}
    return [
        Affected(code, lot.status, lot.shipment, customers.get(lot.shipment, ""), bool(lot.holds))
        for code, lot in sorted(known.items())
    ]
