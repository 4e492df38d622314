"""Routes as pages and over /api/v1: which revisions are released, and what each asks for."""

from typing import Any

from flask import Blueprint, Response, render_template

from mes_server.domain.routes import Operation as Step
from mes_server.domain.routes import Route
from mes_server.store.routes import list_routes, load_content, load_route
from mes_server.web.answers_handling import RouteAnswer, RouteContentAnswer, RoutesAnswer
from mes_server.web.api import as_json
from mes_server.web.formats import iso_text, mass_text, number_text, share_text
from mes_server.web.guards import needs
from mes_server.web.page import words
from mes_server.web.parameters import Operation, described
from mes_server.web.problems import NotFound
from mes_server.web.site import this_site

route_pages = Blueprint("routes", __name__)
MINUTE_MS = 60_000


@route_pages.get("/routes")
@needs("read")
def routes() -> str:
    """Every released revision, the newest of each route first."""
    with this_site().reading() as conn:
        found = list_routes(conn)
    return render_template("routes/routes.html", routes=found)


@route_pages.get("/routes/<code>/<revision>")
@needs("read")
def route(code: str, revision: str) -> str:
    """One revision: its steps, and what each operation asks for."""
    with this_site().reading() as conn:
        found = load_route(conn, f"{code}/{revision}")
        released = {one.name: at_ms for one, at_ms in list_routes(conn)}
    if found is None:
        raise NotFound("route", f"{code}/{revision}")
    unplanned = [o for o in found.operations.values() if o.unplanned]
    return render_template(
        "routes/route.html", route=found, released_ms=released[found.name], unplanned=unplanned,
        asks={code: asks_of(found, o) for code, o in found.operations.items()},
    )  # fmt: skip


def asks_of(route: Route, operation: Step) -> list[str]:
    """What an operation asks for and bears, each in a sentence; what is not said is left out."""
    t = words()
    title = route.operations.get(operation.strip)
    facts: dict[str, Any] = {
        "recipe": operation.recipe,
        "resources": ", ".join(t.known("role", role) for role in operation.resources),
        "qualification": operation.qualification,
        "tolerance": share_text(operation.tolerance_ppm),
        "gain": _gain(operation),
        "adds": operation.adds,
        "makes": t("kind.lot." + operation.makes) if operation.makes else "",
        "mix": str(operation.mix_max or ""),
        "mass": mass_text(operation.charge_mass_mg_max) if operation.charge_mass_mg_max else "",
        "pieces": number_text(operation.charge_pieces_max) if operation.charge_pieces_max else "",
        "clearance": "x" if operation.line_clearance else "",
        "wait": number_text(operation.wait_max_ms // MINUTE_MS) if operation.wait_max_ms else "",
        "reworks": str(operation.reworks_max or ""),
        "strip": t.one_of(title.title) if title is not None else "",
    }
    return [t(f"route.asks.{name}", value=value) for name, value in facts.items() if value]


def _gain(operation: Step) -> str:
    low, high = operation.gain_min_ppm, operation.gain_max_ppm
    if not low and not high:
        return ""
    return f"{low / 10_000:+g} … {high / 10_000:+g} %"


LIST = Operation("Released revisions of routes", RoutesAnswer)


@route_pages.get("/api/v1/routes")
@needs("read")
@described(LIST)
def list_released() -> Response:
    """All of them, the newest of each route first."""
    with this_site().reading() as conn:
        found = list_routes(conn)
    items = [
        RouteAnswer(
            code=one.code, revision=one.revision, title=dict(one.title),
            released_at=iso_text(at_ms),
            steps=[list(step.choices) for step in one.steps],
        )
        for one, at_ms in found
    ]  # fmt: skip
    return as_json(RoutesAnswer(items=items))


CONTENT = Operation("A revision of a route", RouteContentAnswer)


@route_pages.get("/api/v1/routes/<code>/<revision>")
@needs("read")
@described(CONTENT)
def content(code: str, revision: str) -> Response:
    """A revision as it was released."""
    with this_site().reading() as conn:
        found = load_content(conn, f"{code}/{revision}")
    if found is None:
        raise NotFound("route", f"{code}/{revision}")
    return as_json(RouteContentAnswer(content=found))
