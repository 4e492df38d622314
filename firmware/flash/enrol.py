"""The board's key, its request and its certificate. The key is made on the board and never read by anything here."""

import ast
import base64
import binascii
import json
import urllib.error
import urllib.request
from typing import Any, NamedTuple

from firmware.flash.faults import WRONG_INPUT, Fault
from firmware.flash.install import Board
from firmware.onboard import launcher
from schemas.node_card import read_token

_TIMEOUT_S = 30
_SLOW_S = 300.0  # a key in pure Python on a small chip


class Card(NamedTuple):
    """What a person enters at the MES."""

    serial: str
    fingerprint: str


def _keys(board: Board, call: str) -> Any:
    """What a function of firmware.onboard.keys returns on the board."""
    files = board.files()
    record = launcher.load(lambda name: board.read(name) if name in files else b"")
    slot = launcher.SLOTS[record.slot]
    code = (
        f"import sys\nsys.path.insert(0, {slot!r})\nfrom firmware.onboard import keys\n"
        f"try:\n    print('=', repr({call}))\nexcept ValueError as no:\n    print('!', repr(str(no)))\n"
    )
    told = board.run(code, _SLOW_S).strip().splitlines()
    sign, _, value = told[-1].partition(" ") if told else ("", "", "")
    if sign == "!":
        raise Fault(
            f"The board does not take it: {value.strip(chr(39))}.",
            "look at the page of this board in the MES (Nodes → Identities); make a new token there.",
        )
    return value


def begin(board: Board, serial: str = "") -> Card:
    """Make the key where there is none yet."""
    found = ast.literal_eval(_keys(board, f"keys.begin('.', {serial!r})"))
    return Card(found[0], found[1])


def enrol(board: Board, mes: str, token: str, station: dict[str, Any]) -> str:
    """Fetch the certificate and give it to the board; until when it holds. Raises Fault."""
    known = read_token(token)
    if known is None:
        raise Fault(
            "This is no token.",
            "copy it whole from the page of this board in the MES.",
            WRONG_INPUT,
        )
    node = station["node"]
    card = begin(board, station.get("serial", ""))
    request = binascii.unhexlify(
        ast.literal_eval(
            _keys(board, f"__import__('binascii').hexlify(keys.csr('.', {node!r})).decode()")
        )
    )
    answer = redeem(
        mes, {"token": token, "serial": card.serial, "csr": base64.b64encode(request).decode()}
    )
    chain = [base64.b64decode(one) for one in answer["chain"]]
    _keys(board, f"keys.finish('.', {chain!r}, {node!r}, {known.pin!r}).name")
    return str(answer.get("until", ""))


def redeem(mes: str, body: dict[str, str]) -> dict[str, Any]:
    """POST to the MES, as the enrolment of a Linux controller does. Raises Fault."""
    url = f"{mes.rstrip('/')}/api/v1/enrolments/redeem"
    if not url.startswith(("http://", "https://")):
        raise Fault(f"{mes} is no address.", "write --mes https://…", WRONG_INPUT)
    request = urllib.request.Request(  # noqa: S310  http or https, judged above
        url,
        json.dumps(body).encode(),
        {"Content-Type": "application/json", "Accept": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310
            found: dict[str, Any] = json.load(answer)
            return found
    except urllib.error.HTTPError as fault:
        raise Fault(
            f"The MES refused: {_refusal(fault)}",
            "look at Nodes → Identities: is it approved, the token new?",
        ) from None
    except (OSError, ValueError) as fault:
        raise Fault(
            f"The MES at {mes} does not answer ({fault}).",
            "look at the network of this laptop and at the address.",
        ) from None


def _refusal(fault: urllib.error.HTTPError) -> str:
    try:
        said = json.loads(fault.read())
    except ValueError:
        return f"it answers {fault.code}"
    if isinstance(said, list):
        return " ".join(f"{one.get('message', '')} {one.get('next', '')}" for one in said)
    return str(said.get("detail", f"it answers {fault.code}"))
