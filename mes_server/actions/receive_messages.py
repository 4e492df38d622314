"""Store a batch of messages durably, exactly once each record; say what may be acknowledged.

One transaction: raw messages into the inbox, positions of their records, watermarks forward, what
cannot even be sorted into quarantine. Understanding them is the fold's work.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, Engine

from mes_server.actions.boundary import LeaseLost, Trouble, attempt
from mes_server.actions.hold_lease import LEASE_MS
from mes_server.actions.put_aside import put_aside, put_refuse_aside
from mes_server.domain.messages import Message, Read, read_message
from mes_server.domain.nodes import NodeBirth, NodeId
from mes_server.domain.records import bits, is_back_fill
from mes_server.domain.watermarks import Claim, Watermark
from mes_server.store.alarms import raise_alarm
from mes_server.store.inbox import InboxMessage, append_batch, shard_of
from mes_server.store.leases import renew_lease
from mes_server.store.losses import FOUND, TRIMMED, Loss, append_loss
from mes_server.store.nodes import ensure_node, node_name
from mes_server.store.positions import (
    Journal,
    Position,
    append_positions,
    load_crcs,
    load_watermarks,
    received_at,
    save_watermarks,
)
from mes_server.store.transaction import writing
from schemas.journal_metrics import position, split_position

REUSED = "position reused"
POSITION = "position"
CONFLICT = "position_reused"
FIRST_WITHDRAWN = "first_withdrawn"
SCATTERED = "journal_scattered"


@dataclass(slots=True)
class Receipt:
    """What became durable. `acks`: up to which position each node heard may be told it is stored;
    `messages`: what came into the inbox."""

    acks: dict[NodeId, int] = field(default_factory=dict)
    heard: list[Read] = field(default_factory=list)
    messages: list[InboxMessage] = field(default_factory=list)
    duplicates: int = 0
    quarantined: int = 0
    refused: int = 0

    def add(self, other: "Receipt") -> None:
        """Take in what a later part of the same batch brought."""
        self.acks |= other.acks
        self.heard += other.heard
        self.messages += other.messages
        self.duplicates += other.duplicates
        self.quarantined += other.quarantined
        self.refused += other.refused


@dataclass(slots=True)
class Intake:
    """Who stores, the numbers of the nodes it has met (they never change), and what edges claim."""

    engine: Engine
    holder: str
    numbers: dict[NodeId, int] = field(default_factory=dict)
    claims: dict[Journal, Claim] = field(default_factory=dict)


def receive_messages(intake: Intake, batch: Sequence[Message], now_ms: int) -> Receipt:
    """Store the batch in one durable commit.

    Raises StoreFault (nothing is stored, keep the batch and try again) and LeaseLost. A message that
    finds a bug of ours is found by halving the batch, and quarantined.
    """
    receipt = attempt(_receive, intake, batch, now_ms)
    if isinstance(receipt, Receipt):
        return receipt
    if len(batch) == 1:
        return _receive_nothing_of(intake, batch[0], receipt, now_ms)
    middle = len(batch) // 2
    whole = receive_messages(intake, batch[:middle], now_ms)
    whole.add(receive_messages(intake, batch[middle:], now_ms))
    return whole


def _receive_nothing_of(intake: Intake, message: Message, trouble: Trouble, now_ms: int) -> Receipt:
    with writing(intake.engine) as conn:
        _hold(conn, intake, 0, now_ms)
        put_aside(conn, message, trouble)
    return Receipt(quarantined=1)


def _hold(conn: Connection, intake: Intake, messages: int, now_ms: int) -> int:
    first_id = renew_lease(conn, intake.holder, now_ms + LEASE_MS, messages)
    if first_id is None:
        raise LeaseLost
    return first_id


def _receive(intake: Intake, batch: Sequence[Message], now_ms: int) -> Receipt:
    reads = [attempt(read_message, message) for message in batch]
    good = [read for read in reads if isinstance(read, Read)]
    with writing(intake.engine) as conn:
        first_id = _hold(conn, intake, len(good), now_ms)
        numbers = _numbers(conn, intake, good)
        marks = load_watermarks(conn, _journals(good, numbers))
        sorting = _Sorting(conn, numbers, marks, intake.claims, first_id, now_ms)
        for message, read in zip(batch, reads, strict=True):
            if isinstance(read, Read):
                sorting.take(read)
            else:
                put_refuse_aside(conn, message, read)
                sorting.receipt.quarantined += 1
        sorting.store()
    intake.numbers |= numbers
    return sorting.receipt


def _numbers(conn: Connection, intake: Intake, reads: Iterable[Read]) -> dict[NodeId, int]:
    numbers = {}
    for node in {read.node for read in reads}:
        number = intake.numbers.get(node)
        numbers[node] = ensure_node(conn, *node) if number is None else number
    return numbers


def _journals(reads: Iterable[Read], numbers: dict[NodeId, int]) -> set[Journal]:
    found = set()
    for read in reads:
        number = numbers[read.node]
        if read.told is not None and read.told.epoch is not None:
            found.add(Journal(number, read.told.epoch))
        for head in read.heads.records:
            found.add(Journal(number, head.position >> 32))
    return found


@dataclass(slots=True)
class _Sorting:
    """Sorts one batch, in its order, into rows; `store` writes them."""

    conn: Connection
    numbers: dict[NodeId, int]
    marks: dict[Journal, Watermark]
    claims: dict[Journal, Claim]
    first_id: int
    now_ms: int
    receipt: Receipt = field(default_factory=Receipt)
    changed: dict[Journal, Watermark] = field(default_factory=dict)
    journals: dict[NodeId, Journal] = field(default_factory=dict)
    positions: dict[tuple[Journal, int], Position] = field(default_factory=dict)
    again: list[tuple[Read, int, Journal, int, int]] = field(default_factory=list)
    found: dict[Journal, list[int]] = field(default_factory=dict)

    def take(self, read: Read) -> None:
        """One message: give up what its birth says is gone, keep which of its records are new."""
        self.receipt.heard.append(read)
        if read.told is not None and read.told.epoch is not None:
            self._told(read, read.told, read.told.epoch)
        fresh = self._fresh(read) if read.heads.records else None
        if fresh == 0:
            return
        group, node = read.node
        whole = fresh is None or fresh == (1 << len(read.heads.records)) - 1
        message = read.message
        late = fresh is not None and is_back_fill(message.payload)
        self.receipt.messages.append(
            InboxMessage(
                shard_of(group, node, late),
                self.first_id + len(self.receipt.messages),
                message.received_ms,
                message.topic,
                message.payload,
                None if whole or fresh is None else bits(fresh),
            )
        )

    def _mark(self, read: Read, epoch: int) -> tuple[Journal, Watermark]:
        journal = Journal(self.numbers[read.node], epoch)
        mark = self.marks.setdefault(journal, Watermark())
        self.changed[journal] = mark
        self.journals[read.node] = journal
        return journal, mark

    def _told(self, read: Read, told: NodeBirth, epoch: int) -> None:
        journal, mark = self._mark(read, epoch)
        ends = [end for end in (told.first, told.next) if end is not None]
        if told.first is None or any(end >> 32 != epoch for end in ends) or ends != sorted(ends):
            return  # what makes no sense claims nothing
        first, floor = told.first & 0xFFFFFFFF, mark.floor
        if first == 0:
            return  # nor is there a record before the first: the watermark would never leave it
        claim, gap = mark.tell(first, self.claims.pop(journal, None), self.now_ms)
        if claim is not None:
            self.claims[journal] = claim
        if gap is not None:
            self._lost(journal, gap.first - 1, gap.count, TRIMMED)
        if mark.floor < floor:
            facts = {"epoch": epoch, "before": floor, "now": mark.floor}
            raise_alarm(self.conn, FIRST_WITHDRAWN, node_name(*read.node), facts, self.now_ms)

    def _lost(self, journal: Journal, before: int, count: int, reason: str) -> None:
        """State a loss that began after the record `before` came."""
        since_ms = received_at(self.conn, journal, before)
        from_ms = self.now_ms if since_ms is None else since_ms
        loss = Loss(journal.node, None, from_ms, self.now_ms, count, reason, self.now_ms)
        append_loss(self.conn, loss)

    def _fresh(self, read: Read) -> int:
        """The bits of the records that are new; the others are remembered to be compared."""
        fresh = unnumbered = 0
        for index, head in enumerate(read.heads.records):
            epoch, seq = split_position(head.position)
            journal, mark = self._mark(read, epoch)
            if seq == 0:
                unnumbered |= 1 << index
            elif mark.has(seq):
                self.again.append((read, index, journal, seq, head.crc))
            elif not mark.has_room(seq):
                self._scattered(read, journal, seq)
            else:
                mark.add(seq)
                fresh |= 1 << index
                if seq < mark.stated:
                    self.found.setdefault(journal, []).append(seq)
                self.positions[journal, seq] = Position(
                    *journal, seq, head.crc, head.mono, head.clock, read.message.received_ms
                )
        if unnumbered:
            self._aside(
                read, Trouble(POSITION, "a record has no number in its position"), unnumbered
            )
        return fresh

    def _scattered(self, read: Read, journal: Journal, seq: int) -> None:
        """Not taken and not acknowledged: an edge that has it sends it again when the gaps are closed."""
        self.receipt.refused += 1
        facts = {"epoch": journal.epoch, "seq": seq}
        raise_alarm(self.conn, SCATTERED, node_name(*read.node), facts, self.now_ms)

    def _aside(self, read: Read, trouble: Trouble, records: int) -> None:
        """These records of a message (a bit each), all with one copy of its bytes."""
        node = self.numbers[read.node], read.node
        put_aside(self.conn, read.message, trouble, node, bits(records))
        self.receipt.quarantined += 1

    def _compare(self) -> None:
        """A record that is stored already must be the one that is stored."""
        wanted: dict[Journal, set[int]] = {}
        for _, _, journal, seq, _ in self.again:
            if (journal, seq) not in self.positions:
                wanted.setdefault(journal, set()).add(seq)
        crcs = load_crcs(self.conn, wanted)
        crcs |= {key: row.crc for key, row in self.positions.items()}
        reused: dict[Read, tuple[Trouble, int]] = {}
        for read, index, journal, seq, crc in self.again:
            known = crcs.get((journal, seq), crc)
            if known == crc:
                self.receipt.duplicates += 1
                continue
            detail = f"record {seq} of journal {journal.epoch:08x} came with CRC {crc:08x}, "
            detail += f"{known:08x} is stored"
            trouble, records = reused.get(read, (Trouble(REUSED, detail), 0))
            reused[read] = trouble, records | 1 << index
            facts = {"epoch": journal.epoch, "seq": seq, "crc": crc, "stored_crc": known}
            raise_alarm(self.conn, CONFLICT, node_name(*read.node), facts, self.now_ms)
        for read, (trouble, records) in reused.items():
            self._aside(read, trouble, records)

    def store(self) -> None:
        """Write everything and count."""
        self._compare()
        for journal, seqs in self.found.items():
            self._lost(journal, min(seqs) - 1, len(seqs), FOUND)
        append_batch(self.conn, self.receipt.messages)
        append_positions(self.conn, self.first_id, list(self.positions.values()))
        save_watermarks(self.conn, self.changed, self.now_ms)
        for node, journal in self.journals.items():
            self.receipt.acks[node] = position(journal.epoch, self.marks[journal].seq)
