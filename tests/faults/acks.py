"""Hears on the broker what the MES promises: the highest position acknowledged to each node."""

import paho.mqtt.client as paho

from schemas.journal_metrics import ACK
from schemas.sparkplug import decode_payload
from schemas.topics import parse_topic
from tests.brokers import wait_until


class Acks:
    """Listens until `close`, again after every death of the broker."""

    def __init__(self, port: int) -> None:
        self.positions: dict[str, int] = {}
        self._client = paho.Client(paho.CallbackAPIVersion.VERSION2)
        self._client.on_connect = lambda client, *_: client.subscribe("spBv1.0/+/NCMD/#")
        self._client.on_message = self._heard
        self._client.reconnect_delay_set(1, 1)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def _heard(self, _client: object, _data: object, message: paho.MQTTMessage) -> None:
        node = parse_topic(message.topic).node
        for metric in decode_payload(bytes(message.payload)).metrics:
            if metric.name == ACK:
                told = int(str(metric.value))
                self.positions[node] = max(told, self.positions.get(node, 0))

    def snapshot(self) -> dict[str, int]:
        """{node: position} as heard up to now."""
        return dict(self.positions)

    def wait_for(self, *nodes: str) -> None:
        """Until each of the nodes was promised something."""
        wait_until(lambda: self.positions.keys() >= set(nodes), f"acknowledgements to {nodes}")

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()
