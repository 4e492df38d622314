"""The recorder itself: packets cut right wherever the bytes are cut, order kept, cuts felt."""

import socket
from collections.abc import Iterator

import pytest

from tests.conformance.packets import (
    Connack,
    Connect,
    Disconnect,
    Other,
    Packet,
    PacketError,
    Publish,
    Splitter,
    Suback,
    Subscribe,
)
from tests.conformance.proxy import Proxy

WIRE: list[tuple[bytes, Packet]] = [
    (
        b"\x10\x1d\x00\x04MQTT\x04\x2e\x00\x0a\x00\x02me\x00\x05a/end\x00\x06\x08\x01gone",
        Connect("me", 4, True, 10, Publish("a/end", b"\x08\x01gone", 1, True)),
    ),
    (b"\x20\x02\x00\x05", Connack(5)),
    (b"\x82\x0b\x00\x01\x00\x01a\x01\x00\x02b#\x00", Subscribe((("a", 1), ("b#", 0)))),
    (b"\x90\x04\x00\x01\x01\x80", Suback((1, 128))),
    (b"\x30\x05\x00\x01ahi", Publish("a", b"hi")),
    (b"\x3b\x07\x00\x01a\x00\x09hi", Publish("a", b"hi", 1, True, True)),
    (b"\x30\x84\x01\x00\x01\xff" + b"x" * 129, Publish("\udcff", b"x" * 129)),
    (b"\xc0\x00", Other(12)),
    (b"\xe0\x00", Disconnect()),
]
BYTES = b"".join(raw for raw, _ in WIRE)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, len(BYTES)])
def test_packets_are_found_wherever_the_stream_is_cut(size: int) -> None:
    splitter = Splitter()
    parts = [BYTES[at : at + size] for at in range(0, len(BYTES), size)]
    found = [pair for part in parts for pair in splitter.feed(part)]
    assert [(raw, packet) for packet, raw in found] == WIRE


@pytest.mark.parametrize(
    "raw",
    [
        b"\x30\xff\xff\xff\xff\x01",
        b"\x10\x04\x00\x04MQ",
        b"\x10\x06\x00\x04HTTP",
        b"\x30\x02\x00\x09",
        b"\x82\x01\x00",
    ],
)
def test_what_is_no_mqtt_is_refused(raw: bytes) -> None:
    with pytest.raises(PacketError):
        list(Splitter().feed(raw + b"\x00" * 8))


@pytest.fixture
def echo() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(20)
        yield server


def test_the_proxy_hands_on_every_byte_and_records_both_directions(echo: socket.socket) -> None:
    with Proxy(echo.getsockname()) as proxy, socket.create_connection(proxy.address, 20) as client:
        broker, _ = echo.accept()
        with broker:
            client.sendall(WIRE[0][0])
            assert broker.recv(100) == WIRE[0][0]
            broker.sendall(WIRE[1][0])
            assert client.recv(100) == WIRE[1][0]
        proxy.until(lambda r: r.sessions() and r.sessions()[0].closed_ms, "the end")
        session = proxy.recording().sessions()[0]
    assert [event.from_client for event in session.events] == [True, False, False]
    assert session.connect == WIRE[0][1]


def test_a_cut_ends_connections_and_refuses_new_ones_until_mended(echo: socket.socket) -> None:
    with Proxy(echo.getsockname()) as proxy:
        with socket.create_connection(proxy.address, 20) as client:
            broker, _ = echo.accept()
            with broker:
                proxy.cut(refuse=True)
                assert client.recv(10) == b""
                assert broker.recv(10) == b""
        with socket.create_connection(proxy.address, 20) as client:
            assert client.recv(10) == b""
        proxy.mend()
        with socket.create_connection(proxy.address, 20) as client:
            broker, _ = echo.accept()
            with broker:
                client.sendall(WIRE[0][0])
                assert broker.recv(100) == WIRE[0][0]


def test_waiting_for_what_never_comes_ends(echo: socket.socket) -> None:
    with (
        Proxy(echo.getsockname()) as proxy,
        pytest.raises(TimeoutError, match="never a word"),
    ):
        proxy.until(lambda r: r.events, "a word", 0.05)
