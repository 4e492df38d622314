"""A concession is counted down by what leaves under it, wherever it was packed; then nothing more leaves."""

import pytest
from sqlalchemy import Engine

from mes_server.actions.go_under_concession import concessions_over
from mes_server.actions.handle_lots import merge_lots, ship_lots
from mes_server.actions.make_lots import pack_lot, split_off
from mes_server.actions.print_label import print_label
from mes_server.actions.record_events import rebuild_lots
from mes_server.domain.nonconformance import Nonconformance
from mes_server.store.engine import reading
from mes_server.store.nonconformances import load_nc
from tests.mes_server.actions.lot_floor import rules
from tests.mes_server.actions.plan_floor import LIGHT, PlanFloor
from tests.mes_server.actions.test_settle_nonconformance import DONE, disposed, opened

HOUR_MS = 3_600_000


@pytest.fixture
def floor(engine: Engine) -> PlanFloor:
    return PlanFloor(engine).build()


def shipped(floor: PlanFloor, *codes: str) -> list[str]:
    answer = floor.act(ship_lots, list(codes), {"customer": "ACME"})
    return [] if isinstance(answer, str) else rules(answer)


def conceded(floor: PlanFloor, code: str, pieces: int = 10, hours: int | None = None) -> str:
    nc = opened(floor, code)
    until_ms = None if hours is None else floor.now_ms + hours * HOUR_MS
    more = {"customer_reference": "C-7", "pieces": pieces, "until_ms": until_ms}
    assert disposed(floor, nc, "use_as_is", **more) == []
    return nc


def loaded(floor: PlanFloor, nc: str) -> Nonconformance:
    with reading(floor.engine) as conn:
        found = load_nc(conn, nc)
    assert found is not None
    return found


def test_every_piece_that_leaves_is_counted(floor: PlanFloor) -> None:
    code, other = floor.receive(LIGHT, done=DONE), floor.receive(LIGHT, done=DONE)
    nc = conceded(floor, code)
    (part,) = floor.act(split_off, code, [(4, 0)])
    packs = floor.act(pack_lot, code, 3)
    assert loaded(floor, nc).left == 10
    assert shipped(floor, part, packs[0]) == []
    assert (loaded(floor, nc).used, loaded(floor, nc).left) == (7, 3)
    assert shipped(floor, other) == []
    assert loaded(floor, nc).used == 7, "the negative control"
    assert shipped(floor, packs[1]) == []
    rebuild_lots(floor.engine)
    assert (loaded(floor, nc).used, loaded(floor, nc).left) == (10, 0)
    floor.check()


def test_more_than_is_left_does_not_leave(floor: PlanFloor) -> None:
    code, other = floor.receive(LIGHT, done=DONE), floor.receive(LIGHT, done=DONE)
    nc = conceded(floor, code)
    mixed = floor.act(merge_lots, [code, other])[0]
    with reading(floor.engine) as conn:
        assert [one.code for one in concessions_over(conn, mixed)] == [nc]
        assert concessions_over(conn, other) == []
    assert shipped(floor, mixed) == ["concession_covers"], (
        "nobody can tell which 10 of the 20 are meant"
    )
    first, rest = floor.act(pack_lot, mixed, 10)
    assert shipped(floor, first) == []
    assert shipped(floor, rest) == ["concession_covers"], "it is used up"
    assert loaded(floor, nc).left == 0


def test_what_is_not_gone_when_it_ends_does_not_leave(floor: PlanFloor) -> None:
    code, other = floor.receive(LIGHT, done=DONE), floor.receive(LIGHT, done=DONE)
    conceded(floor, code, pieces=0, hours=1)
    packs = floor.act(pack_lot, code, 5)
    assert shipped(floor, packs[0]) == []
    floor.now_ms += 2 * HOUR_MS
    assert shipped(floor, packs[1]) == ["concession_covers"]
    assert shipped(floor, other) == [], "the negative control"


def test_the_concession_stands_on_the_label_of_every_pack(floor: PlanFloor) -> None:
    code, other = floor.receive(LIGHT, done=DONE), floor.receive(LIGHT, done=DONE)
    nc = conceded(floor, code)
    pack = floor.act(pack_lot, code, 5)[0]
    assert dict(floor.act(print_label, pack).lines)["concession"] == nc
    assert "concession" not in dict(floor.act(print_label, other).lines)
