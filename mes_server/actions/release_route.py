"""Release a revision of a route: from now on lots may be made on it. A revision never changes."""

from collections.abc import Mapping
from typing import Any

from mes_server.actions.record_events import Book
from mes_server.domain.route_content import route_faults
from mes_server.domain.rules import Refusal
from mes_server.domain.texts import text_is_no_script
from mes_server.store.routes import load_route, save_route

RELEASED = "route_released"


def release_route(book: Book, content: Mapping[str, Any]) -> list[str]:
    """Keep the content as a released document; what is wrong with it, else nothing.

    A revision that is there already with the same content is released once.
    """
    faults = route_faults(content)
    if faults:
        return faults
    name = f"{content['code']}/{content['revision']}"
    if load_route(book.conn, name) is not None:
        return [f"revision: {name} is released already; write a new one"]
    book.note(f"route:{content['code']}", RELEASED, **content)
    save_route(book.conn, dict(content), book.act.now_ms)
    return []


def release_or_refuse(book: Book, content: Mapping[str, Any]) -> list[Refusal]:
    """As release_route, each fault as a refusal."""
    scripts = text_is_no_script(content)
    faults = [] if scripts else release_route(book, content)
    return scripts + [Refusal("route_is_whole", {"fault": fault}) for fault in faults]
