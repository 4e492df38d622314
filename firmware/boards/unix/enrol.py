"""Let a Linux controller in: python -m firmware.boards.unix.enrol --mes URL --node NODE [--token TOKEN] [--folder DIR]

Without a token it makes the key and shows the card that a person enters at the MES; with one it fetches the
certificate. Both interpreters; https needs CPython. Exit code 1: it was refused or failed, 2: it was called wrongly.
"""

import asyncio
import binascii
import json
import sys

from firmware.onboard import keys, x509
from schemas.node_card import card_text, grouped, read_token
from schemas.topics import is_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_MICROPYTHON = sys.implementation.name == "micropython"
ANSWER_BYTES_MAX = 65536
TIMEOUT_S = 30
USAGE = "usage: python -m firmware.boards.unix.enrol --mes URL --node NODE [--token TOKEN] [--folder DIR] [--serial SERIAL]\n"
_OPTIONS = ("mes", "node", "token", "folder", "serial")


class Refused(Exception):
    """The MES said no, in words."""


def read_options(arguments: list[str]) -> "dict[str, str] | None":
    """The options by name; None: they are not understood."""
    said = {"token": "", "folder": ".", "serial": ""}
    for at in range(0, len(arguments), 2):
        name = arguments[at][2:]
        if arguments[at][:2] != "--" or name not in _OPTIONS or at + 1 == len(arguments):
            return None
        said[name] = arguments[at + 1]
    if not said.get("mes", "").startswith(("http://", "https://")) or not is_id(
        said.get("node", "")
    ):
        return None
    return said


def _split_url(url: str) -> "tuple[bool, str, int, str]":
    """Whether with TLS, host, port and path of an address."""
    scheme, rest = url.split("://", 1)
    place, slash, path = rest.partition("/")
    host, colon, port = place.rpartition(":")
    if not colon or "]" in port:
        host, port = place, ""
    secure = scheme == "https"
    number = int(port) if port else 443 if secure else 80
    return secure, host.strip("[]"), number, (slash + path).rstrip("/")


async def _post(url: str, path: str, body: bytes) -> "tuple[int, bytes]":
    secure, host, port, root = _split_url(url)
    if secure and _MICROPYTHON:
        raise OSError("https needs CPython here")
    reader, writer = await (
        asyncio.open_connection(host, port, ssl=True)
        if secure
        else asyncio.open_connection(host, port)
    )
    head = (
        f"POST {root}{path} HTTP/1.0\r\nHost: {host}:{port}\r\nContent-Type: application/json\r\n"
        f"Accept: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    writer.write(head.encode() + body)
    await writer.drain()
    answer = b""
    while len(answer) <= ANSWER_BYTES_MAX:
        part = await reader.read(4096)
        if not part:
            break
        answer += part
    writer.close()
    head_end = answer.find(b"\r\n\r\n")
    if head_end < 0 or not answer.startswith(b"HTTP/1."):
        raise OSError("that is no MES: it does not answer in HTTP")
    return int(answer[9:12]), answer[head_end + 4 :]


def _refusal(status: int, body: bytes) -> str:
    try:
        said: Any = json.loads(body)
    except ValueError:
        return f"the MES answers {status}"
    try:
        if isinstance(said, list):
            return "\n".join([f"{one['message']} {one['next']}" for one in said])
        return str(said["detail"])
    except (KeyError, TypeError):
        return f"the MES answers {status}"


async def fetch(mes: str, token: str, serial: str, request: bytes) -> "dict[str, Any]":
    """What the MES gives for a token and a request; the chain in DER. Raises OSError, Refused."""
    csr = binascii.b2a_base64(request).decode().strip()
    body = json.dumps({"token": token, "serial": serial, "csr": csr}).encode()
    posted = _post(mes, "/api/v1/enrolments/redeem", body)
    try:
        status, answer = await asyncio.wait_for(posted, TIMEOUT_S)
    except asyncio.TimeoutError:  # MicroPython knows it by this name alone
        raise OSError("the MES does not answer") from None
    if status != 200:
        raise Refused(_refusal(status, answer))
    return _read_answer(answer)


def _read_answer(answer: bytes) -> "dict[str, Any]":
    """What names a chain, a group and an end. Raises OSError: somebody else answers there."""
    try:
        found: Any = json.loads(answer)
        chain = [binascii.a2b_base64(one) for one in found["chain"]]
        return {"chain": chain, "group": found["group"], "until": found["until"]}
    except (KeyError, TypeError, ValueError):
        raise OSError("that is no MES: its answer holds no certificate") from None


def show_card(serial: str, fingerprint: str) -> None:
    """Serial, fingerprint and, where zxing-cpp is installed, both as a QR code."""
    picture = _qr(card_text(serial, fingerprint))
    sys.stdout.write(picture)
    lines = grouped(fingerprint, 16, "\n").split("\n")
    sys.stdout.write(f"Board        {serial}\n")
    for number, line in enumerate(lines):
        sys.stdout.write(("Fingerprint  " if number == 0 else " " * 13) + grouped(line) + "\n")


def _qr(text: str) -> str:
    try:
        import zxingcpp
    except ImportError:
        return ""
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    # True where a module is light; two rows become one line of half blocks, white on black whatever the terminal is.
    image: Any = zxingcpp.write_barcode_to_image(code, scale=1)
    rows = [[one > 0 for one in row] for row in memoryview(image).tolist()]  # type: ignore[attr-defined]
    rows += [[True] * len(rows[0])] * (len(rows) % 2)
    blocks = {(True, True): "█", (True, False): "▀", (False, True): "▄", (False, False): " "}
    lines = []
    for at in range(0, len(rows), 2):
        pairs = zip(rows[at], rows[at + 1])
        lines.append("\x1b[40;97m" + "".join([blocks[pair] for pair in pairs]) + "\x1b[0m\n")
    return "".join(lines)


def _enrol(said: "dict[str, str]") -> None:
    folder, node = said["folder"].rstrip("/") or "/", said["node"]
    serial, fingerprint = keys.begin(folder, said["serial"])
    show_card(serial, fingerprint)
    if not said["token"]:
        sys.stdout.write(
            f"\nEnter this board as node {node} at {said['mes'].rstrip('/')}/nodes/identities. When a second person\n"
            "has approved it, make a token there and run this again with --token.\n"
        )
        return
    token = read_token(said["token"])
    if token is None:
        raise ValueError("this is no token: copy it whole from the page of this board")
    answer = asyncio.run(fetch(said["mes"], said["token"], serial, keys.csr(folder, node)))
    found = keys.finish(folder, answer["chain"], node, token.pin)
    _say_done(folder, answer, found)


def _say_done(folder: str, answer: "dict[str, Any]", found: "x509.Certificate") -> None:
    sys.stdout.write(
        f"\nEnrolled as {answer['group']}/{found.name} until {answer['until']}. "
        f"{keys.KEY}, {keys.CERTIFICATE} and {keys.CA} are in {folder}.\n"
        f'In station.json beside them: "broker": {{"host": …, "port": …, "tls": {json.dumps(keys.TLS)}}}\n'
    )


def main(arguments: list[str]) -> int:
    """Show the card, or fetch the certificate; the exit code."""
    said = read_options(arguments)
    if said is None:
        sys.stderr.write(USAGE)
        return 2
    try:
        _enrol(said)
    except (OSError, ValueError, KeyError, Refused) as fault:
        sys.stderr.write(f"Not enrolled: {fault}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
