"""Who may correct may not release by correcting: a hold is taken back by quality alone."""

import pytest
from sqlalchemy import Engine

from mes_server.actions import handle_lots as handle
from mes_server.actions.take_back import take_back
from mes_server.domain.amounts import Amount
from mes_server.domain.people import permissions_of
from tests.mes_server.actions.lot_floor import Floor, rules

LEAD, QUALITY = permissions_of(["lead"]), permissions_of(["quality"])
TEN = Amount(10, 1_000_000)


@pytest.fixture
def floor(engine: Engine) -> Floor:
    return Floor(engine)


def test_a_hold_is_taken_back_by_quality_and_by_nobody_else(floor: Floor) -> None:
    code = floor.receive(TEN)
    floor.act(handle.hold_lots, [code], "oxygen")
    hold = floor.actions[-1]
    assert rules(floor.act(take_back, hold, "mistake", LEAD)) == ["judgement_is_of_quality"]
    assert floor.act(take_back, hold, "mistake", QUALITY) == []
    assert not floor.lot(code).holds
    assert rules(floor.act(take_back, "nothing", "mistake", LEAD)) == ["action_is_known"]


def test_a_release_does_not_come_back_through_corrections_of_corrections(floor: Floor) -> None:
    code = floor.receive(TEN)
    floor.act(handle.hold_lots, [code], "oxygen")
    floor.act(handle.release_lot, code, floor.actions[-1], "measured again")
    floor.act(take_back, floor.actions[-1], "the wrong lot was measured", QUALITY)
    corrected = floor.actions[-1]
    assert floor.lot(code).holds
    assert rules(floor.act(take_back, corrected, "no", LEAD)) == ["judgement_is_of_quality"]
    assert floor.lot(code).holds
    floor.check()


def test_whoever_corrects_takes_back_a_split_and_that_again(floor: Floor) -> None:
    code = floor.receive(TEN)
    floor.act(handle.split_lot, code, [TEN.share(1, 2)])
    assert floor.act(take_back, floor.actions[-1], "wrong lot", LEAD) == []
    assert floor.lot(code).amount == TEN
    assert floor.act(take_back, floor.actions[-1], "right after all", LEAD) == []
    assert floor.lot(code).amount == TEN.share(1, 2)
    floor.check()
