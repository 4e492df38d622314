"""The people of a demo plant: made with random PINs at its first start, the same at the next ones.

Where a real person was added, nothing is made: a demo must not open a plant's own store.
"""

import json
import secrets
import time
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Engine

from mes_server.actions import manage_people
from mes_server.actions.make_token import SCOPES, Made, Wish, make_token
from mes_server.actions.manage_people import Newcomer
from mes_server.actions.record_person import act_of
from mes_server.actions.upgrade_store import upgrade_store
from mes_server.domain.people import DAY_MS, TOKEN_DAYS_MAX, fingerprint, pin_fault
from mes_server.settings import Settings
from mes_server.store.engine import open_engine, reading
from mes_server.store.people import list_people
from mes_server.store.sign_ins import find_token
from schemas.station_types import load_station_types

PEOPLE = (
    Newcomer("W-101", "王芳", ("operator",), "zh"),
    Newcomer("W-102", "Jonas Weber", ("operator",), "en"),
    Newcomer("L-201", "刘强", ("lead",), "zh"),
    Newcomer("Q-301", "陈静", ("quality",), "zh"),
    Newcomer("E-401", "Maria Silva", ("environment",), "en"),
    Newcomer("A-501", "孙磊", ("admin",), ""),
    Newcomer("X-601", "Anna Keller", ("auditor",), "en"),
)
# Has no PIN: only the token acts for it.
SCRIPT = Newcomer(
    "D-001", "Demo script 演示脚本", ("operator", "lead", "quality", "environment", "admin")
)
BY = "console:demo"
RENEW_MS = 30 * DAY_MS
_NOBODY: dict[str, Any] = {"token": None, "people": []}


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def hire(settings: Settings, since_ms: int | None = None) -> dict[str, Any]:
    """`token` and `people` for demo.json: those it has already, as long as they are good.

    `since_ms`: when they are said to have been added, for a history; None: now.
    """
    upgrade_store(settings.url)
    engine = open_engine(settings.url)
    try:
        with reading(engine) as conn:
            badges = {person.badge for person in list_people(conn, 100_000)}
        kept = _kept(engine, settings, badges)
        if kept is not None:
            return kept
        if badges - {newcomer.badge for newcomer in (*PEOPLE, SCRIPT)}:
            return dict(_NOBODY)
        for newcomer in (SCRIPT, *PEOPLE):
            if newcomer.badge not in badges:
                manage_people.add_person(engine, act_of(BY, since_ms or _now_ms()), newcomer)
        return {
            "token": _token(engine),
            "people": [_person(engine, settings, one, since_ms or _now_ms()) for one in PEOPLE],
        }
    finally:
        engine.dispose()


def _kept(engine: Engine, settings: Settings, badges: set[str]) -> dict[str, Any] | None:
    try:
        told = json.loads((settings.data_dir / "demo.json").read_text(encoding="utf-8"))
        token, people = told["token"], told["people"]
        named = {person["badge"] for person in people}
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if not token or not named or named - badges:
        return None
    with reading(engine) as conn:
        found = find_token(conn, fingerprint(token))
    if found is None or not found.is_good(_now_ms() + RENEW_MS):
        return None
    return {"token": token, "people": people}


def _token(engine: Engine) -> str:
    wish = Wish(SCRIPT.badge, "demo.json", SCOPES, TOKEN_DAYS_MAX)
    made = make_token(engine, act_of(BY, _now_ms()), wish)
    if not isinstance(made, Made):
        raise RuntimeError(f"the demo's token was refused: {made}")
    return made.secret


def _pin(badge: str) -> str:
    while True:
        pin = f"{secrets.randbelow(1_000_000):06d}"
        if pin_fault(pin, badge) is None:
            return pin


def _person(
    engine: Engine, settings: Settings, newcomer: Newcomer, since_ms: int
) -> Mapping[str, Any]:
    badge, pin, now = newcomer.badge, _pin(newcomer.badge), _now_ms()
    manage_people.set_pin(engine, act_of(BY, now), badge, pin, settings.data_dir)
    if {"operator", "lead"} & set(newcomer.roles):
        for operation in sorted({kind.operation for kind in load_station_types().values()}):
            act = act_of(BY, since_ms)
            manage_people.qualify(engine, act, badge, operation, now + TOKEN_DAYS_MAX * DAY_MS)
    return {"name": newcomer.name, "badge": badge, "pin": pin, "roles": list(newcomer.roles)}
