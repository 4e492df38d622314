"""Analysers, meters and waste as pages: how each stands, what was recorded, and the forms to record it."""

from collections.abc import Sequence

from flask import Blueprint, render_template

from mes_server.actions.gather_water_lab import analysers_at
from mes_server.actions.gather_waterworks import known_pollutants, waterworks_at
from mes_server.actions.read_water import dated_row
from mes_server.domain.water_records import MANIFEST, RECEIVED, SLUDGE, USED
from mes_server.domain.water_samples import SPAN, AnalyserCheck
from mes_server.store.analyser_checks import difference
from mes_server.store.meter_notes import list_notes
from mes_server.store.series import series_key
from mes_server.store.waste import list_waste
from mes_server.web.guards import needs
from mes_server.web.page import now_ms
from mes_server.web.site import this_site
from mes_server.web.water_answers import plain, waste_answer

water_keep = Blueprint("water_keep", __name__)
SHOWN = 60
_WIDE, _HIGH, _REACH = 240, 64, 2.0  # of a trend, in its own units; so many tolerances fit in it


def drift(checks: Sequence[AnalyserCheck]) -> list[tuple[float, float, bool]]:
    """Points of a small curve: how far off each span check was in tolerances, the oldest first; did it pass."""
    found = [one for one in reversed(checks) if one.kind == SPAN and not one.voided]
    step = _WIDE / max(len(found) - 1, 1)
    points = []
    for n, one in enumerate(found):
        off = difference(one)
        if off is not None and one.tolerance:
            share = max(-_REACH, min(_REACH, float(off / one.tolerance)))
            y = round(_HIGH / 2 * (1 - share / _REACH), 1)
            points.append((round(min(n * step + 3, _WIDE - 3), 1), y, bool(one.passed)))
    return points


@water_keep.get("/water/analysers")
@needs("read")
def analysers() -> str:
    """Each online analyser: how it stands, its drift, since when its values are doubtful."""
    with this_site().reading() as conn:
        found = analysers_at(conn, now_ms())
        works = waterworks_at(conn, now_ms())
    measured = {name: row for name, row in known_pollutants().items() if row["metric"]}
    return render_template(
        "water/analysers.html", analysers=[(one, drift(one.checks)) for one in found], difference=difference,
        plain=plain, pollutants=known_pollutants(), measured=measured, row=dated_row("analyser_checks", now_ms()),
        places=[one for one in works.places if one.station] if works else [],
    )  # fmt: skip


@water_keep.get("/water/meters")
@needs("read")
def meters() -> str:
    """Each meter of the waterworks, what was written down about it, and whether a station reads it."""
    with this_site().reading() as conn:
        works = waterworks_at(conn, now_ms())
        notes = list_notes(conn, limit=SHOWN)
        rows = [
            (one, series_key(conn, one.station, one.metric) is not None)
            for one in (works.meters if works else ())
        ]
    last = {one.meter: one for one in reversed(notes) if not one.voided}
    return render_template("water/meters.html", meters=rows, notes=notes, last=last, plain=plain)


@water_keep.get("/water/waste")
@needs("read")
def waste() -> str:
    """The book of sludge, reagents and manifests."""
    with this_site().reading() as conn:
        works = waterworks_at(conn, now_ms())
        lists = {
            name: [(one, waste_answer(one)) for one in list_waste(conn, kinds, SHOWN)]
            for name, kinds in (
                ("sludge", (SLUDGE,)), ("reagents", (RECEIVED, USED)), ("manifests", (MANIFEST,)),
            )
        }  # fmt: skip
    places = [one for one in works.places if one.kind == "treatment"] if works else []
    row = dated_row("hazardous_waste", now_ms())
    return render_template(
        "water/waste.html", lists=lists, places=places, titles={one.code: one.title for one in places}, row=row
    )  # fmt: skip
