"""A paper for tests of pages: a lot report with curves, made by the real actions."""

from dataclasses import replace

from mes_server.actions.compile_lot_report import compile_lot_report
from mes_server.actions.make_paper import Wanted, draft_paper, keep_paper
from mes_server.actions.one_action import carry_out
from mes_server.actions.record_events import Act
from mes_server.domain.report import Section
from mes_server.domain.seal import canonical
from tests.mes_server.reports.paper_content import curve
from tests.mes_server.web.plant_data import NOW_MS, Plant


def a_paper(plant: Plant, lot: str) -> str:
    """Its number; its furnace section has curves with a soak and a gap."""
    act = Act("paper-data-01", "A-1", "", NOW_MS, NOW_MS)
    wanted = Wanted("lot_report", lot, "zh", "0", "test")
    draft = draft_paper(plant.engine, act, wanted, compile_lot_report, lambda _content, _data: {})
    assert draft is not None
    drawn = Section(curves=(curve(1), curve(2)))
    report = replace(draft.report, sections={**draft.report.sections, "furnace": drawn})
    draft = replace(draft, report=report, files={"json": canonical(report.as_content()).encode()})
    (number,) = carry_out(plant.engine, act, keep_paper, draft, lot)
    return str(number)
