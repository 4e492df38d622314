"""The permit of an outlet as a released document (kind "permit"), and the limits that hold there on a day.

A permit names the limit sets that apply by law, each with the operations whose water it is about, and may set limits of
its own. The permit's own limit is the last word; otherwise the strictest of the sets holds, because mixed water is
judged by the strictest standard (GB 21900-2008 4.1, GB 8978-1996 4.1.6; certainty M).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from mes_server.domain.documents import Document

SPOT, HOURLY, DAILY, FOUR_DAY, MONTHLY = AVERAGINGS = ("spot", "hourly", "daily", "four_day", "monthly")  # fmt: skip
DIRECT, INDIRECT = DISCHARGES = ("direct", "indirect")


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit on a pollutant, both ends allowed. `averaging`: over what. `origin`: the set, or "permit"."""

    pollutant: str
    low: Decimal | None
    high: Decimal | None
    unit: str
    averaging: str
    origin: str
    source: str
    certainty: str


@dataclass(frozen=True, slots=True)
class Applied:
    """A limit set that applies by law. `operations`: whose water it is about; none named: all of it."""

    set: str
    operations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Permit:
    """A released revision. `outlet`: the place; `day_starts_min`: when its working day begins, minutes of plant time.

    `dilution`: streams that count as dilution in the combined wastestream formula (40 CFR 403.6(e)). `mn`: the number
    of the monitoring point for HJ 212, "" for none. `holds_lots`: lots of an exceedance are held, not only named.
    """

    name: str
    outlet: str
    discharge: str
    applied: tuple[Applied, ...]
    own: tuple[Limit, ...]
    day_starts_min: int = 0
    dilution: tuple[str, ...] = ()
    mn: str = ""
    holds_lots: bool = False


def permit_of(document: Document) -> Permit:
    """What a document of kind "permit" writes."""
    said = document.content
    source = f"{document.name}: {said['authority']}" if said.get("authority") else document.name
    own = [
        Limit(
            one["pollutant"], _figure(one, "low"), _figure(one, "high"), one["unit"], one["averaging"],
            "permit", source, "H",
        )
        for one in said.get("limits", ())
    ]  # fmt: skip
    applied = [Applied(one["set"], tuple(one.get("operations", ()))) for one in said["sets"]]
    hours, minutes = str(said.get("day_starts", "00:00")).split(":")
    return Permit(
        document.name, said["outlet"], said["discharge"], tuple(applied), tuple(own),
        int(hours) * 60 + int(minutes), tuple(said.get("dilution", ())), said.get("mn", ""),
        bool(said.get("holds_lots", False)),
    )  # fmt: skip


def _figure(said: Mapping[str, Any], name: str) -> Decimal | None:
    return None if said.get(name) is None else Decimal(said[name])


def strictest(limits: Iterable[Limit]) -> dict[tuple[str, str], Limit]:
    """The limit that holds, by pollutant and averaging: the permit's own, else the least high and the greatest low.

    A permit that limits a pollutant in any way puts the sets' limits of that pollutant and averaging aside only.
    """
    found: dict[tuple[str, str], Limit] = {}
    for one in sorted(limits, key=lambda one: one.origin == "permit", reverse=True):
        key = one.pollutant, one.averaging
        held = found.get(key)
        if held is None:
            found[key] = one
        elif held.origin != "permit":
            found[key] = _tighter(held, one)
    return found


def _tighter(a: Limit, b: Limit) -> Limit:
    """Of two limits the one with the lesser high; where only lows differ, with the greater low."""
    if a.high is not None and b.high is not None and a.high != b.high:
        return a if a.high < b.high else b
    if a.low is not None and b.low is not None and a.low != b.low:
        return a if a.low > b.low else b
    return b if a.high is None and b.high is not None else a
