"""Papers kept in the store: numbered once, sealed, followed anew; certificates and packs of small floors."""

import json
from typing import Any

import pytest
from sqlalchemy import Engine

from mes_server.actions.compile_certificate import compile_certificate
from mes_server.actions.compile_lot_report import Heading, compile_lot_report
from mes_server.actions.compile_recall_pack import (
    about_suspicion,
    compile_recall_pack,
    suspicion_from,
)
from mes_server.actions.digests import digest_of
from mes_server.actions.make_paper import Draft, Wanted, draft_paper, keep_paper, sign_paper
from mes_server.actions.record_events import Act, rebuild_lots
from mes_server.actions.release_product import release_product
from mes_server.domain.amounts import Amount
from mes_server.domain.genealogy import BACK
from mes_server.domain.recalls import EVER_MS, Suspicion
from mes_server.domain.report import Report
from mes_server.store.engine import reading
from mes_server.store.excursions import excursions_between
from mes_server.store.lineage import resources_of_runs, works_of
from mes_server.store.papers import load_file, load_paper, papers_about
from mes_server.store.traces import reach
from tests.mes_server.actions.lot_floor import rules
from tests.mes_server.actions.plan_floor import LIGHT, PlanFloor
from tests.mes_server.domain.plan_making import line, plan
from tests.mes_server.people_help import signer
from tests.mes_server.web.test_papers import is_as_published

HEADING = Heading("CE26-000001-4W", "en", 1_795_600_000_000, "Q-1", "0.1.0", "Plant 1")
MAGNETIC = line("br", kind="magnetic", quantity="br_t", unit="T", nominal="1.30", lower="1.28", upper=None, action_lower=None, action_upper=None, sample=1)  # fmt: skip


@pytest.fixture
def floor(engine: Engine) -> PlanFloor:
    return PlanFloor(engine).build()


def draft(floor: PlanFloor, code: str, act: str) -> Draft | None:
    wanted = Wanted("lot_report", code, "zh", "0.1.0", "Plant 1")
    said = Act(act, "Q-1", "", floor.now_ms, floor.now_ms)
    return draft_paper(floor.engine, said, wanted, compile_lot_report, lambda content, data: {"pdf": data})  # fmt: skip


def test_a_paper_is_kept_with_its_files_and_found_by_what_it_is_about(floor: PlanFloor) -> None:
    code = floor.receive(LIGHT)
    (first,) = floor.act(keep_paper, draft(floor, code, "d1"), code)
    (second,) = floor.act(keep_paper, draft(floor, code, "d2"), code)
    with reading(floor.engine) as conn:
        kept = papers_about(conn, code)
        assert [one.number for one in kept] == [first, second]
        assert kept[1].earlier == (first,)
        assert json.loads(load_file(conn, first, "json") or b"")["number"] == first
        assert load_file(conn, first, "xlsx") is None
        assert digest_of(conn, f"paper:{first}") == kept[0].digest
        assert digest_of(conn, "paper:RP26-000009-XX") is None
    rebuild_lots(floor.engine)
    with reading(floor.engine) as conn:
        assert papers_about(conn, code) == kept, "rebuilt as it was"
        assert load_paper(conn, first) == kept[0]


def test_an_act_that_was_done_makes_no_second_draft(floor: PlanFloor) -> None:
    code = floor.receive(LIGHT)
    assert draft(floor, code, floor.actions[-1]) is None
    assert draft(floor, "L26-000009-XX", "d1") is None
    assert rules(floor.act(keep_paper, None, "L26-000009-XX")) == ["paper_is_about_something"]


def test_a_paper_is_signed_by_who_may(floor: PlanFloor) -> None:
    code = floor.receive(LIGHT)
    (number,) = floor.act(keep_paper, draft(floor, code, "d1"), code)
    assert rules(floor.act(sign_paper, number, signer("P-1", "operator"), "reviewed")) == [
        "signer_may"
    ]
    assert rules(floor.act(sign_paper, "RP26-000009-XX", signer(), "reviewed")) == [
        "paper_is_known"
    ]
    assert floor.act(sign_paper, number, signer(), "reviewed") == []


def certified(floor: PlanFloor, shipment: str) -> Report:
    with reading(floor.engine) as conn:
        made = compile_certificate(conn, shipment, HEADING)
    assert made is not None
    assert is_as_published(json.loads(json.dumps(made.as_content())), "certificate") == []
    return made


def test_a_certificate_tells_results_heavy_rare_earths_and_release(floor: PlanFloor) -> None:
    ppap = {"status": "approved", "customer": "ACME"}
    named = [{"part": "P-1", "customer_part": "8K0 907 115", "drawing": "D-4711/C"}]
    assert floor.release("plan", plan(MAGNETIC, ppap=ppap, references=named)) == []
    code = floor.receive(Amount(10, 1_000_000, elements={"Dy": 12_000, "Nd": 270_000}))
    run = floor.run(code)
    assert floor.measure("br", "1.312", lot=code, run=run, temperature_c="20.5")
    assert floor.act(release_product, code, [signer()]) == []
    shipment = "SH26-000001-O4"
    with floor.book() as book:
        told = {"lots": [code], "customer": "ACME", "order": "4711"}
        book.note(f"shipment:{shipment}", "shipped", **told)
    made = certified(floor, shipment)
    (row,) = made.sections["lots"].tables["lots"]
    assert (row["released"], row["released_by"], row["plan"]) == ("yes", "Q-1", "CP-1/A")
    assert (row["customer_part"], row["drawing"]) == ("8K0 907 115", "D-4711/C")
    (result,) = made.sections["magnetic"].tables["results"]
    assert (result["value"], result["unit"], result["temperature_c"]) == ("1.312", "T", "20.5")
    assert made.sections["header"].facts["customer"] == "ACME"
    (heavy,) = made.sections["material"].tables["lots"]
    assert (heavy["dy_tb_percent"], heavy["above_gate"]) == ("1.2000", "yes")
    with reading(floor.engine) as conn:
        assert compile_certificate(conn, "SH26-000009-XX", HEADING) is None


@pytest.mark.parametrize(
    "suspicion",
    [
        Suspicion("lot", "L26-000001-0W"),
        Suspicion("supplier_lot", "a:b@c"),
        Suspicion("station", "sinter-1", 5, 9),
    ],
)
def test_a_suspicion_is_written_as_a_word_and_read_back(suspicion: Suspicion) -> None:
    assert suspicion_from(about_suspicion(suspicion)) == suspicion


@pytest.mark.parametrize("about", ["", "lot:", "moon:x", "drill:none"])
def test_what_is_no_suspicion_makes_no_pack(floor: PlanFloor, about: str) -> None:
    with reading(floor.engine) as conn:
        assert compile_recall_pack(conn, about, HEADING) is None


def test_a_suspicion_that_leads_nowhere_says_so(floor: PlanFloor) -> None:
    with reading(floor.engine) as conn:
        made = compile_recall_pack(conn, "lot:L26-000009-XX", HEADING)
    assert made is not None
    assert [gap.what for gap in made.sections["summary"].gaps] == ["nothing_found"]


def test_the_works_of_a_line_are_those_before_it_became_something_else(floor: PlanFloor) -> None:
    code = floor.receive(LIGHT)
    run = floor.run(code)
    with reading(floor.engine) as conn:
        back = reach(conn, {code: EVER_MS}, BACK)
        (work,) = works_of(conn, back, 10)
        assert (work.lot, work.run.code) == (code, run)
        assert works_of(conn, {code: work.loaded_ms - 1}, 10) == []
        used: Any = resources_of_runs(conn, [run, "CH26-000009-XX"])
        assert used == {run: [], "CH26-000009-XX": []}
        assert excursions_between(conn, "sinter-1", 0, EVER_MS) == []
