"""People are added, changed and let go: each once, each in the ledger, and no secret there."""

import json
from pathlib import Path

import pytest
from sqlalchemy import Engine

from mes_server.actions import end_sessions, manage_people
from mes_server.actions.end_sessions import end_all, end_session, revoke_token
from mes_server.actions.make_token import Made, Wish, make_token
from mes_server.actions.manage_people import Newcomer, add_person
from mes_server.actions.record_person import act_of
from mes_server.domain.people import DAY_MS, Person, fingerprint
from mes_server.domain.rules import Refusal
from mes_server.domain.seal import Event, first_break
from mes_server.store.engine import reading
from mes_server.store.ledger import iter_events
from mes_server.store.people import anybody, count_pins, list_people, load_person
from mes_server.store.pins import PepperMissing, load_pepper, pepper_file, pin_fits
from mes_server.store.sign_ins import find_session, find_token, list_sessions, list_tokens
from mes_server.store.tables import run
from tests.mes_server.people_help import BY, NOW_MS, PIN, begin_session, give_pin, hire

ACT = act_of(BY, NOW_MS)


def events(engine: Engine) -> list[Event]:
    with reading(engine) as conn:
        found = list(iter_events(conn))
    assert first_break(found) is None
    return found


def kinds(engine: Engine) -> list[str]:
    return [event.kind for event in events(engine)]


def test_somebody_is_added_once(engine: Engine) -> None:
    with reading(engine) as conn:
        assert not anybody(conn)
    person = add_person(engine, ACT, Newcomer(" e-7", " 王芳 ", ["operator", "lead"], "zh"))
    assert person == Person("E-7", "王芳", "zh", frozenset(("lead", "operator")), {})
    again = add_person(engine, ACT, Newcomer("E-7", "Li", ["admin"]))
    assert again == Refusal("badge_is_free", {"badge": "E-7"})
    with reading(engine) as conn:
        assert anybody(conn)
        assert load_person(conn, "E-7") == person
    (event,) = events(engine)
    assert (event.stream, event.kind, event.person) == ("person:E-7", "person_added", BY)
    assert event.facts() == {"roles": ["lead", "operator"]}


@pytest.mark.parametrize(
    ("newcomer", "rule"),
    [
        (Newcomer("E 7", "Li", ["operator"]), "badge_is_readable"),
        (Newcomer("E-7", " ", ["operator"]), "name_is_readable"),
        (Newcomer("E-7", "Li\u202e", ["operator"]), "name_is_readable"),
        (Newcomer("E-7", "L" * 101, ["operator"]), "name_is_readable"),
        (Newcomer("E-7", "Li", []), "roles_are_known"),
        (Newcomer("E-7", "Li", ["root"]), "roles_are_known"),
        (Newcomer("E-7", "Li", ["lead"], "fr"), "language_is_known"),
    ],
)
def test_who_cannot_be_added_is_told_why(
    sqlite_engine: Engine, newcomer: Newcomer, rule: str
) -> None:
    refused = add_person(sqlite_engine, ACT, newcomer)
    assert isinstance(refused, Refusal)
    assert refused.rule == rule
    assert events(sqlite_engine) == []


def test_roles_are_changed_and_both_are_remembered(engine: Engine) -> None:
    hire(engine, "E-7")
    person = manage_people.change_roles(engine, ACT, "E-7", ["quality"])
    assert isinstance(person, Person)
    assert person.roles == {"quality"}
    manage_people.change_roles(engine, ACT, "E-7", ["quality"])
    assert kinds(engine) == ["person_added", "roles_changed"]
    assert events(engine)[-1].facts() == {"roles": ["quality"], "before": ["operator"]}


def test_a_pin_is_kept_as_a_hash_that_needs_the_pepper(engine: Engine, tmp_path: Path) -> None:
    hire(engine, "E-7")
    give_pin(engine, tmp_path, "E-7")
    with reading(engine) as conn:
        kept = run(conn, "SELECT pin_hash FROM person").scalar_one()
        assert count_pins(conn) == 1
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert pin_fits(PIN, kept, load_pepper(tmp_path))
    assert not pin_fits("480262", kept, load_pepper(tmp_path))
    assert not pin_fits(PIN, kept, bytes(32))  # the negative control: with another pepper
    assert not pin_fits(PIN, None, load_pepper(tmp_path))


def test_the_pepper_is_made_once_for_its_owner_alone(engine: Engine, tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert manage_people.prepare_pepper(engine, data)
    file = pepper_file(data)
    assert file.stat().st_mode & 0o777 == 0o600
    first = load_pepper(data)
    assert not manage_people.prepare_pepper(engine, data)
    assert load_pepper(data) == first
    assert manage_people.prepare_pepper(engine, tmp_path / "other")
    assert load_pepper(tmp_path / "other") != first


def test_a_pepper_that_is_gone_is_missed_and_not_made_anew(engine: Engine, tmp_path: Path) -> None:
    hire(engine, "E-7")
    give_pin(engine, tmp_path, "E-7")
    pepper_file(tmp_path).unlink()
    assert not manage_people.prepare_pepper(engine, tmp_path)
    with pytest.raises(PepperMissing, match="backup"):
        manage_people.set_pin(engine, ACT, "E-7", PIN, tmp_path)
    pepper_file(tmp_path).write_text("half")
    with pytest.raises(PepperMissing):
        load_pepper(tmp_path)


def test_a_new_pin_ends_the_sessions_of_before(engine: Engine, tmp_path: Path) -> None:
    hire(engine, "E-7")
    secret = begin_session(engine, "E-7")
    give_pin(engine, tmp_path, "E-7")
    with reading(engine) as conn:
        session = find_session(conn, fingerprint(secret))
    assert session is not None
    assert not session.is_open(NOW_MS)
    assert kinds(engine) == ["person_added", "pin_set", "session_ended"]
    assert events(engine)[-1].reason == "pin_set"


@pytest.mark.parametrize(
    ("pin", "rule"), [("12345", "pin_is_six_digits"), ("111111", "pin_is_not_easy")]
)
def test_a_poor_pin_is_refused(sqlite_engine: Engine, tmp_path: Path, pin: str, rule: str) -> None:
    hire(sqlite_engine, "E-7")
    refused = manage_people.set_pin(sqlite_engine, ACT, "E-7", pin, tmp_path)
    assert refused == Refusal(rule, {})


def test_qualifications_are_given_prolonged_and_taken(engine: Engine) -> None:
    hire(engine, "E-7")
    until = NOW_MS + 90 * DAY_MS
    manage_people.qualify(engine, ACT, "E-7", "sintering", until)
    person = manage_people.qualify(engine, ACT, "E-7", "sintering", until + DAY_MS)
    assert isinstance(person, Person)
    assert person.qualifications == {"sintering": until + DAY_MS}
    person = manage_people.qualify(engine, ACT, "E-7", "sintering", None)
    assert isinstance(person, Person)
    assert person.qualifications == {}
    past = manage_people.qualify(engine, ACT, "E-7", "sintering", NOW_MS)
    assert past == Refusal("end_is_ahead", {})
    assert kinds(engine) == ["person_added", "qualified", "qualified", "unqualified"]


def test_who_leaves_loses_sessions_and_tokens_and_keeps_the_name(engine: Engine) -> None:
    hire(engine, "E-7", ["quality"])
    begin_session(engine, "E-7")
    begin_session(engine, "E-7")
    made = make_token(engine, ACT, Wish("E-7", "lab", ["read"], 30))
    assert isinstance(made, Made)
    gone = manage_people.disable(engine, ACT, "E-7", "left the company")
    assert isinstance(gone, Person)
    assert (gone.name, gone.disabled_ms, gone.permissions) == ("王芳", NOW_MS, frozenset())
    with reading(engine) as conn:
        assert [s.is_open(NOW_MS) for s in list_sessions(conn, "E-7")] == [False, False]
        assert [t.is_good(NOW_MS) for t in list_tokens(conn, "E-7")] == [False]
    assert kinds(engine)[2:] == [
        "person_disabled",
        "session_ended",
        "session_ended",
        "token_revoked",
    ]
    back = manage_people.enable(engine, ACT, "E-7")
    assert isinstance(back, Person)
    assert back.permissions
    assert kinds(engine)[-1] == "person_enabled"


def test_sessions_are_ended_one_by_one_or_all(engine: Engine) -> None:
    hire(engine, "E-7")
    hire(engine, "E-8")
    secrets = [begin_session(engine, badge) for badge in ("E-7", "E-7", "E-7", "E-8")]
    with reading(engine) as conn:
        keys = [s.id for s in list_sessions(conn, "E-7")]
        assert [s.id for s in list_sessions(conn, "", 2)] == [keys[0] + 1, keys[0]]
        assert [s.id for s in list_sessions(conn, "", 2, keys[0])] == keys[1:]
    end_session(engine, ACT, "E-7", keys[0])
    strange = end_session(engine, ACT, "E-7", keys[0] + 1)
    assert strange == Refusal("session_is_known", {"session": str(keys[0] + 1)})
    assert end_all(engine, ACT, "E-7") == 2
    assert end_all(engine, ACT, "E-7") == 0
    with reading(engine) as conn:
        found = [find_session(conn, fingerprint(secret)) for secret in secrets]
    assert [s is not None and s.is_open(NOW_MS) for s in found] == [False, False, False, True]
    assert kinds(engine)[2:] == ["session_ended"] * 3


def test_a_token_is_told_once_and_never_allows_more_than_its_person(engine: Engine) -> None:
    hire(engine, "E-7", ["operator"])
    more = make_token(engine, ACT, Wish("E-7", "tablet", ["scan", "people"], 30))
    assert isinstance(more, Refusal)
    assert (more.rule, more.facts["scopes"]) == ("scopes_are_held", "people")
    for days in (0, 367):
        refused = make_token(engine, ACT, Wish("E-7", "tablet", ["scan"], days))
        assert isinstance(refused, Refusal)
    made = make_token(engine, ACT, Wish("E-7", "tablet", ["scan"], 30))
    assert isinstance(made, Made)
    assert len(made.secret) >= 43
    with reading(engine) as conn:
        assert find_token(conn, fingerprint(made.secret)) == made.token
        assert made.secret not in str(run(conn, "SELECT * FROM token").all())
    assert not isinstance(revoke_token(engine, ACT, made.token.id), Refusal)
    assert isinstance(revoke_token(engine, ACT, 999), Refusal)
    with reading(engine) as conn:
        found = find_token(conn, fingerprint(made.secret))
    assert found is not None
    assert not found.is_good(NOW_MS)
    assert kinds(engine) == ["person_added", "token_made", "token_revoked"]


def test_nobody_can_be_changed_who_is_not_there(sqlite_engine: Engine, tmp_path: Path) -> None:
    nobody = Refusal("person_is_known", {"badge": "E-9"})
    m = manage_people
    assert m.change_roles(sqlite_engine, ACT, "E-9", ["lead"]) == nobody
    assert m.set_pin(sqlite_engine, ACT, "E-9", PIN, tmp_path) == nobody
    assert m.qualify(sqlite_engine, ACT, "E-9", "x", None) == nobody
    assert m.disable(sqlite_engine, ACT, "E-9", "x") == nobody
    assert m.enable(sqlite_engine, ACT, "E-9") == nobody
    assert end_sessions.end_all(sqlite_engine, ACT, "E-9") == nobody
    assert make_token(sqlite_engine, ACT, Wish("E-9", "x", ["read"], 1)) == nobody


def test_people_are_listed_by_badge_a_part_at_a_time_and_found_by_name(engine: Engine) -> None:
    for number, name in enumerate(("Anna", "Bo_b", "Chen", "Anton", "100%")):
        hire(engine, f"E-{number}", name=name)
    manage_people.qualify(engine, ACT, "E-3", "pressing", NOW_MS + DAY_MS)
    with reading(engine) as conn:
        first = list_people(conn, 2)
        assert [p.badge for p in first] == ["E-0", "E-1"]
        assert [p.badge for p in list_people(conn, 2, "E-1")] == ["E-2", "E-3"]
        assert [p.badge for p in list_people(conn, asked="AN")] == ["E-0", "E-3"]
        assert [p.badge for p in list_people(conn, asked="e-4")] == ["E-4"]
        assert [p.badge for p in list_people(conn, asked="_")] == ["E-1"]
        assert [p.badge for p in list_people(conn, asked="%")] == ["E-4"]
        assert list_people(conn, asked="'; DROP TABLE person --") == []
        assert list_people(conn)[3].qualifications == {"pressing": NOW_MS + DAY_MS}


def test_the_ledger_holds_no_name_no_pin_and_no_hash(engine: Engine, tmp_path: Path) -> None:
    hire(engine, "E-7", ["quality"], "Zhang Wei")
    give_pin(engine, tmp_path, "E-7")
    made = make_token(engine, ACT, Wish("E-7", "lab", ["read"], 30))
    assert isinstance(made, Made)
    with reading(engine) as conn:
        kept = run(conn, "SELECT pin_hash FROM person").scalar_one()
    told = json.dumps([list(event) for event in events(engine)], ensure_ascii=False)
    for secret in (PIN, kept, made.secret, fingerprint(made.secret), "Zhang Wei"):
        assert secret not in told
