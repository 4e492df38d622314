"""Every route of the app by every role and by no one: made from the app's own map of addresses."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from mes_server.app import create_app
from mes_server.domain.people import OPEN, PERMISSIONS, ROLES, permissions_of
from mes_server.web.guards import needs, permission_of
from tests.mes_server.people_help import NOW_MS, begin_session, hire, token_for
from tests.mes_server.web.plant_data import Plant, make_settings, make_store, write_status

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
FILLED = {"int": "1", "float": "1.0", "path": "x", "uuid": "00000000-0000-0000-0000-000000000001"}
OURS = {"Origin": "http://localhost"}
# What anybody may ask for: whether the plant's data is collected, and how to come in, also with a board's token.
OPEN_ADDRESSES = {"/healthz", "/health/banner", "/sign-in", "/api/v1/enrolments/redeem"}
NO_ONE, TOKEN_ONLY = "no one", "a token that reads"


def make_app(plant: Plant) -> Flask:
    """The app over the store of that plant."""
    folder = Path(str(plant.engine.url.database)).parent
    return create_app(make_settings(folder), lambda: NOW_MS)


def routes(app: Flask) -> list[tuple[str, Rule]]:
    """Every method at every address."""
    return [
        (method, rule)
        for rule in app.url_map.iter_rules()
        for method in METHODS
        if method in (rule.methods or ()) and rule.endpoint != "static"
    ]


def address_of(rule: Rule) -> str:
    """An address that the rule answers."""
    return re.sub(
        r"<(?:(\w+)(?:\([^)]*\))?:)?\w+>", lambda m: FILLED.get(m[1] or "", "X-1"), rule.rule
    )


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plant]:
    """A store with one person of each role, badge and role alike."""
    settings = make_settings(tmp_path_factory.mktemp("roles"))
    plant = Plant(make_store(settings))
    write_status(settings.data_dir)
    for role in ROLES:
        hire(plant.engine, role.upper(), [role])
    yield plant
    plant.engine.dispose()


@pytest.fixture(scope="module")
def app(plant: Plant) -> Iterator[Flask]:
    made = make_app(plant)
    yield made
    made.extensions["lodestone-hub"].close()
    made.extensions["lodestone"].engine.dispose()


def ask(app: Flask, plant: Plant, who: str, method: str, rule: Rule) -> TestResponse:
    """The answer to somebody who has just signed in, if it is somebody."""
    client: FlaskClient = app.test_client()
    headers = dict(OURS)
    if who in ROLES:
        client.set_cookie("session", begin_session(plant.engine, who.upper()))
    elif who == TOKEN_ONLY:
        headers = {"Authorization": f"Bearer {token_for(plant.engine, 'ADMIN', ['read'])}"}
    answer = client.open(address_of(rule), method=method, headers=headers)
    answer.close()  # an event stream does not end by itself
    return answer


def allowed(who: str) -> set[str]:
    """What somebody may do."""
    if who in ROLES:
        return {OPEN, *permissions_of([who])}
    return {OPEN, "read"} if who == TOKEN_ONLY else {OPEN}


def asks_to_sign_in(answer: TestResponse) -> bool:
    location = answer.headers.get("Location", "")
    return answer.status_code == 401 or (
        answer.status_code == 303 and location.split("?")[0] == "/sign-in"
    )


@pytest.mark.parametrize("who", [*ROLES, TOKEN_ONLY, NO_ONE])
def test_every_route_is_for_whom_the_table_says(app: Flask, plant: Plant, who: str) -> None:
    wrong = []
    for method, rule in routes(app):
        permission = permission_of(app, rule.endpoint)
        answer = ask(app, plant, who, method, rule)
        told = f"{method} {rule.rule} ({permission}): {answer.status_code}"
        if permission in allowed(who):
            left = rule.endpoint.startswith("sign_in.")  # its answers lead to the sign-in page
            if answer.status_code in (403, 500) or (asks_to_sign_in(answer) and not left):
                wrong.append(told)
        elif (who == NO_ONE and not asks_to_sign_in(answer)) or (
            who != NO_ONE and answer.status_code != 403
        ):
            wrong.append(told)
    assert wrong == []


def test_every_route_names_a_permission_of_the_table(app: Flask) -> None:
    named = {rule.rule: permission_of(app, rule.endpoint) for _, rule in routes(app)}
    assert {a: p for a, p in named.items() if p != OPEN and p not in PERMISSIONS} == {}
    assert {a for a, p in named.items() if p == OPEN} == OPEN_ADDRESSES
    assert len(named) > 30


def test_nothing_is_changed_by_reading_and_no_reader_changes(app: Flask) -> None:
    """A write asks for more than `read`: an auditor has nothing but reading and the own sessions."""
    for method, rule in routes(app):
        if method != "GET":
            assert permission_of(app, rule.endpoint) not in ("read", "roster", "ledger"), rule.rule


def test_a_route_that_declares_nothing_is_nobodys_and_is_found(plant: Plant) -> None:
    """The negative control of the tests above."""
    app = make_app(plant)
    app.add_url_rule("/forgotten", "forgotten", lambda: "secret")
    assert permission_of(app, "forgotten") is None
    with pytest.raises(AssertionError, match="forgotten"):
        test_every_route_names_a_permission_of_the_table(app)
    app.extensions["lodestone"].engine.dispose()


def test_a_route_that_declares_nothing_is_refused_to_an_administrator(plant: Plant) -> None:
    other = make_app(plant)
    other.add_url_rule("/forgotten", "forgotten", lambda: "secret")
    client = other.test_client()
    client.set_cookie("session", begin_session(plant.engine, "ADMIN"))
    answer = client.get("/forgotten")
    assert answer.status_code == 403
    assert "secret" not in answer.text
    other.extensions["lodestone"].engine.dispose()


def test_there_is_no_permission_that_is_not_in_the_table() -> None:
    with pytest.raises(ValueError, match="no permission everything"):
        needs("everything")
