"""Gather the lot report: all that is known of a lot, in 20 sections, read from one state of the store."""

from dataclasses import dataclass

from sqlalchemy import Connection

from mes_server.actions import report_checks as checks
from mes_server.actions import report_process as process
from mes_server.actions import report_record as record
from mes_server.actions import report_special as special
from mes_server.actions import report_work as work
from mes_server.actions.digests import digest_of
from mes_server.actions.release_product import SAME_GOODS, is_released
from mes_server.actions.report_furnace import furnace
from mes_server.actions.report_line import Line, line_of
from mes_server.actions.report_surface import surface
from mes_server.domain.genealogy import BACK
from mes_server.domain.lot_report import LOT_REPORT, Standing, lot_report, verdict_section
from mes_server.domain.releases import stream_of as release_stream
from mes_server.domain.report import Report, Row, Section, iso, yes
from mes_server.domain.signatures import Signature
from mes_server.store.ledger import head
from mes_server.store.lots import list_edges
from mes_server.store.signatures import list_signatures


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands on every page: number, language, who makes it when, with which software, at which plant.
    `earlier`: papers of the same that were made before."""

    number: str
    language: str
    made_ms: int
    made_by: str
    software: str
    site: str
    earlier: tuple[str, ...] = ()


def compile_lot_report(conn: Connection, code: str, heading: Heading) -> Report | None:
    """The report of a lot, as it is in this transaction; None: there is no such lot."""
    line = line_of(conn, code, heading.made_ms)
    if line is None:
        return None
    sections = _sections(line)
    standing = Standing(is_released(conn, code), bool(line.concessions))
    sections["verdict"] = verdict_section(sections, line.lot, _signatures(line), standing)
    return lot_report(
        Report(
            LOT_REPORT, heading.number, code, heading.language, heading.made_ms, heading.made_by,
            heading.software, heading.site, head(conn, heading.made_ms), sections, heading.earlier,
        )
    )  # fmt: skip


def _sections(line: Line) -> dict[str, Section]:
    tales = process.tales_of(line)
    return {
        "header": work.header(line),
        "genealogy": work.genealogy(line),
        "route_card": work.route_card(line),
        "conformance": checks.conformance(line),
        "special": special.special(line),
        "furnace": furnace(line, tales),
        "surface": surface(line),
        "magnetic": checks.magnetic(line),
        "dimensional": checks.dimensional(line),
        "gauges": special.gauges(line),
        "verifications": checks.verifications(line),
        "error_proofing": checks.error_proofing(line),
        "deviations": record.deviations(line),
        "changes": record.changes(line),
        "alarms": process.alarms(line, tales),
        "maintenance": record.maintenance(line),
        "material": record.material(line),
        "environment": process.environment(line, tales),
        "retention": record.retention(line),
    }


def _signatures(line: Line) -> list[Row]:
    """The signatures of the release of the lot, and of those that it is without having been worked on since."""
    rows: list[Row] = []
    waiting, seen = [line.lot.code], set()
    while waiting:
        code = waiting.pop()
        if code in seen:
            continue
        seen.add(code)
        about = release_stream(code)
        now = digest_of(line.conn, about)
        rows += [signature_row(one, now) for one in list_signatures(line.conn, about)]
        edges = list_edges(line.conn, [code], BACK)
        waiting += [edge.parent for edge in edges if edge.why in SAME_GOODS]
    return rows


def signature_row(one: Signature, now: str | None) -> Row:
    """A signature as papers show it; void ones, too."""
    return {
        "about": one.about, "badge": one.badge, "meaning": one.meaning, "at": iso(one.at_ms),
        "event": str(one.number), "stands": yes(one.stands(now)),
    }  # fmt: skip
