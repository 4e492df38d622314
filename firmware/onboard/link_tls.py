"""How a board opens the stream to its broker: plain on a bench, with TLS where station.json names the files."""

from binascii import hexlify
from hashlib import sha256

from firmware.onboard.durable import read_bytes
from firmware.onboard.station import beside

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from schemas.board_config import Board


class TlsOpener:
    """Opens streams (host, port). `tag` goes into the client id, so that nobody else can guess it: at some brokers who
    connects by another's id ends that one's connection. A copy of this board has the same."""

    def __init__(self, open_stream: "Any", key_file: str) -> None:
        self._open = open_stream
        try:
            self.tag = (
                "-" + hexlify(sha256(b"client id" + read_bytes(key_file)).digest()[:8]).decode()
            )
        except OSError:
            self.tag = ""  # there is no key: there will be no connection

    def __call__(self, host: str, port: int) -> "Any":
        return self._open(host, port)


def opener_of(board: "Board", path: str, chain: "Callable[[], bytes] | None" = None) -> "Any":
    """As edge_agent.ports.Hands.opener; `path`: of the station.json; `chain`: what to show, else the file's."""
    if board.tls is None:
        return None
    from firmware.onboard.tls import opener
    from firmware.onboard.x509 import split_chain

    ca_file, cert_file, key_file = [beside(path, name) for name in board.tls]

    async def open_stream(host: str, port: int) -> "tuple[Any, Any]":
        # Read anew for each connection: a certificate is renewed while this runs.
        shown = chain() if chain is not None else read_bytes(cert_file)
        try:
            parts = split_chain(shown)
        except ValueError as fault:
            raise OSError(22, f"{cert_file}: {fault}") from None
        return await opener(read_bytes(ca_file), parts, read_bytes(key_file))(host, port)

    return TlsOpener(open_stream, key_file)
