"""An edge node made with PyPI's pysparkplug, led by lines of JSON on stdin (tests/e2e/stranger.py)."""

import json
import queue
import sys
import threading

from pysparkplug import Client, DataType, Device, EdgeNode, MessageType, Metric

REBIRTH = "Node Control/Rebirth"


def say(word):
    print(word, flush=True)


def metric(spec):
    datatype = DataType[spec["type"].upper()]
    value = spec["value"]
    if datatype in (DataType.INT64, DataType.UINT64) and value is not None:
        value = int(value)
    return Metric(spec["at"], spec["name"], datatype, value=value, is_null=value is None)


class Telling(Client):
    """The library's own client; says when the last of the births has been given to the network."""

    last = None  # the station that is born last

    def publish(self, message, *, include_dtypes=False):
        super().publish(message, include_dtypes=include_dtypes)
        born = message.topic.message_type == MessageType.DBIRTH
        if born and message.topic.device_id == self.last:
            say("born")


class Stranger:
    """One node; what it is told comes through `orders`, from stdin and from the broker."""

    def __init__(self):
        self.orders = queue.Queue()
        self.node = self.plan = None

    def commanded(self, _node, message):
        if any(m.name == REBIRTH and m.value for m in message.payload.metrics):
            self.orders.put({"do": "be_reborn"})

    def begin(self, order):
        self.plan = order
        rebirth = Metric(None, REBIRTH, DataType.BOOLEAN, value=False)
        metrics = [rebirth, *map(metric, order["node_metrics"])]
        client = Telling()
        client.last = list(order["stations"])[-1]
        ids = order["group"], order["node"]
        self.node = EdgeNode(*ids, metrics, client=client, cmd_callback=self.commanded)
        for station, specs in order["stations"].items():
            self.node.register(Device(station, [metric(spec) for spec in specs]))
        self.connect()

    def connect(self):
        self.node.connect(self.plan["host"], port=self.plan["port"])

    def be_reborn(self, _order):
        """The library knows no rebirth: its users end the session and begin another."""
        say("asked")
        self.node.disconnect()
        self.connect()

    def data(self, order):
        metrics = [metric(spec) for spec in order["metrics"]]
        if order["station"] is None:
            self.node.update(metrics)
        else:
            self.node.update_device(order["station"], metrics)
        say("sent")

    def lose(self, _order):
        _ = self.node._seq  # a number is used up, as if the network had lost a message
        say("lost")

    def listen(self):
        for line in sys.stdin:
            self.orders.put(json.loads(line))


def main():
    stranger = Stranger()
    threading.Thread(target=stranger.listen, daemon=True).start()
    while True:
        order = stranger.orders.get()
        getattr(stranger, order["do"])(order)


if __name__ == "__main__":
    main()
