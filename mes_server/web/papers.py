"""Papers as pages: all of them, one as it was made with its files and signatures, and the buttons that make one."""

import json
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from markupsafe import Markup
from sqlalchemy import Connection
from werkzeug.wrappers import Response as AnyResponse

from mes_server.actions.act_once import Ask, act_once
from mes_server.actions.answer_scan import ACCEPTED
from mes_server.actions.compile_certificate import CERTIFICATE
from mes_server.actions.compile_recall_pack import DRILL, RECALL_PACK, about_suspicion
from mes_server.actions.make_paper import sign_paper
from mes_server.domain.lot_report import LOT_REPORT
from mes_server.domain.papers import FORMATS, Paper, digest_of_file, stream_of
from mes_server.reports.curve_drawing import colour_of, drawing, grouped, soak_drawings
from mes_server.reports.paper_blocks import blocks_of
from mes_server.store.ledger import load_stream
from mes_server.store.papers import load_file, load_paper, newest_papers, papers_about
from mes_server.store.verifying import unsealed
from mes_server.translations import LANGUAGES
from mes_server.web.answers_signatures import SignatureBody
from mes_server.web.guards import needs
from mes_server.web.lot_acts import by_form, refused_page, text
from mes_server.web.page import words
from mes_server.web.paper_making import make
from mes_server.web.problems import NotFound, problem
from mes_server.web.recall import read_suspicion
from mes_server.web.scans import titles_of
from mes_server.web.signing import signature_rows, signed_by
from mes_server.web.site import this_site

paper_pages = Blueprint("papers", __name__)
SHOWN_MAX = 100


@paper_pages.get("/quality/papers")
@needs("read")
def papers() -> str:
    """The newest papers, or those about something (`?about=`)."""
    about = request.args.get("about", "")[:200]
    before = request.args.get("before", "")
    behind = int(before) if before.isascii() and before.isdigit() else 2**62
    with this_site().reading() as conn:
        found = papers_about(conn, about)[::-1] if about else newest_papers(conn, SHOWN_MAX + 1, behind)  # fmt: skip
    more = found[SHOWN_MAX - 1].event if len(found) > SHOWN_MAX else None
    return render_template(
        "quality/papers.html", papers=found[:SHOWN_MAX], about=about, before=more
    )


@paper_pages.get("/papers/<number>.html")
@paper_pages.get("/papers/<number>")
@needs("read")
def paper(number: str) -> str:
    """A paper as it was made, in the reader's language."""
    with this_site().reading() as conn:
        found = paper_or_404(conn, number)
        data = load_file(conn, number, "json") or b"{}"
        broken = broken_files(conn, found)
        signatures = signature_rows(conn, f"paper:{number}")
        later = [one for one in papers_about(conn, found.about) if one.event > found.event]
        sealed = not unsealed(conn, load_stream(conn, stream_of(number)))
    content = {} if "json" in broken else json.loads(data)
    zone, language = this_site().settings.zone, words().language
    blocks = blocks_of(content, zone, language) if content else None
    return render_template(
        "quality/paper.html", paper=found, blocks=blocks, broken=broken, signatures=signatures,
        later=later, sealed=sealed, drawings=_drawings,
    )  # fmt: skip


def _drawings(curves: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Each drawing with its legend."""
    return [
        {
            "run": run, "unit": unit, "station": group[0]["station"],
            "svgs": [Markup(svg) for svg in _svgs(group, f"{run} {unit}")],  # noqa: S704  # numbers of ours, the label escaped
            "legend": [(at, colour_of(at), words().one_of(c["title"]), c.get("covered_percent", "")) for at, c in enumerate(group)],
        }
        for run, unit, group in grouped(curves)
    ]  # fmt: skip


def _svgs(group: list[Mapping[str, Any]], label: str) -> list[str]:
    return [drawing(group, label), *soak_drawings(group, label)]


@paper_pages.get("/papers/<number>.json", defaults={"name": "json"})
@paper_pages.get("/papers/<number>.pdf", defaults={"name": "pdf"})
@paper_pages.get("/papers/<number>.xlsx", defaults={"name": "xlsx"})
@paper_pages.get("/papers/<number>.csv", defaults={"name": "csv"})
@needs("read")
def file(number: str, name: str) -> AnyResponse:
    """A file of a paper, byte for byte as it was made. 409 when it is not what was sealed."""
    with this_site().reading() as conn:
        found = paper_or_404(conn, number)
        data = load_file(conn, number, name)
    if data is None or digest_of_file(data) != found.files.get(name):
        return problem(409, "paper_broken", {"number": number, "format": name})
    shown = "inline" if name == "pdf" else "attachment"
    headers = {
        "Content-Disposition": f'{shown}; filename="{number}.{name}"',
        "Digest": f"sha-256={found.files[name]}",
    }
    return Response(data, mimetype=FORMATS[name], headers=headers)


def paper_or_404(conn: Connection, number: str) -> Paper:
    """Raises NotFound."""
    found = load_paper(conn, number)
    if found is None:
        raise NotFound("paper", number)
    return found


def broken_files(conn: Connection, found: Paper) -> list[str]:
    """The files that are not, byte for byte, what was sealed."""
    kept = {name: load_file(conn, found.number, name) for name in found.files}
    return [
        name
        for name, digest in found.files.items()
        if (data := kept[name]) is None or digest_of_file(data) != digest
    ]


@paper_pages.post("/lots/<code>/report")
@needs("paper")
def make_report(code: str) -> AnyResponse:
    """The button on a lot's page: a report in the language chosen, then its page."""
    return _made(LOT_REPORT, code, url_for("lots.lot", code=code))


@paper_pages.post("/shipments/<code>/certificate")
@needs("release")
def make_certificate(code: str) -> AnyResponse:
    """The button where the lots of a shipment are listed."""
    return _made(CERTIFICATE, code, url_for("lots.lots", shipment=code))


@paper_pages.post("/recall/pack")
@needs("recall")
def make_pack() -> AnyResponse:
    """The button of the recall page; `drill`: the pack of a drill."""
    drill = text("drill")
    about = f"{DRILL}:{drill}" if drill else about_suspicion(read_suspicion(request.form))
    return _made(RECALL_PACK, about, url_for("recall.recall"))


def _made(kind: str, about: str, back: str) -> AnyResponse:
    act, worker = by_form()
    language = text("language") if text("language") in LANGUAGES else words().language
    answer = make(act, worker, kind, about, language)
    if answer.outcome != ACCEPTED:
        return refused_page(answer.refusals, back, titles_of(answer))
    return redirect(url_for("papers.paper", number=answer.made[0]), 303)


@paper_pages.post("/papers/<number>/sign")
@needs("paper")
def sign(number: str) -> AnyResponse:
    """The form on a paper's page: badge and PIN once more, and what it means."""
    act, worker = by_form()
    meaning = text("meaning")
    said = SignatureBody.model_construct(badge=text("badge"), pin=text("pin"), meaning=meaning)
    signer = signed_by(said)
    ask = Ask("sign_paper", (), number)
    answer = act_once(
        this_site().engine, act, ask, worker, lambda book, _: sign_paper(book, number, signer, meaning)
    )  # fmt: skip
    back = url_for("papers.paper", number=number)
    if answer.outcome != ACCEPTED:
        return refused_page(answer.refusals, back)
    return redirect(back, 303)
