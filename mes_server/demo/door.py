"""The API as the workers of the demo use it: a body for each ask, and what was answered. Two ways to it.

`mes run --demo` asks over HTTP, like any tablet; a history asks the same app in this process, whose clock
it holds. Both go through the same checks, permissions and actions.
"""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Protocol
from urllib.parse import urlencode

from mes_server.demo.floor import Ask, Floor, Heard
from mes_server.domain.amounts import Amount
from mes_server.domain.lots import ACTIVE, RUNNING, Lot
from mes_server.domain.route_content import route_from
from mes_server.domain.routes import Route

API = "/api/v1"
_PAGE = 200
_TIMEOUT_S = 30.0


class Unreachable(Exception):
    """The server does not answer, or has a fault; ask again later."""


class Door(Protocol):
    """Where asks are sent to: status and JSON."""

    def call(self, method: str, path: str, body: Mapping[str, Any] | None) -> tuple[int, Any]:
        """Raises Unreachable."""


class HttpDoor:
    """The server at an address, with the token of a demo."""

    def __init__(self, url: str, token: str) -> None:
        self.url, self.token = url, token

    def call(self, method: str, path: str, body: Mapping[str, Any] | None) -> tuple[int, Any]:
        """Raises Unreachable."""
        data = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        asked = urllib.request.Request(self.url + path, data, headers, method=method)  # noqa: S310
        try:
            with urllib.request.urlopen(asked, timeout=_TIMEOUT_S) as answer:  # noqa: S310
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code >= 500:
                raise Unreachable(f"{path}: {error.code}") from error
            return error.code, json.loads(error.read() or b"[]")
        except (OSError, ValueError) as error:
            raise Unreachable(f"{path}: {error}") from error


def iso(at_ms: int) -> str:
    """A moment as bodies have it."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds")


def body_of(ask: Ask, at_ms: int) -> dict[str, Any]:
    """The whole body of an ask: what it says, its id, when (if it does not say), by whose badge."""
    name = "act_id"
    if ask.path == "/scans":
        name = "scan_id"
    elif ask.path.endswith(("/unload", "/undo")):
        name = ask.path.rpartition("/")[2] + "_id"
    body = {"at": iso(at_ms), **ask.body, name: ask.id, "badge": ask.badge}
    if ask.station and name != "undo_id":
        body["station"] = ask.station
    return body


def send(door: Door, ask: Ask, at_ms: int) -> Heard:
    """Do it; raises Unreachable."""
    status, told = door.call("POST", API + ask.path, body_of(ask, at_ms))
    if status == 200 and ask.about == "check":
        return Heard(
            (), ask.lot, made=(told["check"], *told["sorted_out"]), held=tuple(told["held"])
        )
    if status == 200 and ask.about == "titrate":
        advice = tuple((product, amount, unit) for product, amount, unit in told["advice"])
        return Heard((), ask.lot, made=(told["titration"],), held=tuple(told["held"]),
                     verdict=told["verdict"], advice=advice)  # fmt: skip
    if status == 200:
        said = {
            "lot": "",
            "run": "",
            "operation": "",
            "held": (),
            **told,
        }  # a check of an analyser is of no lot
        return Heard((), said["lot"], said["run"], said["operation"], tuple(told["made"]),
                     tuple(said["held"]))  # fmt: skip
    if status == 409:
        return Heard(tuple(one["rule"] for one in told))
    return Heard((f"{status} {told}",))


def due_at(door: Door, station: str) -> dict[str, Any]:
    """What the control plans ask for at a station; raises Unreachable."""
    status, told = door.call("GET", f"{API}/stations/{station}/due", None)
    if status != 200:
        raise Unreachable(f"due at {station}: {status}")
    return dict(told)


def look(door: Door, routes: Mapping[str, Route]) -> Floor:
    """What lies where now; raises Unreachable."""
    lots = [lot for status in (ACTIVE, RUNNING) for lot in _all(door, "/lots", status=status)]
    stations = {s["id"]: s["type"] for s in _all(door, "/stations") if s["online"]}
    return Floor(tuple(_lot(told, routes) for told in lots), stations, routes)


def load_routes(contents: list[dict[str, Any]]) -> dict[str, Route]:
    """Routes by the names that lots remember."""
    routes = [route_from(content) for content in contents]
    return {route.name: route for route in routes}


def _all(door: Door, path: str, **same: str) -> list[dict[str, Any]]:
    """Every page of a list."""
    found: list[dict[str, Any]] = []
    after = ""
    while True:
        query = urlencode({**same, "limit": _PAGE, **({"after": after} if after else {})})
        status, told = door.call("GET", f"{API}{path}?{query}", None)
        if status != 200:
            raise Unreachable(f"{path}: {status}")
        found += told["items"]
        after = told["next"] or ""
        if not after:
            return found


def _lot(told: Mapping[str, Any], routes: Mapping[str, Route]) -> Lot:
    amount = told["amount"]
    return Lot(
        told["code"], told["kind"], told["part"], told["grade"], told["route"],
        Amount(amount["pieces"], amount["mass_mg"], amount["area_mm2"], amount["elements_mg"]),
        told["place"], _ms(told["born_at"]), None, told["run"], told["operation"],
        tuple(told["done"]), told["holds"], told["reworks"], told["shipment"],
        first=_first(told, routes.get(told["route"])),
    )  # fmt: skip


def _first(told: Mapping[str, Any], route: Route | None) -> str:
    """What must come first of a lot that was sent back, as far as the API tells: it was not stripped yet."""
    if route is None:
        return ""
    for code, operation in route.operations.items():
        waits = told["reworks"].get(code) and code not in told["done"]
        if waits and operation.strip and operation.strip not in told["done"]:
            return operation.strip
    return ""


def _ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)
