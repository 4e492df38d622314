"""A site with a few boards that take updates, and releases for them as the workshop would sign them."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine

from mes_server.actions.import_firmware import import_release, trust_key
from mes_server.actions.record_events import Act, rebuild_lots
from mes_server.actions.roll_out import watch_roll_outs
from mes_server.domain.firmware import Manifest, RollOut
from mes_server.domain.rules import Refusal
from mes_server.store.engine import reading
from mes_server.store.firmware import load_roll_out
from schemas import journal_metrics as names
from tests.mes_server.actions.lot_floor import Floor
from tests.mes_server.edge import NOW_MS, Edge, Value
from tests.mes_server.mes import Mes

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
FILES = {"main.mpy": b"M" * 3_000, "lib/agent.mpy": b"a" * 1_024, "empty.mpy": b""}
TABLES = ("firmware_key", "firmware_release", "roll_out", "roll_out_node")


def public_key(key: Ed25519PrivateKey = KEY) -> bytes:
    return key.public_key().public_bytes_raw()


def manifest_of(files: Mapping[str, bytes], **said: Any) -> bytes:
    """A manifest of these files in canonical JSON."""
    facts = {"version": "0.2.0", "counter": 2, "board": "esp32_s3"} | said
    listed = [
        {"path": path, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for path, data in files.items()
    ]
    return json.dumps({"files": listed} | facts, sort_keys=True, separators=(",", ":")).encode()


def make_release(
    folder: Path, files: Mapping[str, bytes] = FILES, key: Ed25519PrivateKey = KEY, **said: Any
) -> Path:
    """A release in a folder of its own."""
    data = manifest_of(files, **said)
    folder = folder / hashlib.sha256(data).hexdigest()[:8]
    for path, content in files.items():
        target = folder / "files" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    (folder / "manifest.json").write_bytes(data)
    (folder / "manifest.sig").write_bytes(key.sign(data))
    return folder


class Fleet(Floor):
    """Boards ctl-1 … that run 0.1.0; time goes on with every act and every word of a board."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        super().__init__(engine, NOW_MS)
        self.mes = Mes(engine)
        self.data_dir = folder / "data"
        self.releases = folder / "releases"
        self.edges: dict[str, Edge] = {}

    def add(self, count: int, kind: str | None = "esp32_s3") -> None:
        """So many more boards."""
        for _ in range(count):
            number = len(self.edges) + 1
            edge = Edge(node=f"ctl-{number}", epoch=number, serial=f"chip-{number}")
            if kind is not None:
                edge.facts[names.BOARD] = kind
            edge.facts |= {
                names.IMAGE: "0.1.0 a",
                names.UPDATE_STATE: "idle",
                names.UPDATE_WANT: "",
            }
            self.edges[f"sintering/ctl-{number}"] = edge
            self.mes.take(edge.nbirth(self.now_ms))

    def with_release(self, boards: int) -> "Fleet":
        """So many boards, and release 0.2.0 taken in for them, by a key that is trusted."""
        self.trust()
        self.add(boards)
        self.take_in()
        return self

    def trust(self) -> None:
        """The key of the workshop."""
        self.act(trust_key, public_key(), "workshop")

    def take_in(self, files: Mapping[str, bytes] = FILES, **said: Any) -> Manifest:
        """A release, made and imported."""
        folder = make_release(self.releases, files, **said)
        self.now_ms += 1
        act = Act(f"import-{self.now_ms}", "console:test", "", self.now_ms, self.now_ms)
        return import_release(self.engine, self.data_dir, folder, act)[0]

    def says(self, node: str, **told: Value) -> None:
        """A board tells of itself: image=, state=, want=."""
        self.now_ms += 1_000
        self.mes.take(self.edges[node].tells(_facts(told), self.now_ms))
        self.watch()

    def boots(self, node: str, **told: Value) -> None:
        """A board comes up."""
        self.now_ms += 1_000
        edge = self.edges[node]
        edge.boot += 1
        edge.facts |= _facts(told)
        self.mes.take(edge.nbirth(self.now_ms))
        self.watch()

    def dies(self, node: str) -> None:
        """A board is gone."""
        self.now_ms += 1_000
        self.mes.take(self.edges[node].ndeath(self.now_ms))

    def updates(self, node: str, version: str = "0.2.0") -> None:
        """A board takes a release without any trouble."""
        self.says(node, state="fetching 50")
        self.says(node, state="ready")
        self.dies(node)
        self.boots(node, image=f"{version} b", state="trying")
        self.says(node, state="idle")

    def watch(self) -> int:
        """What ingest does every few seconds."""
        return watch_roll_outs(self.engine, self.now_ms)

    def roll_out(self, code: str) -> RollOut:
        with reading(self.engine) as conn:
            found = load_roll_out(conn, code)
        assert found is not None
        return found

    def nodes(self, code: str) -> dict[str, str]:
        """Every node of a roll-out: its state, and why."""
        return {
            one.node.partition("/")[2]: f"{one.state} {one.detail}".strip()
            for one in self.roll_out(code).nodes
        }

    def rules(self, acting: Any, *args: Any) -> list[str]:
        """The rules that refuse an act."""
        return [one.rule for one in self.act(acting, *args) if isinstance(one, Refusal)]

    def rows(self) -> list[list[tuple[Any, ...]]]:
        """All that is computed of releases and roll-outs."""
        return [sorted(self.mes.rows(f"SELECT * FROM {table}")) for table in TABLES]

    def check(self) -> None:
        """The tables are what the ledger says."""
        before = self.rows()
        rebuild_lots(self.engine)
        assert self.rows() == before
        assert before[1], "the control: there is something to compute"


def _facts(told: Mapping[str, Value]) -> dict[str, Value]:
    known = {"image": names.IMAGE, "state": names.UPDATE_STATE, "want": names.UPDATE_WANT}
    return {known[name]: value for name, value in told.items()}
