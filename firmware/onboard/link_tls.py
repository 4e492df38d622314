"""How a board opens the stream to its broker: plain on a bench, with TLS where station.json names the files."""

from firmware.onboard.station import beside, read_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from schemas.board_config import Board


def opener_of(board: "Board", path: str) -> "Any":
    """As edge_agent.ports.Hands.opener; `path`: of the station.json."""
    if board.tls is None:
        return None
    from firmware.onboard.tls import opener

    files = [beside(path, name) for name in board.tls]

    async def open_stream(host: str, port: int) -> "tuple[Any, Any]":
        # Read anew for each connection: a certificate is renewed while this runs.
        ca, cert, key = [read_bytes(file) for file in files]
        return await opener(ca, [cert], key)(host, port)

    return open_stream
