"""Makes, signs and reads releases: a folder with manifest.json, manifest.sig and files/.

The private key belongs to whoever releases for the plant, off the network; boards know the public one.
"""

import hashlib
import json
import os
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from firmware.flash.faults import WRONG_INPUT, Fault
from firmware.onboard.ed25519 import key_is_good, verify
from firmware.onboard.manifest import path_is_good

MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"
_COUNTER_MAX = (1 << 32) - 1  # so many bits the boot record has for it


class Release(NamedTuple):
    """What is in a release; `signature` is empty when nobody signed it."""

    version: str
    counter: int
    board: str
    manifest: bytes
    signature: bytes
    files: dict[str, bytes]

    def slot(self) -> dict[str, bytes]:
        """Every file of a slot, the manifest last: a slot that has it is whole."""
        signed = {SIGNATURE: self.signature} if self.signature else {}
        return self.files | signed | {MANIFEST: self.manifest}


class Identity(NamedTuple):
    """Of a release that is to be made."""

    board: str
    version: str
    counter: int
    min_version: str = ""


def own_version() -> str:
    return metadata.version("lodestone")


def make(identity: Identity, files: dict[str, bytes], key: Ed25519PrivateKey | None) -> Release:
    """Signed when there is a key."""
    bad = [path for path in files if not path_is_good(path)]
    if bad or " " in identity.version or not identity.version:
        wrong = f"the path {bad[0]!r}" if bad else f"the version {identity.version!r}"
        raise Fault(f"A release cannot have {wrong}.", "give it another name.", WRONG_INPUT)
    if not (key is not None) <= identity.counter <= _COUNTER_MAX:
        raise Fault(
            f"A release cannot have the counter {identity.counter}: no board would take it.",
            f"write one above that of the release before, {_COUNTER_MAX} at most.",
            WRONG_INPUT,
        )
    entries = [
        {"path": path, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for path, data in sorted(files.items())
    ]
    raw = {"version": identity.version, "counter": identity.counter, "board": identity.board}
    least = {"min_version": identity.min_version} if identity.min_version else {}
    whole = raw | least | {"files": entries}
    manifest = json.dumps(whole, sort_keys=True, separators=(",", ":")).encode()
    signature = key.sign(manifest) if key is not None else b""
    return Release(identity.version, identity.counter, identity.board, manifest, signature, files)


def write(release: Release, folder: Path) -> None:
    """Raises Fault when something is there already: a release is never changed."""
    try:
        if folder.exists() and any(folder.iterdir()):
            raise Fault(
                f"{folder} is not empty.",
                "name a new folder: a release is never changed.",
                WRONG_INPUT,
            )
        for path, data in release.files.items():
            file = folder / "files" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        (folder / SIGNATURE).write_bytes(release.signature)
        (folder / MANIFEST).write_bytes(release.manifest)
    except OSError as fault:
        raise Fault(
            f"{folder} cannot be written ({fault.strerror}).",
            "name a new folder in a place that is yours and has room; delete what came of this one.",
            WRONG_INPUT,
        ) from None


def read(folder: Path, public: bytes | None = None) -> Release:
    """A release whose files are those of its manifest, and signed by `public` when that is given."""
    try:
        manifest = (folder / MANIFEST).read_bytes()
        signature = (folder / SIGNATURE).read_bytes()
        raw = json.loads(manifest)
        _judge(folder, raw)
        files = {}
        for entry in raw["files"]:
            data = (folder / "files" / entry["path"]).read_bytes()
            if hashlib.sha256(data).hexdigest() != entry["sha256"]:
                raise Fault(
                    f"{entry['path']} is not the file that {folder} was released with.",
                    "get the release again from where it was made.",
                    WRONG_INPUT,
                )
            files[entry["path"]] = data
        found = Release(raw["version"], raw["counter"], raw["board"], manifest, signature, files)
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise Fault(
            f"{folder} holds no whole release ({fault}).",
            "name the folder that `release --out` made.",
            WRONG_INPUT,
        ) from None
    if public is not None and not verify(public, signature, manifest):
        raise Fault(
            f"The signature of {folder} is not by the release key that was named.",
            "ask who released it; do not install it.",
            WRONG_INPUT,
        )
    return found


def _judge(folder: Path, raw: dict[str, Any]) -> None:
    """A file outside its slot could be a board's key, or anything on a controller. Raises Fault, TypeError."""
    bad = [entry["path"] for entry in raw["files"] if not path_is_good(entry["path"])]
    counter = raw["counter"]
    if type(counter) is not int or not 0 <= counter <= _COUNTER_MAX:
        bad.append(f"counter {counter}")
    if bad:
        raise Fault(
            f"{folder} is no release that a board may have: {bad[0]!r}.",
            "do not install it; ask whoever gave it to you.",
            WRONG_INPUT,
        )


def make_key(file: Path) -> bytes:
    """Write a new private key for its owner alone, and the public one beside it; the latter."""
    key = Ed25519PrivateKey.generate()
    text = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes_raw()
    beside = file.with_suffix(".pub")
    if beside.exists() or file == beside:
        raise Fault(
            f"{beside} would be written over.", "name another file, such as plant.key.", WRONG_INPUT
        )
    try:
        number = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as fault:
        raise Fault(
            f"{file} cannot be made ({fault.strerror}).",
            "name a file that is not there yet.",
            WRONG_INPUT,
        ) from None
    try:
        with os.fdopen(number, "wb") as opened:
            opened.write(text)
        beside.write_bytes(public)
    except OSError as fault:
        file.unlink()  # half a pair helps nobody
        beside.unlink(missing_ok=True)
        raise Fault(
            f"{file} cannot be written whole ({fault.strerror}).",
            "make room there, or name a file elsewhere.",
            WRONG_INPUT,
        ) from None
    return public


def load_key(file: Path) -> Ed25519PrivateKey:
    try:
        key = serialization.load_pem_private_key(file.read_bytes(), None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as fault:
        raise Fault(
            f"{file} is no private key that can be read ({fault}).",
            "make one with: python -m firmware.flash key FILE",
            WRONG_INPUT,
        ) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise Fault(
            f"{file} is no Ed25519 key.",
            "make one with: python -m firmware.flash key FILE",
            WRONG_INPUT,
        )
    return key


def load_public(file: Path) -> bytes:
    """The 32 bytes of a .pub file."""
    try:
        public = file.read_bytes()
    except OSError as fault:
        raise Fault(
            f"{file}: {fault.strerror}", "name the .pub file beside the release key.", WRONG_INPUT
        ) from None
    if not key_is_good(public):
        raise Fault(
            f"{file} is no public release key.",
            "name the .pub file beside the release key.",
            WRONG_INPUT,
        )
    return public
