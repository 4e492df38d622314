"""Our edge put through its life on a real broker, recorded: MicroPython agents and one on CPython."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from schemas.station_types import FOLDER, load_station_types
from tests.brokers import Process
from tests.conformance.packets import Other
from tests.conformance.peer import ScriptedMes, now_ms
from tests.conformance.proxy import Address, Proxy
from tests.conformance.recording import Event, Recording, message
from tests.conftest import ROOT
from tests.plant import board

GROUP = "test"
STATIONS = [("sinter-1", "sinter_furnace"), ("mill-1", "jet_mill")]
LOST = "mill-1"
HOST = "lodestone"
PINGREQ = 12
NEVER = 10**18  # a time no clock of a host will reach
LONG = 120  # a lost station is declared after 10 s and looked after ever more rarely


def _verbs(node: str, *verbs: str) -> Callable[[Recording], list[Event]]:
    """Messages of a node with these verbs."""

    def find(recording: Recording) -> list[Event]:
        return [e for s in recording.sessions() for e in s.published(*verbs) if e.node[1] == node]

    return find


class EdgeLab:
    """Three nodes behind one proxy; `micropython` is the interpreter of two of them."""

    def __init__(self, broker: Address, folder: Path, micropython: str) -> None:
        self.folder, self.micropython = folder, micropython
        self.faults = folder / "faults.json"
        self.proxy = Proxy(broker)
        self.mes = ScriptedMes(broker)
        self.agents: list[Process] = []

    def __enter__(self) -> "EdgeLab":
        return self

    def __exit__(self, *_: object) -> None:
        for agent in self.agents:
            agent.kill()
        self.mes.__exit__()
        self.proxy.__exit__()

    def agent(self, node: str, interpreter: str, **options: Any) -> Process:
        """Start an agent that reaches the broker through the proxy."""
        file = self.folder / f"{node}.json"
        options = {"reconnect_s": 1, "keepalive_s": 4, **options}
        port = self.proxy.address[1]
        file.write_text(json.dumps(board(self.folder, port, node, STATIONS, **options)))
        command = [interpreter, "-m", "firmware.boards.unix.main", str(file)]
        process = Process(command, self.folder / f"{node}.log")
        process.folder = ROOT
        self.agents.append(process)
        process.start()
        return process

    @contextmanager
    def one_more(self, node: str, *verbs: str, seconds: float = 40) -> Iterator[None]:
        """What is done inside makes the node send one more message with one of these verbs."""
        find = _verbs(node, *verbs)
        before = len(find(self.proxy.recording()))
        yield
        what = f"another {verbs} of {node}"
        self.proxy.until(lambda recording: len(find(recording)) > before, what, seconds)

    def until_more(self, node: str, *verbs: str) -> None:
        """Wait until the node has sent one more message with one of these verbs by itself."""
        with self.one_more(node, *verbs):
            pass

    def until(self, node: str, verb: str, seconds: float = 40) -> None:
        """Wait until the node has sent such a message at all."""
        self.proxy.until(_verbs(node, verb), f"{verb} of {node}", seconds)

    def until_it_breathes(self, node: str) -> None:
        """Wait until the node, which says nothing else now, has sent a PINGREQ."""
        will = f"spBv1.0/{GROUP}/NDEATH/{node}"

        def pings(recording: Recording) -> int:
            mine = [
                s for s in recording.sessions() if s.connect.will and s.connect.will.topic == will
            ]
            packets = [event.packet for event in mine[-1].events] if mine else []
            return sum(isinstance(p, Other) and p.type == PINGREQ for p in packets)

        before = pings(self.proxy.recording())
        self.proxy.until(lambda recording: pings(recording) > before, f"a ping of {node}")

    def until_told(self, online: bool, at_ms: int, times: int = 1) -> None:
        """Wait until a STATE with this content was delivered so often: retained, it comes again."""
        said = json.dumps({"online": online, "timestamp": at_ms}).encode()

        def found(recording: Recording) -> bool:
            states = (e for e in recording.events if not e.from_client and e.verb == "STATE")
            return sum(e.packet.payload == said for e in states) >= times

        self.proxy.until(found, f"STATE {said!r} to be delivered")


def _waits_for_its_host(lab: EdgeLab) -> None:
    """The node with a primary host: waiting, born, not fooled, gone, waiting, born, and once more."""
    node, start = "ctl-c", now_ms()
    lab.proxy.note("primary host", HOST)
    lab.proxy.note("node with primary host", (GROUP, node))
    lab.mes.acknowledging.add(node)
    lab.agent(node, lab.micropython, primary_host=HOST)
    lab.until_it_breathes(node)
    lab.mes.say_state("another", True, start)
    lab.mes.say_state(HOST, False, start)
    lab.until_told(False, start)
    lab.until_it_breathes(node)
    lab.mes.say_state(HOST, True, start + 10)
    lab.until(node, "NBIRTH")
    lab.until_more(node, "DDATA")
    lab.mes.say_state(HOST, False, start + 5)
    lab.until_told(False, start + 5)
    lab.until_more(node, "DDATA", "NDATA")
    with lab.one_more(node, "NDEATH"):
        lab.mes.say_state(HOST, False, NEVER)
    lab.until_told(False, NEVER, times=2)
    with lab.one_more(node, "NBIRTH"):
        lab.mes.say_state(HOST, True, start + 12)
    with lab.one_more(node, "NDEATH"):
        lab.mes.say_state(HOST, False, start + 20)
    lab.until_told(False, start + 20, times=2)
    lab.mes.say_state(HOST, True, start + 15)
    lab.until_told(True, start + 15)
    lab.until_it_breathes(node)
    with lab.one_more(node, "NBIRTH"):
        lab.mes.say_state(HOST, True, start + 30)


def _historical(node: str) -> Callable[[Recording], bool]:
    """Whether the last that this node said was back-fill."""

    def found(recording: Recording) -> bool:
        last = _verbs(node, "NBIRTH", "DBIRTH", "DDATA")(recording)[-1]
        return last.verb == "DDATA" and any(
            metric.is_historical for metric in message(last.packet).metrics
        )

    return found


def _is_reborn(lab: EdgeLab) -> None:
    """Rebirth while all is quiet, and in the middle of back-fill that nobody acknowledges."""
    lab.until("ctl-a", "DDATA")
    with lab.one_more("ctl-a", "NBIRTH"):
        lab.mes.ask_rebirth(GROUP, "ctl-a")
    lab.proxy.until(_historical("ctl-a"), "back-fill of ctl-a")
    with lab.one_more("ctl-a", "NBIRTH"):
        lab.mes.ask_rebirth(GROUP, "ctl-a")
    lab.until_more("ctl-a", "DDATA")


def _loses_a_station(lab: EdgeLab) -> None:
    """Every sensor of one station stops answering, and later answers again."""
    lab.proxy.note("lost station", LOST)
    lab.mes.acknowledging.update(("ctl-a", "ctl-b"))
    lab.mes.acknowledge(GROUP, "ctl-a")
    broken = {"station": LOST, "metric": None, "fault": "sensor_open", "from_ms": 0, "to_ms": None}
    lab.faults.write_text(json.dumps({"faults": [broken]}))
    lab.until("ctl-a", "DDEATH", LONG)
    with lab.one_more("ctl-a", "DBIRTH", seconds=LONG):
        lab.faults.write_text(json.dumps({"faults": []}))


def _closed(node: str) -> Callable[[Recording], bool]:
    def found(recording: Recording) -> bool:
        client = f"{GROUP}-{node}"
        mine = [s for s in recording.sessions() if s.connect.client_id == client]
        return all(session.closed_ms for session in mine)

    return found


def record_edge(broker: Address, folder: Path, micropython: str) -> Recording:
    """The whole life of our edge on this broker."""
    silences: dict[str, int] = {}
    for contract in load_station_types(FOLDER).values():
        for metric in contract.metrics:
            silences[metric.name] = min(metric.report_ms, silences.get(metric.name, 1 << 40))
    with EdgeLab(broker, folder, micropython) as lab:
        lab.proxy.note("report_ms", silences)
        first = lab.agent("ctl-a", micropython)
        orderly = lab.agent("ctl-b", sys.executable)
        _is_reborn(lab)
        _waits_for_its_host(lab)
        _loses_a_station(lab)
        lab.until("ctl-a", "NDATA")
        with lab.one_more("ctl-a", "NBIRTH"):
            first.kill()
            first.start()
        lab.until_more("ctl-a", "DDATA")
        orderly.stop()
        lab.proxy.until(_closed("ctl-b"), "the end of ctl-b's session")
        return lab.proxy.recording()
