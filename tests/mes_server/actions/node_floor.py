"""A site with a CA, and boards that ask to be let in, for tests."""

import base64
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from firmware.onboard import keys
from mes_server.actions import enrol_node as enrol
from mes_server.actions.act_once import Ask, act_once
from mes_server.actions.answer_scan import Answer
from mes_server.actions.record_events import Act
from mes_server.actions.redeem_token import Gate, Issued, Shown, redeem
from mes_server.domain.identities import MINUTE_MS, Asked
from mes_server.domain.rules import Worker
from mes_server.pki.site import make_site

NOW_MS = 1_795_852_800_000  # 2026-11-28 08:00 UTC
LEE, WANG = "W0007", "W0042"
DAYS = 365


@dataclass
class Board:
    """A board on the bench: its key in a folder."""

    folder: Path
    serial: str
    group: str
    node: str

    @property
    def fingerprint(self) -> str:
        return keys.begin(str(self.folder), self.serial)[1]

    @property
    def asked(self) -> Asked:
        return Asked(self.serial, self.fingerprint, self.group, self.node)

    def csr(self, node: str = "") -> str:
        return base64.b64encode(keys.csr(str(self.folder), node or self.node)).decode()


@dataclass
class Site:
    """The MES with its CA; time stands still until a test moves it."""

    engine: Engine
    folder: Path
    now_ms: int = NOW_MS
    acts: int = 0
    hosts: list[str] = field(default_factory=lambda: ["localhost"])

    def __post_init__(self) -> None:
        make_site(self.pki, self.hosts, datetime.fromtimestamp(self.now_ms / 1000, UTC))

    @property
    def pki(self) -> Path:
        return self.folder / "pki"

    def board(self, node: str = "press-1", group: str = "forming", serial: str = "") -> Board:
        folder = self.folder / f"board-{len(list(self.folder.glob('board-*')))}"
        folder.mkdir()
        return Board(folder, serial or f"4f-{folder.name}", group, node)

    def _act(self, badge: str) -> Act:
        self.acts += 1
        return Act(f"act-{self.acts:08}", badge, "", self.now_ms, self.now_ms)

    def do(
        self, badge: str, what: str, acting: Any, about: str = "", reason: str = ""
    ) -> list[str]:
        """The rules that refuse it; none when it was done."""
        worker = Worker(badge, frozenset(("lead",)), {}, "")
        asked = Ask(what, (), about, reason)
        answer = act_once(
            self.engine, self._act(badge), asked, worker, lambda book, _: acting(book)
        )
        return rules(answer)

    def ask(self, board: Board, badge: str = LEE, **other: str) -> list[str]:
        asked = replace(board.asked, **other)
        return self.do(badge, "identity", lambda book: enrol.ask(book, asked), asked.fingerprint)

    def approve(self, board: Board, badge: str = WANG) -> list[str]:
        key = board.fingerprint
        return self.do(badge, "approve", lambda book: enrol.approve(book, key), key)

    def revoke(self, board: Board, why: str = "lost", badge: str = WANG) -> list[str]:
        key = board.fingerprint
        refused = self.do(
            badge, "revoke", lambda book: enrol.revoke(book, key, why, "seen no more"), key
        )
        enrol.write_revoked(self.engine, self.pki, self.now_ms)
        return refused

    def make_token(self, board: Board, badge: str = LEE, minutes: int = 15) -> enrol.MadeToken:
        worker = Worker(badge, frozenset(("lead",)), {}, "")
        wish = enrol.TokenWish(board.fingerprint, self.pki, minutes)
        return enrol.make_token(self.engine, self._act(badge), wish, worker)

    def token(self, board: Board) -> str:
        made = self.make_token(board)
        assert made.text, rules(made.answer)
        return made.text

    def redeem(self, token: str, board: Board, **other: str) -> Issued | list[str]:
        shown = Shown(token, board.serial, board.csr(), "10.0.0.9")
        done = redeem(Gate(self.engine, self.pki, DAYS), replace(shown, **other), self.now_ms)
        return done if isinstance(done, Issued) else [refusal.rule for refusal in done]

    def enrolled(self, node: str = "press-1", group: str = "forming") -> tuple[Board, Issued]:
        board = self.board(node, group)
        assert self.ask(board) == []
        assert self.approve(board) == []
        issued = self.redeem(self.token(board), board)
        assert isinstance(issued, Issued), issued
        return board, issued

    def wait(self, minutes: int) -> None:
        self.now_ms += minutes * MINUTE_MS


def rules(answer: Answer) -> list[str]:
    return [refusal.rule for refusal in answer.refusals]
