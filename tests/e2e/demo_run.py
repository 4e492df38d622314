"""`mes run --demo` for tests: the whole plant on ports and a data directory of its own."""

import json
import sys
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from schemas.station_types import load_station_types
from tests.brokers import Process, free_port

LONG_S = 120


class Run:
    """One `mes run --demo` on a data directory, on SQLite unless a database is named; `options` besides."""

    def __init__(
        self, folder: Path, micropython: str, database_url: str = "", *options: str
    ) -> None:
        self.data, self.mqtt, self.http = folder / "var", free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.http}"
        self.env = {
            "MES_DATA_DIR": str(self.data),
            "MES_MQTT_PORT": str(self.mqtt),
            "MES_HTTP_PORT": str(self.http),
            "LODESTONE_MICROPYTHON": micropython,
        }
        if database_url:
            self.env["MES_DATABASE_URL"] = database_url
        self.process = self.mes("run", "--demo", *options)

    def mes(self, *command: str) -> Process:
        """A process of `mes` with these settings, not started yet."""
        log = self.data.parent / f"{command[0]}.log"
        return Process([sys.executable, "-m", "mes_server.cli", *command], log, self.env)

    def ask(self, path: str, token: str = "") -> Any:
        """The JSON at a path of the API, None while nobody answers."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            asked = urllib.request.Request(self.url + path, headers=headers)
            with urllib.request.urlopen(asked, timeout=5) as answer:
                return json.load(answer)
        except OSError:
            return None

    def token(self) -> str:
        """The token that demo.json tells."""
        told: dict[str, str] = json.loads((self.data / "demo.json").read_text())
        return told["token"]

    def stations(self) -> list[dict[str, Any]]:
        found = self.ask("/api/v1/stations?limit=200")
        return found["items"] if found else []

    def lots(self, **same: str) -> list[dict[str, Any]]:
        found = self.ask("/api/v1/lots?" + urlencode({"limit": "200", **same}))
        return found["items"] if found else []

    def nodes(self) -> list[dict[str, Any]]:
        found = self.ask("/api/v1/nodes?limit=200")
        return found["items"] if found else []

    def is_alive(self) -> bool:
        stations = self.stations()
        known = {
            station["type"]
            for station in stations
            if station["online"] and station["last_sample_at"]
        }
        return known == set(load_station_types()) and self.ask("/healthz") is not None
