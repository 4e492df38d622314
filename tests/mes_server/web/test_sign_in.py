"""Sign-in over HTTP: cookies, locks, swaps, foreign pages, tokens, and who may read before anybody."""

import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from mes_server.actions.manage_people import disable
from mes_server.actions.record_person import act_of
from mes_server.app import create_app
from mes_server.domain.people import fingerprint
from mes_server.settings import Settings
from mes_server.store.engine import reading
from mes_server.store.faults import LOCKED, StoreFault
from mes_server.store.pins import pepper_file
from mes_server.store.sign_ins import find_session
from mes_server.web import guards
from mes_server.web.events import while_granted
from mes_server.web.identity import Access
from tests.mes_server.people_help import BY, PIN, begin_session, give_pin, hire, token_for
from tests.mes_server.web.conftest import Clock
from tests.mes_server.web.plant_data import NOW_MS, Plant, make_settings, write_status

OURS = {"Sec-Fetch-Site": "same-origin"}
AWAY = {"REMOTE_ADDR": "10.0.0.7"}


@pytest.fixture
def staffed(client: FlaskClient, plant: Plant, settings: Settings) -> FlaskClient:
    """A browser at a plant with an operator, a quality engineer and an administrator."""
    for badge, role in (("W-1", "operator"), ("Q-1", "quality"), ("A-1", "admin")):
        hire(plant.engine, badge, [role], f"{role} <b>")
        give_pin(plant.engine, settings.data_dir, badge)
    return client


def enter(client: FlaskClient, badge: str, pin: str = PIN, **more: str) -> TestResponse:
    return client.post("/sign-in", data={"badge": badge, "pin": pin, **more}, headers=OURS)


def secret_of(client: FlaskClient) -> str:
    cookie = client.get_cookie("session")
    return cookie.value if cookie is not None else ""


def test_nobody_is_led_to_the_sign_in_page_and_back(staffed: FlaskClient) -> None:
    answer = staffed.get("/nodes?q=ctl")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/sign-in?next=/nodes?q%3Dctl"
    page = staffed.get(answer.headers["Location"]).text
    assert 'name="next" value="/nodes?q=ctl"' in page
    back = enter(staffed, "W-1", next="/nodes?q=ctl")
    assert (back.status_code, back.headers["Location"]) == (303, "/nodes?q=ctl")
    assert "operator &lt;b&gt;" in staffed.get("/nodes?q=ctl").text


def test_the_sign_in_page_tells_nothing_of_the_plant(
    staffed: FlaskClient, plant: Plant, stations: dict[str, int]
) -> None:
    hire(plant.engine, "W-1")  # the store was made anew with stations
    page = staffed.get("/sign-in").text
    for told in ('id="agents"', 'id="condition"', "ctl-sinter", "<nav", "page.js"):
        assert told not in page, told


def test_the_cookie_is_out_of_reach_and_new_with_every_sign_in(staffed: FlaskClient) -> None:
    first = enter(staffed, "W-1")
    cookie = first.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Expires" not in cookie
    before = secret_of(staffed)
    enter(staffed, "W-1")
    assert secret_of(staffed) not in ("", before)


def test_over_tls_the_cookie_is_bound_to_the_host(staffed: FlaskClient) -> None:
    answer = staffed.post(
        "/sign-in", data={"badge": "W-1", "pin": PIN}, headers=OURS, base_url="https://localhost"
    )
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-session=")
    assert "Secure" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie


@pytest.mark.parametrize("badge", ["W-1", "X-9"])
def test_what_does_not_fit_is_said_alike_and_after_five_times_not_looked_at(
    staffed: FlaskClient, badge: str
) -> None:
    told = [enter(staffed, badge, "735102") for _ in range(7)]
    assert [answer.status_code for answer in told] == [401] * 5 + [429] * 2
    assert "Badge and PIN do not fit" in told[0].text
    assert "Too many wrong PINs" in told[6].text
    assert 0 < int(told[6].headers["Retry-After"]) <= 900
    assert "735102" not in "".join(answer.text for answer in told)
    assert staffed.get("/").status_code == 303


def test_a_screen_that_nobody_touches_is_locked_after_two_minutes(
    staffed: FlaskClient, clock: Clock
) -> None:
    enter(staffed, "W-1")
    clock.now_ms += 119_000
    assert staffed.get("/nodes/rows").status_code == 200  # asked by a script: no deed
    clock.now_ms += 1_000
    assert staffed.get("/").status_code == 303
    assert staffed.get("/api/v1/nodes").status_code == 401


def test_whoever_works_is_not_locked_out(staffed: FlaskClient, clock: Clock) -> None:
    enter(staffed, "W-1")
    for _ in range(4):
        clock.now_ms += 100_000
        assert staffed.get("/").status_code == 200
    clock.now_ms += 100_000
    assert staffed.post("/sign-in/stay", headers=OURS).status_code == 204
    clock.now_ms += 100_000
    assert staffed.get("/sign-in/left").json == {"left_ms": 20_000}
    clock.now_ms += 20_000
    assert staffed.get("/sign-in/left").status_code == 303


def test_the_lock_is_a_setting(settings: Settings, staffed: FlaskClient, clock: Clock) -> None:
    app = create_app(replace(settings, station_lock_s=30, office_lock_s=60), clock)
    for badge, last_s in (("W-1", 30), ("Q-1", 60)):
        client = app.test_client()
        enter(client, badge)
        clock.now_ms += last_s * 1000 - 1
        assert client.get("/sign-in/left").json == {"left_ms": 1}
        clock.now_ms += 1
        assert client.get("/nodes").status_code == 303
    app.extensions["lodestone"].engine.dispose()


def test_a_lock_that_cannot_be_noted_does_not_hide_the_page(
    staffed: FlaskClient, clock: Clock, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    def full(*_: object) -> None:
        raise StoreFault(LOCKED, "locked")

    enter(staffed, "W-1")
    monkeypatch.setattr(guards, "note_deed", full)
    clock.now_ms += 60_000
    with caplog.at_level(logging.WARNING):
        assert staffed.get("/nodes").status_code == 200
    assert "is not noted" in caplog.text


def test_another_badge_ends_what_was_on_the_screen(staffed: FlaskClient, plant: Plant) -> None:
    enter(staffed, "W-1")
    before = secret_of(staffed)
    assert "operator &lt;b&gt; is signed in here" in staffed.get("/sign-in").text
    enter(staffed, "Q-1")
    with reading(plant.engine) as conn:
        session = find_session(conn, fingerprint(before))
    assert session is not None
    assert session.ended_by == "Q-1"
    staffed.set_cookie("session", before)
    assert staffed.get("/").status_code == 303


def test_signing_out_ends_the_session_and_not_only_the_cookie(staffed: FlaskClient) -> None:
    enter(staffed, "W-1", station="sinter-1")
    before = secret_of(staffed)
    answer = staffed.post("/sign-out", headers=OURS)
    assert answer.headers["Location"] == "/sign-in?station=sinter-1"
    assert secret_of(staffed) == ""
    staffed.set_cookie("session", before)
    assert staffed.get("/").status_code == 303


def test_ones_own_sessions_are_seen_and_ended(staffed: FlaskClient, plant: Plant) -> None:
    other = begin_session(plant.engine, "W-1", station="mill-1")
    strange = begin_session(plant.engine, "Q-1")
    enter(staffed, "W-1")
    page = staffed.get("/sessions").text
    assert "mill-1" in page
    assert "This screen" in page
    with reading(plant.engine) as conn:
        keys = {s: f.id for s in (other, strange) if (f := find_session(conn, fingerprint(s)))}
    for key in keys.values():
        assert staffed.post(f"/sessions/{key}/end", headers=OURS).status_code == 303
    with reading(plant.engine) as conn:
        found = [find_session(conn, fingerprint(secret)) for secret in keys]
    assert [s is not None and s.is_open(NOW_MS) for s in found] == [False, True]
    assert staffed.post("/sessions/end", headers=OURS).status_code == 303
    assert staffed.get("/sessions").status_code == 303


def test_who_leaves_is_out_with_the_next_request(staffed: FlaskClient, plant: Plant) -> None:
    enter(staffed, "W-1")
    shown = {"Authorization": f"Bearer {token_for(plant.engine, 'W-1')}"}
    assert staffed.get("/api/v1/me", headers=shown).status_code == 200
    disable(plant.engine, act_of(BY, NOW_MS), "W-1", "left")
    assert staffed.get("/").status_code == 303
    assert staffed.get("/api/v1/me", headers=shown).status_code == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),  # a cookie, and nothing that says the request comes from our page
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "https://localhost.evil.example"}, 403),
        ({"Origin": "http://localhost"}, 303),
        ({"Sec-Fetch-Site": "same-origin"}, 303),
    ],
)
def test_another_page_cannot_use_the_session(
    staffed: FlaskClient, headers: dict[str, str], status: int
) -> None:
    enter(staffed, "W-1")
    assert staffed.post("/sign-out", headers=headers).status_code == status
    assert staffed.get("/").status_code == (200 if status == 403 else 303)


def test_another_page_cannot_sign_a_browser_in(staffed: FlaskClient) -> None:
    form = {"badge": "W-1", "pin": PIN}
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        assert staffed.post("/sign-in", data=form, headers=headers).status_code == 403
    assert secret_of(staffed) == ""


@pytest.mark.parametrize(
    "following",
    ["//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:alert(1)",
     "evil", "", "/\n/evil.example", "http:evil.example"],
)  # fmt: skip
def test_the_way_on_leads_nowhere_else(staffed: FlaskClient, following: str) -> None:
    assert enter(staffed, "W-1", next=following).headers["Location"] == "/"


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
