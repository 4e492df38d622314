"""The part of a board that renews its certificate: it asks when two thirds of its life are over.

The new one is shown at the next connections, and takes the old one's place when a record came through with it. When
that does not happen in three tries the old one has three, and so on: a broker that is away accepts neither. The key
stays the same: people approved it.
"""

import binascii

from firmware.onboard import durable, keys, x509
from schemas.journal_metrics import CERT_UNTIL, CERTIFICATE, CSR

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

NEXT = "cert.next"
TRIES = 3
LOOK_MS = 3_600_000  # a certificate lives for months: it need not be looked at more often
PAUSE_S = 600  # between a request that had no answer and the same again: until the next look
AGAIN_S = 86_400  # asked again after a certificate that nobody accepted


class Renewal:
    """`now_ms`: Unix ms, 0 while the time is not known; `mono_ms`: since boot."""

    def __init__(
        self,
        folder: str,
        node: str,
        now_ms: "Callable[[], int]",
        mono_ms: "Callable[[], int]",
        say: "Callable[[str], None]",
    ) -> None:
        """Raises OSError, ValueError: there is no key or no certificate."""
        self._folder = folder
        self._node = node
        self._now_ms = now_ms
        self._mono_ms = mono_ms
        self._say = say
        self._key = keys.load(folder)[1]
        self._chain = durable.read_bytes(f"{folder}/{keys.CERTIFICATE}")
        self._old = self._first(self._chain)
        self._next = self._kept()
        self._tries = 0
        self._shown_next = False
        self._request = ""
        self._looked_ms = -LOOK_MS
        self._not_before_ms = 0  # by mono_ms: the time of day may jump
        self.news = False

    def _first(self, chain: bytes) -> "x509.Certificate":
        return x509.read_certificate(x509.split_chain(chain)[0])

    def _kept(self) -> bytes:
        """A certificate that came before the last boot and has not connected yet."""
        path = f"{self._folder}/{NEXT}"
        kept = durable.read_bytes(path) if durable.is_there(path) else b""
        if kept == self._chain:  # the power was cut between writing the one and removing the other
            durable.remove(path)
            return b""
        return kept

    def chain(self) -> bytes:
        """What to show at this connection: DER of the certificate and of those above it."""
        self._shown_next = bool(self._next) and self._tries % (2 * TRIES) < TRIES
        self._tries += 1
        if not self._shown_next:
            self._look()
            return self._chain
        return self._next

    def _look(self) -> None:
        """What lies there may have been put there by people meanwhile: enrolled anew, with another key."""
        chain = durable.read_bytes(f"{self._folder}/{keys.CERTIFICATE}")
        if chain != self._chain:
            self._old, self._key = self._first(chain), keys.load(self._folder)[1]
            self._chain = chain
            self.news = True

    def facts(self) -> "list[tuple[str, str, str | int]]":
        """Until when, and the request while one is due."""
        if self._is_due() and not self._request:
            request = keys.csr(self._folder, self._node)
            self._request = binascii.b2a_base64(request).decode().strip()
        return [(CERT_UNTIL, "int64", self._old.until_s), (CSR, "string", self._request)]

    def _is_due(self) -> bool:
        now_s = self._now_ms() // 1000
        if not now_s or self._next or self._mono_ms() < self._not_before_ms:
            return False
        begun_s: int = self._old.issued_s
        until_s: int = self._old.until_s
        return now_s >= begun_s + 2 * (until_s - begun_s) // 3

    def progress(self, _part: str) -> None:
        """Time goes by."""
        now = self._mono_ms()
        if now - self._looked_ms < LOOK_MS:
            return
        self._looked_ms = now
        if self._request:
            # No answer. Only what changes is told, so it is taken back, and asked anew at the next look.
            self._request = ""
            self._not_before_ms = now + PAUSE_S * 1000
            self.news = True
        elif self._is_due():
            self.news = True

    def heard(self, name: str, value: object) -> bool:
        """Take a renewed certificate, if it is good; what is not is said and changes nothing."""
        if name != CERTIFICATE:
            return False
        if not isinstance(value, (bytes, bytearray)):
            return False
        try:
            self._take(bytes(value))
        except (ValueError, OSError) as fault:
            self._say(f"certificate refused: {fault}")
        return True

    def _take(self, chain: bytes) -> None:
        if chain in (self._chain, self._next):
            return
        root = durable.read_bytes(f"{self._folder}/{keys.CA}")
        found = keys.judge(x509.split_chain(chain), root, self._key, self._node)
        if found.until_s <= max(self._old.until_s, self._now_ms() // 1000):
            raise ValueError("it does not last longer than the one this board has")
        durable.replace(f"{self._folder}/{NEXT}", chain)
        self._next, self._tries, self._request = chain, 0, ""
        self.news = True
        self._say(f"certificate renewed, tried at the next connection; until {found.until_s}")

    def saved(self) -> None:
        """The MES has a record of this connection: what was shown is good."""
        if not self._next:
            return
        try:
            self._settle()
        except OSError as fault:  # the next acknowledgement tries again
            self._say(f"certificate: the renewed one cannot be kept ({fault})")

    def _settle(self) -> None:
        if self._shown_next:
            durable.replace(f"{self._folder}/{keys.CERTIFICATE}", self._next)
            self._chain = self._next
            self._old = self._first(self._chain)
            self._forget_next()
        elif self._tries >= TRIES:
            self._say("the renewed certificate was not accepted; the old one goes on")
            self._not_before_ms = self._mono_ms() + AGAIN_S * 1000
            self._forget_next()

    def _forget_next(self) -> None:
        durable.remove(f"{self._folder}/{NEXT}")
        self._next, self._tries, self._shown_next = b"", 0, False
        self.news = True
