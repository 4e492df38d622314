"""Have a paper made: for the API, and for the buttons of pages."""

from collections.abc import Mapping
from typing import Any

from mes_server.actions.act_once import Ask, act_once
from mes_server.actions.answer_scan import Answer
from mes_server.actions.compile_certificate import CERTIFICATE, compile_certificate
from mes_server.actions.compile_lot_report import compile_lot_report
from mes_server.actions.compile_recall_pack import RECALL_PACK, compile_recall_pack
from mes_server.actions.make_paper import Compile, Wanted, draft_paper, keep_paper
from mes_server.actions.record_events import Act
from mes_server.domain.lot_report import LOT_REPORT
from mes_server.domain.rules import Worker
from mes_server.reports.papers import set_files
from mes_server.web.page import product_version
from mes_server.web.site import this_site

# What gathers each kind of paper, by what it is about.
COMPILERS: Mapping[str, Compile] = {
    LOT_REPORT: compile_lot_report,
    CERTIFICATE: compile_certificate,
    RECALL_PACK: compile_recall_pack,
}


def make(act: Act, worker: Worker, kind: str, about: str, language: str) -> Answer:
    """The answer names the number of the paper in `made`."""
    site = this_site()
    settings = site.settings
    wanted = Wanted(kind, about, language, product_version(), settings.site)
    draft = (
        draft_paper(site.engine, act, wanted, COMPILERS[kind], _render) if worker.badge else None
    )
    ask = Ask(kind, (), about)
    return act_once(site.engine, act, ask, worker, lambda book, _: keep_paper(book, draft, about))


def _render(content: Mapping[str, Any], data: bytes) -> Mapping[str, bytes]:
    settings = this_site().settings
    return set_files(content, data, settings.zone, settings.address)
