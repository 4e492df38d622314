"""Modbus TCP against a server that is not ours and against one of ours that misbehaves, on both interpreters."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from tests.firmware.pymodbus_servers import served
from tests.firmware.reading import INTERPRETERS, read

pytestmark = pytest.mark.parametrize("interpreter", INTERPRETERS)
QUICK = {"host": "127.0.0.1", "unit": 3, "timeout_ms": 150, "tries": 1, "fresh_ms": 0}


def pymodbus() -> ModbusTcpServer:
    words = SimData(10, values=[1, 2, 3], datatype=DataType.REGISTERS)
    return ModbusTcpServer(SimDevice(3, [words]), address=("127.0.0.1", 0))


def test_a_server_of_pymodbus_is_read(interpreter: str) -> None:
    with served(pymodbus) as server:
        port = server.transport.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        args = QUICK | {"tcp_port": port, "timeout_ms": 2000, "fresh_ms": 500}
        channels = [["modbus_tcp", args | {"register": n}] for n in (10, 11, 12, 900)]
        found = read(interpreter, channels, rounds=2)
    for values in found["rounds"]:
        assert values[:3] == [1, 2, 3]
        assert "illegal register" in values[3]["fault"]


Answer = Callable[[bytes], list[bytes] | None]


@contextmanager
def server(answer: Answer) -> Iterator[int]:
    """A device of ours: answer(question) → pieces, None to hang up."""
    with socket.create_server(("127.0.0.1", 0)) as ear:

        def serve() -> None:
            while True:
                connection, _ = ear.accept()
                with connection:
                    while question := connection.recv(300):
                        if question == b"end":
                            return
                        pieces = answer(question)
                        if pieces is None:
                            break
                        for piece in pieces:
                            connection.sendall(piece)

        thread = threading.Thread(target=serve)
        thread.start()
        port = ear.getsockname()[1]
        try:
            yield port
        finally:
            with socket.create_connection(("127.0.0.1", port)) as last:
                last.sendall(b"end")
                thread.join(20)


def reply(question: bytes, body: bytes = b"\x03\x02\x00\x2a") -> bytes:
    return question[:4] + struct.pack(">H", len(body) + 1) + question[6:7] + body


def taking_turns(*answers: Answer) -> Answer:
    left = list(answers)

    def answer(question: bytes) -> list[bytes] | None:
        return (left.pop(0) if left else well)(question)

    return answer


def well(question: bytes) -> list[bytes] | None:
    return [reply(question)]


def earlier(question: bytes) -> bytes:
    """The answer to the question before, with another value."""
    number = struct.unpack(">H", question[:2])[0] - 1
    return reply(struct.pack(">H", number) + question[2:], b"\x03\x02\x00\x63")


FAULTS: dict[str, tuple[Answer, str]] = {
    "silence": (lambda q: [], "no answer"),
    "a late answer": (lambda q: [earlier(q)], "no answer"),
    "hung up": (lambda q: None, "closed by the device"),
    "no Modbus": (lambda q: [b"HTTP/1.1 400 Bad Request\r\n"], "no Modbus TCP"),
    "an exception": (lambda q: [reply(q, b"\x83\x06")], "device busy"),
    "another function": (lambda q: [reply(q, b"\x04\x02\x00\x2a")], "another question"),
    "too few": (lambda q: [reply(q, b"\x03\x00")], "another question"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_told_and_over_when_the_device_is_well(interpreter: str, fault: str) -> None:
    answer, words = FAULTS[fault]
    with server(taking_turns(answer)) as port:
        args = QUICK | {"tcp_port": port, "register": 1}
        found = read(interpreter, [["modbus_tcp", args]], rounds=2)
    assert words in found["rounds"][0][0]["fault"]
    assert found["rounds"][1] == [42]


def test_pieces_and_late_answers_before_it_do_not_hide_an_answer(interpreter: str) -> None:
    def pieces(question: bytes) -> list[bytes]:
        late, good = earlier(question), reply(question)
        return [late + good[:3], good[3:8], good[8:]]

    with server(pieces) as port:
        args = QUICK | {"tcp_port": port, "register": 1, "timeout_ms": 2000}
        assert read(interpreter, [["modbus_tcp", args]])["rounds"] == [[42]]


def test_nobody_there_is_told_and_costs_little(interpreter: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    args: dict[str, Any] = QUICK | {"tcp_port": port, "register": 1}
    found = read(interpreter, [["modbus_tcp", args]], rounds=5)
    assert all("no connection" in values[0]["fault"] for values in found["rounds"])
    assert found["buses"][0]["kinds"] == {"line": 3}, "then it is left in peace"
