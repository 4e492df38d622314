"""Runs the scenarios on the brokers and judges what was recorded."""

import socket
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.brokers import KINDS, Broker
from tests.conformance import (
    broker_checks,
    common_checks,
    edge_birth_checks,
    edge_data_checks,
    edge_primary_host_checks,
    edge_property_checks,
    edge_rebirth_checks,
    edge_seq_checks,
    edge_session_checks,
    host_farewell_checks,
    host_state_checks,
    host_work_checks,
)
from tests.conformance.edge_lab import record_edge
from tests.conformance.host_lab import record_host
from tests.conformance.peer import Peer
from tests.conformance.proxy import Address, Proxy
from tests.conformance.recording import Recording
from tests.conformance.registry import BROKER, CHECKS, EDGE, HOST
from tests.conftest import find_micropython

# Importing these registers their checks.
CHECKED_BY = (
    broker_checks,
    common_checks,
    edge_birth_checks,
    edge_data_checks,
    edge_primary_host_checks,
    edge_property_checks,
    edge_rebirth_checks,
    edge_seq_checks,
    edge_session_checks,
    host_farewell_checks,
    host_state_checks,
    host_work_checks,
)
SIDES = (EDGE, HOST, BROKER)
Key = tuple[str, str]  # side, kind of broker


def record_broker(broker: Address) -> Recording:
    """What the broker itself does with QoS, Wills and retained messages."""
    with Proxy(broker) as proxy, Peer(proxy.address, "probe-listener", "probe/#") as listener:
        with Peer(proxy.address, "probe-sender", "none") as sender:
            sender.send("probe/qos0", b"0")
            sender.send("probe/qos1", b"1", qos=1)
            sender.send("probe/retained", b"kept", qos=1, retain=True)
        _break_off(proxy.address)
        listener.until(lambda: len(listener.heard) >= 4, "all four messages")
        with Peer(proxy.address, "probe-late", "probe/#") as late:
            late.until(lambda: len(late.heard) >= 2, "both retained messages")
        return proxy.recording()


def _break_off(address: Address) -> None:
    """A client with a retained Will at QoS 1 that ends without a goodbye."""
    body = b"\x00\x04MQTT\x04\x2e\x00\x3c\x00\x07probe-x\x00\x0aprobe/will\x00\x04gone"
    with socket.create_connection(address, timeout=20) as client:
        client.sendall(bytes((0x10, len(body))) + body)
        client.recv(4)


def record(side: str, kind: str, folder: Path) -> Recording:
    """One side's scenario on one kind of broker."""
    micropython = find_micropython()
    if side == EDGE and micropython is None:
        pytest.skip("no MicroPython on this machine (make setup says why)")
    broker = Broker(kind, folder / "broker")
    broker.start()
    address = ("127.0.0.1", broker.port)
    try:
        if side == EDGE:
            assert micropython is not None
            return record_edge(address, folder, micropython)
        return record_host(address, folder) if side == HOST else record_broker(address)
    finally:
        broker.stop()


@contextmanager
def recordings(folder: Path) -> Iterator[dict[Key, "Future[Recording]"]]:
    """All scenarios, running side by side: they wait far more than they compute."""
    keys = [(side, kind) for side in SIDES for kind in KINDS]
    with ThreadPoolExecutor(max_workers=4) as pool:
        yield {
            (side, kind): pool.submit(record, side, kind, folder / f"{side}-{kind}")
            for side, kind in keys
        }


Findings = dict[tuple[str, str], str | None]  # key of a check, kind of broker → finding


def judge(recorded: dict[Key, Recording]) -> Findings:
    """Every check on every recording of its side."""
    return {
        (check.key, kind): check.finding(recording)
        for (side, kind), recording in recorded.items()
        for check in CHECKS
        if check.side == side
    }
