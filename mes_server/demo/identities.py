"""Lets the demo's controllers in as boards are let in: asked for by one person, approved by another, by a token.

Only their keys are made here and not by themselves: they begin with the files of a board that was enrolled.
"""

import base64
import secrets
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Engine

from mes_server.actions import enrol_node as enrol
from mes_server.actions.act_once import Ask, act_once
from mes_server.actions.record_events import Act, Book
from mes_server.actions.redeem_token import Gate, Issued, Shown, redeem
from mes_server.demo.people import hire
from mes_server.demo.simulation import load_stops
from mes_server.domain.identities import ENROLLED, GONE, Asked
from mes_server.domain.rules import Refusal, Worker
from mes_server.files import replace_file
from mes_server.pki.requests import new_request, read_request
from mes_server.pki.site import load_site
from mes_server.settings import Settings
from mes_server.store.engine import open_engine, reading
from mes_server.store.identities import related

ASKS, APPROVES = "L-201", "A-501"
DAYS = 365
MINUTES = 15
CA, CERTIFICATE, KEY = "ca.der", "cert.der", "key.der"  # as firmware/onboard/keys.py calls them


class NotLetIn(RuntimeError):
    """A controller of the demo was refused; the message names it and the rules."""


def let_in(settings: Settings, seed: int) -> int:
    """Enrol each controller that has no certificate yet; how many. `seed`: of the plant; it is in their serials."""
    hire(settings)
    engine = open_engine(settings.url)
    try:
        nodes = dict.fromkeys((one.group, one.node) for one in load_stops())
        return sum(_let_in(settings, engine, node, f"demo-{seed}-{node[1]}") for node in nodes)
    finally:
        engine.dispose()


def _let_in(settings: Settings, engine: Engine, node: tuple[str, str], serial: str) -> bool:
    folder = settings.data_dir / "demo" / node[1]
    with reading(engine) as conn:
        known = [one for one in related(conn, "", node[1]) if one.state != GONE]
    if any(one.state == ENROLLED for one in known) and _has_files(settings, folder):
        return False
    for one in known:  # a start that was broken off, or files that were deleted
        revoke(engine, one.fingerprint)
    folder.mkdir(parents=True, exist_ok=True)
    key, csr = new_request(node[1])
    asked = Asked(serial, read_request(csr).fingerprint, *node)
    _act(engine, ASKS, asked.fingerprint, lambda book: enrol.ask(book, asked))
    _act(engine, APPROVES, asked.fingerprint, lambda book: enrol.approve(book, asked.fingerprint))
    issued = _redeem(settings, engine, asked, csr)
    replace_file(folder / KEY, key)
    replace_file(folder / CA, issued.chain[-1])
    replace_file(folder / CERTIFICATE, b"".join(issued.chain[:-1]))
    return True


def _has_files(settings: Settings, folder: Path) -> bool:
    """Whether a controller has what it needs, of the CA that there is."""
    root = load_site(settings.ca).chain[-1]
    there = all((folder / name).exists() for name in (CA, CERTIFICATE, KEY))
    return there and (folder / CA).read_bytes() == root


def revoke(engine: Engine, key: str) -> None:
    """A controller's key is not trusted any more."""
    _act(engine, APPROVES, key, lambda book: enrol.revoke(book, key, "lost", "of the demo"))


def _act(engine: Engine, badge: str, about: str, acting: Callable[[Book], list[Refusal]]) -> None:
    """Raises NotLetIn: it was refused."""
    worker = Worker(badge, frozenset(("lead", "admin")), {}, "")
    ask = Ask("identity", (), about, "demo")
    answer = act_once(engine, _now(badge), ask, worker, lambda book, _: acting(book))
    if answer.refusals:
        raise NotLetIn(
            f"{about[:16]} was refused: {', '.join(one.rule for one in answer.refusals)}"
        )


def _redeem(settings: Settings, engine: Engine, asked: Asked, csr: bytes) -> Issued:
    pki = settings.ca
    worker = Worker(APPROVES, frozenset(("lead", "admin")), {}, "")
    wish = enrol.TokenWish(asked.fingerprint, pki, MINUTES)
    token = enrol.make_token(engine, _now(APPROVES), wish, worker).text
    shown = Shown(token, asked.serial, base64.b64encode(csr).decode(), "127.0.0.1")
    issued = redeem(Gate(engine, pki, DAYS), shown, _now("").now_ms)
    if not isinstance(issued, Issued):
        raise NotLetIn(f"{asked.node} got no certificate: {', '.join(one.rule for one in issued)}")
    return issued


def _now(badge: str) -> Act:
    now_ms = time.time_ns() // 1_000_000
    return Act(secrets.token_hex(8), badge, "", now_ms, now_ms)
