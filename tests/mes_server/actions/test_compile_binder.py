"""The binder: every clause has evidence that can be found; what is missing is named; the archive is whole."""

import csv
import io
import json
from hashlib import sha256
from zipfile import ZipFile
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine

from mes_server.actions import binder_evidence, binder_quality
from mes_server.actions.compile_binder import FINDERS, compile_binder
from mes_server.actions.handle_lots import hold_lots
from mes_server.domain import binder as values
from mes_server.domain.binder import Binder, clauses_at
from mes_server.reports.binder_zip import gap_text, to_zip
from mes_server.reports.csv_text import csv_line
from mes_server.store import evidence
from mes_server.store.engine import reading
from mes_server.translations import LANGUAGES, load_texts
from tests.mes_server.actions.plan_floor import LIGHT, PlanFloor
from tests.mes_server.domain.plan_making import line, plan

ZONE = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def floor(engine: Engine) -> PlanFloor:
    return PlanFloor(engine).build()


def binder(floor: PlanFloor) -> Binder:
    with reading(floor.engine) as conn:
        return compile_binder(conn, floor.now_ms, "Plant 1", "0.1.0")


def test_every_clause_names_evidence_that_can_be_found_and_has_words() -> None:
    clauses = clauses_at("2026-11-28")
    assert len(clauses) > 40
    assert {clause.standard for clause in clauses} == {"IATF 16949", "CQI-9", "CQI-11", "CQI-12"}
    named = {name for clause in clauses for name in clause.proved_by}
    assert named == set(FINDERS) == set(binder_evidence.EVIDENCE) | set(binder_quality.QUALITY)
    for language in LANGUAGES:
        texts = load_texts(language)
        assert {f"binder.evidence.{name}" for name in named} <= set(texts)
        assert {f"binder.state.{s}" for s in (values.PROVED, values.PARTLY, values.NOT_PROVED)} <= set(texts)  # fmt: skip
    assert clauses_at("2010-01-01") == ()


def test_an_empty_plant_proves_next_to_nothing_and_says_so(floor: PlanFloor) -> None:
    found = binder(floor)
    by_clause = {one.clause: found.state(one) for one in found.clauses}
    assert by_clause["8.5.1.1"] == "not_proved"
    assert by_clause["7.1.3.1"] == "not_proved"
    gaps = {gap.what for one in found.evidence.values() for gap in one.gaps}
    assert {"nothing_recorded", "not_kept_here"} <= gaps
    for language in LANGUAGES:
        assert all(gap_text(g, language) for one in found.evidence.values() for g in one.gaps)


def test_what_is_recorded_proves_its_clause(floor: PlanFloor) -> None:
    assert floor.release("plan", plan(line(), ppap={"status": "submitted"})) == []
    code = floor.receive(LIGHT)
    run = floor.run(code)
    floor.measure("thickness", "5.00", "5.09", lot=code, run=run)
    floor.act(hold_lots, [floor.receive(LIGHT, "raw")], "colour")
    found = binder(floor)
    by_clause = {one.clause: one for one in found.clauses}
    assert found.state(by_clause["8.5.1.1"]) == "partly"
    assert [g.what for g in found.evidence["checks"].gaps] == ["out_of_spec"]
    assert [g.what for g in found.evidence["ppap"].gaps] == ["not_approved"]
    assert found.state(by_clause["8.3.3.3"]) == "proved"
    assert found.state(by_clause["8.7.1.3"]) == "proved"
    with reading(floor.engine) as conn:
        assert evidence.count_lots(conn)


def test_the_archive_holds_index_json_and_records_with_their_checksums(floor: PlanFloor) -> None:
    floor.act(hold_lots, [floor.receive(LIGHT)], "colour")
    made = binder(floor)
    data = to_zip(made, ZONE, "zh")
    assert data == to_zip(made, ZONE, "zh"), "the same binder, the same bytes"
    archive = ZipFile(io.BytesIO(data))
    names = set(archive.namelist())
    assert {
        "index.html",
        "binder.json",
        "SHA256SUMS",
        "records/holds.json",
        "records/holds.csv",
    } <= names
    for row in archive.read("SHA256SUMS").decode().splitlines():
        digest, _, name = row.partition("  ")
        assert sha256(archive.read(name)).hexdigest() == digest
    content = json.loads(archive.read("binder.json"))
    assert len(content["clauses"]) == len(made.clauses)
    assert "控制计划" in archive.read("index.html").decode()
    (hold,) = csv.DictReader(io.StringIO(archive.read("records/holds.csv").decode("utf-8-sig")))
    assert hold["reason"] == "colour"
    assert csv_line("=1") == "'=1\r\n", "no spreadsheet runs it"
