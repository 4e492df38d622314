"""Settling what will never be understood (mes_server.actions.discard_quarantine)."""

from sqlalchemy import Engine

from mes_server.actions.discard_quarantine import discard_quarantine
from mes_server.domain.messages import Message
from mes_server.store.engine import reading
from mes_server.store.quarantine import count_quarantine, list_quarantine
from tests.mes_server.edge import NOW_MS, Edge
from tests.mes_server.mes import Mes

ODD = [
    Edge("other", "plc-9").live({"step_no": 1}),
    Edge("other", "plc-8").live({"step_no": 2}),
    Message("not/sparkplug", b"???", NOW_MS),
    Edge("other", "plc-9", first=9, next=9).live({"step_no": 3}),
]


def test_discarding_takes_the_count_and_the_alarm_and_leaves_the_bytes(engine: Engine) -> None:
    mes = Mes(engine)
    mes.take(*ODD)
    alarms = {("quarantined", ""), ("quarantined", "other/plc-8"), ("quarantined", "other/plc-9")}
    assert mes.alarms() == alarms
    keys = {kept.id: kept.topic for kept in mes.quarantined()}
    nine = [key for key, topic in keys.items() if "plc-9" in topic]
    assert discard_quarantine(engine, nine[:1], "an old PLC", NOW_MS + 5) == 1
    assert mes.alarms() == alarms, "one of this node still waits"
    assert discard_quarantine(engine, [*keys, 999], "tests of a stranger", NOW_MS + 6) == 3
    assert mes.alarms() == set()
    with reading(engine) as conn:
        assert count_quarantine(conn) == 0
        kept = list_quarantine(conn, open_only=False)
    assert {message.payload for message in kept} == {message.payload for message in ODD}
    assert {message.discarded for message in kept} == {"an old PLC", "tests of a stranger"}
    assert discard_quarantine(engine, list(keys), "again", NOW_MS + 7) == 0, "once is for good"
