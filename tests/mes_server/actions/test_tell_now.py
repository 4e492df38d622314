"""What is told by HJ 212 of this moment: the newest values with the mark that their state asks for."""

from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine

from mes_server.actions.gather_waterworks import pollutants_on
from mes_server.actions.tell_authority import Teller, profile_of
from mes_server.actions.tell_now import now_tellings
from mes_server.domain.hj212 import REALTIME, read_groups
from mes_server.store.engine import reading
from mes_server.store.hj212_outbox import list_newest
from mes_server.store.nodes import ensure_node
from mes_server.store.series_now import save_now
from mes_server.store.stations import ensure_station
from mes_server.store.telemetry import ensure_series
from mes_server.store.transaction import writing
from schemas.samples import BAD, GOOD
from schemas.sparkplug import DATATYPES
from tests.mes_server.actions.outlet_floor import (
    DAY,
    FROM_MS,
    HOUR_MS,
    MINUTE_MS,
    NI,
    ZONE,
    OutletFloor,
)
from tests.mes_server.domain.water_making import permit_content

MN = "010000A8900016F000169DC0"
TELLER = Teller(profile_of("2017"), ZoneInfo(ZONE))
NOW_MS = FROM_MS + HOUR_MS
CODE = pollutants_on(DAY)["ni"]["hj212"]


def hear(engine: Engine, values: dict[str, str], at_ms: int = NOW_MS, quality: int = GOOD) -> None:
    """The newest samples of the workshop's outlet; values as JSON."""
    with writing(engine) as conn:
        key = ensure_station(conn, ensure_node(conn, "g", "n"), "o-shop", "workshop_outlet", "effluent")  # fmt: skip
        kinds = [(name, DATATYPES["string" if one[0] == '"' else "double"]) for name, one in values.items()]  # fmt: skip
        series = ensure_series(conn, key, kinds)
        save_now(conn, [(series[name], at_ms, one, quality, at_ms, False) for name, one in values.items()], 1)  # fmt: skip


def told(engine: Engine, now_ms: int = NOW_MS) -> dict[str, str]:
    with reading(engine) as conn:
        (one,) = now_tellings(conn, TELLER, now_ms)
        assert list_newest(conn) == []  # never kept
    assert (one.mn, one.command) == (MN, REALTIME)
    return read_groups(one.cp)


@pytest.fixture
def floor(engine: Engine) -> OutletFloor:
    return OutletFloor(engine).build(permit_content("o-shop", mn=MN))


def test_values_are_told_with_their_time_and_the_flow_in_litres_a_second(floor: OutletFloor) -> None:  # fmt: skip
    hear(floor.engine, {"flow_m3_h": "3.6", NI: "0.25", "analyser_state": '"run"'})
    assert told(floor.engine) == {
        "DataTime": "20261120010000", "w00000-Rtd": "1.000", "w00000-Flag": "N", f"{CODE}-Rtd": "0.250", f"{CODE}-Flag": "N",
    }  # fmt: skip


@pytest.mark.parametrize(("state", "mark"), [("maintenance", "M"), ("calibrating", "C"), ("fault", "D"), ("run", "N")])  # fmt: skip
def test_the_state_of_the_analysers_is_the_mark(floor: OutletFloor, state: str, mark: str) -> None:
    hear(floor.engine, {"flow_m3_h": "3.6", NI: "0.25"})
    hear(floor.engine, {"analyser_state": f'"{state}"'}, NOW_MS - 5 * HOUR_MS)  # it holds until the next  # fmt: skip
    assert (told(floor.engine)[f"{CODE}-Flag"], told(floor.engine)["w00000-Flag"]) == (mark, "N")


def test_what_is_not_fresh_has_no_value_and_is_silent(floor: OutletFloor) -> None:
    hear(floor.engine, {"flow_m3_h": "3.6", NI: "0.25", "analyser_state": '"run"'})
    still = told(floor.engine, NOW_MS + 10 * MINUTE_MS)  # the analyser may be silent for ten minutes, the flow may not  # fmt: skip
    assert (still[f"{CODE}-Flag"], still[f"{CODE}-Rtd"], still["w00000-Flag"]) == ("N", "0.250", "B")  # fmt: skip
    gone = told(floor.engine, NOW_MS + 11 * MINUTE_MS)
    assert gone[f"{CODE}-Flag"] == gone["w00000-Flag"] == "B"
    assert not [name for name in gone if name.endswith("-Rtd")]


def test_what_cannot_be_what_is_not_good_and_where_no_water_flows(floor: OutletFloor) -> None:
    hear(floor.engine, {"flow_m3_h": "3.6", NI: "5000"})
    assert told(floor.engine)[f"{CODE}-Flag"] == "T"
    hear(floor.engine, {NI: "0.3"}, NOW_MS + 1, BAD)
    assert told(floor.engine, NOW_MS + 1)[f"{CODE}-Flag"] == "D"
    hear(floor.engine, {"flow_m3_h": "0", NI: "0.3"}, NOW_MS + 2)
    assert told(floor.engine, NOW_MS + 2)[f"{CODE}-Flag"] == "F"


def test_an_outlet_without_a_monitoring_point_is_told_of_to_nobody(engine: Engine) -> None:
    OutletFloor(engine).build()
    hear(engine, {"flow_m3_h": "3.6", NI: "0.25"})
    with reading(engine) as conn:
        assert now_tellings(conn, TELLER, NOW_MS) == []
