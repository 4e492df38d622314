"""A file of readings: every bad row is named before anything is recorded; then all of it is, or nothing."""

from typing import Any

import pytest
from sqlalchemy import Engine

from mes_server.actions.import_checks import Looked, import_checks, preview
from mes_server.actions.record_events import Act
from mes_server.domain.check_files import ROWS_MAX, BadFile, read_rows
from mes_server.store.checks import list_checks
from mes_server.store.engine import reading
from tests.mes_server.actions.lot_floor import rules
from tests.mes_server.actions.plan_floor import LIGHT, PlanFloor
from tests.mes_server.domain.plan_making import line, plan

HEADER = "characteristic,lot,value,position,gauge\n"


@pytest.fixture
def floor(engine: Engine) -> PlanFloor:
    floor = PlanFloor(engine).build()
    floor.release("plan", plan(line(), line("density", sample=1, unit="g/cm3", lower="7.45", upper="7.65",
                                            action_lower=None, action_upper=None)))  # fmt: skip
    return floor


def ran(floor: PlanFloor) -> str:
    code = floor.receive(LIGHT)
    floor.run(code)
    return code


def looked(floor: PlanFloor, text: str) -> list[Looked]:
    act = Act("look", "P1", "lab", floor.now_ms, floor.now_ms)
    with reading(floor.engine) as conn:
        return preview(conn, act, text.encode())


def checks(floor: PlanFloor) -> list[Any]:
    with reading(floor.engine) as conn:
        return list_checks(conn)


def test_a_whole_file_becomes_checks_as_it_is_written(floor: PlanFloor) -> None:
    one, two = ran(floor), ran(floor)
    text = HEADER + "".join(
        f"thickness,{lot.lower()},5.0{i},,\n" for lot in (one, two) for i in (0, 1)
    ) + f"density,{one},7.55,,\n\n"  # fmt: skip
    assert [(look.verdict, look.refused) for look in looked(floor, text)] == [("ok", ())] * 3
    assert checks(floor) == [], "it was only looked at"
    made = floor.act(import_checks, text.encode(), place="lab")
    found = checks(floor)
    assert sorted(made) == sorted(one.code for one in found)
    assert {(c.source, c.place, c.lot) for c in found} == {("csv", "lab", one), ("csv", "lab", two)}
    assert [[r.text for r in c.readings] for c in found if c.lot == two] == [["5.00", "5.01"]]
    assert floor.told(two, "age-1") == ["checks_are_done"], "density of it was not in the file"
    assert floor.told(one, "age-1") == []


def test_every_bad_row_is_named_and_nothing_is_recorded(floor: PlanFloor) -> None:
    one, two, three = ran(floor), ran(floor), ran(floor)
    text = HEADER + (
        f"thickness,{one},5.00,,\nthickness,{one},5.01,,\n"
        f'thickness,{two},"5,00",,\nthickness,{two},0.197,,\n'
        f"thickness,{three},5.00,,\n"
        "thickness,B26-000099-XX,5.00,,\n"
        f"hardness,{one},5.00,,\n"
    )
    told = [[(r.rule, r.facts["row"]) for r in look.refused] for look in looked(floor, text)]
    assert told == [
        [], [("figure_has_a_point", "4")], [("sample_is_whole", "6-6")], [("lot_is_known", "7-7")],
        [("characteristic_is_planned", "8-8")],
    ]  # fmt: skip
    refused = floor.act(import_checks, text.encode(), place="lab")
    assert [r.facts["row"] for r in refused] == ["4", "6-6", "7-7", "8-8"]
    assert checks(floor) == []


def test_a_unit_mix_up_is_named_by_its_row(floor: PlanFloor) -> None:
    one = ran(floor)
    (look,) = looked(floor, HEADER + f"thickness,{one},5.00,,\nthickness,{one},0.197,,\n")
    (refusal,) = look.refused
    assert (refusal.rule, refusal.facts["row"], refusal.facts["guess"]) == (
        "reading_is_possible",
        "3",
        "5.0038",
    )


def test_what_is_out_is_taken_in_with_its_reaction(floor: PlanFloor) -> None:
    one = ran(floor)
    text = HEADER + f"thickness,{one},5.00,,\nthickness,{one},5.09,,\n"
    assert [look.verdict for look in looked(floor, text)] == ["out"]
    assert len(floor.act(import_checks, text.encode(), place="lab")) == 1
    assert floor.lot(one).holds


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "columns_are_there"),
        (b"lot,value\nL1,5\n", "columns_are_there"),
        (b"characteristic,value,colour\nx,5,red\n", "columns_are_known"),
        (b"characteristic,value,value\nx,5,5\n", "columns_are_known"),
        (b"characteristic,value\n", "rows_are_there"),
        (b"characteristic,lot,value\nx,L1,4,95\n", "row_is_whole"),
        (b"\xff\xfe\x00\x01\x80\x80", "file_is_text"),
        (b"characteristic,value\n" + b"x,1\n" * (ROWS_MAX + 1), "rows_are_few"),
    ],
)
def test_what_is_no_such_file_is_told_as_a_whole(floor: PlanFloor, data: bytes, told: str) -> None:
    with pytest.raises(BadFile) as bad:
        read_rows(data)
    assert bad.value.rule == told
    assert rules(floor.act(import_checks, data)) == [told]


@pytest.mark.parametrize(
    "text",
    ["characteristic;lot;value\n厚度;L1;5.0\n", "characteristic\tlot\tvalue\r\n厚度\tL1\t5.0\r\n"],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_separators_and_encodings_are_read_as_they_come(text: str, encoding: str) -> None:
    (rows,) = read_rows(text.encode(encoding))
    assert (rows.same["characteristic"], rows.same["lot"], rows.numbers) == ("厚度", "L1", (2,))
    assert rows.readings[0]["value"] == "5.0"
