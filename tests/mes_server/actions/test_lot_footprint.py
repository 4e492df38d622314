"""A lot's share of water, energy and metals: in its report, and kept up by itself as days end."""

import json
import time

from sqlalchemy import Engine

from mes_server.actions import report_process
from mes_server.actions.close_days import adding_up
from mes_server.actions.compile_lot_report import Heading, compile_lot_report
from mes_server.actions.lot_footprint import UNITS, footprint_of
from mes_server.store.engine import reading
from mes_server.store.footprints import days_between
from mes_server.store.runs import runs_of_lot
from tests.brokers import wait_until
from tests.mes_server.actions.coating_floor import COAT, DAY0_MS, DAY_MS, MIN, CoatingFloor
from tests.mes_server.actions.simulated_lines import built
from tests.mes_server.web.test_papers import is_as_published

M2 = 1_000_000


def test_the_report_of_a_lot_says_what_it_used_and_sent_away(engine: Engine) -> None:
    floor = built(engine, days=3)
    lot = floor.lots()[1]
    heading = Heading("RP26-000001-E8", "en", floor.now_ms, "Q-1", "0.1.0", "Plant 1")
    with reading(engine) as conn:
        made = compile_lot_report(conn, lot.code, heading)
        runs = [run for run, _ in runs_of_lot(conn, lot.code)]
        found = footprint_of(conn, lot.code, runs, floor.now_ms)
    assert made is not None
    assert is_as_published(json.loads(json.dumps(made.as_content()))) == []
    rows = made.sections["environment"].tables["footprint"]
    assert {row["kind"] for row in rows} >= {"water", "electricity", "drained", "before", "after", "sludge"}  # fmt: skip
    assert len(rows) == len(found.parts)
    assert [one.unit for one in found.parts] == [UNITS[one.kind][0] for one in found.parts]
    nickel = [row for row in rows if row.get("pollutant", {}).get("en") == "Total nickel"]
    assert {row["kind"] for row in nickel} == {"before", "after", "settled"}
    assert "not_kept" not in [gap.what for gap in made.sections["environment"].gaps]
    assert report_process.__doc__


def test_a_lot_no_day_of_which_is_added_up_says_so_in_its_report(engine: Engine) -> None:
    floor = CoatingFloor(engine).open()
    run, lot = floor.coat("ph-1", COAT, (480, 540), 5 * M2)
    heading = Heading("RP26-000001-E8", "en", floor.now_ms, "Q-1", "0.1.0", "Plant 1")
    with reading(engine) as conn:
        made = compile_lot_report(conn, lot, heading)
    assert made is not None
    gaps = made.sections["environment"].gaps
    assert ("not_added_up", run) in [(gap.what, gap.facts.get("run")) for gap in gaps]
    assert "footprint" not in made.sections["environment"].tables


def test_days_are_added_up_by_themselves_as_long_as_pages_are_served(engine: Engine) -> None:
    begun = (time.time_ns() // 1_000_000 - DAY0_MS) // MIN - 2 * 1440
    floor = CoatingFloor(engine).open()
    floor.coat("ph-1", COAT, (begun, begun + 30), 5 * M2)

    def kept() -> bool:
        with reading(engine) as conn:
            return bool(days_between(conn, "2026-01-01", "2199-12-31"))

    with adding_up(engine, "UTC", every_s=0.05):
        wait_until(kept, "the day to be added up")
    with reading(engine) as conn:
        days = days_between(conn, "2026-01-01", "2199-12-31")
    assert [run.operation for one in days for run in one.day.runs][:1] == ["phosphating"]
    assert DAY_MS == 1440 * MIN
