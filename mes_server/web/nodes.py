"""The nodes page: every edge node, its journal and what of it is stored."""

from typing import Literal

from flask import Blueprint, render_template

from mes_server.store.nodes import NodeView, list_nodes
from mes_server.web.page import words
from mes_server.web.site import this_site
from schemas.journal_metrics import CLOCK_NETWORK, CLOCK_RTC, CLOCK_UNSET

node_pages = Blueprint("nodes", __name__)
CLOCKS: dict[int, Literal["unset", "rtc", "network"]] = {
    CLOCK_UNSET: "unset",
    CLOCK_RTC: "rtc",
    CLOCK_NETWORK: "network",
}
USED_PCT_WARN = 50.0
USED_PCT_ALARM = 80.0
BACKLOG_WARN = 1000


@node_pages.get("/nodes")
def nodes() -> str:
    """All edge nodes."""
    return render_template("nodes/nodes.html", nodes=_load())


@node_pages.get("/nodes/rows")
def rows() -> str:
    """The table alone, for a page that is open."""
    return render_template("nodes/_rows.html", nodes=_load())


def _load() -> list[NodeView]:
    with this_site().reading() as conn:
        return list_nodes(conn)


def backlog(node: NodeView) -> int | None:
    """Records the edge holds that are not stored yet."""
    if node.next is None:
        return None
    return max(0, node.next - 1 - (node.watermark or 0))


def clock_word(node: NodeView) -> str:
    """How far the node's clock may be trusted."""
    state = "unknown" if node.clock is None else CLOCKS.get(node.clock, "unknown")
    return words()(f"clock.{state}")


@node_pages.app_context_processor
def node_writers() -> dict[str, object]:
    """What the table needs beside a NodeView."""
    return {
        "backlog": backlog,
        "clock_word": clock_word,
        "clock_trusted": lambda node: node.clock in (None, CLOCK_NETWORK),
        "USED_PCT_WARN": USED_PCT_WARN,
        "USED_PCT_ALARM": USED_PCT_ALARM,
        "BACKLOG_WARN": BACKLOG_WARN,
    }
