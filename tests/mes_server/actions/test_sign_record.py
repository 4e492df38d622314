"""Signatures: badge and PIN at the moment of signing, bound to what was signed, void when it changes."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from mes_server.actions import try_pin
from mes_server.actions.digests import DIGESTS, digest_of
from mes_server.actions.record_events import rebuild_lots
from mes_server.actions.release_document import release_document, withdraw_document
from mes_server.actions.sign_in import Gate
from mes_server.actions.sign_record import Signing, check_signing, may_sign
from mes_server.actions.try_pin import LOCKED
from mes_server.domain.attempts import Refusal
from mes_server.domain.people import PIN_LOCKED, Person
from mes_server.domain.seal import first_break
from mes_server.domain.signatures import digest, second_person, standing
from mes_server.store.engine import reading
from mes_server.store.ledger import iter_events
from mes_server.store.pins import pin_fits
from mes_server.store.signatures import list_signatures, signatures_of
from tests.mes_server.actions.lot_floor import Floor
from tests.mes_server.domain.plan_making import plan
from tests.mes_server.people_help import NOW_MS, PIN, give_pin, hire

WRONG = "735102"
ABOUT = "plan:CP-1/A"


@pytest.fixture
def gate(engine: Engine, tmp_path: Path) -> Gate:
    for badge, role in (("W-1", "operator"), ("Q-1", "quality"), ("Q-2", "quality")):
        hire(engine, badge, [role])
        give_pin(engine, tmp_path, badge)
    return Gate(engine, tmp_path, 0, 0)


def shown(
    gate: Gate, badge: str = "Q-1", pin: str = PIN, meaning: str = "released"
) -> Person | Refusal:
    return check_signing(gate, Signing(badge, pin, meaning, "10.0.0.7"), NOW_MS)


def rule(answer: Person | Refusal) -> str:
    return answer.rule if isinstance(answer, Refusal) else "signed"


def test_a_released_plan_is_signed_and_the_signature_falls_with_it(gate: Gate) -> None:
    floor = Floor(gate.engine, NOW_MS)
    signer = shown(gate)
    assert floor.act(release_document, "plan", plan(), signer) == []
    with reading(gate.engine) as conn:
        (one,) = list_signatures(conn, ABOUT)
        now = digest_of(conn, ABOUT)
    assert (one.badge, one.meaning, one.stands(now)) == ("Q-1", "released", True)
    floor.act(withdraw_document, "plan", "CP-1", "A", "wrong limit")
    with reading(gate.engine) as conn:
        now = digest_of(conn, ABOUT)
        assert list_signatures(conn, ABOUT) == [one], "it is never hidden"
        assert signatures_of(conn, [ABOUT, "plan:X/Y"]) == {ABOUT: [one]}
        assert not any(PIN in event.content for event in iter_events(conn))
        assert first_break(iter_events(conn)) is None
    assert standing([one], now) == []
    rebuild_lots(gate.engine)
    with reading(gate.engine) as conn:
        assert list_signatures(conn, ABOUT) == [one]


@pytest.mark.parametrize(
    ("badge", "pin", "meaning", "told"),
    [("Q-1", WRONG, "released", "signature_is_right"), ("Q-9", PIN, "released", "signature_is_right"),
     ("", "", "released", "signature_is_right"), ("Q-1", PIN, "maybe", "signature_means_something"),
     (" q-1\r", PIN, "approved", "signed")],
)  # fmt: skip
def test_only_badge_and_pin_that_fit_sign(
    gate: Gate, badge: str, pin: str, meaning: str, told: str
) -> None:
    assert rule(shown(gate, badge, pin, meaning)) == told


def test_who_guesses_is_locked_out_as_at_the_door(gate: Gate) -> None:
    assert [rule(shown(gate, pin=WRONG)) for _ in range(5)] == ["signature_is_right"] * 5
    assert rule(shown(gate)) == LOCKED
    assert rule(shown(gate, "Q-2")) == "signed", "others may sign"
    with reading(gate.engine) as conn:
        locked = [e.facts()["badge"] for e in iter_events(conn) if e.kind == PIN_LOCKED]
    assert locked == ["Q-1"], "it is remembered once"


def test_a_pin_that_is_changed_while_it_is_compared_does_not_sign(
    gate: Gate, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def slow(pin: str, kept: str | None, pepper: bytes) -> bool:
        give_pin(gate.engine, tmp_path, "Q-1", WRONG)
        return pin_fits(pin, kept, pepper)

    monkeypatch.setattr(try_pin, "pin_fits", slow)
    assert rule(shown(gate)) == "signature_is_right"
    monkeypatch.undo()
    assert rule(shown(gate, pin=WRONG)) == "signed", "the negative control"


def test_what_takes_a_signature_is_not_done_without_the_right_one(gate: Gate) -> None:
    floor = Floor(gate.engine, NOW_MS)
    for signer, told in (
        (None, "signature_is_given"),
        (shown(gate, pin=WRONG), "signature_is_right"),
        (shown(gate, "W-1"), "signer_may"),
    ):
        assert [one.rule for one in floor.act(release_document, "plan", plan(), signer)] == [told]
    with reading(gate.engine) as conn:
        assert digest_of(conn, ABOUT) is None
        assert digest_of(conn, "novel:X") is None
        assert list_signatures(conn, ABOUT) == []
    assert "plan" in DIGESTS


def test_a_second_person_is_another_one(gate: Gate) -> None:
    floor = Floor(gate.engine, NOW_MS)
    floor.act(release_document, "plan", plan(), shown(gate))
    with reading(gate.engine) as conn:
        signed = list_signatures(conn, ABOUT)
    assert [one.rule for one in second_person(signed, "Q-1")] == ["second_person_signs"]
    assert second_person(signed, "Q-2") == []


def test_a_digest_is_of_what_is_said_and_not_of_its_order() -> None:
    assert digest({"a": 1, "b": "x"}) == digest({"b": "x", "a": 1}) != digest({"a": 1, "b": "y"})
    assert may_sign(Refusal("tries_are_left", {}), "plan")[0].rule == "tries_are_left"
