"""Our host put through its life on a real broker, recorded, with scripted nodes for it to watch."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from schemas import journal_metrics as names
from schemas.topics import state_topic, topic
from tests.brokers import Process, wait_until
from tests.conformance.definition import BOOLEAN, DOUBLE, INT64, UINT32, UINT64, Payload
from tests.conformance.edge_rebirth_checks import is_rebirth_request
from tests.conformance.host_state_checks import state
from tests.conformance.peer import Peer, add_metric, now_ms
from tests.conformance.proxy import Address, Proxy
from tests.conformance.recording import Recording, Session
from tests.store_view import StoreView

HOST = "lodestone"
GROUP = "test"
EPOCH = 7_000_007
METRIC = "temperature_c"
REORDER_MS = 4000  # longer than by default, and than that with the jitter of a request


class ScriptedNode:
    """An edge node played by the test: births, data, deaths with a right seq unless told otherwise."""

    def __init__(self, peer: Peer, node: str, *, journal: bool = False) -> None:
        self.peer, self.node, self.journal = peer, node, journal
        self.bd_seq = 4
        self.seq = 0
        self.records = 0

    def _send(self, verb: str, payload: Any, station: str | None = None) -> None:
        if verb != "NDEATH":
            payload.seq = self.seq
            self.seq = (self.seq + 1) % 256
        self.peer.send(topic(GROUP, verb, self.node, station), payload)

    def born(self, *stations: str) -> None:
        """NBIRTH and a DBIRTH of each station."""
        self.seq = 0
        payload = Payload(timestamp=now_ms())
        add_metric(payload, names.BD_SEQ, INT64, self.bd_seq)
        add_metric(payload, names.REBIRTH, BOOLEAN, False)
        if self.journal:
            add_metric(payload, names.ACK, UINT64, names.position(EPOCH, 0))
            add_metric(payload, names.REWIND, UINT64, 0)
            add_metric(payload, names.FIRST, UINT64, names.position(EPOCH, 1))
            add_metric(payload, names.NEXT, UINT64, names.position(EPOCH, self.records + 1))
        self._send("NBIRTH", payload)
        for station in stations:
            payload = Payload(timestamp=now_ms())
            if self.journal:
                for name, code in ((names.POS, UINT64), (names.CRC, UINT32), (names.MONO, UINT64)):
                    add_metric(payload, name, code, None)
            add_metric(payload, METRIC, DOUBLE, 20.5)
            self._send("DBIRTH", payload, station)

    def measured(self, station: str, value: float, seq: int | None = None) -> None:
        """One DDATA; `seq` when it is to come in another order."""
        payload = Payload(timestamp=now_ms())
        if self.journal:
            self.records += 1
            pos = names.position(EPOCH, self.records)
            payload.metrics.add(name=names.POS, timestamp=payload.timestamp, long_value=pos)
            payload.metrics.add(name=names.CRC, timestamp=payload.timestamp, int_value=self.records)
            payload.metrics.add(name=names.MONO, timestamp=payload.timestamp, long_value=77)
        payload.metrics.add(name=METRIC, timestamp=payload.timestamp, double_value=value)
        if seq is not None:
            self.seq = seq
        self._send("DDATA", payload, station)

    def station_died(self, station: str) -> None:
        """DDEATH that was held up; nats-server puts the time of delivery into it."""
        self._send("DDEATH", Payload(timestamp=now_ms() - 1500), station)

    def died(self, bd_seq: int) -> None:
        """NDEATH with a time of long ago, as a Will has it."""
        payload = Payload(timestamp=now_ms() - 86_400_000)
        add_metric(payload, names.BD_SEQ, INT64, bd_seq)
        self._send("NDEATH", payload)


class HostLab:
    """Ingest behind a proxy; `start` it as often as the scenario wants."""

    def __init__(self, broker: Address, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.proxy = Proxy(broker)
        self.peer = Peer(broker, "scripted-nodes")
        self.processes: list[Process] = []
        self.store = StoreView(f"sqlite:///{self.data / 'lodestone.db'}")

    def __enter__(self) -> "HostLab":
        self.proxy.note("host id", HOST)
        self.proxy.note("reorder_ms", REORDER_MS)
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.processes:
            process.kill()
        self.store.close()
        self.peer.__exit__()
        self.proxy.__exit__()

    def ingest(self) -> Process:
        """Start an ingest process."""
        env = {
            "MES_DATA_DIR": str(self.data),
            "MES_MQTT_PORT": str(self.proxy.address[1]),
            "MES_HOST_ID": HOST,
            "MES_REORDER_MS": str(REORDER_MS),
            "MES_BROKER": "external",
        }
        command = [sys.executable, "-m", "mes_server.cli", "ingest"]
        process = Process(command, self.folder / f"ingest-{len(self.processes)}.log", env)
        self.processes.append(process)
        process.start()
        return process

    def until_online(self, count: int) -> None:
        """Wait until that many sessions of the host have said online."""
        self.proxy.until(lambda r: len(_online(r)) >= count, f"{count} sessions online", 60)

    def until_asked(self, node: str) -> None:
        """Wait until the host has asked this node for its births."""

        def asked(recording: Recording) -> bool:
            sent = [e for s in recording.sessions() for e in s.published("NCMD")]
            return any(e.node[1] == node and is_rebirth_request(e) for e in sent)

        self.proxy.until(asked, f"a request for rebirth to {node}")

    def until_acknowledged(self, node: str) -> None:
        """Wait until this node got a command."""

        def told(recording: Recording) -> bool:
            sent = [e for s in recording.sessions() for e in s.published("NCMD")]
            return any(e.node[1] == node for e in sent)

        self.proxy.until(told, f"an acknowledgement for {node}")


def _online(recording: Recording) -> list[Session]:
    return [
        session
        for session in recording.sessions()
        if any(state(event.packet)["online"] for event in session.published("STATE"))
    ]


def _late_offline(lab: HostLab) -> None:
    """The Will of a session long gone arrives now."""
    before = _states(lab.proxy.recording())
    lab.peer.say_state(HOST, False, now_ms() - 60_000)
    lab.proxy.until(lambda r: _states(r) > before, "an answer to a late STATE offline")


def _states(recording: Recording) -> int:
    return sum(len(session.published("STATE")) for session in recording.sessions())


def _disorder(lab: HostLab) -> None:
    """One node's messages come in another order; of another one, a message is missing."""
    swapped, gapped = ScriptedNode(lab.peer, "swapped"), ScriptedNode(lab.peer, "gapped")
    swapped.born("press-1")
    swapped.measured("press-1", 1.0, seq=3)
    swapped.measured("press-1", 2.0, seq=2)
    gapped.born("press-1")
    gapped.measured("press-1", 1.0, seq=5)
    lab.until_asked("gapped")
    gapped.born("press-1")
    gapped.measured("press-1", 1.0, seq=9)


def _deaths(lab: HostLab, own: ScriptedNode) -> None:
    """A station dies, an old death of its node comes late, then the node dies."""
    own.station_died("sinter-2")
    lab.store.until(lambda s: s.station("sinter-2").online is False, "sinter-2 to be offline")
    lost, other = lab.store.station("sinter-2"), lab.store.station("sinter-1")
    seen = {"online": lost.online, "known": lab.store.known(lost), "since_ms": lost.online_since_ms}
    lab.proxy.note("after DDEATH", {**seen, "others_online": [other.online]})
    own.died(own.bd_seq - 1)
    own.measured("sinter-1", 41.0)
    lab.store.until(lambda s: s.latest("sinter-1", METRIC) == 41.0, "what came after an old death")
    lab.proxy.note("after an old NDEATH", {"online": lab.store.node(own.node).online})
    own.died(own.bd_seq)
    lab.store.until(lambda s: s.node(own.node).online is False, f"{own.node} to be offline")
    stations = [lab.store.station("sinter-1"), lab.store.station("sinter-2")]
    node = lab.store.node(own.node)
    seen = {"node": own.node, "online": node.online, "dead_ms": node.dead_ms}
    seen["stations_online"] = [station.online for station in stations]
    seen["stations_known"] = [lab.store.known(station) for station in stations]
    lab.proxy.note("after NDEATH", seen)


def _said_gone(lab: HostLab, begin: int) -> Callable[[], bool]:
    """Whether the peer has heard a STATE offline after its message number `begin`."""

    def heard() -> bool:
        later = lab.peer.heard[begin:]
        return any(where == state_topic(HOST) and b"false" in said for where, said in later)

    return heard


def record_host(broker: Address, folder: Path) -> Recording:
    """The whole life of our host on this broker."""
    with HostLab(broker, folder) as lab:
        first = lab.ingest()
        lab.until_online(1)
        own = ScriptedNode(lab.peer, "ctl-own", journal=True)
        own.born("sinter-1", "sinter-2")
        own.measured("sinter-1", 40.0)
        lab.until_acknowledged("ctl-own")
        _late_offline(lab)
        _disorder(lab)
        standby = lab.ingest()
        _deaths(lab, own)
        lab.proxy.note("stored stations", lab.store.ids())
        wait_until(lambda: "waiting until it ends" in standby.said(), "the second ingest to wait")
        begin = len(lab.peer.heard)
        first.kill()
        lab.peer.until(_said_gone(lab, begin), "the Will of the host")
        lab.until_online(2)
        begin = len(lab.peer.heard)
        standby.stop()
        lab.peer.until(_said_gone(lab, begin), "the farewell of the host")
        lab.proxy.until(lambda r: all(s.closed_ms for s in r.sessions()), "the end of its session")
        return lab.proxy.recording()
