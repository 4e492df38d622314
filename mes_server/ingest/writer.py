"""The loop that makes messages durable, acknowledges them, and folds them in between."""

import logging
import os
import time
from threading import Event

from mes_server.actions.doubt_nodes import doubt_nodes
from mes_server.actions.fold_turn import Folded
from mes_server.actions.folding import Folding
from mes_server.actions.hold_lease import LEASE_MS, keep_lease
from mes_server.actions.receive_messages import Intake, Receipt, receive_messages
from mes_server.domain.messages import Message
from mes_server.domain.nodes import NodeId
from mes_server.domain.sessions import SeqWatch
from mes_server.ingest.boards import Boards
from mes_server.ingest.commands import Commands
from mes_server.ingest.folder import DEPTH_MAX, Folder
from mes_server.ingest.listener import Listener, now_ms
from mes_server.ingest.mailbox import Mailbox
from mes_server.ingest.status import StatusFile
from mes_server.store.engine import reading, sqlite_affected, sqlite_version
from mes_server.store.faults import IO, StoreFault
from mes_server.store.ingest_status import IngestStatus
from mes_server.store.ledger import head

BATCH_MAX = 1_000
# Commits are at least so far apart, so that messages share them. What a commit costs the disk hardly
# depends on its messages: few of them wait a little longer.
COMMIT_MS = 10
CALM_COMMIT_MS = 50
BUSY_BATCH = 10
FLOOD = 1_000  # so many messages wait: folding takes as much time as receiving
IDLE_MS = 50
STATUS_MS = 500
HEAD_MS = 60_000  # so often the head of the ledger is looked up, for nodes to remember
BACK_OFF_MS = (100, 200, 500, 1_000, 2_000, 5_000)
_log = logging.getLogger(__name__)


class DiskFailed(Exception):
    """A write or an fsync failed: nobody knows what is on the disk, the process must begin afresh."""


class ListenerDied(Exception):
    """The thread that listens has ended by a fault of ours."""


def tick() -> int:
    """Milliseconds of a clock that never jumps."""
    return time.monotonic_ns() // 1_000_000


class Writer:
    """Owns the only connection that writes. `run` returns when it is asked to stop.

    While the store fails, what was taken from the mailbox is kept and tried again, nothing is
    acknowledged, the mailbox fills and then drops the newest: the journals send it again.
    """

    def __init__(
        self,
        folding: Folding,
        listener: Listener,
        mailbox: Mailbox,
        status: StatusFile,
        reorder_ms: int,
    ) -> None:
        self._folding = folding
        self._intake = Intake(folding.engine, folding.holder)
        self._listener = listener
        self._mailbox = mailbox
        self._status = status
        self._reorder_ms = reorder_ms
        self._commands = Commands(listener.publish)
        self._folder = Folder(folding)
        self.boards: Boards | None = None  # who answers boards
        self._held: list[Message] = []
        self._watches: dict[NodeId, SeqWatch] = {}
        self._connections = 0
        self._doubt = True
        self._loaded = self._ready = False
        self._fault: str | None = None
        self._failures = 0
        self._try_ms = 0
        self._committed_ms = self._commit_ms = 0
        self._status_ms = self._head_ms = 0
        self._rate = _Rate()
        self._stored = self._duplicates = self._quarantined = 0

    def run(self, stop: Event) -> None:
        """Work until `stop` is set, then store what has come.

        Raises LeaseLost, DiskFailed and ListenerDied.
        """
        while not stop.is_set():
            self._wait()
            self._turn()
            if not self._listener.alive:
                raise ListenerDied
        self.drain()

    def drain(self) -> None:
        """Store what is in the mailbox now, as long as that works at once."""
        rounds = len(self._mailbox) // BATCH_MAX + 2
        while (self._held or len(self._mailbox)) and rounds and self._fault is None:
            self._commit_ms = 0
            self._turn()
            rounds -= 1

    def farewell(self) -> None:
        """Say in the status file that nobody listens and stores any more."""
        self._say(tick(), at_once=True, listening=False)

    def _wait(self) -> None:
        """Until there is something to do, but not so long that a timer is late."""
        at_ms = tick()
        if self._fault is not None:
            time.sleep(max(min(self._try_ms - at_ms, IDLE_MS), 1) / 1000)
            return
        if self._folder.is_due(at_ms):
            return
        if len(self._mailbox):
            time.sleep(max(self._commit_ms - at_ms, 0) / 1000)
        else:
            self._mailbox.wait(IDLE_MS / 1000)

    def _turn(self) -> None:
        at_ms = tick()
        if at_ms >= self._try_ms:
            try:
                self._work(at_ms)
            except StoreFault as fault:
                self._failed(fault, at_ms)
            else:
                self._recovered()
        self._commands.flush(tick(), now_ms())
        if self.boards is not None and self._ready and len(self._mailbox) < BUSY_BATCH:
            self.boards.flush(tick(), now_ms())
        self._say(at_ms)

    def _failed(self, fault: StoreFault, at_ms: int) -> None:
        if self._fault != fault.kind:
            _log.error("nothing is stored now: %s", fault)
        self._fault = fault.kind
        self._loaded = False  # what was committed and what not, the store knows
        self._say(at_ms, at_once=True)
        if fault.kind == IO:
            raise DiskFailed(str(fault)) from fault
        self._try_ms = at_ms + BACK_OFF_MS[min(self._failures, len(BACK_OFF_MS) - 1)]
        self._failures += 1

    def _recovered(self) -> None:
        if self._fault is not None:
            _log.warning("storing again after: %s", self._fault)
        self._fault = None
        self._failures = 0

    def _work(self, at_ms: int) -> None:
        """One commit of what came, and a step of folding."""
        if not self._loaded:
            self._folder.load()
            self._loaded = self._ready = True
        self._note_connection()
        self._look_at_ledger(at_ms)
        if self._doubt:
            doubt_nodes(self._folding, now_ms())
            self._doubt = False
        if not self._held and self._folder.depth < DEPTH_MAX and at_ms >= self._commit_ms:
            self._held = self._mailbox.take(BATCH_MAX)
        took_ms = 0
        if self._held:
            receipt = receive_messages(self._intake, self._held, now_ms())
            busy = len(self._held) >= BUSY_BATCH
            self._held = []
            self._committed_ms = tick()
            self._commit_ms = self._committed_ms + (COMMIT_MS if busy else CALM_COMMIT_MS)
            self._received(receipt, self._committed_ms)
            self._commands.flush(self._committed_ms, now_ms())
            took_ms = self._committed_ms - at_ms
        elif at_ms - self._committed_ms > LEASE_MS // 3:
            keep_lease(self._folding.engine, self._folding.holder, now_ms())
            self._committed_ms = at_ms
        self._fold(tick(), took_ms)

    def _fold(self, at_ms: int, time_ms: int) -> None:
        """Fold a step; in a flood for `time_ms`, so that what is shown keeps up with what is stored."""
        folded = self._folder.step(at_ms, now_ms())
        if folded is None and not len(self._mailbox):
            folded = self._folder.tidy(at_ms, now_ms())
        while folded is not None:
            self._folded(folded, at_ms)
            more = len(self._mailbox) > FLOOD and tick() - at_ms < time_ms
            folded = self._folder.step(tick(), now_ms()) if more else None
        for node, watch in self._watches.items():
            if watch.gap_since_ms is not None and watch.gap_lasted(at_ms, self._reorder_ms):
                self._commands.want_birth(node, at_ms)

    def _folded(self, folded: Folded, at_ms: int) -> None:
        self._quarantined += folded.quarantined
        for node in folded.rebirths:
            self._commands.want_birth(node, at_ms)
        if self.boards is not None and folded.asks:
            self.boards.asked(folded.asks, at_ms)

    def _received(self, receipt: Receipt, at_ms: int) -> None:
        self._stored += len(receipt.messages)
        self._duplicates += receipt.duplicates
        self._quarantined += receipt.quarantined
        for read in receipt.heard:
            watch = self._watches.get(read.node)
            if watch is None:
                watch = self._watches[read.node] = SeqWatch()
            if read.verb == "NBIRTH":
                watch.born()
                self._commands.born(read.node)
                if self.boards is not None:
                    self.boards.born(read.node)
            watch.see(read.heads.seq, at_ms)
        self._commands.stored(receipt.acks, at_ms)
        self._folder.came(receipt.messages, at_ms)

    def _look_at_ledger(self, at_ms: int) -> None:
        """What is wrong with the ledger alone must not stop what is stored."""
        if at_ms < self._head_ms:
            return
        self._head_ms = at_ms + HEAD_MS
        try:
            with reading(self._folding.engine) as conn:
                last = head(conn, now_ms())
        except StoreFault as fault:
            _log.warning("nodes are not told the head of the ledger now: %s", fault)
            return
        self._commands.head = last if last.number else None

    def _note_connection(self) -> None:
        """What was said while we were not connected is not known: count, births, deaths."""
        if self._connections != self._listener.connections:
            self._connections = self._listener.connections
            self._watches.clear()
            self._doubt = True

    def _say(self, at_ms: int, at_once: bool = False, listening: bool = True) -> None:
        if not at_once and at_ms - self._status_ms < STATUS_MS:
            return
        self._status_ms = at_ms
        version = sqlite_version() if self._folding.engine.dialect.name == "sqlite" else None
        self._status.write(
            IngestStatus(
                pid=os.getpid(),
                at_ms=now_ms(),
                connected=listening and self._listener.connected,
                storing=listening and self._ready and self._fault is None,
                fault=self._fault,
                queue=len(self._mailbox) + len(self._held),
                inbox_depth=self._folder.depth,
                received=self._mailbox.received,
                stored=self._stored,
                dropped=self._mailbox.dropped,
                duplicates=self._duplicates,
                quarantined=self._quarantined,
                rate_per_s=self._rate.of(self._stored, at_ms),
                sqlite_version=version,
                sqlite_affected=version is not None and sqlite_affected(version),
            )
        )


class _Rate:
    """Messages a second since the last look."""

    def __init__(self) -> None:
        self._count = 0
        self._at_ms = 0
        self._rate = 0.0

    def of(self, count: int, at_ms: int) -> float:
        """The rate now; a look too soon after the last one gets the same answer."""
        if at_ms - self._at_ms >= STATUS_MS:
            self._rate = round((count - self._count) * 1000 / (at_ms - self._at_ms), 1)
            self._count, self._at_ms = count, at_ms
        return self._rate
