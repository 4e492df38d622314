"""What people carry between a board and the MES: the card with a board's fingerprint, and the one-time token.

    lodestone-node:<serial>:<fingerprint>   as QR on the board's screen or in the terminal; a person may type both
    <32 hex of chance><20 hex of the root's hash>   the token, written in groups of four

A board believes no other root than that of which the token tells the beginning of the SHA-256: who stands between it
and the MES can then not pass for the MES.
"""

from collections import namedtuple

PREFIX = "lodestone-node"
SERIAL_MAX = 64
SECRET_DIGITS = 32  # 128 bit
PIN_DIGITS = 20
_HEX = "0123456789abcdef"
_SERIAL = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."
_BETWEEN = " -:\t\r\n"

Card = namedtuple("Card", ("serial", "fingerprint"))
Token = namedtuple("Token", ("secret", "pin"))


def _hex(text: str) -> str:
    return "".join([c for c in text.lower() if c not in _BETWEEN])


def is_serial(text: str) -> bool:
    """Whether a board may be called so."""
    return 0 < len(text) <= SERIAL_MAX and all(c in _SERIAL for c in text)


def read_fingerprint(text: str) -> "str | None":
    """64 hexadecimal digits however somebody grouped them; None: they are none."""
    found = _hex(text)
    return found if len(found) == 64 and all(c in _HEX for c in found) else None


def card_text(serial: str, fingerprint: str) -> str:
    """What the QR code of a board says."""
    return f"{PREFIX}:{serial}:{fingerprint}"


def read_card(text: str) -> "Card | None":
    """The serial and fingerprint in a scanned QR code; None: it is no such code."""
    parts = text.strip().split(":")
    if len(parts) != 3 or parts[0].lower() != PREFIX or not is_serial(parts[1]):
        return None
    fingerprint = read_fingerprint(parts[2])
    return None if fingerprint is None else Card(parts[1], fingerprint)


def grouped(text: str, size: int = 4, between: str = " ") -> str:
    """Digits in groups that an eye can compare."""
    return between.join([text[at : at + size] for at in range(0, len(text), size)])


def token_text(secret: str, root_hash: str) -> str:
    """A token as it is shown; `root_hash`: SHA-256 of the site's root certificate."""
    return grouped(secret + root_hash[:PIN_DIGITS], 4, "-")


def read_token(text: str) -> "Token | None":
    """The secret of a token and what it tells of the root; None: it is no token."""
    found = _hex(text)
    if len(found) != SECRET_DIGITS + PIN_DIGITS or not all(c in _HEX for c in found):
        return None
    return Token(found[:SECRET_DIGITS], found[SECRET_DIGITS:])
