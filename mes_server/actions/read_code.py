"""What was scanned, read and looked up: a void label says so, a station's card becomes its station."""

from dataclasses import replace

from sqlalchemy import Connection

from mes_server.domain.cards import STATION, meant_by
from mes_server.domain.labels import label_is_good
from mes_server.domain.rules import Refusal
from mes_server.domain.scan_codes import ScanCode, Scanner, read_scan
from mes_server.store.labels import load_standing
from mes_server.store.stations import list_stations


def read_code(conn: Connection, text: str, scanner: Scanner) -> ScanCode | Refusal:
    """The code in a text as it was scanned, or why there is none that counts."""
    code = read_scan(text, scanner)
    if isinstance(code, Refusal):
        return code
    if code.label:
        return label_is_good(code.label, load_standing(conn, code.label)) or code
    if code.kind == STATION:
        station = meant_by(code.value, [view.id for view in list_stations(conn)])
        if station is None:
            return Refusal("station_is_known", {"station": code.value})
        return replace(code, value=station)
    return code
