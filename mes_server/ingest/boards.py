"""Tells boards what they are offered and answers what they ask for, between two turns of storing.

Never before what they said is committed and folded, one node at a time, and not while messages wait: what is
stored and acknowledged comes first. What gets lost is asked for again by the board, or repeated here.
"""

import base64
import binascii
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from mes_server.actions.answer_boards import blocks_for
from mes_server.actions.read_water import dated_row
from mes_server.actions.roll_out import watch_roll_outs
from mes_server.actions.watch_boards import watch_certificates
from mes_server.domain.boards import NOTHING, BoardAsks
from mes_server.domain.nodes import NodeId
from mes_server.ingest.commands import Publish
from mes_server.store.engine import reading
from mes_server.store.faults import StoreFault
from mes_server.store.firmware import list_offers, list_withdrawn
from schemas.journal_metrics import CERTIFICATE, UPDATE_BLOCK, UPDATE_OFFER
from schemas.sparkplug import Payload, encode_payload, metric
from schemas.topics import topic

LOOK_MS = 5_000  # so often it is looked up what is offered to whom
CERTIFICATES_MS = 60_000
EVERY_MS = 10  # no two answers are closer together
EACH_MS = 50  # nor to one node
CSR_MS = 60_000  # a certificate is told again as long as it is asked for; none is made more often
NO_MS = 3_600_000  # who got none is looked at again then: the authority may have been away
MINUTE_MS = 60_000
_log = logging.getLogger(__name__)

# Node, request in DER, Unix ms → the certificates in DER, the node's first; None: it gets none.
Renew = Callable[[NodeId, bytes, int], list[bytes] | None]


@dataclass(slots=True)
class _Renewal:
    """What a node asked for, and what it got."""

    csr: str
    due_ms: int
    der: bytes | None = None


class Boards:
    """All times but those on the wire never jump (`tick_ms`)."""

    def __init__(
        self, engine: Engine, data_dir: Path, publish: Publish, renew: Renew | None = None
    ) -> None:
        self._engine = engine
        self._data_dir = data_dir
        self._publish = publish
        self._renew = renew
        self._wants: dict[NodeId, str] = {}
        self._answered: dict[NodeId, int] = {}
        self._renewals: dict[NodeId, _Renewal] = {}
        self._renewed: dict[NodeId, int] = {}  # when a node was last given a certificate, or none
        self._offers: dict[str, str] = {}  # by node; "": no more what it was offered before
        self._told: dict[str, int] = {}  # when a node was told its offer
        self._look_ms = self._certificates_ms = self._answer_ms = 0
        self._fault = ""

    def asked(self, asks: Mapping[NodeId, BoardAsks], tick_ms: int) -> None:
        """What boards want now; it is folded and committed."""
        for node, said in asks.items():
            known = self._renewals.get(node)
            before = BoardAsks(known.csr if known else "", self._wants.get(node, ""))
            now = said.after(before if before != NOTHING else BoardAsks("", ""))
            self._keep(self._wants, node, now.want)
            if not now.csr:
                self._renewals.pop(node, None)
            elif known is None or known.csr != now.csr:
                due_ms = max(tick_ms, self._renewed.get(node, tick_ms - CSR_MS) + CSR_MS)
                self._renewals[node] = _Renewal(now.csr, due_ms)

    @staticmethod
    def _keep(wants: dict[NodeId, str], node: NodeId, want: str | None) -> None:
        if want:
            wants[node] = want
        else:
            wants.pop(node, None)

    def born(self, node: NodeId) -> None:
        """A birth is answered with what is offered."""
        self._told.pop("/".join(node), None)

    def flush(self, tick_ms: int, now_ms: int) -> None:
        """Say what is due: an answer to one node at most. A fault of the store or of a file is logged, once each."""
        if tick_ms < self._answer_ms:
            return
        try:
            if tick_ms >= self._look_ms:
                self._look_ms = tick_ms + LOOK_MS
                self._look(tick_ms, now_ms)
            self._offer(tick_ms, now_ms)
            if self._answer_csr(tick_ms, now_ms) or self._answer_want(tick_ms, now_ms):
                self._answer_ms = tick_ms + EVERY_MS
        except (StoreFault, OSError) as fault:
            self._answer_ms = tick_ms + LOOK_MS
            if str(fault) != self._fault:
                _log.warning("boards are not answered now: %s", fault)
            self._fault = str(fault)

    def _look(self, tick_ms: int, now_ms: int) -> None:
        """What is offered to whom, and what follows from how boards stand."""
        if tick_ms >= self._certificates_ms:
            self._certificates_ms = tick_ms + CERTIFICATES_MS
            watch_certificates(self._engine, now_ms)
        before = self._offers
        if before:
            watch_roll_outs(self._engine, now_ms)
        with reading(self._engine) as conn:
            offers = dict.fromkeys(list_withdrawn(conn), "")
            offers |= {node: release.offer for node, release in list_offers(conn).items()}
        for node in [n for n in self._told if offers.get(n) != before.get(n)]:
            del self._told[node]
        self._offers = offers
        every_ms = dated_row("boards", now_ms)["offer_minutes"] * MINUTE_MS
        for node in [n for n, at_ms in self._told.items() if tick_ms - at_ms >= every_ms]:
            if offers.get(node):
                del self._told[node]

    def _offer(self, tick_ms: int, now_ms: int) -> None:
        for node, offer in self._offers.items():
            told = node in self._told
            if not told and self._say(_split(node), UPDATE_OFFER, "string", offer, now_ms):
                self._told[node] = tick_ms

    def _answer_want(self, tick_ms: int, now_ms: int) -> bool:
        """Give blocks to the first node in the row that may have some again."""
        ready = (n for n in self._wants if tick_ms - self._answered.get(n, -EACH_MS) >= EACH_MS)
        node = next(ready, None)
        if node is None:
            return False
        want = self._wants.pop(node)
        self._answered[node] = tick_ms
        with reading(self._engine) as conn:
            blocks = blocks_for(conn, self._data_dir, node, want)
        for block in blocks or ():
            self._say(node, UPDATE_BLOCK, "bytes", block, now_ms)
        return True

    def _answer_csr(self, tick_ms: int, now_ms: int) -> bool:
        due = (n for n, one in self._renewals.items() if one.due_ms <= tick_ms)
        node = next(due, None)
        if node is None or self._renew is None:
            return False
        asked = self._renewals[node]
        self._renewed[node] = tick_ms
        asked.due_ms = tick_ms + CSR_MS
        if asked.der is None:
            made = self._renew(node, _der(asked.csr), now_ms)
            if made is None:
                name = "/".join(node)
                _log.warning("%s gets no certificate: not enrolled, its own ended, another key, or no authority here", name)  # fmt: skip
                asked.due_ms = tick_ms + NO_MS
                return True
            asked.der = b"".join(made)
        self._say(node, CERTIFICATE, "bytes", asked.der, now_ms)
        return True

    def _say(self, node: NodeId, name: str, datatype: str, value: str | bytes, now_ms: int) -> bool:
        """One command in a message of its own: a small board takes no larger one."""
        told = metric(name, datatype, value, now_ms)
        return self._publish(
            [(topic(node[0], "NCMD", node[1]), encode_payload(Payload(now_ms, [told], None)))]
        )


def _split(node: str) -> NodeId:
    group, _, name = node.partition("/")
    return group, name


def _der(text: str) -> bytes:
    """What a node wrote as base64; nothing when it is none."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
