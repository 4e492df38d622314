"""What has changed since a page last asked: the source of the server-sent events."""

from dataclasses import dataclass

from sqlalchemy import Connection

from mes_server.store.series_now import SeriesNow, list_now_since
from mes_server.store.stations import StationView, list_changed_stations
from mes_server.store.tables import run

SAMPLES_MAX = 20_000


@dataclass(frozen=True, slots=True)
class Changes:
    """`number`: the latest change seen; ask for what comes after it next time."""

    number: int
    samples: list[SeriesNow]
    stations: list[StationView]


def latest_change(conn: Connection) -> int:
    """The number of the latest change; 0 in an empty store."""
    return int(run(conn, "SELECT number FROM change").scalar() or 0)


def changes_since(conn: Connection, number: int) -> Changes:
    """Latest samples and stations changed after `number`; costs what has changed, not what there is."""
    latest = latest_change(conn)
    if latest <= number:
        return Changes(latest, [], [])
    return Changes(
        latest, list_now_since(conn, number, SAMPLES_MAX), list_changed_stations(conn, number)
    )
