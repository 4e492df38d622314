"""The people pages, tokens, who may read before anybody, and what happens when the store fails."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine

from mes_server.actions.manage_people import disable
from mes_server.actions.record_person import act_of
from mes_server.app import create_app
from mes_server.settings import Settings
from mes_server.store.engine import reading
from mes_server.store.pins import pepper_file
from mes_server.web.events import while_granted
from mes_server.web.identity import Access
from tests.mes_server.people_help import (
    BY,
    OURS,
    begin_session,
    enter,
    give_pin,
    hire,
    token_for,
)
from tests.mes_server.web.conftest import Clock
from tests.mes_server.web.plant_data import NOW_MS, Plant, make_settings, write_status

AWAY = {"REMOTE_ADDR": "10.0.0.7"}


def test_a_token_acts_within_its_scopes_and_until_its_day(
    staffed: FlaskClient, plant: Plant, clock: Clock
) -> None:
    shown = {"Authorization": f"Bearer {token_for(plant.engine, 'A-1', ['read'])}"}
    me = staffed.get("/api/v1/me", headers=shown).json
    assert me is not None
    assert (me["person"]["badge"], me["permissions"], me["token"]) == ("A-1", ["read"], "test")
    refused = staffed.get("/api/v1/people", headers=shown)
    assert (refused.status_code, refused.mimetype) == (403, "application/problem+json")
    assert staffed.get("/sessions", headers=shown).status_code == 403
    clock.now_ms += 30 * 86_400_000
    late = staffed.get("/api/v1/me", headers=shown)
    assert late.status_code == 401
    assert late.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    "said", ["Bearer mes_wrong", "Bearer", "Basic QTox", "Bearer  ' OR 1=1 --"]
)
def test_a_wrong_token_is_nobody_even_with_a_good_cookie(staffed: FlaskClient, said: str) -> None:
    enter(staffed, "A-1")
    assert staffed.get("/api/v1/nodes", headers={"Authorization": said}).status_code == 401


def test_people_are_listed_searched_and_let_go_by_an_administrator(staffed: FlaskClient) -> None:
    enter(staffed, "A-1")
    page = staffed.get("/people").text
    assert page.count('<td class="first">') == 3
    assert "operator &lt;b&gt;" in page
    assert staffed.get("/people?q=quality").text.count('<td class="first">') == 1
    assert "Nobody found" in staffed.get("/people?q=%00%25").text
    assert staffed.get("/people/N-0").status_code == 404
    page = staffed.get("/people/W-1").text
    assert "scan lots" in page
    assert "manage people" not in page
    for path, form in (("disable", {"reason": "lost badge"}), ("sessions/end", {}), ("enable", {})):
        assert staffed.post(f"/people/W-1/{path}", data=form, headers=OURS).status_code == 303
    for path in ("W-1/sessions/99/end", "W-1/tokens/99/revoke", "N-0/disable", "N-0/sessions/end"):
        assert staffed.post(f"/people/{path}", headers=OURS).status_code == 404


def test_a_person_page_ends_sessions_and_revokes_tokens(staffed: FlaskClient, plant: Plant) -> None:
    begin_session(plant.engine, "W-1", station="mill-1")
    token = token_for(plant.engine, "W-1")
    enter(staffed, "A-1")
    page = staffed.get("/people/W-1").text
    assert "mill-1" in page
    assert "/people/W-1/tokens/1/revoke" in page
    assert token not in page
    staffed.post("/people/W-1/sessions/1/end", headers=OURS)
    staffed.post("/people/W-1/tokens/1/revoke", headers=OURS)
    page = staffed.get("/people/W-1").text
    assert "by A-1" in page
    assert "Revoked" in page


def test_many_people_are_paged_on_the_page_and_over_the_api(
    staffed: FlaskClient, plant: Plant
) -> None:
    for number in range(120):
        hire(plant.engine, f"N-{number:03d}")
    shown = {"Authorization": f"Bearer {token_for(plant.engine, 'A-1')}"}
    first = staffed.get("/people", headers=shown).text
    assert first.count('<td class="first">') == 100
    assert staffed.get("/people?after=N-098", headers=shown).text.count('class="first"') == 23
    seen: list[str] = []
    after = ""
    while after is not None:
        body = staffed.get(f"/api/v1/people?limit=50&after={after}", headers=shown).json
        assert body is not None
        seen += [person["badge"] for person in body["items"]]
        after = body["next"]
    assert len(seen) == len(set(seen)) == 123
    assert staffed.get("/api/v1/people?after=%C3%28", headers=shown).status_code == 400


# -- before anybody, and open reading ------------------------------------------------------------


def test_before_anybody_only_this_machine_reads(client: FlaskClient, plant: Plant) -> None:
    assert client.get("/").status_code == 200
    assert client.get("/nodes", environ_overrides={"REMOTE_ADDR": "::1"}).status_code == 200
    refused = client.get("/", environ_overrides=AWAY)
    assert refused.status_code == 303
    page = client.get("/sign-in", environ_overrides=AWAY).text
    assert "mes people add" in page
    assert client.get("/api/v1/nodes", environ_overrides=AWAY).status_code == 401
    assert client.get("/healthz", environ_overrides=AWAY).status_code == 200
    assert client.get("/people").status_code == 303
    hire(plant.engine, "W-1")
    assert client.get("/").status_code == 303


@pytest.fixture
def open_client(settings: Settings, staffed: FlaskClient, clock: Clock) -> Iterator[FlaskClient]:
    """A browser at the same plant with MES_OPEN_READING=yes."""
    app = create_app(replace(settings, open_reading="yes"), clock)
    yield app.test_client()
    app.extensions["lodestone"].engine.dispose()


def test_open_reading_is_said_on_every_page_and_is_for_reading_alone(
    open_client: FlaskClient, plant: Plant
) -> None:
    for address in ("/", "/nodes", "/health", "/sign-in", "/nothing"):
        page = open_client.get(address, environ_overrides=AWAY).text
        assert "Open for reading" in page, address
    assert "Nobody is signed in" in open_client.get("/").text
    assert open_client.get("/people").status_code == 303
    key = plant.unread("spBv1.0/x", b"?")
    assert open_client.post(f"/health/quarantine/{key}/retry").status_code == 303
    with reading(plant.engine) as conn:
        assert conn.exec_driver_sql("SELECT retry_ms FROM quarantine").scalar() is None
    me = open_client.get("/api/v1/me").json
    assert me is not None
    assert (me["person"], me["permissions"]) == (None, ["read"])
    wrong = open_client.get("/api/v1/me", headers={"Authorization": "Bearer mes_wrong"})
    assert wrong.status_code == 401


def test_a_plant_that_is_not_open_does_not_say_so(staffed: FlaskClient) -> None:
    enter(staffed, "W-1")
    assert "Open for reading" not in staffed.get("/").text


# -- faults --------------------------------------------------------------------------------------


def test_while_the_store_cannot_be_read_nobody_gets_in(
    settings: Settings, staffed: FlaskClient, clock: Clock
) -> None:
    (settings.data_dir / "lodestone.db").rename(settings.data_dir / "gone.db")
    (settings.data_dir / "lodestone.db").mkdir()
    app = create_app(settings, clock)
    client = app.test_client()
    client.set_cookie("session", "anything")
    for address in ("/", "/nodes", "/health", "/sign-in"):
        answer = client.get(address)
        assert answer.status_code == 503, address
    assert client.get("/healthz").status_code == 503
    assert client.get("/api/v1/nodes").status_code == 503
    assert "The database cannot be read" in client.get("/health/banner").text
    app.extensions["lodestone"].engine.dispose()
    app = create_app(replace(settings, open_reading="yes"), clock)
    assert app.test_client().get("/health").status_code == 200
    assert app.test_client().post("/health/quarantine/1/retry").status_code == 303
    bearer = {"Authorization": "Bearer mes_x"}
    assert app.test_client().get("/health", headers=bearer).status_code == 503
    app.extensions["lodestone"].engine.dispose()


def test_without_the_key_of_the_pins_it_is_said(staffed: FlaskClient, settings: Settings) -> None:
    pepper_file(settings.data_dir).unlink()
    answer = enter(staffed, "W-1")
    assert answer.status_code == 503
    assert "key of the PINs is missing" in answer.text
    assert str(settings.data_dir) not in answer.text


def test_a_stream_ends_with_the_session_that_opened_it() -> None:
    closed = []

    def told() -> Iterator[str]:
        try:
            while True:
                yield "x"
        finally:
            closed.append(True)

    answers = iter((True, True, False))
    heard = list(while_granted(told(), lambda: next(answers), 0.0))  # type: ignore[arg-type]
    assert (heard, closed) == (["x", "x"], [True])


def test_an_open_stream_asks_whether_the_session_still_counts(
    app: Flask, staffed: FlaskClient, plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mes_server.web.events.while_granted.__defaults__", (0.0,))
    enter(staffed, "W-1")
    answer = staffed.get("/api/v1/events", buffered=False)
    lines = answer.iter_encoded()
    assert next(lines)
    disable(plant.engine, act_of(BY, NOW_MS), "W-1", "left")
    assert list(lines) == []


def test_what_a_request_may_do_is_nothing_until_it_is_known() -> None:
    assert Access().granted == frozenset()


def test_signing_in_works_over_postgresql(postgres_engine: Engine, tmp_path: Path) -> None:
    url = postgres_engine.url.render_as_string(hide_password=False)
    settings = make_settings(tmp_path, database_url=url)
    write_status(tmp_path, sqlite_version=None)
    app = create_app(settings, lambda: NOW_MS)
    client = app.test_client()
    assert client.get("/").status_code == 200
    hire(postgres_engine, "A-1", ["admin"])
    give_pin(postgres_engine, tmp_path, "A-1")
    assert client.get("/").status_code == 303
    assert enter(client, "A-1", "000001").status_code == 401
    assert enter(client, "A-1\0", "\0").status_code == 401
    assert enter(client, "A-1").status_code == 303
    for address in ("/", "/people", "/people?q=%25", "/people/A-1", "/people/%00", "/sessions"):
        assert client.get(address).status_code in (200, 404), address
    assert client.get("/api/v1/people").json["items"][0]["badge"] == "A-1"  # type: ignore[index]
    assert client.post("/sign-out", headers=OURS).status_code == 303
    assert json.loads(client.get("/api/v1/me").text)["status"] == 401
    app.extensions["lodestone"].engine.dispose()
