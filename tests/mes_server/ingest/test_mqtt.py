"""The host's own MQTT: any cut of the stream gives the same messages; refusals and silence are told."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mes_server.ingest import mqtt
from mes_server.ingest.mqtt import CUT_BYTES, PACKET_MAX, Connection, Publish, connect
from mes_server.ingest.packets import MqttError, length_bytes

WILL = Publish("spBv1.0/STATE/h", b'{"online": false}', qos=1, retain=True)
WELCOME = b"\x20\x02\x00\x00"
Peer = Callable[[socket.socket], None]


def published(topic: bytes, payload: bytes, qos: int = 0, retain: bool = False) -> bytes:
    body = struct.pack(">H", len(topic)) + topic + (b"\x00\x07" if qos else b"") + payload
    return bytes((0x30 | qos << 1 | retain,)) + length_bytes(len(body)) + body


def pair() -> tuple[Connection, socket.socket]:
    """A Connection and the broker's end of it."""
    ours, theirs = socket.socketpair()
    theirs.settimeout(5)
    return Connection(ours, 10), theirs


@contextmanager
def broker(answer: Peer) -> Iterator[tuple[str, int]]:
    """A broker that takes one connection and does what a test wants."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        peer, _ = listening.accept()
        with peer:
            peer.settimeout(5)
            answer(peer)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listening.getsockname()
    finally:
        thread.join(10)
        listening.close()


messages = st.lists(
    st.tuples(
        st.text(min_size=1, max_size=20).map(lambda t: t.encode(errors="surrogatepass")),
        st.binary(max_size=300),
        st.sampled_from([0, 1]),
        st.booleans(),
    ),
    max_size=12,
)


@given(messages, st.lists(st.integers(1, 200), max_size=40))
def test_any_cut_of_the_stream_gives_the_same_messages(
    sent: list[tuple[bytes, bytes, int, bool]], cuts: list[int]
) -> None:
    connection, theirs = pair()
    stream = b"".join(published(*message) for message in sent)
    found = []
    at = 0
    for size in [*cuts, len(stream)]:
        found += list(connection._packets(stream[at : at + size]))
        at += size
    assert [(a.topic.encode(errors="replace"), a.payload, a.retained) for a in found] == [
        (topic.decode(errors="backslashreplace").encode(errors="replace"), payload, retained)
        for topic, payload, _, retained in sent
    ]
    acknowledged = sum(qos for _, _, qos, _ in sent)
    theirs.setblocking(False)
    if acknowledged:
        assert theirs.recv(1000) == b"\x40\x02\x00\x07" * acknowledged
    connection.close()
    theirs.close()


@settings(max_examples=15, deadline=None)
@given(st.integers(PACKET_MAX + 1, PACKET_MAX + 100_000), st.integers(2_000, 900_000))
def test_a_packet_beyond_all_measure_is_cut_and_the_next_one_is_whole(
    size: int, piece: int
) -> None:
    connection, theirs = pair()
    stream = published(b"big", b"x" * size) + published(b"small", b"y")
    found = []
    for at in range(0, len(stream), piece):
        found += list(connection._packets(stream[at : at + piece]))
    assert [(a.topic, len(a.payload)) for a in found] == [("big", CUT_BYTES - 5), ("small", 1)]
    connection.close()
    theirs.close()


def test_connecting_says_who_we_are_and_leaves_the_will() -> None:
    seen = []

    def answer(peer: socket.socket) -> None:
        seen.append(peer.recv(1000))
        peer.sendall(WELCOME)

    with broker(answer) as address:
        connect(address, "mes-h", 15, WILL).close()
    will = struct.pack(">H", len(WILL.payload)) + WILL.payload
    assert seen[0][2:] == (
        b"\x00\x04MQTT\x04\x2e\x00\x0f\x00\x05mes-h\x00\x0fspBv1.0/STATE/h" + will
    )


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (b"\x20\x02\x00\x05", "not authorized"),
        (b"\x20\x02\x00\x63", "99"),
        (b"HTTP/1.1 400", "does not speak MQTT"),
        (b"", "closed the connection"),
    ],
)
def test_a_broker_that_does_not_welcome_us_is_told(said: bytes, told: str) -> None:
    def answer(peer: socket.socket) -> None:
        peer.recv(1000)
        peer.sendall(said)

    with broker(answer) as address, pytest.raises(MqttError, match=told):
        connect(address, "mes-h", 15, WILL)


def test_nobody_there_is_an_error_of_the_network() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = free.getsockname()
    with pytest.raises(OSError, match="refused"):
        connect(address, "mes-h", 15, WILL)


@pytest.mark.parametrize(
    ("codes", "fine"), [(b"\x01\x00", True), (b"\x01\x80", False), (b"\x01", False)]
)
def test_a_refused_subscription_is_an_error_that_names_it(codes: bytes, fine: bool) -> None:
    connection, theirs = pair()
    theirs.sendall(
        published(b"early", b"1") + b"\x90" + bytes((2 + len(codes),)) + b"\x00\x01" + codes
    )
    if fine:
        assert [a.topic for a in connection.subscribe([("a", 1), ("b", 0)])] == ["early"]
    else:
        with pytest.raises(MqttError, match="subscription to"):
            connection.subscribe([("a", 1), ("b", 0)])
    connection.close()
    theirs.close()


def test_a_subscription_nobody_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mqtt, "PATIENCE_S", 0.1)
    connection, theirs = pair()
    with pytest.raises(MqttError, match="did not answer"):
        connection.subscribe([("a", 0)])
    connection.close()
    theirs.close()


def test_we_ping_and_a_silent_broker_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    connection, theirs = pair()
    clock = [100.0]
    monkeypatch.setattr(mqtt.time, "monotonic", lambda: clock[0])
    connection._heard_s = connection._asked_s = 100.0
    connection._look_at_the_clock()
    clock[0] = 105.0
    connection._look_at_the_clock()
    assert theirs.recv(10) == b"\xc0\x00"
    clock[0] = 115.1
    with pytest.raises(MqttError, match="silent for 15 s"):
        connection._look_at_the_clock()
    connection.close()
    theirs.close()


def test_what_we_publish_and_how_we_leave() -> None:
    connection, theirs = pair()
    connection.publish_many([("t", b"ack"), ("u", b"")])
    assert theirs.recv(100) == b"\x30\x06\x00\x01tack\x30\x03\x00\x01u"
    connection.publish(WILL)
    assert theirs.recv(100)[0] == 0x33
    assert not connection.wait_acknowledged(0.01)
    theirs.sendall(b"\x40\x02\x00\x01")
    assert connection.read() == []
    assert connection.wait_acknowledged(0)
    connection.leave()
    connection.close()
    assert theirs.recv(100) == b"\xe0\x00"
    assert theirs.recv(100) == b""
    theirs.close()


def test_the_end_of_a_connection_is_told() -> None:
    connection, theirs = pair()
    theirs.close()
    with pytest.raises(OSError, match="closed"):
        connection.read()
    with pytest.raises(OSError, match="pipe"):
        connection.publish(WILL)
    connection.close()


def test_bytes_that_are_no_packet_end_the_connection() -> None:
    connection, theirs = pair()
    with pytest.raises(MqttError, match="length"):
        list(connection._packets(b"\x30\xff\xff\xff\xff\xff"))
    with pytest.raises(MqttError, match="topic"):
        list(connection._packets(b"\x30\x01x"))
    connection.close()
    theirs.close()
