"""mes_server.actions.read_code: a void label stops the step, a station's card becomes its station."""

import pytest
from sqlalchemy import Engine

from mes_server.actions.print_label import print_label
from mes_server.actions.read_code import read_code
from mes_server.domain.amounts import Amount
from mes_server.domain.cards import STATION, card_code
from mes_server.domain.labels import label_id
from mes_server.domain.rules import Refusal
from mes_server.domain.scan_codes import ScanCode, Scanner
from mes_server.store.engine import reading
from tests.mes_server.actions.lot_floor import Floor
from tests.mes_server.edge import Edge
from tests.mes_server.mes import Mes


def scan(engine: Engine, text: str) -> ScanCode | Refusal:
    with reading(engine) as conn:
        return read_code(conn, text, Scanner())


@pytest.fixture
def floor(engine: Engine) -> Floor:
    return Floor(engine)


def test_a_good_label_is_its_lot_and_a_void_one_says_so(floor: Floor) -> None:
    code = floor.receive(Amount(10, 1_000))
    old = floor.act(print_label, code)
    assert scan(floor.engine, old.id) == ScanCode("lot", code, label=old.id)
    new = floor.act(print_label, code, "torn")
    assert scan(floor.engine, new.id) == ScanCode("lot", code, label=new.id)
    refused = scan(floor.engine, old.id)
    assert isinstance(refused, Refusal)
    assert refused.rule == "label_is_good"
    assert refused.facts == {
        "label": old.id,
        "since_ms": str(new.printed_ms),
        "why": "torn",
        "instead": new.id,
    }
    assert scan(floor.engine, code) == ScanCode("lot", code)  # typed: no label was scanned


def test_a_label_nobody_printed_is_refused(floor: Floor) -> None:
    forged = label_id(floor.receive(Amount(10, 1_000)), 1)
    assert scan(floor.engine, forged) == Refusal("label_is_known", {"label": forged})


@pytest.mark.usefixtures("edge")
def test_a_stations_card_becomes_the_station(engine: Engine) -> None:
    assert scan(engine, card_code(STATION, "sinter-1")) == ScanCode("station", "sinter-1")
    refused = scan(engine, card_code(STATION, "sinter-2"))
    assert refused == Refusal("station_is_known", {"station": "SINTER-2"})


def test_a_card_of_two_stations_means_none(mes: Mes) -> None:
    for number, name in enumerate(("press-1", "PRESS_1"), 1):
        edge = Edge(node=f"ctl-{number}")
        mes.take(edge.nbirth(), edge.dbirth(name))
    refused = scan(mes.engine, card_code(STATION, "press-1"))
    assert refused == Refusal("station_is_known", {"station": "PRESS-1"})


def test_what_is_no_code_is_refused_before_anything_is_looked_up(engine: Engine) -> None:
    refused = scan(engine, "=1+1")
    assert isinstance(refused, Refusal)
    assert refused.rule == "code_is_no_script"
    assert scan(engine, "DO-SCRAP") == ScanCode("command", "SCRAP")
