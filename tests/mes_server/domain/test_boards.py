"""mes_server.domain.boards: what a board says, whatever a stranger makes of it."""

import json

import pytest

from mes_server.domain.boards import (
    BUSES_MAX,
    NOTHING,
    BoardAsks,
    Bus,
    board_asks,
    board_said,
    days_level,
    is_trying,
    refusal_of,
    since,
    version_of,
)
from schemas import journal_metrics as names
from schemas.sparkplug import Payload
from tests.mes_server.edge import Value, plain


def payload(told: dict[str, Value]) -> Payload:
    return Payload(1, [plain(name, None, value) for name, value in told.items()], 0)


def test_a_board_tells_its_facts() -> None:
    buses = [{"at": "modbus ttyUSB0 1", "asked": 100, "failed": 3, "last": "no answer"}]
    said = board_said(
        payload(
            {
                names.BOARD: "esp32_s3", names.IMAGE: "0.2.0 b", names.BOOT_REASON: "watchdog",
                names.HEAP_FREE: 90_000, names.LINK: "wifi -61", names.BUSES: json.dumps(buses),
                names.CERT_UNTIL: 1_800_000_000, names.UPDATE_STATE: "fetching 40",
            }
        )
    )  # fmt: skip
    assert said.buses == (Bus("modbus ttyUSB0 1", 100, 3, "no answer"),)
    assert said.facts() == {
        "kind": "esp32_s3", "image": "0.2.0 b", "boot_reason": "watchdog", "heap_free": 90_000,
        "link": "wifi -61", "certificate_until": 1_800_000_000, "update_state": "fetching 40",
    }  # fmt: skip
    assert board_said(payload({})).facts() == {}


@pytest.mark.parametrize("buses", [
    "[" * 7_000, "{}", "7", "null", "", "[1, 2]", '[{"at": 5}]', "x" * 9_000, '[{"asked": 1}]', b"[]", 3, True,
])  # fmt: skip
def test_what_is_no_list_of_instruments_is_none(buses: Value) -> None:
    assert not board_said(payload({names.BUSES: buses})).buses


def test_hostile_facts_are_cut_to_a_line_and_to_numbers_that_can_be_kept() -> None:
    hostile = {"at": "a\n<b>\x00" + "x" * 500, "asked": -1, "failed": 1 << 80, "last": ["deep"]}
    many = [{"at": str(n)} for n in range(100)]
    said = board_said(payload({names.BUSES: json.dumps([hostile])}))
    assert said.buses is not None
    (bus,) = said.buses
    assert (len(bus.at), bus.asked, bus.failed, bus.last) == (120, 0, (1 << 53) - 1, "")
    assert bus.at.isprintable()
    said = board_said(payload({names.BUSES: json.dumps(many), names.BOOT_REASON: "aliens"}))
    assert said.buses is not None
    assert (len(said.buses), said.boot_reason) == (BUSES_MAX, "unknown")
    said = board_said(payload({names.HEAP_FREE: -5, names.CERT_UNTIL: 1.5, names.IMAGE: 7}))
    assert said.facts() == {}


def test_an_instrument_that_is_told_twice_is_one() -> None:
    twice = [{"at": "a", "asked": 1}, {"at": "a", "asked": 2}]
    assert board_said(payload({names.BUSES: json.dumps(twice)})).buses == (Bus("a", 2, 0, ""),)


def test_counts_since_a_look_begin_anew_with_the_board() -> None:
    before = [Bus("a", 100, 5, ""), Bus("b", 100, 5, "")]
    now = [Bus("a", 150, 6, ""), Bus("b", 10, 1, ""), Bus("c", 7, 7, "")]
    assert since(now, before) == [(50, 1), (10, 1), (7, 7)]


def test_what_a_board_wants_stays_wanted_until_it_says_otherwise() -> None:
    asks = board_asks(payload({names.UPDATE_WANT: "0.2.0 manifest.json 0 1"}))
    assert asks == BoardAsks(None, "0.2.0 manifest.json 0 1")
    both = BoardAsks("Q1NS").after(asks)
    assert both == BoardAsks("Q1NS", "0.2.0 manifest.json 0 1")
    assert BoardAsks("", "").after(both) == BoardAsks("", "")
    assert board_asks(payload({names.UPDATE_WANT: "x" * 5_000, names.CSR: 7})) == NOTHING


def test_the_states_of_an_update_are_read() -> None:
    assert version_of("0.2.0 a") == "0.2.0"
    assert version_of(None) == ""
    assert is_trying("ready")
    assert is_trying("trying")
    assert not is_trying("fetching 40")
    assert refusal_of("refused: wrong board") == "wrong board"
    assert refusal_of("refused") == "unknown"
    assert refusal_of("idle") is None
    assert refusal_of(None) is None


@pytest.mark.parametrize(
    ("left_days", "level"), [(31, None), (30, 30), (15, 30), (14, 14), (5, 7), (1, 1), (-3, 1)]
)
def test_a_certificate_comes_to_the_nearest_mark(left_days: int, level: int | None) -> None:
    now_ms = 1_795_500_000_000
    until_s = now_ms // 1000 + left_days * 86_400
    assert days_level(until_s, now_ms, [30, 14, 7, 1]) == level
    assert days_level(0, now_ms, [30, 14, 7, 1]) is None
