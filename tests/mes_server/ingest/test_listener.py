"""The host on real brokers: STATE and its Will, subscription, reconnecting, what it lets through."""

import json
import queue
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from mes_server.ingest.listener import Listener, now_ms
from mes_server.ingest.mailbox import Mailbox
from tests.brokers import KINDS, Broker, wait_until

STATE = "spBv1.0/STATE/h"


@pytest.fixture(params=KINDS)
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Broker]:
    running = Broker(request.param, tmp_path / "broker")
    running.start()
    yield running
    running.stop()


class Client:
    """Somebody else at the same broker."""

    def __init__(self, port: int) -> None:
        self.heard: list[tuple[str, bytes, bool]] = []
        self.client = paho.Client(CallbackAPIVersion.VERSION2)
        self.client.on_message = lambda _c, _d, m: self.heard.append((m.topic, m.payload, m.retain))
        subscribed = threading.Event()
        filters = [("spBv1.0/STATE/#", 1), ("spBv1.0/+/NCMD/#", 0)]
        self.client.on_connect = lambda client, *_: client.subscribe(filters)
        self.client.on_subscribe = lambda *_: subscribed.set()
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        assert subscribed.wait(20)

    def publish(self, topic: str, payload: bytes, retain: bool = False, qos: int = 0) -> None:
        self.client.publish(topic, payload, qos=qos, retain=retain)

    def states(self) -> list[dict[str, object]]:
        """What was said of the host, in order."""
        return [json.loads(payload) for topic, payload, _ in self.heard if topic == STATE]

    def stop(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture
def other(broker: Broker) -> Iterator[Client]:
    client = Client(broker.port)
    yield client
    client.stop()


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def listener(broker: Broker, mailbox: Mailbox) -> Iterator[Listener]:
    running = Listener(("127.0.0.1", broker.port), "h", mailbox)
    running.start()
    wait_until(lambda: running.connected, "the listener to be connected")
    yield running
    running.stop()


def test_it_says_online_with_the_time_of_its_will_and_offline_when_it_stops(
    other: Client, listener: Listener, broker: Broker
) -> None:
    wait_until(lambda: other.states(), "STATE")
    assert other.states()[-1] == {"online": True, "timestamp": listener._state_ms}
    before = now_ms()
    listener.stop()
    wait_until(lambda: other.states()[-1]["online"] is False, "the farewell")
    assert int(str(other.states()[-1]["timestamp"])) >= before
    late = Client(broker.port)
    wait_until(lambda: late.heard, "the retained STATE")
    assert late.heard[0][2], "it is retained"
    late.stop()


def test_its_will_says_offline_when_it_is_cut_off(other: Client, listener: Listener) -> None:
    first_ms = listener._state_ms
    connection = listener._connection
    assert connection is not None
    connection._socket.close()
    wait_until(lambda: listener.connections == 2 and listener.connected, "another connection")
    wait_until(lambda: len(other.states()) >= 3, "the Will and the new birth")
    assert {"online": False, "timestamp": first_ms} in other.states()
    wait_until(lambda: other.states()[-1]["online"] is True, "STATE online again")
    assert int(str(other.states()[-1]["timestamp"])) > first_ms


def test_a_late_will_of_its_own_is_answered_with_the_same_time(
    other: Client, listener: Listener
) -> None:
    wait_until(lambda: other.states(), "STATE")
    other.publish(STATE, b'{"online": false, "timestamp": 1}', retain=True, qos=1)
    wait_until(lambda: len(other.states()) >= 3, "the answer")
    assert other.states()[-1] == {"online": True, "timestamp": listener._state_ms}


@pytest.mark.parametrize("said", [b"", b"\xff", b"[" * 100_000, b"[]", b'{"online": 1}'])
def test_whatever_is_said_in_its_name_it_says_the_truth(
    other: Client, listener: Listener, said: bytes
) -> None:
    wait_until(lambda: other.states(), "STATE")
    before = sum(topic == STATE for topic, _, _ in other.heard)
    other.publish(STATE, said or b" ", retain=True, qos=1)
    wait_until(lambda: sum(t == STATE for t, _, _ in other.heard) >= before + 2, "the answer")
    assert json.loads(other.heard[-1][1])["online"] is True
    assert listener.connections == 1


def test_messages_arrive_with_their_time_and_commands_and_states_do_not(
    other: Client, listener: Listener, mailbox: Mailbox
) -> None:
    before = now_ms()
    for topic in (
        "spBv1.0/g/NCMD/n",
        "spBv1.0/g/DCMD/n/s",
        "spBv1.0/STATE/x",
        "spBv1.0/g/DDATA/n/s",
    ):
        other.publish(topic, b"payload")
    wait_until(lambda: len(mailbox), "the message")
    (message,) = mailbox.take(10)
    assert (message.topic, message.payload) == ("spBv1.0/g/DDATA/n/s", b"payload")
    assert before <= message.received_ms <= now_ms()


def is_retained(port: int, topic: str) -> bool:
    """Whether a new subscriber is given the topic's retained message; brokers keep it a little later."""
    came: queue.Queue[bool] = queue.Queue()
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.on_connect = lambda *_: client.subscribe(topic)
    client.on_message = lambda _client, _userdata, message: came.put(message.retain)
    client.connect("127.0.0.1", port)
    client.loop_start()
    try:
        return came.get(timeout=0.5)
    except queue.Empty:
        return False
    finally:
        client.disconnect()
        client.loop_stop()


def test_what_is_retained_from_an_earlier_time_is_not_taken_for_new(
    broker: Broker, other: Client
) -> None:
    other.publish("spBv1.0/g/DDATA/n/old", b"old", retain=True, qos=1)
    wait_until(lambda: is_retained(broker.port, "spBv1.0/g/DDATA/n/old"), "the broker to keep it")
    mailbox = Mailbox()
    listener = Listener(("127.0.0.1", broker.port), "later", mailbox)
    listener.start()
    wait_until(lambda: listener.connected, "the listener")
    wait_until(lambda: listener.retained == 1, "the retained message to be passed over")
    other.publish("spBv1.0/g/DDATA/n/s", b"new", retain=True)
    wait_until(lambda: len(mailbox), "the new one")
    assert [m.payload for m in mailbox.take(9)] == [b"new"]
    listener.stop()


def test_commands_go_out_and_are_refused_without_a_connection(
    other: Client, listener: Listener, broker: Broker
) -> None:
    assert listener.publish([("spBv1.0/g/NCMD/n", b"ack")])
    wait_until(lambda: ("spBv1.0/g/NCMD/n", b"ack", False) in other.heard, "the command")
    broker.kill()
    wait_until(lambda: not listener.connected, "the loss to be seen")
    assert not listener.publish([("spBv1.0/g/NCMD/n", b"ack")])


def test_a_broker_that_dies_is_told_and_found_again_when_it_is_back(
    broker: Broker, listener: Listener, mailbox: Mailbox
) -> None:
    first_ms = listener._state_ms
    broker.kill()
    wait_until(lambda: listener.fault is not None, "the fault to be told")
    assert str(broker.port) in str(listener.fault)
    broker.start()
    wait_until(lambda: listener.connected, "the connection")
    assert listener.fault is None
    assert listener._state_ms > first_ms, "the Will is made anew for each CONNECT"
    client = Client(broker.port)
    wait_until(lambda: client.states(), "STATE at the new broker")
    assert client.states()[-1] == {"online": True, "timestamp": listener._state_ms}
    client.publish("spBv1.0/g/DDATA/n/s", b"again")
    wait_until(lambda: len(mailbox), "a message")
    client.stop()


def test_it_stops_while_nobody_answers() -> None:
    listener = Listener(("127.0.0.1", 1), "h", Mailbox())
    listener.start()
    wait_until(lambda: "refused" in str(listener.fault), "the fault")
    began = time.monotonic()
    listener.stop()
    assert time.monotonic() - began < 5
    assert not listener.alive
