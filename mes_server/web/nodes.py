"""The nodes page: every edge node, its board, its journal and what of it is stored; and the page of one node."""

from typing import Literal

from flask import Blueprint, render_template, request

from mes_server.actions.roll_out import standings
from mes_server.domain.firmware import HALTED, OFFERED, RUNNING
from mes_server.store.alarms import list_alarms
from mes_server.store.boards import list_boots
from mes_server.store.firmware import list_roll_outs
from mes_server.store.nodes import NodePart, NodeView, find_node, list_nodes, node_name
from mes_server.store.stations import list_stations
from mes_server.web.board_words import WRITERS
from mes_server.web.guards import needs
from mes_server.web.page import now_ms, this_watch, words
from mes_server.web.problems import NotFound
from mes_server.web.site import this_site
from schemas.journal_metrics import CLOCK_NETWORK, CLOCK_RTC, CLOCK_UNSET

node_pages = Blueprint("nodes", __name__)
CLOCKS: dict[int, Literal["unset", "rtc", "network"]] = {
    CLOCK_UNSET: "unset",
    CLOCK_RTC: "rtc",
    CLOCK_NETWORK: "network",
}
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


@node_pages.get("/nodes/<group>/<name>")
@needs("read")
def node(group: str, name: str) -> str:
    """All that is known of one node."""
    return render_template("nodes/node.html", **_whole(group, name))


@node_pages.get("/nodes/<group>/<name>/body")
@needs("read", quiet=True)
def node_body(group: str, name: str) -> str:
    """The same without the page around it, for one that is open."""
    return render_template("nodes/_node.html", **_whole(group, name))


def _whole(group: str, name: str) -> dict[str, object]:
    full = node_name(group, name)
    with this_site().reading() as conn:
        found = list_nodes(conn, NodePart(1, only=(group, name)))
        known = find_node(conn, group, name)
        if not found or known is None:
            raise NotFound("node", full)
        told = [one for one in list_alarms(conn) if one.subject == full]
        offers = []
        for one in list_roll_outs(conn, (RUNNING, HALTED)):
            its = one.node(full)
            if its is not None and its.state == OFFERED:
                offers.append((one, standings(conn, one, now_ms()).get(full, ("waiting", ""))))
        stations = [one for one in list_stations(conn) if (one.group, one.node) == (group, name)]
        boots = list_boots(conn, known[0])
    return {"node": found[0], "told": told, "stations": stations, "boots": boots, "offers": offers}


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
        "BACKLOG_WARN": BACKLOG_WARN,
        **WRITERS,
    }
