"""A run is what the events of its charge make it, and what opened it can be taken back."""

from typing import Any

import pytest

from mes_server.domain.charges import CLOSED, OPENED, PUT_IN, RUN_CORRECTED, Run, replay_run
from mes_server.domain.lots import Impossible
from tests.mes_server.domain.lot_making import T0, History


class Charge(History):
    """The stream of a charge."""

    def add(self, what: str, /, **more: Any) -> "Charge":
        super().add(what, **more)
        last = self.events[-1]
        place = "sinter-1" if what == OPENED else last.place
        moved = last._replace(stream=f"charge:{self.code}", place=place)
        self.events[-1] = moved
        return self

    def put_in(self, lot: str, heavy: bool = False) -> "Charge":
        return self.add(PUT_IN, lot=lot, heavy=heavy, position="T1")

    @property
    def run(self) -> Run:
        run = replay_run(self.events)
        assert run is not None
        return run


def opened(**more: Any) -> Charge:
    charge = Charge("CH26-1")
    return charge.add(OPENED, operation="sinter", recipe="S-1", resources={"tc": "TC-9"}, **more)


def test_a_run_has_its_lots_in_the_order_they_went_in_until_it_is_closed() -> None:
    charge = opened().put_in("L1").put_in("L2", heavy=True)
    assert [(i.lot, i.from_ms, i.heavy) for i in charge.run.lots] == [
        ("L1", T0 + 2, False),
        ("L2", T0 + 3, True),
    ]
    assert (charge.run.station, charge.run.recipe, charge.run.resources) == (
        "sinter-1",
        "S-1",
        (("tc", "TC-9"),),
    )
    assert charge.run.closed_ms is None
    assert charge.add(CLOSED).run.closed_ms == T0 + 4


def test_nothing_goes_into_a_run_that_is_over_or_never_began() -> None:
    with pytest.raises(Impossible, match="is not open"):
        assert opened().add(CLOSED).put_in("L1").run
    with pytest.raises(Impossible, match="is not open"):
        replay_run(Charge().put_in("L1").events)


def test_a_load_that_was_a_mistake_leaves_the_run_and_with_its_opening_the_run_is_gone() -> None:
    charge = opened(action="s1").put_in("L1")
    charge.add(PUT_IN, action="s2", lot="L2", heavy=False, position="")
    charge.add(RUN_CORRECTED, action="c1", corrects="s2")
    assert [inside.lot for inside in charge.run.lots] == ["L1"]
    alone = opened(action="s1")
    alone.add(RUN_CORRECTED, action="c1", corrects="s1")
    assert replay_run(alone.events) is None
    assert replay_run([]) is None
