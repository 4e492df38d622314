"""Lets the demo's controllers in as boards are let in: asked for by one person, approved by another, by a token.

Only their keys are made here and not by themselves: they begin with the files of a board that was enrolled.
"""

import base64
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine

from mes_server.actions import enrol_node as enrol
from mes_server.actions.act_once import Ask, act_once
from mes_server.actions.record_events import Act, Book
from mes_server.actions.redeem_token import Gate, Issued, Shown, redeem
from mes_server.demo.people import hire
from mes_server.demo.simulation import load_stops
from mes_server.domain.identities import Asked
from mes_server.domain.rules import Refusal, Worker
from mes_server.pki.requests import new_request, read_request
from mes_server.pki.site import make_site
from mes_server.settings import Settings
from mes_server.store.engine import open_engine, reading
from mes_server.store.identities import of_node

ASKS, APPROVES = "L-201", "A-501"
DAYS = 365
MINUTES = 15
CA, CERTIFICATE, KEY = "ca.der", "cert.der", "key.der"  # as firmware/onboard/keys.py calls them
LOOPBACK = ("localhost", "127.0.0.1", "::1")


class NotLetIn(RuntimeError):
    """A controller of the demo was refused; the message names it and the rules."""


def make_site_once(settings: Settings) -> None:
    """The site's own CA, where there is none yet."""
    pki = settings.pki
    if pki is not None and not (pki / "site.crt").exists():
        own = () if settings.mqtt_host in ("0.0.0.0", "::") else (settings.mqtt_host,)  # noqa: S104
        hosts = list(dict.fromkeys((*LOOPBACK, *own)))
        make_site(pki, hosts, datetime.now(UTC))


def let_in(settings: Settings) -> int:
    """Enrol each controller that has no certificate yet; how many."""
    hire(settings)
    engine = open_engine(settings.url)
    try:
        nodes = dict.fromkeys((one.group, one.node) for one in load_stops())
        return sum(_let_in(settings, engine, node) for node in nodes)
    finally:
        engine.dispose()


def _let_in(settings: Settings, engine: Engine, node: tuple[str, str]) -> bool:
    folder = settings.data_dir / "demo" / node[1]
    with reading(engine) as conn:
        known = of_node(conn, *node)
    if known is not None and (folder / CERTIFICATE).exists():
        return False
    if known is not None:
        _act(engine, APPROVES, known.fingerprint, lambda book: enrol.revoke(book, known.fingerprint, "lost", "files of the demo"))  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    key, csr = new_request(node[1])
    asked = Asked(f"demo-{node[1]}", read_request(csr).fingerprint, *node)
    _act(engine, ASKS, asked.fingerprint, lambda book: enrol.ask(book, asked))
    _act(engine, APPROVES, asked.fingerprint, lambda book: enrol.approve(book, asked.fingerprint))
    issued = _redeem(settings, engine, asked, csr)
    _write(folder / KEY, key)
    _write(folder / CA, issued.chain[-1])
    _write(folder / CERTIFICATE, b"".join(issued.chain[:-1]))
    return True


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
    pki = settings.pki or settings.data_dir / "pki"
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


def _write(file: Path, data: bytes) -> None:
    new = file.with_suffix(".new")
    new.unlink(missing_ok=True)
    new.touch(mode=0o600)
    new.write_bytes(data)
    new.replace(file)
