"""What gauges sent is kept once and for ever, and a check takes each line once: on both databases."""

import threading
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from mes_server.actions.keep_gauge_lines import Heard, Source, keep_lines
from mes_server.actions.keep_gauges import Calibrating, NewGauge, add_gauge, calibrate
from mes_server.actions.record_check import void_check
from mes_server.actions.record_events import rebuild_lots
from mes_server.store.checks import load_check
from mes_server.store.engine import reading
from mes_server.store.gauge_lines import lines_after, load_lines, newest_lines, newest_number
from mes_server.store.transaction import writing
from schemas.line_protocols import load_protocol
from tests.mes_server.actions.lot_floor import T0
from tests.mes_server.actions.plan_floor import LIGHT, PlanFloor
from tests.mes_server.domain.plan_making import line, plan

SOURCE = Source("MIC-07", "sinter-1", "number_unit", load_protocol("number_unit"), "W-1")


class Bench(PlanFloor):
    """A floor with a lot that is asked for two thicknesses by a micrometer, and MIC-07 with a cable."""

    def ready(self) -> str:
        for name in ("MIC-07", "MIC-08"):
            assert self.act(add_gauge, NewGauge(name, "micrometer", "")) == []
            points = [{"reference": "5", "reading": "5.0"}]
            assert self.act(calibrate, name, Calibrating("0.01", points)) == []
        assert self.release("plan", plan(line(gauge="micrometer", symbol=""))) == []
        code = self.receive(LIGHT)
        self.run(code)
        return code

    def sends(self, *texts: str, **other: str) -> list[int]:
        """Lines of the gauge; their numbers."""
        with reading(self.engine) as conn:
            last = newest_number(conn)
        heard = [
            Heard(f"line-{last + i:06}", self.now_ms, f"{text}\r\n".encode())
            for i, text in enumerate(texts, 1)
        ]
        assert keep_lines(self.engine, replace(SOURCE, **other), heard, self.now_ms) == len(texts)
        return list(range(last + 1, last + 1 + len(texts)))

    def takes(self, lot: str, *readings: tuple[str, int], **more: Any) -> Any:
        said = [{"value": value, "line": number} for value, number in readings]
        more = {"source": "serial", "gauge": "MIC-07"} | more
        return self.measure("thickness", lot=lot, readings=said, **more)


@pytest.fixture
def bench(engine: Engine) -> Bench:
    bench = Bench(engine)
    bench.build()
    return bench


def test_a_check_takes_lines_and_can_be_traced_to_what_the_gauge_sent(bench: Bench) -> None:
    lot = bench.ready()
    one, two = bench.sends("5.00 mm", "5.01 mm")
    (code,) = bench.takes(lot, ("5.00", one), ("5.01", two))
    with reading(bench.engine) as conn:
        check = load_check(conn, code)
        lines = lines_after(conn, "sinter-1", 0, 9)
    assert check is not None
    assert [(r.text, r.line, r.said) for r in check.readings] == [("5.00", one, "5.00 mm"), ("5.01", two, "5.01 mm")]  # fmt: skip
    assert check.source == "serial"
    assert [bytes.fromhex(x.raw) for x in lines] == [b"5.00 mm\r\n", b"5.01 mm\r\n"]
    assert {x.check for x in lines} == {code}


def test_a_line_is_taken_once_even_of_a_check_that_was_voided(bench: Bench) -> None:
    lot = bench.ready()
    one, two, three = bench.sends("5.00 mm", "5.01 mm", "5.02 mm")
    (code,) = bench.takes(lot, ("5.00", one), ("5.01", two))
    assert bench.takes(lot, ("5.02", three), ("5.01", two)) == ["gauge_line_is_free"]
    bench.act(void_check, code, "wrong lot")
    assert bench.takes(lot, ("5.02", three), ("5.01", two)) == ["gauge_line_is_free"]
    assert bench.takes(lot, ("5.02", three), ("5.00", 0), source="tablet")[0].startswith("CK")


def test_a_serial_reading_without_its_line_is_refused(bench: Bench) -> None:
    lot = bench.ready()
    one, unstable, micro, other = bench.sends("5.00 mm", "OL", "5000 um", "5.00 mm")
    (elsewhere,) = bench.sends("5.00 mm", station="age-1")
    (of_other,) = bench.sends("5.00 mm", gauge="MIC-08")
    good = ("5.00", one)
    cases: tuple[tuple[tuple[str, int], dict[str, Any], list[str]], ...] = (
        (("5.00", 0), {}, ["serial_names_its_lines"]),
        (("5.00", 999), {}, ["gauge_line_is_known"]),
        (("5.00", one), {}, ["gauge_line_is_free"]),
        (("5.01", other), {}, ["reading_is_of_its_line"]),
        (("5.00", unstable), {}, ["gauge_line_is_good"]),
        (("5.00", elsewhere), {}, ["gauge_line_is_of_station"]),
        (("5.00", of_other), {}, ["gauge_line_is_of_gauge"]),
        (("5.00", micro), {}, ["gauge_line_has_unit", "reading_is_of_its_line"]),
        (("5.00", other), {"gauge": "MIC-99"}, ["gauge_line_is_of_gauge"] * 2 + ["gauge_is_known"]),
    )  # fmt: skip
    for bad, more, rules in cases:
        assert bench.takes(lot, good, bad, **more) == rules, bad
    assert bench.takes(lot, good, ("5.00", other))[0].startswith("CK"), "the negative control"


def test_a_gauge_that_is_not_good_gives_no_readings_though_its_lines_are_kept(bench: Bench) -> None:
    lot = bench.ready()
    bad = [{"reference": "5", "reading": "5.5"}]
    assert bench.act(calibrate, "MIC-07", Calibrating("0.01", bad)) == []
    one, two = bench.sends("5.00 mm", "5.01 mm")
    assert bench.takes(lot, ("5.00", one), ("5.01", two)) == ["gauge_is_calibrated"]


def test_an_id_is_kept_once_whoever_sends_it_again(bench: Bench) -> None:
    heard = [Heard(f"line-{i:06}", T0, b"5.00 mm\r\n") for i in (1, 2, 2, 1)]
    assert keep_lines(bench.engine, SOURCE, heard, T0) == 2
    assert keep_lines(bench.engine, SOURCE, heard, T0 + 5) == 0
    more = [*heard, Heard("line-000003", T0, b"5.00 mm\r\n")]
    assert keep_lines(bench.engine, SOURCE, more, T0 + 9) == 1
    with reading(bench.engine) as conn:
        found = newest_lines(conn, "MIC-07", 10)
    assert [(x.number, x.id, x.noted_ms) for x in found] == [
        (3, "line-000003", T0 + 9), (2, "line-000002", T0), (1, "line-000001", T0),
    ]  # fmt: skip


def test_two_machines_that_give_at_once_get_numbers_without_a_gap(bench: Bench) -> None:
    def give(name: str) -> None:
        for i in range(20):
            heard = [Heard(f"{name}-{i:06}", T0, b"5.00 mm\r\n")]
            keep_lines(bench.engine, SOURCE, heard, T0)

    threads = [threading.Thread(target=give, args=(name,)) for name in ("first", "other")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with reading(bench.engine) as conn:
        found = lines_after(conn, "sinter-1", 0, 100)
    assert [x.number for x in found] == list(range(1, 41))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE gauge_line SET value = '5.01'",
        "DELETE FROM gauge_line",
        "INSERT INTO gauge_line SELECT number + 5, 'x', gauge, station, at_ms, noted_ms, badge, protocol, raw, text, "
        "value, unit, fault FROM gauge_line",
    ],
)
def test_what_a_gauge_said_cannot_be_changed_behind_the_scenes(
    bench: Bench, statement: str
) -> None:
    (number,) = bench.sends("5.00 mm")
    with pytest.raises(DBAPIError), writing(bench.engine) as conn:
        conn.exec_driver_sql(statement)
    with reading(bench.engine) as conn:
        assert load_lines(conn, [number])[number].value == "5.00"
        assert newest_number(conn) == 1


def test_which_check_took_a_line_is_computed_from_the_ledger(bench: Bench) -> None:
    lot = bench.ready()
    one, two = bench.sends("5.00 mm", "5.01 mm")
    bench.takes(lot, ("5.00", one), ("5.01", two))

    def rows() -> list[tuple[object, ...]]:
        with reading(bench.engine) as conn:
            return sorted(map(tuple, conn.exec_driver_sql("SELECT * FROM gauge_line_taken")))

    before = rows()
    assert len(before) == 2
    rebuild_lots(bench.engine)
    assert rows() == before
