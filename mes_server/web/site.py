"""What every view needs: the settings, the store, the contracts, the clock. One per app."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from flask import current_app
from sqlalchemy import Connection, Engine

from mes_server.settings import Settings
from mes_server.store.engine import reading
from mes_server.store.stations import StationView
from mes_server.web.layout import Layout

EXTENSION = "lodestone"
PAGE_READ_S = 10.0


@dataclass(frozen=True, slots=True)
class Site:
    """The plant as this process sees it; `layouts` by station type."""

    settings: Settings
    engine: Engine
    layouts: Mapping[str, Layout]
    clock_ms: Callable[[], int]

    def reading(self) -> AbstractContextManager[Connection]:
        """One state of the store, for the length of one page. Raises StoreFault."""
        return reading(self.engine, PAGE_READ_S)

    def layout_of(self, view: StationView) -> Layout | None:
        """The arranged contract of a station; None when its type is not known here."""
        return self.layouts.get(view.type) if view.type is not None else None

    @property
    def demo(self) -> bool:
        """Whether the plant is a simulated one."""
        return self.demo_file.exists()

    @property
    def demo_file(self) -> Path:
        """Written by `mes run` beside a demo plant."""
        return self.settings.data_dir / "demo.json"


def this_site() -> Site:
    """The Site of the app that serves this request."""
    site: Site = current_app.extensions[EXTENSION]
    return site
