"""A certificate is renewed by the wire alone: a board asks in its data, is answered by a command, and believes it."""

import base64
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from edge_agent.commands import read_commands
from firmware.onboard import keys
from firmware.onboard.renewal import Renewal
from mes_server.actions.renew_certificate import renew
from mes_server.domain.boards import BoardAsks
from mes_server.domain.identities import DAY_MS
from mes_server.ingest.boards import CSR_MS, Boards
from mes_server.store.engine import reading
from mes_server.store.identities import load_identity
from schemas.journal_metrics import CERT_UNTIL, CSR
from schemas.node_card import read_token
from tests.mes_server.actions.node_floor import DAYS, Board, Site

NODE = ("forming", "press-1")


class Wire:
    """A board that was let in and the ingest that answers it, on one clock."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.site = Site(engine, folder)
        self.board = self._let_in()
        self.said: list[bytes] = []
        self.told: list[str] = []
        self.device = Renewal(
            str(self.board.folder), "press-1", lambda: self.site.now_ms, lambda: 0, self.told.append
        )

        def renewing(node: tuple[str, str], csr: bytes, now_ms: int) -> list[bytes] | None:
            return renew(engine, self.site.pki, node, csr, now_ms)

        self.ingest = Boards(engine, folder, self._publish, renewing)

    def _let_in(self) -> Board:
        board = self.site.board()
        assert self.site.ask(board) == []
        assert self.site.approve(board) == []
        token = self.site.token(board)
        issued, said = self.site.redeem(token, board), read_token(token)
        assert not isinstance(issued, list)
        assert said is not None
        keys.finish(str(board.folder), list(issued.chain), "press-1", said.pin)
        return board

    def _publish(self, messages: list[tuple[str, bytes]]) -> bool:
        assert [topic for topic, _ in messages] == ["spBv1.0/forming/NCMD/press-1"]
        self.said += [payload for _, payload in messages]
        return True

    def fact(self, wanted: str) -> Any:
        return next(value for name, _, value in self.device.facts() if name == wanted)

    def answered(self) -> bool:
        """Whether the board hears something to what it asks for now."""
        self.ingest.asked({NODE: BoardAsks(self.fact(CSR), None)}, 0)
        for tick_ms in range(10_000, 10_000 + CSR_MS, 1_000):
            self.ingest.flush(tick_ms, self.site.now_ms)
        heard, self.said = self.said, []
        for payload in heard:
            for name, value in read_commands(payload).board:
                assert self.device.heard(name, value)
        return bool(heard)


@pytest.fixture
def wire(sqlite_engine: Engine, tmp_path: Path) -> Wire:
    return Wire(sqlite_engine, tmp_path)


def test_a_board_renews_its_certificate_without_anybody(wire: Wire) -> None:
    before = wire.fact(CERT_UNTIL)
    assert not wire.answered()
    wire.site.now_ms += round(DAYS * 0.7 * DAY_MS)
    assert base64.b64decode(wire.fact(CSR)) == base64.b64decode(wire.board.csr())
    assert wire.answered()
    assert "renewed" in wire.told[-1]
    shown = wire.device.chain()
    wire.device.saved()
    assert (wire.board.folder / keys.CERTIFICATE).read_bytes() == shown
    assert wire.fact(CERT_UNTIL) > before
    assert wire.fact(CSR) == ""
    assert not wire.answered()
    with reading(wire.site.engine) as conn:
        one = load_identity(conn, wire.board.fingerprint)
    assert one is not None
    assert one.certificate is not None
    assert one.certificate.until_ms == wire.fact(CERT_UNTIL) * 1000


def test_a_revoked_board_hears_nothing(wire: Wire) -> None:
    wire.site.now_ms += round(DAYS * 0.7 * DAY_MS)
    wire.site.revoke(wire.board)
    assert not wire.answered()
    assert wire.device.chain() == (wire.board.folder / keys.CERTIFICATE).read_bytes()
