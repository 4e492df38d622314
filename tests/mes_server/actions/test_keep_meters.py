"""Another meter is put in; one that nothing reads is read by hand. Neither goes backwards unseen."""

import pytest
from sqlalchemy import Engine

from mes_server.actions.keep_meters import Exchanging, exchange_meter, read_meter, void_meter_note
from mes_server.store.engine import reading
from mes_server.store.meter_notes import list_notes
from mes_server.store.nodes import ensure_node
from mes_server.store.series import ensure_series
from mes_server.store.stations import ensure_station
from mes_server.store.transaction import writing
from mes_server.store.water import exchanges_of, hand_readings_of
from tests.mes_server.actions.water_floor import HOUR_MS, WaterFloor


@pytest.fixture
def floor(engine: Engine) -> WaterFloor:
    return WaterFloor(engine).open()


def test_an_exchange_is_known_to_who_reads_the_meter_until_it_is_voided(floor: WaterFloor) -> None:
    at_ms = floor.now_ms
    said = Exchanging("w-pl", at_ms, "99812.4", "0", "Wang", "worn bearing")
    assert floor.done(exchange_meter, said) == "w-pl"
    with reading(floor.engine) as conn:
        assert exchanges_of(conn, "pl-1", "water_m3", at_ms, at_ms) == [at_ms]
        assert exchanges_of(conn, "ph-1", "water_m3", at_ms, at_ms) == []
        (note,) = list_notes(conn, "w-pl")
    assert (str(note.before), str(note.after), note.person) == ("99812.4", "0", "Wang")
    assert floor.rules(void_meter_note, "w-pl", note.number, "") == ["reason_is_given"]
    assert floor.rules(void_meter_note, "w-ph", note.number, "x") == ["meter_note_is_known"]
    assert floor.act(void_meter_note, "w-pl", note.number, "it was meter w-ph") == []
    assert floor.rules(void_meter_note, "w-pl", note.number, "x") == ["meter_note_counts"]
    with reading(floor.engine) as conn:
        assert exchanges_of(conn, "pl-1", "water_m3", 0, at_ms) == []
        assert list_notes(conn)[0].voided == "it was meter w-ph"
    floor.check()


def test_a_meter_is_read_by_hand_where_nothing_reads_it(floor: WaterFloor) -> None:
    for value in ("10", "12.5"):
        assert floor.done(read_meter, Exchanging("w-ph", floor.now_ms, "", value)) == "w-ph"
    back = Exchanging("w-ph", floor.now_ms, "", "11")
    assert floor.rules(read_meter, back) == ["meter_goes_forward"]
    floor.done(exchange_meter, Exchanging("w-ph", floor.now_ms, "12.5", "0"))
    floor.done(read_meter, Exchanging("w-ph", floor.now_ms + 1, "", "3"))
    with reading(floor.engine) as conn:
        found = hand_readings_of(conn, "w-ph", 0, floor.now_ms)
    assert [str(one.after) for one in found] == ["10", "12.5", "0", "3"]
    with writing(floor.engine) as conn:
        key = ensure_station(conn, ensure_node(conn, "g", "n"), "ph-1", "phosphating_line", "a")
        ensure_series(conn, key, [("water_m3", 10)])
    by_itself = Exchanging("w-ph", floor.now_ms, "", "4")
    assert floor.rules(read_meter, by_itself) == ["meter_is_read_by_hand"]


@pytest.mark.parametrize(
    ("said", "rules"),
    [
        (("w-nowhere", 0, "1", "0"), ["meter_is_known"]),
        (("w-pl", HOUR_MS, "1", "0"), ["time_is_not_ahead"]),
        (("w-pl", 0, "", "0"), ["amount_is_a_figure"]),
        (("w-pl", 0, "1", "-1"), ["amount_is_possible"]),
        (("w-pl", 0, "1", "0", "=1+1"), ["text_is_no_script"]),
    ],
)
def test_an_exchange_that_cannot_be_is_refused(
    floor: WaterFloor, said: tuple[str, int, str, str], rules: list[str]
) -> None:
    meter, after_ms, *rest = said
    told = Exchanging(meter, floor.now_ms + after_ms, *rest)
    assert floor.rules(exchange_meter, told) == rules
    if len(rest) == 2 and rules == ["meter_is_known"]:
        assert floor.rules(read_meter, told) == rules
