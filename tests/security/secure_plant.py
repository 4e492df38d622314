"""A real plant whose broker, MES and agent speak TLS, with certificates that a test may change."""

import json
import shutil
from pathlib import Path

from firmware.onboard import keys
from firmware.onboard.storage import FileStorage
from mes_server.domain.identities import Allowed
from tests.brokers import Process, wait_until
from tests.conftest import ROOT
from tests.faults import invariants
from tests.faults.edge_records import Recorded, read_journal
from tests.plant import Plant, board
from tests.security.secured import Identity, SecureBroker, Site

NODE = "ctl-one"
STATIONS = [("furnace-1", "sinter_furnace")]


class SecurePlant(Plant):
    """A plant whose broker and MES speak TLS; the agent's files are in a folder of its own, to be replaced."""

    def __init__(self, folder: Path, kind: str, interpreter: str) -> None:
        super().__init__(folder / "plant", kind, interpreter)
        self.site = Site(folder / "site")
        self.broker: SecureBroker = SecureBroker(kind, self.site, [])  # type: ignore[assignment]
        told = {"MES_MQTT_TLS": str(self.site.pki), "MES_MQTT_PORT": str(self.broker.port)}
        self.ingest.env = self.ingest.env | told
        self.held = folder / "held"
        self.held.mkdir()

    def hold(self, identity: Identity, ca: Path | None = None) -> None:
        """Put these files where the agent looks for them, as enrolment does."""
        shutil.copy(identity.tls["cert"], self.held / keys.CERTIFICATE)
        shutil.copy(identity.tls["key"], self.held / keys.KEY)
        shutil.copy(ca or identity.tls["ca"], self.held / keys.CA)

    def let_in(self, *identities: Identity) -> None:
        self.broker.allow([Allowed("test", one.name, one.fingerprint) for one in identities])
        self.broker.reload()

    def run_agent(self, host: str = "127.0.0.1", env: dict[str, str] | None = None) -> None:
        """Start the agent with what it holds; `env` besides."""
        tls = {"ca": keys.CA, "cert": keys.CERTIFICATE, "key": keys.KEY}
        told = board(
            self.folder, self.broker.port, NODE, STATIONS, reconnect_s=0.5, serial="board-1",
            broker={"host": host, "port": self.broker.port, "tls": tls},
        )  # fmt: skip
        file = self.held / "station.json"
        file.write_text(json.dumps(told))
        command = [self.interpreter, "-m", "firmware.boards.unix.main", str(file)]
        process = Process(command, self.folder / f"{NODE}.log", env)
        process.folder = ROOT
        self.agents[NODE] = process
        process.start()

    def recorded(self) -> Recorded:
        return read_journal(FileStorage(str(self.folder / f"{NODE}.journal")))

    def held_by_store(self) -> int:
        with self.reading() as conn:
            return invariants.watermark(conn, NODE, self.recorded().epoch)

    def keeps_recording(self) -> None:
        before = len(self.recorded().records)
        wait_until(lambda: len(self.recorded().records) > before + 2, "the node to go on recording")

    def wait_stored(self) -> int:
        """Until all that is recorded now is stored; its number."""
        wait_until(lambda: self.recorded().records, "a record")
        last = max(self.recorded().records)
        wait_until(
            lambda: self.held_by_store() >= last,
            f"record {last} ({self.agents[NODE].said()[-800:]})",
        )
        return last

    def is_folded(self) -> bool:
        with self.reading() as conn:
            return not invariants.inbox_depth(conn)

    def judge(self, last: int) -> bool:
        """Everything is stored once; False while some of it is not folded yet."""
        if not self.is_folded():
            return False
        with self.reading() as conn:
            assert invariants.quarantined(conn) == []
            assert invariants.findings(conn, NODE, self.recorded(), last) == []
        return True
