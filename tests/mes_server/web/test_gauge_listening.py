"""The machine beside a gauge, with a real pty and real servers: nothing that a gauge sends is lost or doubled."""

import os
import signal
import socket
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from mes_server.actions.keep_gauges import NewGauge, add_gauge
from mes_server.domain.gauge_lines import GaugeLine
from mes_server.gauge_pc.giver import Mes
from mes_server.settings import Settings
from mes_server.store.engine import reading
from mes_server.store.gauge_lines import lines_after
from tests.brokers import Process, wait_until
from tests.mes_server.people_help import hire, token_for
from tests.mes_server.web.gauge_bench import Instrument, Listening
from tests.mes_server.web.live_server import serving
from tests.mes_server.web.lot_data import Shop
from tests.mes_server.web.plant_data import NOW_MS, Plant
from tests.mes_server.web.serial_server import serving_port
from tests.mes_server.web.test_serving import Web, ask
from tests.mes_server.web.test_serving import web as web

# What a balance sends in a bad hour: value and unit, or the fault.
HOUR = (
    (b"S S     100.00 g\r\n", "100.00 g"), (b"S D      99.87 g\r\n", "unstable"), (b"S I\r\n", "busy"),
    (b"S +\r\n", "overload"), (b"S -\r\n", "underload"), (b"ES\r\n", "gauge_error"), (b"S\r\n", None),
    (b"S S     100.00 lb\r\n", "unit_unknown"), (b"S S     100,00 g\r\n", "garbled"), (b"\r\n\r\n", None),
    (b"S S \x00\x07 1.00 g\r\n", "rubbish"), (b"\xff\xfe\xfd\r\n", "garbled"), (b"S" * 300 + b"\r\n", "too_long"),
    (b"S S      -0.02 g\r", "-0.02 g"), (b"S S       0.03 kg\n", "0.03 kg"),
)  # fmt: skip


@pytest.fixture
def balance(tmp_path: Path) -> Iterator[Instrument]:
    made = Instrument(tmp_path)
    yield made
    made.unplug()


@pytest.fixture
def shown(plant: Plant, stations: dict[str, int]) -> Mes:
    """What the machine beside BAL-1 shows, to no server yet."""
    assert Shop(plant).act(add_gauge, NewGauge("BAL-1", "balance", "")) == []
    hire(plant.engine, "W-1")
    token = token_for(plant.engine, "W-1", ["listen"], now_ms=max(NOW_MS, Listening.now_ms()))
    return Mes("", token, "BAL-1", "sinter-1", "mettler_sics")


@pytest.fixture
def mes(app: Flask, shown: Mes) -> Iterator[Mes]:
    with serving(app) as port:
        yield replace(shown, url=f"http://127.0.0.1:{port}")


@pytest.fixture
def beside(tmp_path: Path, balance: Instrument, mes: Mes) -> Iterator[Listening]:
    made = Listening(tmp_path, balance, mes)
    yield made
    made.close()


def kept(plant: Plant) -> list[GaugeLine]:
    with reading(plant.engine) as conn:
        return lines_after(conn, "sinter-1", 0, 1000)


def said(plant: Plant) -> list[str]:
    return [one.fault or f"{one.value} {one.unit}" for one in kept(plant)]


def given(plant: Plant, count: int) -> list[str]:
    wait_until(lambda: len(kept(plant)) >= count, f"{count} lines to be kept")
    return said(plant)


def test_everything_a_balance_may_send_is_kept_as_what_it_is(
    plant: Plant, balance: Instrument, beside: Listening
) -> None:
    for line, _ in HOUR:
        for piece in (line[:3], line[3:]):  # frames are split as they like
            balance.send(piece)
    expected = [what for _, what in HOUR if what is not None]
    assert given(plant, len(expected)) == expected
    assert [one.number for one in kept(plant)] == list(range(1, len(expected) + 1))
    assert bytes.fromhex(kept(plant)[0].raw) == b"S S     100.00 g\r"
    assert {one.badge for one in kept(plant)} == {"W-1"}
    assert beside.said("BAL-1  100.00 g") == 1
    assert beside.said("no reading (unit unknown): S S     100.00 lb") == 1
    wait_until(lambda: not len(beside.spool), "the spool to be empty")


def test_a_line_whose_end_does_not_come_is_no_reading(
    plant: Plant, balance: Instrument, beside: Listening
) -> None:
    balance.send(b"S S     100.0")
    assert given(plant, 1) == ["cut"]
    balance.send(b"S S     100.05 g\r\n")
    assert given(plant, 2) == ["cut", "100.05 g"]


def test_a_gauge_is_asked_and_a_cable_is_pulled_and_put_back(
    plant: Plant, balance: Instrument, beside: Listening
) -> None:
    beside.port.ask()
    assert balance.asked() == b"S\r\n"
    balance.send(b"S S       1.00 g\r\n")
    assert given(plant, 1) == ["1.00 g"]
    balance.unplug()
    wait_until(lambda: beside.said("is not there"), "the missing cable to be told")
    balance.plug()
    beside.ready(2)
    balance.send(b"S S       2.00 g\r\n")
    assert given(plant, 2) == ["1.00 g", "2.00 g"]


def test_a_gauge_behind_a_serial_server_is_listened_to_and_waited_for(
    tmp_path: Path, plant: Plant, mes: Mes
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"socket://127.0.0.1:{server.getsockname()[1]}"
        beside = Listening(tmp_path, None, mes, url=url)
        line, _ = server.accept()
        line.sendall(b"S S       1.00 g\r\n")
        assert given(plant, 1) == ["1.00 g"]
        line.close()
        again, _ = server.accept()
        beside.ready(2)
        again.sendall(b"S S       2.00 g\r\n")
        assert given(plant, 2) == ["1.00 g", "2.00 g"]
        again.close()
        beside.close()


def test_a_serial_server_sets_its_port_as_the_protocol_says(
    tmp_path: Path, plant: Plant, balance: Instrument, mes: Mes
) -> None:
    with serving_port(balance.port) as (url, port):
        assert port.baudrate == 1200
        beside = Listening(tmp_path, None, mes, url=url)
        assert (port.baudrate, port.bytesize, port.parity) == (9600, 8, "N")
        beside.port.ask()
        assert balance.asked() == b"S\r\n"
        balance.send(b"S S     123.45 g\r\n")
        assert given(plant, 1) == ["123.45 g"]
        beside.close()


def test_a_balance_that_sends_all_the_time_gives_what_came_to_rest(
    tmp_path: Path, plant: Plant, balance: Instrument, mes: Mes
) -> None:
    beside = Listening(tmp_path, balance, mes, continuous=True)
    for _ in range(5):
        balance.send(b"S D       4.00 g\r\n" * 3 + b"S S       5.00 g\r\n" * 30)
    assert given(plant, 5) == ["5.00 g"] * 5
    beside.close()


def test_the_rest_of_a_line_that_was_under_way_when_the_port_was_opened_is_no_reading(
    tmp_path: Path, plant: Plant, balance: Instrument, mes: Mes
) -> None:
    keeps_open = os.open(balance.port, os.O_RDWR | os.O_NOCTTY)  # what is sent now, waits there
    over = Listening(tmp_path, balance, mes)
    over.close()
    balance.send(b"00.00 g\r\nS S      12.00 g\r\n")
    beside = Listening(tmp_path, balance, mes)
    balance.send(b"S S      13.00 g\r\n")
    told = given(plant, 1)
    beside.close()
    os.close(keeps_open)
    assert "13.00 g" in told
    assert "garbled" not in told


def test_the_server_is_killed_again_and_again_and_no_line_is_lost_or_doubled(
    tmp_path: Path, plant: Plant, balance: Instrument, web: Web, shown: Mes
) -> None:
    mes = replace(shown, url=f"http://127.0.0.1:{web.port}")
    beside = Listening(tmp_path, balance, mes)
    expected = []
    for turn in range(3):
        for i in range(10):
            text = f"{turn}.{i:02}"
            balance.send(f"S S       {text} g\r\n".encode())
            expected.append(f"{text} g")
            if i == 4:
                web.kill()
        wait_until(lambda: len(beside.spool) >= 5, "lines to wait")
        Process.start(web)
        wait_until(lambda: ask(web.port, "/healthz") in (200, 503), "the MES to be back")
        wait_until(lambda: not len(beside.spool), "the spool to be empty")
    beside.close()
    assert said(plant) == expected
    assert beside.said("Not given") >= 1
    assert beside.said("The MES takes lines again.") >= 1


def test_mes_gauge_listen_is_all_that_is_to_be_typed(
    tmp_path: Path, plant: Plant, balance: Instrument, mes: Mes, settings: Settings
) -> None:
    here = tmp_path / "beside"
    here.mkdir()
    token = here / "token"
    token.write_text(mes.token + "\n", encoding="utf-8")
    words = ["--port", str(balance.port), "--station", mes.station, "--protocol", mes.protocol, "--mes", mes.url, "--token-file", str(token)]  # fmt: skip
    command = [sys.executable, "-m", "mes_server.cli", "gauge", "listen", "bal-1", *words]
    listening = Process(command, here / "log", {"MES_DATA_DIR": str(here / "var"), "PYTHONUNBUFFERED": "1"})  # fmt: skip
    listening.start()
    wait_until(lambda: "is open." in listening.said(), "the port to be open")

    def sent() -> bool:  # until the port was quiet once, the beginning of a line may be missed
        balance.send(b"S S       7.77 g\r\n")
        return bool(kept(plant))

    wait_until(sent, "a line to be kept")
    assert listening.stop(signal.SIGTERM) == 0
    assert set(said(plant)) == {"7.77 g"}
    assert "BAL-1  7.77 g" in listening.said()
    assert "0 lines wait for the MES." in listening.said()
    assert not (here / "var" / "lodestone.db").exists(), "no database beside the gauge"
