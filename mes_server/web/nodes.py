"""The nodes page: every edge node, its board, its journal and what of it is stored; and the page of one node."""

from typing import Literal

from flask import Blueprint, render_template, request
from sqlalchemy import Connection

from mes_server.actions.roll_out import standings
from mes_server.domain.boards import version_of
from mes_server.domain.firmware import FAILED_NODE, HALTED, OFFERED, RUNNING, Release
from mes_server.store.alarms import list_alarms
from mes_server.store.boards import Board, list_boots
from mes_server.store.firmware import list_releases, list_roll_outs
from mes_server.store.identities import of_node
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
        outs = list_roll_outs(conn, (RUNNING, HALTED))
        offers = [
            (one, standings(conn, one, now_ms()).get(full, ("waiting", "")))
            for one in outs
            if (its := one.node(full)) is not None and its.state == OFFERED
        ]
        releases = _releases(conn, found[0].board)
        identity = of_node(conn, group, name)
        stations = [one for one in list_stations(conn) if (one.group, one.node) == (group, name)]
        boots = list_boots(conn, known[0])
    failed = [
        one for one in outs
        if one.state == RUNNING and (its := one.node(full)) is not None and its.state == FAILED_NODE
    ]  # fmt: skip
    return {
        "node": found[0], "told": told, "stations": stations, "boots": boots, "offers": offers, "failed": failed,
        "releases": releases, "identity": identity,
    }  # fmt: skip


def _releases(conn: Connection, board: Board) -> list[Release]:
    """What it could be the first to get: releases for its kind that it does not run."""
    if board.update_state is None:
        return []
    return [
        one for one in list_releases(conn)
        if board.kind in (None, one.board) and one.version != version_of(board.image)
    ]  # fmt: skip


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
