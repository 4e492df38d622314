"""A release goes to boards through a real broker and the real ingest: one takes it, one refuses, one falls back, one
never returns. The boards are played here, by the rules of docs/wire.md."""

import hashlib
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from mes_server.actions import roll_out as rolling
from mes_server.actions.import_firmware import import_release, trust_key
from mes_server.actions.one_action import carry_out
from mes_server.actions.record_events import Act, rebuild_lots
from mes_server.actions.upgrade_store import upgrade_store
from mes_server.domain.firmware import RollOut
from mes_server.ingest import boards as answering
from mes_server.ingest.run import run_ingest
from mes_server.settings import Settings
from mes_server.store.engine import open_engine, reading
from mes_server.store.firmware import load_roll_out
from mes_server.store.ingest_status import read_status
from schemas import journal_metrics as names
from schemas.sparkplug import decode_payload
from tests.brokers import KINDS, Broker, wait_until
from tests.mes_server.actions.fleet import FILES, make_release, public_key
from tests.mes_server.edge import Edge, Value

RELEASE = "0.2.0-esp32_s3"


def now_ms() -> int:
    return time.time_ns() // 1_000_000


class Board:
    """One board on the broker. `how`: what it does with a release. `got`: whole files, by path."""

    def __init__(self, port: int, number: int, how: str) -> None:
        self.how, self.name = how, f"sintering/ctl-{number}"
        self.edge = Edge(node=f"ctl-{number}", epoch=number, serial=f"chip-{number}")
        self.edge.facts = {names.BOARD: "esp32_s3", names.IMAGE: "0.1.0 a", names.UPDATE_STATE: "idle",
                           names.UPDATE_WANT: ""}  # fmt: skip
        self.got: dict[str, bytes] = {}
        self.offers: list[str] = []
        self.blocks = 0
        self._todo: list[tuple[str, int]] = []
        self.client = paho.Client(CallbackAPIVersion.VERSION2)
        self.client.on_message = self._heard
        subscribed = threading.Event()
        topic = f"spBv1.0/sintering/NCMD/{self.edge.node}"
        self.client.on_connect = lambda client, *_: client.subscribe(topic)
        self.client.on_subscribe = lambda *_: subscribed.set()
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        assert subscribed.wait(20)

    def born(self, **facts: Value) -> None:
        self.edge.facts |= _facts(facts)
        self._say(self.edge.nbirth(now_ms()))

    def says(self, **facts: Value) -> None:
        self._say(self.edge.tells(_facts(facts), now_ms()))

    def _say(self, message: Any) -> None:
        self.client.publish(message.topic, message.payload)

    def _heard(self, _client: object, _data: object, message: paho.MQTTMessage) -> None:
        for metric in decode_payload(bytes(message.payload)).metrics:
            if metric.name == names.UPDATE_OFFER:
                self._offered(str(metric.value))
            elif metric.name == names.UPDATE_BLOCK:
                self._block(bytes(metric.value))

    def _offered(self, offer: str) -> None:
        known = offer in self.offers
        self.offers.append(offer)
        if offer and not known:
            self._todo = [("manifest.json", int(offer.split(" ")[2]))]
            self._ask()

    def _ask(self) -> None:
        path, _ = self._todo[0]
        there = len(self.got.setdefault(path, b""))
        self.says(state="fetching 1", want=f"0.2.0 {path} {there} 8")

    def _block(self, data: bytes) -> None:
        self.blocks += 1
        head, _, body = data.partition(b"\n")
        if not self._todo:
            return
        path, size = self._todo[0]
        if head != f"0.2.0 {path} {len(self.got[path])}".encode():
            return
        self.got[path] += body
        if len(self.got[path]) < size:
            if self.blocks % 8 == 0:
                self._ask()
            return
        self._todo.pop(0)
        if path == "manifest.json":
            listed = json.loads(self.got[path])["files"]
            self._todo = [(one["path"], one["bytes"]) for one in listed if one["bytes"]]
            if self.how == "refuses":
                self.says(state="refused: its manifest is not signed", want="")
                return
        if self._todo:
            self._ask()
        else:
            self._whole()

    def _whole(self) -> None:
        self.says(state="ready", want="")
        if self.how == "never returns":
            self._say(self.edge.ndeath(now_ms()))
            return
        self.edge.boot += 1
        if self.how == "falls back":
            self.born(state="refused: went back from counter 2")
        else:
            self.born(image="0.2.0 b", state="trying")
            self.says(state="idle")


def _facts(told: dict[str, Value]) -> dict[str, Value]:
    known = {"image": names.IMAGE, "state": names.UPDATE_STATE, "want": names.UPDATE_WANT}
    return {known[name]: value for name, value in told.items()}


class Site:
    """A broker, ingest in a thread of this process, a store, a person."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.broker = Broker(kind, folder / "broker")
        self.broker.start()
        self.settings = Settings(data_dir=folder / "data", mqtt_port=self.broker.port)
        self.settings.data_dir.mkdir()
        upgrade_store(self.settings.url)
        self.engine = open_engine(self.settings.url)
        self.boards: list[Board] = []
        self._acts = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=run_ingest, args=(self.settings, self._stop))
        self._thread.start()
        wait_until(self._connected, "ingest")

    def _connected(self) -> bool:
        status = read_status(self.settings.data_dir)
        return status is not None and status.connected and status.storing

    def act(self, acting: Any, *args: Any) -> Any:
        return carry_out(self.engine, self._act(), acting, *args)

    def _act(self) -> Act:
        self._acts += 1
        return Act(f"act-{self._acts:08}", "P1", "", now_ms(), now_ms())

    def take_in(self, folder: Path) -> None:
        import_release(self.engine, self.settings.data_dir, folder, self._act())

    def board(self, how: str) -> Board:
        board = Board(self.broker.port, len(self.boards) + 1, how)
        self.boards.append(board)
        board.born()
        return board

    def roll_out(self, code: str) -> RollOut:
        with reading(self.engine) as conn:
            found = load_roll_out(conn, code)
        assert found is not None
        return found

    def until(self, code: str, board: Board, state: str) -> str:
        """Wait until a node of a roll-out stands so; the detail."""

        def detail() -> str | None:
            found = self.roll_out(code).node(board.name)
            return found.detail if found is not None and found.state == state else None

        wait_until(lambda: detail() is not None, f"{board.name} to be {state}")
        return detail() or ""

    def begin(self, board: Board) -> str:
        """Once ingest has heard of the board."""
        told: list[Any] = []

        def begun() -> bool:
            told[:] = self.act(rolling.begin, RELEASE, board.name)
            return isinstance(told[0], str)

        wait_until(begun, f"a roll-out to {board.name}")
        return str(told[0])

    def end(self) -> None:
        for board in self.boards:
            board.client.disconnect()
            board.client.loop_stop()
        self._stop.set()
        self._thread.join(30)
        self.engine.dispose()
        self.broker.stop()


@pytest.fixture(params=KINDS)
def site(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Site]:
    monkeypatch.setattr(answering, "LOOK_MS", 200)
    row = rolling.dated_row("boards", now_ms())
    monkeypatch.setattr(rolling, "dated_row", lambda *_: {**row, "return_minutes": 0.05})
    built = Site(request.param, tmp_path)
    built.act(trust_key, public_key(), "workshop")
    built.take_in(make_release(tmp_path / "releases"))
    yield built
    built.end()


def test_a_release_reaches_a_board_byte_for_byte_and_nobody_else(site: Site) -> None:
    good, other = site.board("takes it"), site.board("takes it")
    other.says(want="0.2.0 main.mpy 0 8")
    code = site.begin(good)
    site.until(code, good, "done")
    for path, data in FILES.items():
        assert good.got.get(path, b"") == data
    offer = good.offers[0].split(" ")
    assert hashlib.sha256(good.got["manifest.json"]).hexdigest() == offer[3]
    assert site.act(rolling.widen, code, 100) == []
    site.until(code, other, "done")
    assert other.got["main.mpy"] == FILES["main.mpy"]
    assert other.blocks == good.blocks, "what it asked for before it was offered it never came"
    before = site.roll_out(code)
    rebuild_lots(site.engine)
    assert site.roll_out(code) == before


@pytest.mark.parametrize(("how", "said"), [
    ("refuses", "refused: its manifest is not signed"), ("falls back", "fell_back: went back from counter 2"),
    ("never returns", "lost"),
])  # fmt: skip
def test_a_board_that_does_not_take_it_stops_it_and_the_next_is_offered_nothing(
    site: Site, how: str, said: str
) -> None:
    bad, other = site.board(how), site.board("takes it")
    code = site.begin(bad)
    assert site.until(code, bad, "failed") == said
    found = site.roll_out(code)
    assert (found.state, f"{bad.name} {said}" in found.reason) == ("stopped", True)
    assert other.offers == []
    site.act(rolling.withdraw, code, "no good")
    again = site.begin(other)
    site.until(again, other, "done")


def test_hostile_wants_are_not_answered_and_what_follows_is(site: Site) -> None:
    good = site.board("takes it")
    code = site.begin(good)
    wait_until(lambda: good.offers, "the offer")
    for want in (
        "0.2.0 ../../etc/passwd 0 1",
        "0.2.0 main.mpy 0 999999999999",
        "9.9.9 main.mpy 0 8",
        "x" * 9_000,
    ):
        good.says(want=want)
    good.says(want="0.2.0 manifest.json 0 8")
    site.until(code, good, "done")
    assert set(good.got) <= {"manifest.json", *FILES}
