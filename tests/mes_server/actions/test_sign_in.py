"""Signing in: sessions, wrong PINs that are counted whoever asks, nothing that tells badges apart."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine

from mes_server.actions import try_pin as door
from mes_server.actions.manage_people import disable, set_pin
from mes_server.actions.record_person import act_of
from mes_server.actions.sign_in import WRONG, Attempt, Gate, SignedIn, note_deed, sign_in
from mes_server.actions.try_pin import LOCKED
from mes_server.domain.people import DAY_MS, HOUR_MS, MINUTE_MS, fingerprint
from mes_server.domain.rules import Refusal
from mes_server.store.engine import open_engine, reading
from mes_server.store.ledger import iter_events
from mes_server.store.pins import PepperMissing, pepper_file
from mes_server.store.sign_ins import find_session
from mes_server.store.tables import run
from tests.mes_server.people_help import BY, NOW_MS, PIN, give_pin, hire

BAD = "735102"
HERE = "10.0.0.7"


@pytest.fixture
def gate(engine: Engine, tmp_path: Path) -> Gate:
    """Wang, an operator, and Lin of the quality office have PINs; Zhao has none."""
    for badge, role in (("W-1", "operator"), ("Q-1", "quality"), ("Z-1", "operator")):
        hire(engine, badge, [role])
    for badge in ("W-1", "Q-1"):
        give_pin(engine, tmp_path, badge)
    return Gate(engine, tmp_path, 2 * MINUTE_MS, 15 * MINUTE_MS)


def try_pin(gate: Gate, badge: str, pin: str, now_ms: int = NOW_MS, address: str = HERE) -> str:
    """The rule that refused, or "in"."""
    answer = sign_in(gate, Attempt(badge, pin, address), now_ms)
    return answer.rule if isinstance(answer, Refusal) else "in"


def kinds(engine: Engine) -> list[str]:
    with reading(engine) as conn:
        return [event.kind for event in iter_events(conn)]


def test_badge_and_pin_begin_a_session_that_only_the_browser_can_name(gate: Gate) -> None:
    answer = sign_in(gate, Attempt(" w-1\r", PIN, HERE, "sinter-1"), NOW_MS)
    assert isinstance(answer, SignedIn)
    assert (answer.person.badge, answer.session.station) == ("W-1", "sinter-1")
    with reading(gate.engine) as conn:
        assert find_session(conn, fingerprint(answer.secret)) == answer.session
        assert answer.secret not in str(run(conn, "SELECT * FROM session").all())
        begun = list(iter_events(conn))[-1]
    assert (begun.kind, begun.place, begun.person) == ("session_begun", "sinter-1", "W-1")
    assert len(answer.secret) >= 43


def test_a_station_locks_sooner_than_a_desk(gate: Gate) -> None:
    cases = [("W-1", "", 2), ("Q-1", "", 15), ("Q-1", "sinter-1", 2)]
    for badge, station, minutes in cases:
        answer = sign_in(gate, Attempt(badge, PIN, HERE, station), NOW_MS)
        assert isinstance(answer, SignedIn)
        assert answer.session.idle_ms == minutes * MINUTE_MS


def test_what_is_done_keeps_a_session_open_until_the_shift_is_over(gate: Gate) -> None:
    answer = sign_in(gate, Attempt("W-1", PIN, HERE), NOW_MS)
    assert isinstance(answer, SignedIn)
    now = NOW_MS
    while now < NOW_MS + 13 * HOUR_MS:
        now += MINUTE_MS
        note_deed(gate.engine, answer.session, now)
    with reading(gate.engine) as conn:
        session = find_session(conn, fingerprint(answer.secret))
    assert session is not None
    assert session.is_open(NOW_MS + 12 * HOUR_MS - 1) is True
    assert session.is_open(NOW_MS + 12 * HOUR_MS) is False


@pytest.mark.parametrize("badge", ["W-1", "Z-1", "X-9", "<script>", "", "W-1' OR '1'='1"])
def test_whoever_is_wrong_hears_the_same_and_is_locked_alike(gate: Gate, badge: str) -> None:
    told = [try_pin(gate, badge, BAD, NOW_MS + n) for n in range(7)]
    assert told == [WRONG] * 5 + [LOCKED] * 2
    assert kinds(gate.engine)[-1] == "pin_locked"


def test_an_unknown_badge_costs_the_same_hash(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[str, bool]] = []
    real = door.pin_fits

    def noted(pin: str, kept: str | None, pepper: bytes) -> bool:
        compared.append((pin, kept is None))
        return real(pin, kept, pepper)

    monkeypatch.setattr(door, "pin_fits", noted)
    for badge in ("W-1", "Z-1", "X-9", "<>"):
        try_pin(gate, badge, BAD)
    assert compared == [(BAD, False), (BAD, True), (BAD, True), (BAD, True)]


def test_even_the_right_pin_waits_until_the_lock_is_over_and_then_wipes_it(gate: Gate) -> None:
    for n in range(5):
        try_pin(gate, "W-1", BAD, NOW_MS + n)
    refused = sign_in(gate, Attempt("W-1", PIN, HERE), NOW_MS + 5)
    assert refused == Refusal(LOCKED, {"until_ms": str(NOW_MS + 15 * MINUTE_MS)})
    assert try_pin(gate, "Q-1", PIN, NOW_MS + 5) == "in"  # another badge from there is not locked
    later = NOW_MS + 15 * MINUTE_MS + 5
    assert try_pin(gate, "W-1", PIN, later) == "in"
    assert [try_pin(gate, "W-1", BAD, later + n) for n in range(5)] == [WRONG] * 5


def test_a_right_pin_does_not_wash_an_address_clean(gate: Gate) -> None:
    """Who holds a good badge may not use it to try those of others for ever."""
    told = []
    for n in range(24):
        told.append(try_pin(gate, f"X-{n:02d}", BAD, NOW_MS + 2 * n))
        if n < 19:
            assert try_pin(gate, "W-1", PIN, NOW_MS + 2 * n + 1) == "in"
    assert told == [WRONG] * 20 + [LOCKED] * 4
    assert try_pin(gate, "W-1", PIN, NOW_MS + 60, "10.0.0.8") == "in"


def test_a_restart_forgets_no_try(gate: Gate) -> None:
    for n in range(4):
        try_pin(gate, "W-1", BAD, NOW_MS + n)
    url = gate.engine.url.render_as_string(hide_password=False)
    gate.engine.dispose()
    again = replace(gate, engine=open_engine(url))
    assert [try_pin(again, "W-1", BAD, NOW_MS + 5 + n) for n in range(2)] == [WRONG, LOCKED]
    again.engine.dispose()


def test_many_tries_at_once_are_not_more_than_are_allowed(gate: Gate) -> None:
    with ThreadPoolExecutor(12) as pool:
        told = list(pool.map(lambda n: try_pin(gate, "W-1", BAD, NOW_MS, f"10.0.1.{n}"), range(24)))
    assert sorted(told) == sorted([WRONG] * 5 + [LOCKED] * 19)


def test_a_new_pin_opens_a_locked_badge(gate: Gate) -> None:
    for n in range(6):
        try_pin(gate, "W-1", BAD, NOW_MS + n)
    set_pin(gate.engine, act_of(BY, NOW_MS + 7), "W-1", "592604", gate.data_dir)
    assert try_pin(gate, "W-1", PIN, NOW_MS + 8) == WRONG
    assert try_pin(gate, "W-1", "592604", NOW_MS + 9) == "in"


def test_tries_are_thrown_away_when_they_no_longer_count(gate: Gate) -> None:
    try_pin(gate, "W-1", BAD)
    try_pin(gate, "Q-1", PIN, NOW_MS + DAY_MS)
    with reading(gate.engine) as conn:
        assert run(conn, "SELECT count(*) FROM pin_try").scalar_one() == 0


def test_another_badge_at_the_screen_ends_the_session_before(gate: Gate) -> None:
    first = sign_in(gate, Attempt("W-1", PIN, HERE, "sinter-1"), NOW_MS)
    assert isinstance(first, SignedIn)
    wrong = sign_in(gate, Attempt("Q-1", BAD, HERE, "sinter-1", first.secret), NOW_MS + 1)
    assert isinstance(wrong, Refusal)
    second = sign_in(gate, Attempt("Q-1", PIN, HERE, "sinter-1", first.secret), NOW_MS + 2)
    assert isinstance(second, SignedIn)
    with reading(gate.engine) as conn:
        before = find_session(conn, fingerprint(first.secret))
        told = [(e.kind, e.reason, e.person) for e in iter_events(conn)][-2:]
    assert before is not None
    assert (before.ended_ms, before.ended_by) == (NOW_MS + 2, "Q-1")
    assert told == [("session_ended", "badge_swapped", "Q-1"), ("session_begun", "", "Q-1")]


def test_who_left_cannot_sign_in(gate: Gate) -> None:
    disable(gate.engine, act_of(BY, NOW_MS), "W-1", "left")
    assert try_pin(gate, "W-1", PIN) == WRONG


def test_who_is_disabled_while_the_hash_is_computed_is_not_let_in(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = door.pin_fits

    def meanwhile(pin: str, kept: str | None, pepper: bytes) -> bool:
        disable(gate.engine, act_of(BY, NOW_MS), "W-1", "left")
        return real(pin, kept, pepper)

    monkeypatch.setattr(door, "pin_fits", meanwhile)
    assert try_pin(gate, "W-1", PIN) == WRONG


def test_without_the_pepper_nobody_is_let_in_and_no_try_is_counted(gate: Gate) -> None:
    pepper_file(gate.data_dir).unlink()
    with pytest.raises(PepperMissing):
        try_pin(gate, "W-1", PIN)
    with reading(gate.engine) as conn:
        assert run(conn, "SELECT count(*) FROM pin_try").scalar_one() == 0
