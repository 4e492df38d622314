"""The door of a history: the same app in this process, whose clock we hold; and what else a server does beside its pages."""

from collections.abc import Mapping
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import Engine

from mes_server.actions.append_history import merge_all
from mes_server.actions.close_days import close_days
from mes_server.actions.watch_exceedances import watch
from mes_server.app import create_app
from mes_server.demo.door import Unreachable
from mes_server.domain.exceedances import OVER
from mes_server.settings import Settings
from mes_server.store.engine import reading
from mes_server.store.exceedances import list_exceedances

_LISTED = 1_000
_DAYS = 4  # added up again, because results of the laboratory come late


class OwnDoor:
    """The app in this process. `now_ms`: its clock, which we hold."""

    def __init__(self, settings: Settings, token: str, now_ms: int) -> None:
        self.now_ms = now_ms
        app = create_app(settings, lambda: self.now_ms)
        self.engine: Engine = app.extensions["lodestone"].engine
        self._client: FlaskClient = app.test_client()
        self.headers = {"Authorization": f"Bearer {token}"}

    def call(self, method: str, path: str, body: Mapping[str, Any] | None) -> tuple[int, Any]:
        """Raises Unreachable for a fault."""
        answer = self._client.open(path, method=method, json=body, headers=self.headers)
        if answer.status_code >= 500:
            raise Unreachable(f"{path}: {answer.status_code} {answer.get_data(as_text=True)[:500]}")
        return answer.status_code, answer.get_json()


def exceeded(door: OwnDoor, zone: str) -> list[str]:
    """Merge what came, add up the days that are over, look for exceedances; those that are over and not closed."""
    merge_all(door.engine, door.now_ms)
    close_days(door.engine, zone, door.now_ms, _DAYS)
    for _ in range(2):  # what is found over by the first look is ended by the second
        watch(door.engine, zone, door.now_ms)
    with reading(door.engine) as conn:
        return [one.code for one in list_exceedances(conn, _LISTED) if one.state == OVER]
