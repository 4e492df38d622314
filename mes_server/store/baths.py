"""Bath make-ups, computed from the ledger: their titrations and additions, and which tank held which when."""

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Index, Row
from sqlmodel import Field, SQLModel

from mes_server.domain.baths import (
    ADDED,
    DUMPED,
    MADE,
    TITRATED,
    VOIDED,
    Addition,
    Bath,
    Held,
    Titration,
    value_from,
)
from mes_server.domain.codes import BadCode, parse_code
from mes_server.domain.lines import MOUNTED
from mes_server.domain.seal import Event
from mes_server.store.tables import CLUSTERED, run, run_many, wide, wide_key, wide_or_null

STREAMS = ("bath:", "line:")
_TABLES = ("bath", "titration", "titration_value", "bath_addition", "bath_tank")


class BathRow(SQLModel, table=True):
    """A make-up, as domain.baths.Bath."""

    __tablename__ = "bath"
    __table_args__ = (CLUSTERED,)

    lot: str = Field(primary_key=True)
    spec: str
    volume_l: str
    made_ms: int = wide()
    person: str
    dumped_ms: int | None = wide_or_null()


class TitrationRow(SQLModel, table=True):
    """A titration; `content`: the facts of its event as JSON."""

    __tablename__ = "titration"
    __table_args__ = (Index("titration_lot", "lot", "at_ms"), CLUSTERED)

    code: str = Field(primary_key=True)
    lot: str
    at_ms: int = wide()
    person: str
    place: str
    content: str
    voided: str


class TitrationValueRow(SQLModel, table=True):
    """A figure of a titration that counts; of one that was voided there is none."""

    __tablename__ = "titration_value"
    __table_args__ = (Index("titration_value_lot", "lot", "parameter", "at_ms"), CLUSTERED)

    titration: str = Field(primary_key=True)
    parameter: str = Field(primary_key=True)
    lot: str
    at_ms: int = wide()
    value: str
    verdict: str


class BathAdditionRow(SQLModel, table=True):
    """Something was added; `number`: of the event in the ledger."""

    __tablename__ = "bath_addition"
    __table_args__ = (Index("bath_addition_lot", "lot", "at_ms"), CLUSTERED)

    number: int = wide_key()
    lot: str
    at_ms: int = wide()
    person: str
    product: str
    amount: str
    unit: str
    product_lot: str


class BathTankRow(SQLModel, table=True):
    """A role at a station held a make-up; `number`: of the event that mounted it."""

    __tablename__ = "bath_tank"
    __table_args__ = (
        Index("bath_tank_lot", "lot", "from_ms"),
        Index("bath_tank_station", "station", "role"),
        CLUSTERED,
    )

    number: int = wide_key()
    station: str
    role: str
    lot: str
    from_ms: int = wide()
    to_ms: int | None = wide_or_null()


def follow(conn: Connection, event: Event) -> None:
    """Bring the tables up to an event of a bath, or of what is mounted at a station."""
    if event.stream.startswith("line:"):
        if event.kind == MOUNTED:
            _follow_tank(conn, event)
        return
    facts, lot = event.facts(), event.stream.removeprefix("bath:")
    if event.kind == MADE:
        query = "INSERT INTO bath (lot, spec, volume_l, made_ms, person, dumped_ms) VALUES (?, ?, ?, ?, ?, NULL)"
        run(conn, query, (lot, facts["spec"], facts["volume_l"], event.at_ms, event.person))
    elif event.kind == TITRATED:
        _follow_titration(conn, event, lot)
    elif event.kind == VOIDED:
        query = "UPDATE titration SET voided = ? WHERE code = ?"
        run(conn, query, (event.reason, facts["titration"]))
        run(conn, "DELETE FROM titration_value WHERE titration = ?", (facts["titration"],))
    elif event.kind == ADDED:
        query = (
            "INSERT INTO bath_addition (number, lot, at_ms, person, product, amount, unit, product_lot) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        )
        said = (facts["product"], facts["amount"], facts["unit"], facts["product_lot"])
        run(conn, query, (event.number, lot, event.at_ms, event.person, *said))
    elif event.kind == DUMPED:
        run(conn, "UPDATE bath SET dumped_ms = ? WHERE lot = ?", (event.at_ms, lot))


def _follow_titration(conn: Connection, event: Event, lot: str) -> None:
    facts = event.facts()
    query = (
        "INSERT INTO titration (code, lot, at_ms, person, place, content, voided) "
        "VALUES (?, ?, ?, ?, ?, ?, '')"
    )
    content = json.dumps(facts, sort_keys=True, ensure_ascii=False)
    code = facts["titration"]
    run(conn, query, (code, lot, event.at_ms, event.person, event.place, content))
    rows = [
        (code, one["parameter"], lot, event.at_ms, one["value"], one["verdict"])
        for one in facts["values"]
    ]
    query = "INSERT INTO titration_value (titration, parameter, lot, at_ms, value, verdict) VALUES (?, ?, ?, ?, ?, ?)"
    run_many(conn, query, rows)


def _follow_tank(conn: Connection, event: Event) -> None:
    facts, station = event.facts(), event.stream.removeprefix("line:")
    role, resource = facts["role"], facts["resource"]
    query = "UPDATE bath_tank SET to_ms = ? WHERE station = ? AND role = ? AND to_ms IS NULL"
    run(conn, query, (event.at_ms, station, role))
    if _is_bath(resource):
        query = (
            "INSERT INTO bath_tank (number, station, role, lot, from_ms, to_ms) "
            "VALUES (?, ?, ?, ?, ?, NULL)"
        )
        run(conn, query, (event.number, station, role, resource, event.at_ms))


def _is_bath(text: str) -> bool:
    try:
        return parse_code(text).kind == "bath"
    except BadCode:
        return False


def drop_all(conn: Connection) -> None:
    """Forget what is computed; only to compute it anew in the same transaction."""
    for table in _TABLES:
        run(conn, f"DELETE FROM {table}")  # noqa: S608


_BATH = "lot, spec, volume_l, made_ms, person, dumped_ms"


def _bath(row: Row[Any]) -> Bath:
    volume = Decimal(row.volume_l)
    return Bath(row.lot, row.spec, volume, row.made_ms, row.person, row.dumped_ms)


def load_bath(conn: Connection, lot: str) -> Bath | None:
    """A make-up; None: the lot was never made up under a spec."""
    row = run(conn, f"SELECT {_BATH} FROM bath WHERE lot = ?", (lot,)).first()  # noqa: S608
    return None if row is None else _bath(row)


def list_baths(conn: Connection, limit: int = 500) -> list[Bath]:
    """Those in use first, then the dumped ones; the newest of each first."""
    order = "ORDER BY CASE WHEN dumped_ms IS NULL THEN 0 ELSE 1 END, made_ms DESC, lot DESC LIMIT ?"
    return [_bath(row) for row in run(conn, f"SELECT {_BATH} FROM bath {order}", (limit,))]  # noqa: S608


_TITRATION = "code, lot, at_ms, person, place, content, voided"


def _titration(row: Row[Any]) -> Titration:
    said = json.loads(row.content)
    return Titration(
        row.code, row.lot, row.at_ms, row.person, row.place, said["spec"], said["verdict"],
        tuple(value_from(one) for one in said["values"]), said["titrant"], said["burette"], said["note"],
        said["since_ms"], tuple(said["suspects"]), tuple(said["shipped"]),
        tuple((product, amount, unit) for product, amount, unit in said["advice"]), row.voided,
    )  # fmt: skip


def load_titration(conn: Connection, code: str) -> Titration | None:
    """A titration by its number."""
    row = run(conn, f"SELECT {_TITRATION} FROM titration WHERE code = ?", (code,)).first()  # noqa: S608
    return None if row is None else _titration(row)


def list_titrations(conn: Connection, lot: str, limit: int = 200) -> list[Titration]:
    """Those of a make-up, the newest first, voided ones with them."""
    query = (
        f"SELECT {_TITRATION} FROM titration WHERE lot = ? ORDER BY at_ms DESC, code DESC LIMIT ?"  # noqa: S608
    )
    return [_titration(row) for row in run(conn, query, (lot, limit))]


def latest_values(conn: Connection, lot: str, until_ms: int) -> dict[str, tuple[int, str, Decimal]]:
    """Of each parameter the newest figure that counts, none behind that time: time, verdict and figure."""
    query = (
        "SELECT v.parameter, v.at_ms, v.verdict, v.value FROM titration_value v JOIN "
        "(SELECT parameter, max(at_ms) AS at_ms FROM titration_value WHERE lot = ? AND at_ms <= ? "
        "GROUP BY parameter) newest ON newest.parameter = v.parameter AND newest.at_ms = v.at_ms "
        "WHERE v.lot = ? ORDER BY v.titration"
    )
    rows = run(conn, query, (lot, until_ms, lot))
    return {row.parameter: (row.at_ms, row.verdict, Decimal(row.value)) for row in rows}


def good_times(conn: Connection, lot: str, parameter: str, but: str = "") -> list[int]:
    """When a parameter was found within its spec, in their order; `but`: a titration that does not count."""
    query = (
        "SELECT at_ms FROM titration_value WHERE lot = ? AND parameter = ? AND verdict <> 'out' "
        "AND titration <> ? ORDER BY at_ms"
    )
    return [row.at_ms for row in run(conn, query, (lot, parameter, but))]


def list_additions(conn: Connection, lot: str) -> list[Addition]:
    """What was added to a make-up, the oldest first."""
    query = (
        "SELECT lot, at_ms, person, product, amount, unit, product_lot FROM bath_addition "
        "WHERE lot = ? ORDER BY at_ms, number"
    )
    return [
        Addition(
            row.lot, row.at_ms, row.person, row.product, Decimal(row.amount), row.unit, row.product_lot
        )
        for row in run(conn, query, (lot,))
    ]  # fmt: skip


def tanks_of(conn: Connection, lot: str) -> list[Held]:
    """The tanks that held a make-up, the oldest first."""
    query = "SELECT station, role, lot, from_ms, to_ms FROM bath_tank WHERE lot = ? ORDER BY from_ms, number"
    return [
        Held(row.station, row.role, row.lot, row.from_ms, row.to_ms)
        for row in run(conn, query, (lot,))
    ]


def baths_at(conn: Connection, stations: Sequence[str], from_ms: int, to_ms: int) -> list[str]:
    """The make-ups that stood at these stations within a span."""
    query = "SELECT DISTINCT lot FROM bath_tank WHERE station = ? AND from_ms < ? AND (to_ms IS NULL OR to_ms > ?)"
    rows = [row for one in stations for row in run(conn, query, (one, to_ms, from_ms))]
    return sorted({row.lot for row in rows})
