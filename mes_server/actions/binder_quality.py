"""More of what proves the clauses: nonconformances, releases, gauges and studies, proofs, baths, changes, 8D."""

from sqlalchemy import Connection

from mes_server.actions.binder_evidence import LISTED_MAX, Find, evidence, some
from mes_server.actions.gather_baths import dues_of
from mes_server.actions.gather_furnace import furnace_standing
from mes_server.domain.binder import Evidence
from mes_server.domain.gauges import STUDIED
from mes_server.domain.msa_study import ATTRIBUTE, GRR
from mes_server.domain.nonconformance import USE_AS_IS, Nonconformance
from mes_server.domain.proofs import PROVED
from mes_server.domain.releases import PRODUCT_RELEASED
from mes_server.domain.report import iso
from mes_server.store.baths import list_baths, list_titrations
from mes_server.store.changes_of_process import list_changes, list_problems, list_temporaries
from mes_server.store.evidence import newest_events
from mes_server.store.gauges import list_gauges
from mes_server.store.nonconformances import list_ncs
from mes_server.store.pyrometry import list_surveys, surveyed_stations
from mes_server.store.stations import list_stations


def gauges(conn: Connection, now_ms: int) -> Evidence:
    """Gauges with their last calibration."""
    found = [one for one in list_gauges(conn) if one.retired_ms is None]
    rows = [
        {
            "gauge": g.code, "type": g.type, "owner": g.owner, "state": g.state(now_ms),
            "calibrated_at": iso(g.last.at_ms) if g.last else "", "due_at": iso(g.last.due_ms) if g.last else "",
            "certificate": g.last.certificate if g.last else "", "as_found_good": g.last.found if g.last else "",
            "as_left_good": g.last.left if g.last else "",
        }
        for g in found
    ]  # fmt: skip
    late = [g.code for g in found if g.state(now_ms) in ("expired", "failed", "new")]
    return evidence("gauges", rows, some("not_calibrated", late))


def msa(conn: Connection, _now_ms: int) -> Evidence:
    """Measurement system studies; types of gauges in use without an accepted one are a gap."""
    found, whole = newest_events(conn, STUDIED, LISTED_MAX)
    newest: dict[tuple[str, str], bool] = {}
    for e in found:
        newest.setdefault(
            (e["facts"]["type"], e["facts"].get("kind", GRR)), bool(e["facts"]["accepted"])
        )
    rows = [
        {
            "type": e["facts"]["type"], "kind": e["facts"].get("kind", GRR), "gauge": e["facts"]["gauge"], "method": e["facts"]["method"],
            "verdict": e["facts"]["verdict"], "accepted": e["facts"]["accepted"], "at": iso(e["at_ms"]), "by": e["person"],
        }
        for e in found
    ]  # fmt: skip
    types = {g.type for g in list_gauges(conn) if g.retired_ms is None}
    # The spread of a variable gauge, the agreement of an attribute gauge: without either nothing is known of a type.
    lone = [t for t in types if not newest.get((t, GRR)) and not newest.get((t, ATTRIBUTE))]
    return evidence("msa", rows, some("no_study", lone), whole=whole)  # fmt: skip


def _nc_rows(found: list[Nonconformance]) -> list[dict[str, str]]:
    return [
        {
            "number": one.code, "title": one.title, "source": one.source, "opened_at": iso(one.opened_ms),
            "state": one.state, "lots": ", ".join(one.lots),
            "disposition": one.disposition.kind if one.disposition else "", "approved_by": ", ".join(one.signed),
            "closed_at": iso(one.closed_ms),
        }
        for one in found
    ]  # fmt: skip


def nonconformances(conn: Connection, _now_ms: int) -> Evidence:
    """Dispositions with who approved them."""
    found = list_ncs(conn, LISTED_MAX)
    still = [one.code for one in found if one.state == "open"]
    return evidence("nonconformances", _nc_rows(found), some("not_disposed", still))


def complaints(conn: Connection, _now_ms: int) -> Evidence:
    """Those that customers found."""
    found = [one for one in list_ncs(conn, LISTED_MAX) if one.source == "customer"]
    return evidence("complaints", _nc_rows(found))


def concessions(conn: Connection, now_ms: int) -> Evidence:
    """What customers agreed to, how much and until when."""
    rows = []
    late = []
    for one in list_ncs(conn, LISTED_MAX):
        given = one.disposition
        if given is None or given.kind != USE_AS_IS:
            continue
        rows.append(
            {
                "number": one.code, "lots": ", ".join(one.lots), "reference": given.customer_reference,
                "pieces": given.pieces, "until": iso(given.until_ms), "approved_by": ", ".join(one.signed),
            }
        )  # fmt: skip
        if given.until_ms is not None and given.until_ms < now_ms and one.closed_ms is None:
            late.append(one.code)
    return evidence("concessions", rows, some("expired", late))


def notices(conn: Connection, _now_ms: int) -> Evidence:
    """Customers who got some of what does not conform, and when they were told."""
    found = list_ncs(conn, LISTED_MAX)
    rows = [
        {
            "number": one.code, "customer": n.customer, "shipments": ", ".join(n.shipments),
            "told_at": iso(n.told_ms), "told_by": n.told_by, "how": n.how,
        }
        for one in found
        for n in one.notices
    ]  # fmt: skip
    untold = [f"{one.code} {n.customer}" for one in found for n in one.untold]
    return evidence("notices", rows, some("not_told", untold))


def releases(conn: Connection, _now_ms: int) -> Evidence:
    """Lots that were released by signature."""
    found, whole = newest_events(conn, PRODUCT_RELEASED, LISTED_MAX)
    rows = [
        {
            "lot": e["facts"]["lot"], "plan": e["facts"]["plan"], "at": iso(e["at_ms"]),
            "by": ", ".join(e["facts"]["by"]), "digest": e["facts"]["digest"],
        }
        for e in found
    ]  # fmt: skip
    return evidence("releases", rows, whole=whole)


def telemetry(conn: Connection, _now_ms: int) -> Evidence:
    """Which stations report, and when they last did."""
    rows = [
        {"station": one.id, "type": one.type or "", "last_sample_at": iso(one.last_sample_ms), "online": one.online}
        for one in list_stations(conn)[:LISTED_MAX]
        if one.last_sample_ms is not None
    ]  # fmt: skip
    return evidence("telemetry", rows)


def problems(conn: Connection, now_ms: int) -> Evidence:
    """8Ds; what is overdue of them is a gap."""
    found = list_problems(conn)[:LISTED_MAX]
    rows = [
        {
            "number": one.code, "title": one.title, "state": one.state, "opened_at": iso(one.opened_ms),
            "linked": ", ".join(one.linked), "closed_at": iso(one.closed_ms), "check_at": iso(one.check_ms),
            "result": one.result, "reopened": one.reopened,
        }
        for one in found
    ]  # fmt: skip
    late = [f"{one.code} {name}" for one in found for name in one.overdue(now_ms)]
    return evidence("problems", rows, some("overdue", late))


def temporary(conn: Connection, now_ms: int) -> Evidence:
    """Alternate controls for a time; a daily review that is missing is a gap."""
    found = list_temporaries(conn)[:LISTED_MAX]
    rows = [
        {
            "number": one.code, "station": one.station, "operation": one.operation, "primary": one.primary,
            "alternate": one.alternate, "from": iso(one.from_ms), "until": iso(one.until_ms),
            "reviews": len(one.reviews), "ended_at": iso(one.ended_ms), "verified": one.verified,
        }
        for one in found
    ]  # fmt: skip
    late = [one.code for one in found if one.review_is_due(now_ms)]
    return evidence("temporary", rows, some("overdue", late))


def changes(conn: Connection, _now_ms: int) -> Evidence:
    """Changes for good, with who approved them and from which lot on."""
    rows = [
        {
            "number": one.code, "title": one.title, "state": one.state, "risk": one.risk,
            "verification": one.verification, "approved_by": ", ".join(one.signed),
            "reference": one.customer_reference, "effective_at": iso(one.effective_ms), "first_lot": one.first_lot,
        }
        for one in list_changes(conn)[:LISTED_MAX]
    ]  # fmt: skip
    return evidence("changes", rows)


def proofs(conn: Connection, _now_ms: int) -> Evidence:
    """Runs that were judged by their curves, with the verdict."""
    found, whole = newest_events(conn, PROVED, LISTED_MAX)
    newest: dict[str, str] = {}
    for e in found:
        newest.setdefault(e["facts"]["run"], e["facts"]["verdict"])
    rows = [
        {
            "event": e["number"], "run": e["facts"]["run"], "station": e["facts"]["station"], "recipe": e["facts"]["recipe"],
            "verdict": e["facts"]["verdict"], "at": iso(e["at_ms"]), "by": e["person"],
        }
        for e in found
    ]  # fmt: skip
    bad = [run for run, verdict in newest.items() if verdict != "proven"]
    return evidence("proofs", rows, some("not_proven", bad), whole=whole)


def pyrometry(conn: Connection, now_ms: int) -> Evidence:
    """Surveys and thermocouples of furnaces; what is overdue now is a gap."""
    rows: list[dict[str, str]] = []
    late = []
    for station in surveyed_stations(conn):
        rows += [
            {
                "survey": one.code, "station": station, "test": one.test, "result": one.result, "at": iso(one.at_ms),
                "by": one.person, "signed_by": one.signer,
            }
            for one in list_surveys(conn, station)
        ]  # fmt: skip
        standing = furnace_standing(conn, station, now_ms)
        if standing is not None:
            late += [f"{station} {one.requirement.test}" for one in standing.unfit_tests]
            late += [f"{station} {one.thermocouple.code}" for one in standing.unfit_thermocouples]
    return evidence("pyrometry", rows[-LISTED_MAX:], some("overdue", late), whole=len(rows))


def baths(conn: Connection, now_ms: int) -> Evidence:
    """Make-ups with their last titration; one in use of which something must be titrated is a gap."""
    rows: list[dict[str, str]] = []
    late = []
    for bath in list_baths(conn, LISTED_MAX):
        last = next((one for one in list_titrations(conn, bath.lot) if not one.voided), None)
        rows.append(
            {
                "bath": bath.lot, "spec": bath.spec, "volume_l": f"{bath.volume_l:f}", "made_up_at": iso(bath.made_ms),
                "dumped_at": iso(bath.dumped_ms), "titration": last.code if last else "",
                "titrated_at": iso(last.at_ms) if last else "", "verdict": last.verdict if last else "",
            }
        )  # fmt: skip
        if bath.dumped_ms is None and dues_of(conn, bath, now_ms):
            late.append(bath.lot)
    return evidence("baths", rows, some("overdue", late))


# As binder_evidence.EVIDENCE.
QUALITY: dict[str, Find] = {
    "gauges": gauges,
    "msa": msa,
    "nonconformances": nonconformances,
    "complaints": complaints,
    "concessions": concessions,
    "notices": notices,
    "releases": releases,
    "telemetry": telemetry,
    "proofs": proofs,
    "pyrometry": pyrometry,
    "baths": baths,
    "changes": changes,
    "temporary": temporary,
    "problems": problems,
}
