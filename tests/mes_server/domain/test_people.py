"""Roles and what they allow, easy PINs, how often one may try, when a session is over."""

import pytest

from mes_server.domain.cards import BADGE, STATION, card_code
from mes_server.domain.people import (
    BEFORE_ANYBODY,
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    PERMISSIONS,
    ROLES,
    Person,
    Session,
    Token,
    fingerprint,
    locked_until,
    permissions_of,
    pin_fault,
    read_badge,
)

T0 = 1_795_430_000_000


def test_every_permission_is_somebodys_and_everybody_may_read() -> None:
    for name, allowed in PERMISSIONS.items():
        assert allowed, name
        assert allowed <= set(ROLES), name
    assert all({"read", "own"} <= permissions_of([role]) for role in ROLES)
    assert set(PERMISSIONS) >= BEFORE_ANYBODY


def test_an_auditor_changes_nothing() -> None:
    papers = {"paper"}  # a numbered copy of what is recorded anyway
    assert permissions_of(["auditor"]) - papers == {"own", "read", "ledger", "roster"}


def test_roles_add_up_and_who_left_may_do_nothing() -> None:
    both = Person("P-1", "Li", "", frozenset(("operator", "quality")), {})
    assert both.permissions == permissions_of(["operator"]) | permissions_of(["quality"])
    gone = Person("P-1", "Li", "", both.roles, {}, disabled_ms=T0)
    assert gone.permissions == frozenset()


def test_who_works_at_a_desk() -> None:
    def desk(*roles: str) -> bool:
        return Person("P-1", "Li", "", frozenset(roles), {}).works_at_a_desk

    assert [role for role in ROLES if desk(role)] == ["quality", "environment", "admin", "auditor"]
    assert desk("operator", "quality")


@pytest.mark.parametrize(
    ("text", "badge"),
    [(" e-1042\n", "E-1042"), ("W7A", "W7A"), ("", None), ("-12", None), ("A'B", None),
     ("E 1042", None), ("X" * 25, None), ("１２３４", None), ("a\0b1", None)],
)  # fmt: skip
def test_a_badge_is_capitals_digits_and_hyphens(text: str, badge: str | None) -> None:
    assert read_badge(text) == badge


@pytest.mark.parametrize(
    "pin", ["", "12345", "1234567", "12345a", "１２３４５６", "480 61", "48026\n1"]
)
def test_a_pin_is_six_digits(pin: str) -> None:
    assert pin_fault(pin, "E-1") == "pin_is_six_digits"


@pytest.mark.parametrize(
    "pin", ["000000", "123456", "654321", "890123", "121212", "407407", "104277"]
)
def test_what_everybody_tries_first_is_no_pin(pin: str) -> None:
    assert pin_fault(pin, "E-104277") == "pin_is_not_easy"
    assert pin_fault("480261", "E-104277") is None


def test_the_fifth_wrong_pin_locks_a_badge_for_a_quarter_of_an_hour() -> None:
    tries = [T0 + s * 1000 for s in range(5)]
    now = tries[-1] + 1000
    assert locked_until({"badge": tries[:4]}, now) is None
    until = locked_until({"badge": tries}, now)
    assert until == T0 + 15 * MINUTE_MS
    assert locked_until({"badge": tries}, until) is None


def test_twenty_a_day_lock_a_badge_and_twenty_an_hour_an_address() -> None:
    slowly = [T0 + n * HOUR_MS for n in range(20)]
    assert locked_until({"badge": slowly}, slowly[-1] + 1) == T0 + DAY_MS
    spray = [T0 + n * 60_000 for n in range(20)]
    assert locked_until({"address": spray}, spray[-1] + 1) == T0 + HOUR_MS
    assert locked_until({"address": spray[1:]}, spray[-1] + 1) is None
    assert locked_until({}, T0) is None


def test_a_session_is_over_when_idle_at_its_end_or_when_it_is_ended() -> None:
    session = Session(1, "P-1", "", "", T0, T0, 120_000, T0 + HOUR_MS)
    assert session.is_open(T0 + 119_999)
    assert not session.is_open(T0 + 120_000)
    seen = Session(1, "P-1", "", "", T0, T0 + HOUR_MS, 120_000, T0 + HOUR_MS)
    assert not seen.is_open(T0 + HOUR_MS)
    ended = Session(1, "P-1", "", "", T0, T0, 120_000, T0 + HOUR_MS, ended_ms=T0 + 1)
    assert not ended.is_open(T0 + 2)


def test_a_token_is_good_until_its_day_or_until_it_is_revoked() -> None:
    token = Token(1, "P-1", "scada", frozenset(("read",)), T0, T0 + DAY_MS)
    assert token.is_good(T0 + DAY_MS - 1)
    assert not token.is_good(T0 + DAY_MS)
    assert not Token(1, "P-1", "x", frozenset(), T0, T0 + DAY_MS, T0 + 1).is_good(T0 + 2)


def test_a_fingerprint_is_sha_256() -> None:
    known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert fingerprint("abc") == known


def test_the_code_of_a_card_names_its_badge_and_a_misread_one_names_nobody() -> None:
    code = card_code(BADGE, "W-101")
    assert read_badge(f" {code.lower()}\r") == "W-101"
    assert read_badge(code[:-1] + ("A" if code[-1] != "A" else "B")) is None
    assert read_badge(card_code(STATION, "W-101")) is None
    assert read_badge("DO-CANCEL") is None
