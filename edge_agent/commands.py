"""What the server may ask of a node, and nothing more."""

from collections import namedtuple

from edge_agent.anchors import is_anchor
from schemas.journal_metrics import ACK, ANCHORS, BOARD_COMMANDS, REBIRTH, REWIND
from schemas.sparkplug import PayloadError, decode_payload

# ack, rewind: a position or None; anchor: "count hash" or None; rebirth: bool; at_ms: when it was sent,
# None: it does not say; board: (name, value) of commands to the board; unknown: names of what is not understood.
DATA_MAX = 2048  # bytes; taking apart what is larger would cost a small board its memory
Commands = namedtuple(
    "Commands", ("ack", "rewind", "anchor", "rebirth", "at_ms", "board", "unknown")
)


def _position(value: object) -> "int | None":
    ok = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 64
    return value if ok else None  # type: ignore[return-value]


def read_commands(data: bytes) -> Commands:  # noqa: C901  a branch per command
    """The commands in an NCMD payload. Never raises: what cannot be read is `unknown`."""
    if len(data) > DATA_MAX:
        return Commands(None, None, None, False, None, [], [f"{len(data)} bytes"])
    try:
        payload = decode_payload(data)
    except PayloadError as fault:
        return Commands(None, None, None, False, None, [], [str(fault)])
    ack = rewind = anchor = None
    rebirth = False
    board = []
    unknown = []
    for metric in payload.metrics:
        if metric.name == ACK and _position(metric.value) is not None:
            ack = metric.value
        elif metric.name == REWIND and _position(metric.value) is not None:
            rewind = metric.value
        elif metric.name == ANCHORS and is_anchor(metric.value):
            anchor = metric.value
        elif metric.name == REBIRTH and metric.value is True:
            rebirth = True
        elif metric.name in BOARD_COMMANDS and metric.value is not None:
            board.append((metric.name, metric.value))
        else:
            unknown.append(str(metric.name))
    return Commands(ack, rewind, anchor, rebirth, payload.at_ms, board, unknown)
