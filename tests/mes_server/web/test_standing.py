"""A state only while it is known: rules of standing and band, without a store."""

from typing import Any

import pytest

from mes_server.store.stations import StationView
from mes_server.web.layout import Layout, layout_of
from mes_server.web.standing import Standing, band_of, quality_word, silence_limit_ms, standing_of
from tests.mes_server.web.plant_data import NOW_MS, TYPES

FURNACE = layout_of(TYPES["sinter_furnace"])
STREAM = layout_of(TYPES["effluent_stream"])


def view(**facts: object) -> StationView:
    """A furnace that runs and said so a second ago."""
    known: dict[str, object] = {
        "id": "sinter-1", "group": "sintering", "node": "ctl-1", "device": "sinter-1",
        "type": "sinter_furnace", "revision": "1", "area": "sintering", "online": True,
        "online_since_ms": NOW_MS - 60_000, "last_sample_ms": NOW_MS - 1000,
        "last_received_ms": NOW_MS - 900, "state": "run", "contract_fits": True,
    }  # fmt: skip
    return StationView(**(known | facts))  # type: ignore[arg-type]


def stand(limits: tuple[str, ...] = (), layout: Layout | None = FURNACE, **facts: Any) -> Standing:
    return standing_of(view(**facts), layout, limits, NOW_MS)


def test_a_fresh_state_is_believed() -> None:
    standing = stand()
    assert (standing.look, standing.known, standing.reason) == ("run", True, None)


def test_without_its_node_a_station_is_offline_whatever_it_said_last() -> None:
    standing = stand(online=False)
    assert (standing.look, standing.known, standing.reason) == ("offline", False, "js.why.offline")


@pytest.mark.parametrize("field", ["last_sample_ms", "last_received_ms"])
def test_an_old_sample_makes_a_state_unknown_by_either_clock(field: str) -> None:
    old = NOW_MS - silence_limit_ms(FURNACE) - 1
    facts: dict[str, Any] = {field: old}
    standing = stand(**facts)
    assert (standing.look, standing.reason) == ("unknown", "js.why.silent")


def test_a_clock_that_runs_ahead_does_not_keep_a_station_fresh() -> None:
    standing = stand(last_sample_ms=NOW_MS + 3_600_000, last_received_ms=NOW_MS - 120_000)
    assert standing.look == "unknown"


def test_a_station_that_never_said_anything_is_unknown() -> None:
    assert stand(last_sample_ms=None, last_received_ms=None).reason == "js.why.no_sample"


def test_a_station_that_owes_a_state_and_gives_none_is_unknown() -> None:
    assert stand(state=None).reason == "js.why.no_state"


def test_a_station_whose_type_has_no_state_reports() -> None:
    assert stand(layout=STREAM, state=None).look == "reporting"
    assert stand(layout=None, state=None).look == "reporting"


def test_a_state_nobody_knows_is_shown_as_reporting_not_as_a_state() -> None:
    assert stand(state="<b>melting</b>").look == "reporting"


def test_the_graver_limit_marks_a_station_and_all_are_counted() -> None:
    standing = stand(limits=("normal", "alarm", "normal"))
    assert (standing.mark, standing.excursions) == ("alarm", 3)
    assert stand(limits=("normal",)).mark == "warn"
    assert stand(limits=("alarm",), online=False).mark == "none"


def test_silence_is_measured_by_the_contract_and_never_too_soon() -> None:
    assert silence_limit_ms(FURNACE) == 3 * FURNACE.silence_ms
    assert silence_limit_ms(None) > silence_limit_ms(FURNACE)


@pytest.mark.parametrize(
    ("value", "band"),
    [(900.0, "normal"), (1095, "normal"), (1100.0, "warn"), (1120.5, "alarm"), (2, "warn"),
     (-3.0, "alarm"), (None, None), (True, None), ("run", None)],
)  # fmt: skip
def test_a_value_lies_in_a_band_of_its_contract(value: object, band: str | None) -> None:
    assert band_of(value, FURNACE.by_name["zone_1_temperature_c"]) == band


def test_without_ranges_there_is_no_band() -> None:
    assert band_of(5.0, None) is None
    assert band_of(5.0, FURNACE.by_name["setpoint_temperature_c"]) is None


def test_a_quality_that_sparkplug_does_not_define_is_bad() -> None:
    assert [quality_word(code) for code in (192, 0, 500, 77)] == ["good", "bad", "stale", "bad"]
