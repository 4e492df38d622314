"""A lot is what its events make it; what cannot follow is refused, what was wrong is taken back."""

import pytest

from mes_server.domain import lots
from mes_server.domain.amounts import NOTHING, Amount, TooLittle
from mes_server.domain.seal import Event
from tests.mes_server.domain.lot_making import CODE, T0, History


def test_a_lot_that_nobody_made_is_none() -> None:
    assert lots.replay([]) is None


def test_a_lot_goes_through_a_run_and_remembers_what_was_done() -> None:
    history = History().created()
    assert (history.lot.code, history.lot.status, history.lot.born_ms) == (CODE, "active", T0 + 1)
    history.add(lots.LOADED, place="sinter-1", run="CH-1", operation="sintering")
    assert (history.lot.status, history.lot.run, history.lot.place) == (
        "running",
        "CH-1",
        "sinter-1",
    )
    less = Amount(9, 890)
    history.add(lots.UNLOADED, place="sinter-1", run="CH-1", amount=less.as_content())
    assert (history.lot.status, history.lot.done, history.lot.amount) == (
        "active",
        ("sintering",),
        less,
    )
    assert history.lot.length == 3


def test_holds_stand_until_each_is_released_by_its_name() -> None:
    history = History().created()
    history.add(lots.HELD, action="h1", reason="oxygen").add(lots.HELD, action="h2", reason="crack")
    assert history.lot.holds == {"h1": "oxygen", "h2": "crack"}
    history.add(lots.RELEASED, hold="h1", reason="re-measured")
    assert history.lot.holds == {"h2": "crack"}
    with pytest.raises(lots.Impossible, match="no hold h1"):
        assert history.add(lots.RELEASED, hold="h1").lot


def test_what_is_taken_is_gone_and_more_than_there_is_cannot_be() -> None:
    history = History().created(Amount(10, 1000))
    history.add(lots.TAKEN, amount=Amount(4, 400).as_content())
    history.add(lots.SCRAPPED, amount=Amount(1, 100).as_content(), reason="broken")
    history.add(lots.ADDED, amount=Amount(2, 200).as_content())
    assert history.lot.amount == Amount(7, 700)
    with pytest.raises(TooLittle, match="pieces"):
        assert history.add(lots.TAKEN, amount=Amount(8, 10).as_content()).lot


def test_a_lot_of_which_nothing_is_left_is_used_up() -> None:
    history = History().created(Amount(10, 1000))
    history.add(lots.TAKEN, amount=Amount(10, 1000).as_content())
    assert (history.lot.status, history.lot.amount) == ("used_up", NOTHING)


def test_rework_goes_back_in_the_route_and_is_counted() -> None:
    history = History().created().ran("slicing").ran("grinding").ran("tumbling")
    history.add(lots.SENT_BACK, operation="grinding", reason="too thick")
    assert history.lot.done == ("slicing",)
    assert history.lot.reworks == {"grinding": 1}
    history.ran("grinding").add(lots.SENT_BACK, operation="grinding")
    assert history.lot.reworks == {"grinding": 2}
    with pytest.raises(lots.Impossible, match="has not had plating"):
        assert history.add(lots.SENT_BACK, operation="plating").lot


def test_an_action_that_is_corrected_counts_for_nothing_and_stays_readable() -> None:
    history = History().created().add(lots.TAKEN, action="s1", amount=Amount(4, 400).as_content())
    history.add(lots.CORRECTED, action="c1", corrects="s1", reason="wrong lot scanned")
    assert history.lot.amount == Amount(10, 1000)
    assert len(history.events) == 3
    history.add(lots.CORRECTED, action="c2", corrects="c1", reason="it was right after all")
    assert history.lot.amount == Amount(6, 600)


def test_a_correction_that_later_events_rest_on_is_impossible() -> None:
    history = History().created().add(lots.LOADED, action="l1", run="CH-1", operation="ageing")
    history.add(lots.UNLOADED, run="CH-1", amount=Amount(10, 990).as_content())
    history.add(lots.CORRECTED, corrects="l1", reason="wrong furnace")
    with pytest.raises(lots.Impossible, match="not in run CH-1"):
        assert history.lot


@pytest.mark.parametrize(
    ("kind", "facts", "message"),
    [
        (lots.CREATED, {"kind": "block"}, "exists already"),
        (lots.LOADED, {"run": "CH-2", "operation": "x"}, "is in run CH-1 already"),
        (lots.UNLOADED, {"run": "CH-2"}, "is not in run CH-2"),
    ],
)
def test_events_that_cannot_follow_are_named(
    kind: str, facts: dict[str, str], message: str
) -> None:
    history = History().created().add(lots.LOADED, run="CH-1", operation="ageing")
    with pytest.raises(lots.Impossible, match=message):
        assert history.add(kind, **facts).lot


def test_a_lot_that_left_cannot_leave_again() -> None:
    history = History().created().add(lots.SHIPPED, shipment="SH26-1")
    assert history.lot.status == "shipped"
    with pytest.raises(lots.Impossible, match="left with SH26-1"):
        assert history.add(lots.SHIPPED, shipment="SH26-2").lot


def test_what_is_split_off_has_had_what_its_parent_had() -> None:
    parent = History().created().ran("slicing").lot
    child = History("L26-2").add(lots.CREATED, **lots.born_with(parent, Amount(3, 300), "parts"))
    assert (child.lot.done, child.lot.kind, child.lot.grade) == (("slicing",), "parts", "N42SH")
    assert child.lot.amount == Amount(3, 300)


def test_an_event_before_the_first_is_impossible() -> None:
    with pytest.raises(lots.Impossible, match="does not exist yet"):
        lots.replay(History().add(lots.MOVED, place="stock").events)


def test_grade_and_place_change_with_the_reason_kept() -> None:
    history = History().created().add(lots.REGRADED, grade="N40SH", reason="Br low")
    history.add(lots.MOVED, place="rack-3")
    assert (history.lot.grade, history.lot.place) == ("N40SH", "rack-3")
    assert history.events[1].reason == "Br low"


def test_what_was_done_rests_on_what_the_lot_was_then() -> None:
    """A correction that would change that is impossible; one that changes nothing of it is not."""
    history = History().created(Amount(10, 1000))
    history.add(lots.TAKEN, "a-split", amount=Amount(4, 400).as_content(), why="split")
    history.add(lots.TAKEN, "a-later", amount=Amount(1, 100).as_content(), why="split")
    lots.check_rests([*history.events, corrected(history, "a-split")])
    history.ran("ageing", Amount(5, 500))
    for action in ("a-split", "a-later"):
        with pytest.raises(lots.Impossible, match="lot_loaded"):
            lots.check_rests([*history.events, corrected(history, action)])
    lots.check_rests([*history.events, corrected(history, history.events[-1].action)])


def corrected(history: History, action: str) -> Event:
    """The correction that would follow."""
    more = History(history.code)
    more.events = list(history.events)
    return more.add(lots.CORRECTED, corrects=action).events[-1]


def test_a_lot_moved_last_when_something_of_it_did_and_was_not_corrected() -> None:
    history = History().created().add(lots.TAKEN, "a-split", amount=Amount(4, 400).as_content())
    assert lots.moved_ms(history.events) == history.events[1].at_ms
    history.add(lots.HELD, reason="oxygen")
    assert lots.moved_ms(history.events) == history.events[1].at_ms
    history.add(lots.CORRECTED, corrects="a-split")
    assert lots.moved_ms(history.events) == history.events[0].at_ms
    assert lots.moved_ms([]) == 0
