"""How a furnace stands with what is asked of it: for the rules of a scan and for the pages."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import Connection

from mes_server.domain.pyrometry import Requirement, Standing, requirements_of, stand
from mes_server.store.documents import load_current
from mes_server.store.pyrometry import list_surveys, list_thermocouples
from schemas.limit_rows import load_rows


@cache
def pyrometry_rows() -> Mapping[str, Mapping[str, Any]]:
    """The reference data by id; of several rows of one id the newest."""
    return {str(row["id"]): row for row in load_rows("pyrometry")}


def asked_of(conn: Connection, station: str, at_ms: int) -> tuple[str, list[Requirement]]:
    """Name and requirements of the document of a furnace that is in force; ("", []) when there is none."""
    document = load_current(conn, "pyrometry", station, at_ms)
    if document is None:
        return "", []
    return document.name, requirements_of(document, pyrometry_rows())


def furnace_standing(conn: Connection, station: str, at_ms: int) -> Standing | None:
    """How a furnace stands; None: nothing is asked of it."""
    asked = asked_of(conn, station, at_ms)
    if not asked[0]:
        return None
    surveys, installed = list_surveys(conn, station), list_thermocouples(conn, station)
    return stand(station, asked, surveys, installed, at_ms)
