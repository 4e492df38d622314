"""Surveys and thermocouples in their tables."""

from typing import Any

from sqlalchemy import Engine

from mes_server.domain.charges import Run
from mes_server.domain.pyrometry import CHANGED, INSTALLED, REMOVED, SURVEYED
from mes_server.domain.seal import Draft, seal
from mes_server.store.engine import reading
from mes_server.store.pyrometry import (
    drop_all,
    follow,
    list_surveys,
    list_thermocouples,
    load_thermocouple,
    surveyed_stations,
)
from mes_server.store.runs import save_run
from mes_server.store.transaction import writing
from tests.mes_server.store.making import T0


def test_a_furnace_is_what_its_events_say(engine: Engine) -> None:
    told: list[tuple[str, dict[str, Any]]] = [
        (SURVEYED, {"survey": "PY1", "test": "SAT", "result": "passed", "signer": "L-1"}),
        (CHANGED, {"survey": "PY2"}),
        (INSTALLED, {"thermocouple": "TC-1", "role": "load_1", "type": "N", "uses_before": 4}),
        (INSTALLED, {"thermocouple": "TC-2", "role": "load_2", "type": "N", "uses_before": 0}),
        (REMOVED, {"thermocouple": "TC-2"}),
    ]
    used = Run("CH1", "f-1", "sinter", T0 + 50, "", T0 + 60, (), (("thermocouple:load_1", "TC-1"),))
    before = Run("CH0", "f-1", "sinter", T0 - 50, "", T0 - 40, (), (("thermocouple:load_1", "TC-1"),))  # fmt: skip
    with writing(engine) as conn:
        for number, (kind, facts) in enumerate(told, 1):
            draft = Draft("pyrometry:f-1", number, kind, f"a{number}", T0 + number, "P1", "f-1", "", facts | {"station": "f-1"})  # fmt: skip
            follow(conn, seal("", number, T0 + 9, draft))
        save_run(conn, before)
        save_run(conn, used)
    with reading(engine) as conn:
        assert [(one.code, one.test, one.signer) for one in list_surveys(conn, "f-1")] == [("PY1", "SAT", "L-1"), ("PY2", "CHANGE", "")]  # fmt: skip
        one, other = list_thermocouples(conn, "f-1")
        assert (one.code, one.uses, one.removed_ms) == ("TC-1", 5, None), (
            "the run before counts not"
        )
        assert (other.code, other.removed_ms) == ("TC-2", T0 + 5)
        assert load_thermocouple(conn, "TC-1") == one
        assert load_thermocouple(conn, "TC-9") is None
        assert surveyed_stations(conn) == ["f-1"]
    with writing(engine) as conn:
        drop_all(conn)
        assert (list_surveys(conn, "f-1"), list_thermocouples(conn, "f-1")) == ([], [])
