"""Our side of the broker: STATE with its Will, the subscription, the mailbox, commands out.

Every connection is a new client, because the Will carries the time of its CONNECT (Sparkplug 3.0,
host-topic-phid-death-payload-timestamp-connect). paho runs in a thread of its own here.
"""

import json
import logging
import random
import threading
import time
from typing import Any

from paho.mqtt.client import Client, ConnectFlags, MQTTMessage, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from mes_server.domain.messages import Message
from mes_server.ingest.mailbox import Mailbox
from schemas.topics import NAMESPACE, state_topic

KEEPALIVE_S = 15
BACK_OFF_S = (0.5, 1.0, 2.0, 5.0, 10.0)
CONNECT_TIMEOUT_S = 5.0
FAREWELL_S = 2.0
_STATE_BYTES_MAX = 500
_COMMANDS = (["NCMD"], ["DCMD"])
_STATE_PREFIX = f"{NAMESPACE}/STATE/"
_log = logging.getLogger(__name__)


def now_ms() -> int:
    """Unix time in ms UTC."""
    return time.time_ns() // 1_000_000


class Listener:
    """Keeps one connection to the broker, puts what arrives into the mailbox, publishes commands.

    `fault` says why there is no connection, None while there is one. `connections` counts them: births
    may have been missed before each.
    """

    def __init__(self, host: str, port: int, host_id: str, mailbox: Mailbox) -> None:
        self._address = host, port
        self._host_id = host_id
        self._state_topic = state_topic(host_id)
        self._mailbox = mailbox
        self._stopping = threading.Event()
        self._client: Client | None = None
        self._state_ms = 0
        self._thread = threading.Thread(target=self._run, name="listener", daemon=True)
        self.connected = False
        self.fault: str | None = "not connected yet"
        self.connections = 0
        self.retained = 0

    def start(self) -> None:
        """Begin to connect, and connect again whenever the connection is lost, until `stop`."""
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether the thread that listens runs."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """Say that this host goes offline, then leave the broker."""
        self._stopping.set()
        client = self._client
        if client is not None and self.connected:
            said = client.publish(self._state_topic, _state(False, now_ms()), qos=1, retain=True)
            try:
                said.wait_for_publish(FAREWELL_S)
            except (RuntimeError, ValueError):
                _log.warning("the broker did not take the farewell; it will publish the Will")
            client.disconnect()
        if self._thread.is_alive():
            self._thread.join(FAREWELL_S + CONNECT_TIMEOUT_S)

    def publish(self, topic: str, payload: bytes) -> bool:
        """Publish a command (QoS 0, not retained); whether there was a connection for it."""
        client = self._client
        if client is None or not self.connected:
            return False
        return (
            client.publish(topic, payload, qos=0, retain=False).rc == MQTTErrorCode.MQTT_ERR_SUCCESS
        )

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            before = self.connections
            try:
                self._live()
            except (OSError, ValueError) as error:
                self.fault = (
                    f"broker {self._address[0]}:{self._address[1]} cannot be reached: {error}"
                )
                _log.warning(self.fault)
            failures = 0 if self.connections > before else failures + 1
            pause = BACK_OFF_S[min(failures, len(BACK_OFF_S) - 1)]
            self._stopping.wait(pause * random.uniform(0.5, 1.0))  # noqa: S311  spreads reconnects

    def _live(self) -> None:
        """One connection from CONNECT to its end."""
        self._state_ms = now_ms()
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"mes-{self._host_id}",
            clean_session=True,
            protocol=MQTTv311,
            reconnect_on_failure=False,
        )
        client.connect_timeout = CONNECT_TIMEOUT_S
        client.will_set(self._state_topic, _state(False, self._state_ms), qos=1, retain=True)
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        client.on_disconnect = self._on_disconnect
        client.connect(*self._address, keepalive=KEEPALIVE_S)
        self._client = client
        try:
            client.loop_forever(retry_first_connection=False)
        finally:
            self.connected = False
            self._client = None

    def _on_connect(
        self,
        client: Client,
        _data: Any,
        _flags: ConnectFlags,
        code: ReasonCode,
        _p: Properties | None,
    ) -> None:
        if code.is_failure:
            self.fault = f"the broker refused the connection: {code}"
            _log.error(self.fault)
            client.disconnect()
            return
        client.subscribe([(self._state_topic, 1), (f"{NAMESPACE}/#", 0)])

    def _on_subscribe(
        self, client: Client, _data: Any, _mid: int, codes: list[ReasonCode], _p: Properties | None
    ) -> None:
        refused = [str(code) for code in codes if code.is_failure]
        if refused:
            self.fault = (
                f"the broker refused the subscription to {NAMESPACE}/#: {', '.join(refused)}"
            )
            _log.error(self.fault)
            client.disconnect()
            return
        client.publish(self._state_topic, _state(True, self._state_ms), qos=1, retain=True)
        self.connections += 1
        self.connected = True
        self.fault = None
        self._mailbox.wake()
        _log.info("connected to the broker at %s:%d", *self._address)

    def _on_message(self, client: Client, _data: Any, message: MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = repr(message._topic)  # the broker should have refused it; quarantine shows it
        if topic.startswith(_STATE_PREFIX):
            self._on_state(client, topic, bytes(message.payload))
        elif topic.split("/", 3)[2:3] in _COMMANDS:
            return  # our own come back to us
        elif message.retain:
            self.retained += 1  # of an earlier session: no standard edge retains, and it may be old
        else:
            self._mailbox.put(Message(topic, bytes(message.payload), now_ms()))

    def _on_state(self, client: Client, topic: str, payload: bytes) -> None:
        # The Will of a connection before this one can arrive late and would leave us offline.
        if topic == self._state_topic and not self._stopping.is_set() and not _says_online(payload):
            client.publish(self._state_topic, _state(True, self._state_ms), qos=1, retain=True)

    def _on_disconnect(
        self, _client: Client, _data: Any, _flags: Any, code: ReasonCode, _p: Properties | None
    ) -> None:
        if self.connected and not self._stopping.is_set():
            self.fault = f"the broker's connection was lost: {code}"
            _log.warning(self.fault)
        self.connected = False
        self._mailbox.wake()


def _state(online: bool, at_ms: int) -> bytes:
    return json.dumps({"online": online, "timestamp": at_ms}).encode()


def _says_online(payload: bytes) -> bool:
    if len(payload) > _STATE_BYTES_MAX:
        return False  # not ours; and a deep nest would find the end of the stack
    try:
        said = json.loads(payload)
    except ValueError:
        return False
    return isinstance(said, dict) and said.get("online") is True
