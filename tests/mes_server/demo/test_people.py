"""mes_server.demo.people: people of a demo have random PINs, stay the same, and are never a plant's."""

import json
from pathlib import Path

import pytest

from mes_server.actions.sign_in import Attempt, Gate, SignedIn, sign_in
from mes_server.app import create_app
from mes_server.demo import people as demo_people
from mes_server.run import _write_demo_file
from mes_server.settings import Settings
from mes_server.store.engine import open_engine, reading
from mes_server.store.people import list_people, load_person
from tests.mes_server.people_help import hire
from tests.mes_server.web.plant_data import make_settings

DAY_MS = 86_400_000


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return make_settings(tmp_path)


def test_every_person_of_the_demo_can_sign_in_and_the_token_is_good(settings: Settings) -> None:
    made = demo_people.hire(settings)
    assert set(made) == {"token", "people"}
    assert {role for person in made["people"] for role in person["roles"]} == {
        "operator", "lead", "quality", "environment", "admin", "auditor",
    }  # fmt: skip
    assert len({person["pin"] for person in made["people"]}) > 1
    engine = open_engine(settings.url)
    gate = Gate(engine, settings.data_dir, 120_000, 900_000)
    for person in made["people"]:
        now = demo_people._now_ms()
        assert isinstance(
            sign_in(gate, Attempt(person["badge"], person["pin"], "::1"), now), SignedIn
        )
    with reading(engine) as conn:
        operator = load_person(conn, "W-101")
    assert operator is not None
    assert "sintering" in operator.qualifications
    app = create_app(settings)
    shown = {"Authorization": f"Bearer {made['token']}"}
    me = app.test_client().get("/api/v1/me", headers=shown).json
    assert me is not None
    assert {"read", "scan", "hold", "release", "people"} <= set(me["permissions"])
    app.extensions["lodestone"].engine.dispose()


def test_the_next_start_keeps_badges_pins_and_token(settings: Settings) -> None:
    made = demo_people.hire(settings)
    _write_demo_file(settings, made)
    file = settings.data_dir / "demo.json"
    assert file.stat().st_mode & 0o777 == 0o600
    assert set(json.loads(file.read_text())) == {"url", "mqtt", "token", "people"}
    assert demo_people.hire(settings) == made
    file.unlink()
    other = demo_people.hire(settings)
    assert other["token"] != made["token"]
    assert [p["badge"] for p in other["people"]] == [p["badge"] for p in made["people"]]


def test_a_token_that_soon_ends_is_made_anew(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = demo_people.hire(settings)
    _write_demo_file(settings, made)
    now = demo_people._now_ms()
    monkeypatch.setattr(demo_people, "_now_ms", lambda: now + 350 * DAY_MS)
    assert demo_people.hire(settings)["token"] != made["token"]


def test_where_a_real_person_was_added_the_demo_makes_nobody(settings: Settings) -> None:
    demo_people.upgrade_store(settings.url)
    engine = open_engine(settings.url)
    hire(engine, "R-1", ["admin"])
    assert demo_people.hire(settings) == {"token": None, "people": []}
    with reading(engine) as conn:
        assert [person.badge for person in list_people(conn)] == ["R-1"]


def test_a_damaged_demo_file_is_made_anew(settings: Settings) -> None:
    for text in ("", "{}", '{"token": 5, "people": [1]}', "[]"):
        (settings.data_dir / "demo.json").write_text(text)
        assert demo_people.hire(settings)["token"]
