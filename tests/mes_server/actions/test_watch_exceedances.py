"""Exceedance episodes: opened once with a nonconformance that names lots and baths, grown, ended, taken back, closed."""

from typing import Any

import numpy as np
import pytest
from sqlalchemy import Engine

from mes_server.actions.close_exceedance import close_exceedance, digest_of_exceedance
from mes_server.actions.contain_nonconformance import contain
from mes_server.actions.keep_water_samples import (
    Hand,
    Reporting,
    Taking,
    receive_sample,
    report_sample,
    take_sample,
    void_sample,
)
from mes_server.actions.record_events import Book, rebuild_lots
from mes_server.actions.settle_nonconformance import dispose
from mes_server.actions.watch_exceedances import watch
from mes_server.domain.exceedances import CLOSED, GONE, LASTS, OVER, Episode
from mes_server.domain.nonconformance import Disposition
from mes_server.domain.rules import Refusal
from mes_server.domain.water_rules import Told
from mes_server.store.engine import reading
from mes_server.store.exceedances import (
    exceedances_in,
    list_exceedances,
    load_exceedance,
    open_exceedances,
)
from mes_server.store.ledger import head
from mes_server.store.lots import load_lot
from mes_server.store.nonconformances import load_nc
from mes_server.store.signatures import list_signatures
from tests.mes_server.actions.outlet_floor import FROM_MS, HOUR_MS, NI, TO_MS, ZONE, around
from tests.mes_server.actions.outlet_floor import OutletFloor as Floor
from tests.mes_server.domain.water_making import permit_content
from tests.mes_server.people_help import signer

HOURLY = [{"pollutant": "ni", "high": "0.5", "unit": "mg/L", "averaging": "hourly"}]


def built(engine: Engine, values: Any, **more: Any) -> Floor:
    floor = Floor(engine)
    floor.build(permit_content("o-shop", limits=HOURLY, sets=[], **more))
    floor.lot_code = floor.coat(50, FROM_MS + 3 * HOUR_MS)  # type: ignore[attr-defined]
    floor.water(rate=2.0, metrics={NI: values})
    return floor


def hours(*high: int) -> Any:
    """A day of nickel at 0.3 mg/L, and 0.8 in these hours."""
    values = around(0.3)
    for hour in high:
        values[hour * 60 : (hour + 1) * 60] += 0.5
    return values


def episodes(floor: Floor) -> list[Episode]:
    with reading(floor.engine) as conn:
        return list_exceedances(conn)[::-1]


def look(floor: Floor, now_ms: int) -> int:
    floor.now_ms = now_ms
    return watch(floor.engine, ZONE, now_ms)


def test_consecutive_hours_are_one_episode_with_a_nonconformance(engine: Engine) -> None:
    floor = built(engine, hours(2, 3, 4, 9))
    assert look(floor, TO_MS + HOUR_MS) == 2
    one, other = episodes(floor)
    assert (one.from_ms, one.to_ms, one.pieces) == (FROM_MS + 2 * HOUR_MS, FROM_MS + 5 * HOUR_MS, 3)
    assert (other.from_ms, other.pieces) == (FROM_MS + 9 * HOUR_MS, 1)
    assert one.worst == pytest.approx(0.8, abs=0.01)
    assert (one.limit["high"], one.limit["origin"]) == ("0.5", "permit")
    lot = floor.lot_code  # type: ignore[attr-defined]
    assert one.lots == (lot,)
    with reading(engine) as conn:
        opened = load_nc(conn, one.nonconformance)
        kept = load_lot(conn, lot)
    assert opened is not None
    assert (opened.source, opened.held) == ("effluent", ())
    assert lot in opened.found
    assert kept is not None
    assert kept.holds == {}  # named, not held


def test_a_permit_may_say_that_lots_are_held(engine: Engine) -> None:
    floor = built(engine, hours(2, 3), holds_lots=True)
    look(floor, TO_MS + HOUR_MS)
    (one,) = episodes(floor)
    with reading(engine) as conn:
        kept = load_lot(conn, one.lots[0])
    assert kept is not None
    assert one.nonconformance in " ".join(kept.holds.values())


def test_an_episode_is_opened_once_however_often_it_is_looked_for(engine: Engine) -> None:
    floor = built(engine, hours(2, 3))
    assert look(floor, FROM_MS + 4 * HOUR_MS) == 1
    assert look(floor, FROM_MS + 4 * HOUR_MS) == 0
    with reading(engine) as conn:
        before = head(conn, 0).number
    rebuild_lots(engine)  # as after a restart: all that is known is what the ledger says
    assert look(floor, FROM_MS + 4 * HOUR_MS) == 0
    with reading(engine) as conn:
        assert head(conn, 0).number == before
    assert len(episodes(floor)) == 1


def test_killed_before_it_is_written_it_is_opened_once_later(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    floor = built(engine, hours(2, 3))

    class Killed(BaseException):
        """As a power cut: nothing of it is caught."""

    def cut(_book: Book) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Book, "close", cut)
        with pytest.raises(Killed):
            look(floor, TO_MS + HOUR_MS)
    assert episodes(floor) == []
    assert look(floor, TO_MS + HOUR_MS) == 1
    assert look(floor, TO_MS + HOUR_MS) == 1  # it ends
    assert look(floor, TO_MS + HOUR_MS) == 0
    (one,) = episodes(floor)
    with reading(engine) as conn:
        assert load_nc(conn, one.nonconformance) is not None


def test_it_grows_while_it_lasts_and_ends(engine: Engine) -> None:
    floor = built(engine, hours(2, 3, 4))
    look(floor, FROM_MS + 3 * HOUR_MS)
    (one,) = episodes(floor)
    assert (one.state, one.pieces) == (LASTS, 1)
    look(floor, FROM_MS + 5 * HOUR_MS)
    (grown,) = episodes(floor)
    assert (grown.code, grown.state, grown.pieces) == (one.code, LASTS, 3)
    look(floor, FROM_MS + 7 * HOUR_MS)
    assert [one.state for one in episodes(floor)] == [OVER]


def test_later_data_that_remove_it_mark_it_and_keep_it(engine: Engine) -> None:
    floor = built(engine, hours(2))
    look(floor, TO_MS + HOUR_MS)
    (one,) = episodes(floor)
    late = np.arange(600) * 6_000 + FROM_MS + 2 * HOUR_MS + 1_000
    floor.record("o-shop", {NI: np.full(600, 0.2) + 0.001 * (-1.0) ** np.arange(600)}, late)
    floor.merge()
    look(floor, TO_MS + 2 * HOUR_MS)
    (gone,) = episodes(floor)
    assert (gone.code, gone.state) == (one.code, GONE)
    assert look(floor, TO_MS + 3 * HOUR_MS) == 0


def close(floor: Floor, code: str, reason: str = "", by: Any = None) -> list[str]:
    said = ("resin spent", "resin changed", reason)
    told = floor.act(close_exceedance, code, said, by or signer("E-1", "environment"))
    return [one.rule for one in told if isinstance(one, Refusal)]


def test_it_is_closed_with_cause_and_action_when_its_nonconformance_is_disposed_of_or_for_a_reason(
    engine: Engine,
) -> None:
    floor = built(engine, hours(2))
    look(floor, FROM_MS + 3 * HOUR_MS)
    (one,) = episodes(floor)
    assert close(floor, one.code) == ["exceedance_is_over", "exceedance_is_disposed"]
    look(floor, FROM_MS + 6 * HOUR_MS)
    look(floor, FROM_MS + 6 * HOUR_MS)
    assert close(floor, one.code) == ["exceedance_is_disposed"]
    assert close(floor, one.code, "x", signer("O-1", "operator")) == ["signer_may"]
    assert floor.act(close_exceedance, one.code, ("", "", "x"), signer("E-1", "environment"))
    assert close(floor, one.code, "the authority asked for it today") == []
    with reading(engine) as conn:
        shut = load_exceedance(conn, one.code)
        (signature,) = list_signatures(conn, f"exceedance:{one.code}")
        assert signature.stands(digest_of_exceedance(conn, one.code))
        assert open_exceedances(conn, "o-shop") == []
        assert exceedances_in(conn, "o-shop", FROM_MS, TO_MS) == [shut]
    assert shut is not None
    assert (shut.state, shut.closed_by, shut.cause) == (CLOSED, "E-1", "resin spent")
    assert close(floor, one.code) == ["exceedance_is_open"]
    assert close(floor, "EX26-000009-AA") == ["exceedance_is_known"]
    assert look(floor, FROM_MS + 8 * HOUR_MS) == 0  # nothing new is opened for what was closed


def drawn(floor: Floor, value: str, at_ms: int, reported_ms: int = 0) -> str:
    """A grab that the laboratory has reported on, at once or later."""
    stood, floor.now_ms = floor.now_ms, at_ms
    (code,) = floor.act(take_sample, Taking("o-shop", "grab", at_ms, at_ms, "Wang"))
    assert floor.act(receive_sample, code, Hand(at_ms, "Li", "", "SGS")) == []
    told = [Told("ni", value, "mg/L", "HJ 776", "0.007")]
    floor.now_ms = reported_ms or at_ms
    assert floor.act(report_sample, code, Reporting("R-1", floor.now_ms, told, "Li")) == [code]
    floor.now_ms = stood
    return str(code)


def test_a_sample_above_its_limit_is_an_episode_until_it_is_voided(engine: Engine) -> None:
    spot = [{"pollutant": "ni", "high": "0.5", "unit": "mg/L", "averaging": "spot"}]
    floor = Floor(engine)
    floor.build(permit_content("o-shop", limits=spot, sets=[]))
    floor.water(rate=2.0, metrics={NI: around(0.3)})
    at_ms = FROM_MS + 10 * HOUR_MS
    sample = drawn(floor, "0.82", at_ms)
    assert look(floor, FROM_MS + 12 * HOUR_MS) == 1
    (one,) = episodes(floor)
    assert (one.samples, one.from_ms, one.averaging) == ((sample,), at_ms, "spot")
    assert floor.act(void_sample, sample, "the bottle was not acidified") == []
    assert look(floor, FROM_MS + 13 * HOUR_MS) == 1
    (gone,) = episodes(floor)
    assert (gone.code, gone.state) == (one.code, GONE)


@pytest.mark.parametrize(("value", "opened"), [("3.1", 1), ("0.2", 0)])
def test_a_result_that_comes_weeks_later_opens_its_episode(
    engine: Engine, value: str, opened: int
) -> None:
    spot = [{"pollutant": "ni", "high": "0.5", "unit": "mg/L", "averaging": "spot"}]
    floor = Floor(engine)
    floor.build(permit_content("o-shop", limits=spot, sets=[]))
    floor.water(rate=2.0, metrics={NI: around(0.3)})
    at_ms, late_ms = FROM_MS + 10 * HOUR_MS, FROM_MS + 20 * 24 * HOUR_MS
    drawn(floor, value, at_ms, late_ms)
    assert look(floor, late_ms + HOUR_MS) == opened
    assert [one.from_ms for one in episodes(floor)] == [at_ms] * opened


def test_after_its_nonconformance_is_disposed_of_it_is_closed_without_a_reason(
    engine: Engine,
) -> None:
    floor = built(engine, hours(2))
    look(floor, FROM_MS + 6 * HOUR_MS)
    look(floor, FROM_MS + 6 * HOUR_MS)
    (one,) = episodes(floor)
    assert close(floor, one.code) == ["exceedance_is_disposed"]
    assert floor.act(contain, one.nonconformance, "the treatment was stopped") == []
    given = Disposition("conforms", "the parts are not touched by it")
    told = floor.act(dispose, one.nonconformance, given, [signer("Q-1", "quality")])
    assert not any(isinstance(each, Refusal) for each in told), told
    assert close(floor, one.code) == []


def test_a_monthly_mean_above_its_limit_is_an_episode_when_the_month_is_over(
    engine: Engine,
) -> None:
    monthly = [{"pollutant": "ni", "high": "0.2", "unit": "mg/L", "averaging": "monthly"}]
    floor = Floor(engine)
    floor.build(permit_content("o-shop", limits=monthly, sets=[]))
    floor.water(rate=2.0, metrics={NI: around(0.3)})
    assert look(floor, TO_MS + HOUR_MS) == 0
    assert look(floor, TO_MS + 11 * 24 * HOUR_MS) == 1  # the second day of December
    (one,) = episodes(floor)
    assert (one.averaging, one.worst) == ("monthly", pytest.approx(0.3, abs=0.01))
    look(floor, TO_MS + 12 * 24 * HOUR_MS)
    assert [each.state for each in episodes(floor)] == [OVER]
    assert look(floor, TO_MS + 40 * 24 * HOUR_MS) == 0


def test_within_the_limit_nothing_is_opened(engine: Engine) -> None:
    floor = built(engine, around(0.49))
    assert look(floor, TO_MS + HOUR_MS) == 0
    assert episodes(floor) == []
