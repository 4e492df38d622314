"""The nodes page: every edge node, its journal and what of it is stored."""

from typing import Literal

from flask import Blueprint, render_template, request

from mes_server.store.nodes import NodePart, NodeView, list_nodes
from mes_server.web.guards import needs
from mes_server.web.page import this_watch, words
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
SHOWN_MAX = 100


@node_pages.get("/nodes")
@needs("read")
def nodes() -> str:
    """Edge nodes, a hundred at a time; `q`: only those whose texts hold it, `after`: behind this one."""
    return render_template("nodes/nodes.html", **_content())


@node_pages.get("/nodes/rows")
@needs("read", quiet=True)
def rows() -> str:
    """The table alone, for a page that is open."""
    return render_template("nodes/_rows.html", **_content())


def _content() -> dict[str, object]:
    group, _, name = request.args.get("after", "")[:500].replace("\0", "").partition("/")
    asked = request.args.get("q", "").strip()[:100].replace("\0", "")
    part = NodePart(SHOWN_MAX + 1, (group, name) if name else None, asked)
    with this_site().reading() as conn:
        found = list_nodes(conn, part)
    shown = found[:SHOWN_MAX]
    return {
        "nodes": shown,
        "total": len(this_watch().facts().nodes),
        "asked": asked,
        "after": f"{group}/{name}" if name else None,
        "next": f"{shown[-1].group}/{shown[-1].node}" if len(found) > len(shown) else None,
    }


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
