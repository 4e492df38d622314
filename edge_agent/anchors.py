"""What the MES said of its ledger: so many events, the last of them with this hash.

Kept in a file beside the journal's segments and given back at every birth. Whoever cuts off or seals anew
the ledger of the MES does not reach what stands here.
"""

import binascii

TYPE_CHECKING = False
if TYPE_CHECKING:
    from edge_agent.ports import Storage

FILE = "anchors"
KEPT = 8
APART_MS = 600_000  # flash wears: none is taken sooner after the last
_FILE_BYTES = 2048
_COUNT_MAX = 18  # digits
_HASH = 64


def _all_in(text: str, characters: str) -> bool:
    return all(c in characters for c in text)


def is_anchor(value: object) -> bool:
    """Whether a value is a count, a blank and a hash in small hex."""
    if not isinstance(value, str):
        return False
    count, _, seal = value.partition(" ")
    return (
        0 < len(count) <= _COUNT_MAX
        and _all_in(count, "0123456789")
        and len(seal) == _HASH
        and _all_in(seal, "0123456789abcdef")
    )


class Anchors:
    """The oldest is never given up; of the others those that stand closest together for their age.

    So what is kept reaches from now back to the beginning, ever more widely spaced.
    """

    def __init__(self, storage: "Storage") -> None:
        self._storage = storage
        self._kept: list[str] = []  # "count hash Unix-ms", the oldest first
        self.news = False  # something was taken that the MES has not been told yet
        self._load()

    def text(self) -> str:
        """All of them, the oldest first, as Journal/Anchors tells them."""
        return ",".join(self._kept)

    def _load(self) -> None:
        if FILE not in self._storage.names():
            return
        try:
            raw = self._storage.read(FILE, 0, _FILE_BYTES)
        except OSError:
            return
        text, _, check = raw.rpartition(b"\n")
        if text and check == b"%08x" % binascii.crc32(text):
            self._kept = text.decode().split(",")

    def take(self, said: str, now_ms: int) -> None:
        """Keep what the MES said (`is_anchor`), durably or not at all; what is known already is not news."""
        kept = list(self._kept)
        if kept:
            known, _, at_ms = kept[-1].rpartition(" ")
            if said == known or 0 <= now_ms - int(at_ms) < APART_MS:
                return
        kept.append(f"{said} {now_ms}")
        if len(kept) > KEPT:
            kept.pop(_crowded([int(one.rpartition(" ")[2]) for one in kept]))
        text = ",".join(kept).encode()
        try:
            self._storage.write(FILE, text + b"\n%08x" % binascii.crc32(text))
        except OSError:
            return  # it is said again in an hour
        self._kept = kept
        self.news = True


def _crowded(times: "list[int]") -> int:
    """The inner index whose neighbours are closest to each other, measured by its age."""
    now_ms = times[-1]
    found = 1
    least = 0.0
    for index in range(1, len(times) - 1):
        share = (times[index + 1] - times[index - 1]) / (abs(now_ms - times[index]) + 1)
        if index == 1 or share < least:
            least = share
            found = index
    return found
