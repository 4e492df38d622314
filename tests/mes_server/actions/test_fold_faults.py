"""When the store or our own code fails in mid-fold: nothing by halves, and the line goes on."""

import pytest

from mes_server.actions import fold_turn, folding
from mes_server.store.faults import DISK_FULL, StoreFault
from tests.mes_server.edge import NOW_MS, Edge
from tests.mes_server.mes import Mes


def test_a_fold_that_fails_changes_nothing_and_can_be_done_again(
    mes: Mes, edge: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full when samples are to be written: stations and births of that turn are not there."""
    second = Edge(node="ctl-2", epoch=2)
    mes.receive(second.nbirth(), second.dbirth("sinter-2"), second.live({"step_no": 8}, "sinter-2"))

    def full(*_: object) -> int:
        raise StoreFault(DISK_FULL, "no room")

    with monkeypatch.context() as patch:
        patch.setattr(fold_turn, "append_samples", full)
        with pytest.raises(StoreFault):
            mes.fold()
    assert mes.rows("SELECT sum(count) FROM inbox") == [(3,)]
    assert mes.rows("SELECT count(*) FROM station") == [(1,)]
    mes.fold()
    assert mes.values("step_no", "sinter-2") == [8]


def test_a_bug_in_reading_many_at_once_costs_speed_and_nothing_else(
    mes: Mes, edge: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(*_: object) -> None:
        raise IndexError("a bug of ours")

    monkeypatch.setattr(folding, "learn", stumble)
    mes.take(*[edge.live({"step_no": i}, at_ms=NOW_MS + i) for i in range(10)])
    assert mes.values("step_no") == list(range(10))
    assert mes.quarantined() == []


def test_a_bug_that_one_message_finds_puts_that_message_aside(
    mes: Mes, edge: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = fold_turn.append_samples

    def stumble(conn: object, columns: list[object]) -> int:
        if any(13 in getattr(column, "values", ()) for column in columns):
            raise KeyError("a bug of ours")
        return real(conn, columns)  # type: ignore[arg-type]

    monkeypatch.setattr(fold_turn, "append_samples", stumble)
    mes.take(*[edge.live({"step_no": i}, at_ms=NOW_MS + i) for i in range(20)])
    assert mes.values("step_no") == [i for i in range(20) if i != 13]
    assert mes.reasons() == ["bug"]
