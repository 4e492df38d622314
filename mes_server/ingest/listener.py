"""Our side of the broker: STATE with its Will, the subscription, the mailbox, commands out.

Every connection is a new one, because the Will carries the time of its CONNECT (Sparkplug 3.0,
host-topic-phid-death-payload-timestamp-connect).
"""

import json
import logging
import random
import threading
import time
from pathlib import Path

from mes_server.domain.messages import Message
from mes_server.ingest.mailbox import Mailbox
from mes_server.ingest.mqtt import Arrived, Connection, Publish, connect
from mes_server.ingest.tls import client_context, client_tag
from schemas.topics import NAMESPACE, state_topic

KEEPALIVE_S = 15
BACK_OFF_S = (0.5, 1.0, 2.0, 5.0, 10.0)
FAREWELL_S = 2.0
_STATE_BYTES_MAX = 500
_STATE_PREFIX = f"{NAMESPACE}/STATE/"
_COMMANDS = (["NCMD"], ["DCMD"])
_log = logging.getLogger(__name__)


def now_ms() -> int:
    """Unix time in ms UTC."""
    return time.time_ns() // 1_000_000


class Listener:
    """Keeps one connection to the broker, puts what arrives into the mailbox, publishes commands.

    `fault` says why there is no connection, None while there is one. `connections` counts them: births
    may have been missed before each.
    """

    def __init__(
        self, address: tuple[str, int], host_id: str, mailbox: Mailbox, pki: Path | None = None
    ) -> None:
        """`pki`: the folder of the certificates, without it there is no TLS."""
        self._address = address
        self._pki = pki
        self._client_id = f"mes-{host_id}"
        self._state_topic = state_topic(host_id)
        self._mailbox = mailbox
        self._stopping = threading.Event()
        self._connection: Connection | None = None
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
        connection = self._connection
        if connection is not None and self.connected:
            try:
                connection.publish(self._state(False, now_ms()))
                connection.wait_acknowledged(FAREWELL_S)
                connection.leave()
                self._thread.join(FAREWELL_S)  # it reads until the broker has closed
            except OSError as error:
                _log.warning("the broker did not take the farewell, it has the Will: %s", error)
            connection.close()
        if self._thread.is_alive():
            self._thread.join(FAREWELL_S + KEEPALIVE_S)

    def publish(self, messages: list[tuple[str, bytes]]) -> bool:
        """Publish commands (QoS 0, not retained); whether there was a connection for them."""
        connection = self._connection
        if connection is None or not self.connected:
            return False
        try:
            connection.publish_many(messages)
        except OSError as error:
            _log.warning("the broker takes no commands: %s", error)
            connection.close()  # half a packet may have gone out; the reading thread sees the end
            return False
        return True

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            before = self.connections
            try:
                self._live()
            except OSError as error:
                if not self._stopping.is_set():
                    self._say(f"the broker at {self._address[0]}:{self._address[1]}: {error}")
            finally:
                self.connected = False
                self._mailbox.wake()
            failures = 0 if self.connections > before else failures + 1
            pause = BACK_OFF_S[min(failures, len(BACK_OFF_S) - 1)]
            self._stopping.wait(pause * random.uniform(0.5, 1.0))  # noqa: S311  spreads reconnects

    def _say(self, fault: str) -> None:
        """Remember why there is no connection; the log hears of each reason once."""
        if fault != self.fault:
            _log.warning(fault)
        self.fault = fault

    def _live(self) -> None:
        """One connection from CONNECT to its end."""
        self._state_ms = now_ms()
        will = self._state(False, self._state_ms)
        # Read anew each time: certificates are renewed while this runs.
        tls, client_id = None, self._client_id
        if self._pki is not None:
            tls, client_id = client_context(self._pki), f"{client_id}-{client_tag(self._pki)}"
        connection = connect(self._address, client_id, KEEPALIVE_S, will, tls)
        try:
            arrived = connection.subscribe([(self._state_topic, 1), (f"{NAMESPACE}/#", 0)])
            connection.publish(self._state(True, self._state_ms))
            self._connection = connection
            self.connections += 1
            self.connected = True
            self.fault = None
            self._mailbox.wake()
            _log.info("connected to the broker at %s:%d", *self._address)
            while True:
                at_ms = now_ms()
                for message in arrived:
                    self._take(connection, message, at_ms)
                arrived = connection.read()
        finally:
            connection.close()

    def _take(self, connection: Connection, message: Arrived, at_ms: int) -> None:
        topic = message.topic
        if topic.startswith(_STATE_PREFIX):
            self._on_state(connection, topic, message.payload)
        elif topic.split("/", 3)[2:3] in _COMMANDS:
            return  # our own come back to us
        elif message.retained:
            self.retained += 1  # of an earlier session: no standard edge retains, and it may be old
        else:
            self._mailbox.put(Message(topic, message.payload, at_ms))

    def _on_state(self, connection: Connection, topic: str, payload: bytes) -> None:
        # The Will of a connection before this one can arrive late and would leave us offline.
        if topic == self._state_topic and not self._stopping.is_set() and not _says_online(payload):
            connection.publish(self._state(True, self._state_ms))

    def _state(self, online: bool, at_ms: int) -> Publish:
        said = json.dumps({"online": online, "timestamp": at_ms}).encode()
        return Publish(self._state_topic, said, qos=1, retain=True)


def _says_online(payload: bytes) -> bool:
    if len(payload) > _STATE_BYTES_MAX:
        return False  # not ours; and a deep nest would find the end of the stack
    try:
        said = json.loads(payload)
    except ValueError:
        return False
    return isinstance(said, dict) and said.get("online") is True
