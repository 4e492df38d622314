"""Messages of one shape are read together, and mean what each of them means alone."""

from pathlib import Path

import pytest

from mes_server.actions import fold_data
from mes_server.domain.messages import Message
from mes_server.store.engine import open_engine
from mes_server.store.schema import upgrade
from tests.mes_server.edge import NOW_MS, Edge
from tests.mes_server.mes import Mes

METRICS = ("zone_1_temperature_c", "step_no", "state")


def told(edge: Edge) -> list[Message]:
    """A birth, live records of a few shapes, one with a null, and a back-fill of ten."""
    shapes = [
        {"zone_1_temperature_c": 900.5},
        {"zone_1_temperature_c": 901.25, "step_no": 4},
        {"step_no": 5, "state": "run"},
        {"zone_1_temperature_c": None},
    ]
    messages = [edge.nbirth(), edge.dbirth()]
    for at in range(40):
        values = {
            name: value + at if isinstance(value, float) else value
            for name, value in shapes[at * 7 % 4].items()
        }
        messages.append(edge.live(values, at_ms=NOW_MS + at * 1000))
    old = [
        edge.record(edge.next + at, {"zone_1_temperature_c": 20.0 + at}, NOW_MS - 90_000 + at, True)
        for at in range(10)
    ]
    edge.next += len(old)
    return [*messages, edge.ddata(old, at_ms=NOW_MS + 60_000)]


def everything(folder: Path, messages: list[Message]) -> list[object]:
    folder.mkdir()
    engine = open_engine(f"sqlite:///{folder / 'lodestone.db'}")
    upgrade(engine)
    mes = Mes(engine)
    mes.take(*messages)
    found: list[object] = [mes.samples(metric) for metric in METRICS]
    found.append(mes.reasons())
    engine.dispose()
    return found


def test_read_together_or_one_by_one_the_samples_are_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages = told(Edge())
    together = everything(tmp_path / "together", messages)
    taken: list[int] = []
    one_by_one = fold_data.fold_message

    def counted(turn: object, row: object) -> object:
        taken.append(1)
        return one_by_one(turn, row)  # type: ignore[arg-type]

    monkeypatch.setattr(fold_data, "GROUP_MIN", 1 << 30)
    monkeypatch.setattr(fold_data, "fold_message", counted)
    alone = everything(tmp_path / "alone", messages)
    assert alone == together
    assert len(taken) == 41  # all data went the other way
    assert [len(samples) for samples in together[:2]] == [40, 20]  # type: ignore[arg-type]
