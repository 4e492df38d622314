"""Releases of code for boards and their roll-outs: what a manifest may say, which blocks are asked for, how a board stands.

A release is a manifest, its signature and its files, as the workshop's tool makes them (docs/workshop.md).
"""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from mes_server.domain.boards import is_trying, refusal_of, version_of
from schemas.journal_metrics import WENT_BACK

MANIFEST = "manifest.json"
SIGNATURE = "manifest.sig"
MANIFEST_MAX = 65_536  # bytes
FILES_MAX = 400
FILE_MAX = 4 << 20
SIGNATURE_BYTES = 64
BLOCKS_MAX = 8  # of one request

# Events of "firmware:CODE", "firmware_key:HEX" and "roll_out:CODE".
IMPORTED = "firmware_imported"
KEY_TRUSTED = "firmware_key_trusted"
KEY_WITHDRAWN = "firmware_key_withdrawn"
BEGUN = "roll_out_begun"
WIDENED = "roll_out_widened"
STOPPED = "roll_out_stopped"
RESUMED = "roll_out_resumed"
WITHDRAWN = "roll_out_withdrawn"
AGAIN = "roll_out_offered_again"
UPDATED = "roll_out_node_updated"
FAILED = "roll_out_node_failed"

RUNNING, HALTED, ENDED = "running", "stopped", "withdrawn"  # states of a roll-out
OFFERED, DONE, FAILED_NODE = "offered", "done", "failed"  # of a node in it
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+_-]{0,31}")
_BOARD = re.compile(r"[a-z0-9][a-z0-9_]{0,31}")
_PART = re.compile(r"[A-Za-z0-9_.-]+")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_PATH_MAX = 96
_COUNTER_MAX = (1 << 31) - 1


class BadRelease(ValueError):
    """A folder that is no release that may be taken; the sentence says why and what to do."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of a release."""

    path: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What a release says of itself. `data`: the bytes that are signed."""

    data: bytes
    version: str
    counter: int
    board: str
    files: tuple[Entry, ...]

    @property
    def code(self) -> str:
        """How the release is called here."""
        return f"{self.version}-{self.board}"

    @cached_property
    def sha256(self) -> str:
        """Of the manifest, in hex: it names every file by its hash, so it stands for all of them."""
        return hashlib.sha256(self.data).hexdigest()

    @property
    def offer(self) -> str:
        """As Update/Offer says it."""
        return f"{self.version} {self.counter} {len(self.data)} {self.sha256}"


def path_is_good(path: object) -> bool:
    """Whether a release may have such a file: within its folder, and none that the release itself needs."""
    if not isinstance(path, str) or not 0 < len(path) <= _PATH_MAX or path.startswith("manifest."):
        return False
    parts = path.split("/")
    return all(_PART.fullmatch(part) and part.strip(".") for part in parts)


def read_manifest(data: bytes) -> Manifest:
    """The manifest in these bytes; raises BadRelease."""
    if len(data) > MANIFEST_MAX:
        raise BadRelease(f"manifest.json has {len(data)} bytes; at most {MANIFEST_MAX} are taken.")
    try:
        said = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BadRelease(f"manifest.json is no JSON ({error}); make the release again.") from error
    if not isinstance(said, dict):
        raise BadRelease("manifest.json is no object; make the release again.")
    version, board, counter = said.get("version"), said.get("board"), said.get("counter")
    if not isinstance(version, str) or not _VERSION.fullmatch(version):
        raise BadRelease(f"{version!r:.40} is no version; write letters, digits and . + _ - only.")
    if not isinstance(board, str) or not _BOARD.fullmatch(board):
        raise BadRelease(f"{board!r:.40} is no board; write the name of its folder under boards.")
    if type(counter) is not int or not 0 < counter <= _COUNTER_MAX:
        raise BadRelease(f"{counter!r:.40} is no counter; write a whole number from 1 on.")
    return Manifest(data, version, counter, board, _entries(said.get("files")))


def _entries(said: object) -> tuple[Entry, ...]:
    if not isinstance(said, list) or not 0 < len(said) <= FILES_MAX:
        raise BadRelease(f"manifest.json must name 1 to {FILES_MAX} files; make the release again.")
    found = tuple(_entry(one) for one in said)
    if len({one.path for one in found}) < len(found):
        raise BadRelease("manifest.json names a file twice; make the release again.")
    return found


def _entry(said: Any) -> Entry:
    said = said if isinstance(said, dict) else {}
    path, size, sha256 = said.get("path"), said.get("bytes"), said.get("sha256")
    if not path_is_good(path):
        raise BadRelease(f"{path!r:.100} is no path of a release; write one within its folder.")
    if type(size) is not int or not 0 <= size <= FILE_MAX:
        raise BadRelease(f"{path}: {size!r:.40} is no size; at most {FILE_MAX} bytes are taken.")
    if not isinstance(sha256, str) or not _SHA256.fullmatch(sha256):
        raise BadRelease(f"{path} has no SHA-256; make the release again.")
    return Entry(path, size, sha256)


@dataclass(frozen=True, slots=True)
class Release:
    """A release that was taken in. `key`: that it is signed with, in hex."""

    code: str
    version: str
    board: str
    counter: int
    manifest_bytes: int
    manifest_sha256: str
    files: int
    bytes: int
    key: str
    at_ms: int
    person: str

    @property
    def offer(self) -> str:
        """As Update/Offer says it."""
        return f"{self.version} {self.counter} {self.manifest_bytes} {self.manifest_sha256}"


@dataclass(frozen=True, slots=True)
class Want:
    """Blocks that a board asks for: of which version and file, from which byte, how many."""

    version: str
    path: str
    offset: int
    count: int


def read_want(text: str) -> Want | None:
    """What Update/Want asks for; None: nothing that anybody could give."""
    parts = text.split(" ")
    if len(parts) != 4:
        return None
    version, path, offset, count = parts
    numbers = offset.isascii() and offset.isdigit() and count.isascii() and count.isdigit()
    if not numbers or len(offset) > 9 or len(count) > 9:
        return None
    if path not in (MANIFEST, SIGNATURE) and not path_is_good(path):
        return None
    return Want(version, path, int(offset), min(int(count), BLOCKS_MAX))


@dataclass(frozen=True, slots=True)
class RollOutNode:
    """A node ("group/node") in a roll-out; `state`: as recorded, `detail` why it failed, `image` what it ran."""

    node: str
    state: str
    offered_ms: int
    detail: str = ""
    ended_ms: int | None = None


@dataclass(frozen=True, slots=True)
class RollOut:
    """A release on its way to boards. `percent`: 0 while it is only with the first one chosen."""

    code: str
    release: str
    state: str
    percent: int
    reason: str
    begun_ms: int
    changed_ms: int
    person: str
    nodes: tuple[RollOutNode, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether it may go on: not withdrawn, and not with all boards running it. One that failed may try again."""
        if self.state == ENDED:
            return False
        return self.percent < 100 or any(one.state != DONE for one in self.nodes)

    def node(self, name: str) -> RollOutNode | None:
        """A node of it by name."""
        return next((one for one in self.nodes if one.node == name), None)


@dataclass(frozen=True, slots=True)
class Seen:
    """What was heard of a node last."""

    online: bool
    born_ms: int | None
    image: str | None
    update_state: str | None
    update_ms: int | None
    ready_ms: int | None


# How far a node has come: what `standing` answers.
WAITING, FETCHING, READY, TRYING = "waiting", "fetching", "ready", "trying"
REFUSED, FELL_BACK, LOST = "refused", "fell_back", "lost"
FAILURES = (REFUSED, FELL_BACK, LOST)


def _refusal(seen: Seen, release: Release, offered_ms: int) -> str | None:
    """Why it does not take what it is offered; None: it has not said so since."""
    refusal = refusal_of(seen.update_state)
    if refusal == f"{WENT_BACK} {release.counter}":
        return refusal  # whenever it was: as long as it says so it takes this one no more, and has no news of it
    return refusal if (seen.update_ms or 0) >= offered_ms else None


def standing(
    seen: Seen, release: Release, offered_ms: int, now_ms: int, return_ms: int
) -> tuple[str, str]:
    """How a node that was offered a release at `offered_ms` stands, and the detail."""
    said = seen.update_state or ""
    ready_ms = seen.ready_ms if (seen.ready_ms or 0) >= offered_ms else None
    runs_it = version_of(seen.image) == release.version
    if runs_it and not is_trying(said):
        return DONE, ""
    refusal = _refusal(seen, release, offered_ms)
    if refusal is not None:
        went_back = ready_ms is not None or refusal.startswith(WENT_BACK)
        return (FELL_BACK if went_back else REFUSED), refusal
    if ready_ms is not None:
        back = seen.online and (seen.born_ms or 0) > ready_ms
        if back and not runs_it and not is_trying(said):
            return FELL_BACK, seen.image or ""
        if now_ms - ready_ms > return_ms and not seen.online:
            return LOST, ""
        if now_ms - ready_ms > return_ms and said == READY:
            return LOST, ""
        return (TRYING if runs_it else READY), ""
    if said.startswith(FETCHING):
        return FETCHING, said.partition(" ")[2]
    return WAITING, ""


def share_of(candidates: Sequence[str], chosen: Sequence[str], percent: int) -> list[str]:
    """Whom to add so that `percent` of all (at least one more) have the release: the same order every time.

    By the hash of their names, so that those of one area are not all first.
    """
    every = sorted({*candidates, *chosen}, key=lambda n: hashlib.sha256(n.encode()).digest())
    wanted = max(len(chosen) + 1, -(-len(every) * percent // 100))
    fresh = [name for name in every if name not in chosen]
    return fresh[: max(0, wanted - len(chosen))]
