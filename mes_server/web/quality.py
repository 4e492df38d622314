"""Quality as pages: where everything of it is, released documents, control plans to be printed, checks."""

from typing import Any, NamedTuple

from flask import Blueprint, render_template, request

from mes_server.actions.release_document import CHECKERS
from mes_server.domain.control_plan import Characteristic, by_operation, plan_of
from mes_server.domain.documents import Document
from mes_server.store.checks import newest_checks
from mes_server.store.documents import count_kinds, list_documents, load_document, load_named
from mes_server.store.plans import acknowledged_by
from mes_server.store.routes import list_routes
from mes_server.web.guards import needs
from mes_server.web.page import now_ms, words
from mes_server.web.problems import NotFound
from mes_server.web.signing import signature_rows
from mes_server.web.site import this_site

quality_pages = Blueprint("quality", __name__)
CHECKS_SHOWN = 200


class QualityPage(NamedTuple):
    """A page that /quality leads to: the word for it (`quality.<name>`), its endpoint and what that takes."""

    name: str
    endpoint: str
    facts: dict[str, str]


# What /quality leads to; a new page of quality is one line here.
QUALITY_PAGES: tuple[QualityPage, ...] = (
    QualityPage("plans", "quality.documents", {"kind": "plan"}),
    QualityPage("instructions", "quality.documents", {"kind": "instruction"}),
    QualityPage("furnaces", "furnaces.furnaces", {}),
    QualityPage("baths", "baths.baths", {}),
    QualityPage("bath_specs", "quality.documents", {"kind": "bath"}),
    QualityPage("recipes", "quality.documents", {"kind": "recipe"}),
    QualityPage("checks", "quality.checks", {}),
    QualityPage("import", "check_files.page", {}),
    QualityPage("nonconformances", "nonconformances.nonconformances", {}),
    QualityPage("problems", "solving.problems", {}),
    QualityPage("changes", "solving.changes", {}),
    QualityPage("papers", "papers.papers", {}),
    QualityPage("binder", "binder.binder", {}),
    QualityPage("spc", "spc.spc", {}),
    QualityPage("gauges", "gauges.gauges", {}),
    QualityPage("routes", "routes.routes", {}),
    QualityPage("reference", "references.all_sets", {}),
)


@quality_pages.get("/quality")
@needs("read")
def quality() -> str:
    """Where everything is, and how much of it there is."""
    with this_site().reading() as conn:
        counts = count_kinds(conn)
    return render_template("quality/quality.html", pages=QUALITY_PAGES, counts=counts)


@quality_pages.get("/quality/documents/<kind>")
@needs("read")
def documents(kind: str) -> str:
    """All revisions of a kind, by code, the newest of each first."""
    if kind not in CHECKERS:
        raise NotFound("document", kind)
    with this_site().reading() as conn:
        found = list_documents(conn, kind)
    return render_template(
        "quality/documents.html",
        kind=kind,
        documents=found,
        state_of=lambda one: _state(one, found),
    )


def _state(one: Document, found: list[Document]) -> str:
    if one.withdrawn_ms is not None:
        return "withdrawn"
    newer = [o for o in found if o.code == one.code and o.number > one.number]
    standing = [o for o in newer if o.is_in_force(now_ms())]
    return "replaced" if standing else "in_force"


@quality_pages.get("/quality/documents/<kind>/<code>/<revision>")
@needs("read")
def document(kind: str, code: str, revision: str) -> str:
    """A revision as it was released, to be read and printed, with its signatures."""
    with this_site().reading() as conn:
        found = load_document(conn, kind, code, revision)
        if found is None or kind not in CHECKERS:
            raise NotFound("document", f"{kind} {code}/{revision}")
        state = _state(found, list_documents(conn, kind, code))
        signatures = signature_rows(conn, f"{kind}:{found.name}")
        readers = acknowledged_by(conn, found.name) if kind == "instruction" else []
        routes = [route for route, _ in list_routes(conn)]
    facts: dict[str, Any] = {"document": found, "state": state, "signatures": signatures}
    if kind == "plan":
        plan = plan_of(found)
        titles = {code: o.title for route in routes for code, o in route.operations.items()}
        return render_template(
            "quality/plan.html", plan=plan, lines=by_operation(plan), titles=titles,
            spec=spec_text, often=often_text, **facts,
        )  # fmt: skip
    return render_template("quality/document.html", readers=readers, **facts)


@quality_pages.get("/quality/checks")
@needs("read")
def checks() -> str:
    """The last checks, or those of a lot (`?lot=`)."""
    wanted = request.args.get("lot", "")[:60]
    with this_site().reading() as conn:
        found = [c for c in newest_checks(conn, CHECKS_SHOWN) if not wanted or c.lot == wanted]
        lines = {}
        for one in found:
            if (one.plan, one.characteristic) not in lines:
                named = load_named(conn, "plan", one.plan)
                line = plan_of(named).find(one.characteristic) if named is not None else None
                lines[one.plan, one.characteristic] = line
    return render_template("quality/checks.html", checks=found, lines=lines, spec=spec_text)


def spec_text(line: Characteristic) -> str:
    """The spec as people write it."""
    if line.kind == "attribute":
        return words()("quality.no_bad", n=line.sample)
    if line.lower is not None and line.upper is not None:
        return f"{line.lower:f} – {line.upper:f} {line.unit}"
    if line.lower is not None:
        return f"≥ {line.lower:f} {line.unit}"
    return "–" if line.upper is None else f"≤ {line.upper:f} {line.unit}"


def often_text(line: Characteristic) -> str:
    """Sample and frequency in words."""
    t = words()
    if line.moment != "during":
        often = t(f"quality.moment.{line.moment}")
    else:
        often = t(f"quality.each.{line.each}", n=line.count)
    return f"{line.sample} × · {often}"
