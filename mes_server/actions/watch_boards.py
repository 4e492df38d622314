"""Keep what a board tells of itself, and raise alarms of its journal and its certificate, each level once.

Levels are dated rows (schemas/limit_sets/boards.json). What is open is remembered, so that a board whose
figures stay where they are costs nothing.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, Engine

from mes_server.actions.read_water import dated_row
from mes_server.domain.boards import board_said, days_level, is_trying
from mes_server.domain.days import utc_day
from mes_server.domain.nodes import NodeBirth, NodeId
from mes_server.store.alarms import open_of_kinds, raise_alarm, settle_alarm
from mes_server.store.boards import Boot, append_boot, list_certificates, note_board, note_buses
from mes_server.store.engine import reading
from mes_server.store.nodes import node_name
from mes_server.store.transaction import writing
from schemas.sparkplug import Payload

JOURNAL_KINDS = ("journal_filling", "journal_high", "journal_full")
CERTIFICATE = "certificate_ends"
MINUTE_MS = 60_000


class OpenLevels:
    """Which alarms of journals are open, by subject and kind: read once, then kept."""

    def __init__(self) -> None:
        self._opened: set[tuple[str, str]] | None = None

    def forget(self) -> None:
        """It may not be in the store."""
        self._opened = None

    def known(self, conn: Connection) -> set[tuple[str, str]]:
        """The open ones; to be changed with the alarms."""
        if self._opened is None:
            found = open_of_kinds(conn, JOURNAL_KINDS)
            self._opened = {(subject, kind) for subject, kind, _ in found}
        return self._opened


@dataclass(frozen=True, slots=True)
class Told:
    """A message of a node of ours: when it came, the key of the node, what it says of journal and board."""

    node: NodeId
    key: int
    at_ms: int
    birth: NodeBirth
    payload: Payload


def keep_board(conn: Connection, levels: OpenLevels, told: Told, born: bool) -> None:
    """The facts of the board and what follows from them. `born`: it is a birth, which tells of a boot."""
    said = board_said(told.payload)
    row = dated_row("boards", told.at_ms)
    facts = said.facts()
    if said.update_state is not None:
        facts["update_ms"] = told.at_ms
        if is_trying(said.update_state):
            facts["ready_ms"] = told.at_ms
    note_board(conn, told.key, facts)
    if said.buses is not None:
        note_buses(conn, told.key, said.buses, told.at_ms, row["look_minutes"] * MINUTE_MS)
    if born:
        boot = Boot(told.at_ms, told.birth.boot, said.boot_reason, said.image, told.birth.serial)
        append_boot(conn, told.key, boot, row["boots_kept"])
    _watch_journal(conn, levels, told)


def _watch_journal(conn: Connection, levels: OpenLevels, told: Told) -> None:
    """An alarm is open for each level that the journal is above; it ends a few points below its level."""
    used = told.birth.used_pct
    if used is None:
        return
    opened, name, row = levels.known(conn), node_name(*told.node), dated_row("boards", told.at_ms)
    for kind, level in row["journal_pct"].items():
        is_open = (name, kind) in opened
        if used >= level and not is_open:
            facts = {"used_pct": round(used, 1), "level": level}
            raise_alarm(conn, kind, name, facts, told.at_ms)
            opened.add((name, kind))
        elif used < level - row["journal_back_pct"] and is_open:
            settle_alarm(conn, kind, name, told.at_ms)
            opened.discard((name, kind))


def watch_certificates(engine: Engine, now_ms: int) -> int:
    """How many alarms were raised or settled. One for each board, raised again at each mark that is passed.

    Over when the certificate is renewed. Nothing is written where nothing changed. Raises StoreFault.
    """
    days = dated_row("boards", now_ms)["certificate_days"]
    with reading(engine) as conn:
        told = [(node_name(group, node), until) for group, node, until in list_certificates(conn)]
        opened = {
            name: facts.get("level") for name, _, facts in open_of_kinds(conn, (CERTIFICATE,))
        }
    levels = {name: (days_level(until, now_ms, days), until) for name, until in told}
    changed = [name for name, (level, _) in levels.items() if level != opened.get(name)]
    if not changed:
        return 0
    with writing(engine) as conn:
        for name in changed:
            level, until = levels[name]
            if level is None:
                settle_alarm(conn, CERTIFICATE, name, now_ms)
            else:
                ends: dict[str, int | str] = {"level": level, "until": utc_day(until * 1000)}
                raise_alarm(conn, CERTIFICATE, name, ends, now_ms)
    return len(changed)
