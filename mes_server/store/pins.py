"""PINs: hashed with Argon2id over a keyed hash whose key, the pepper, lies outside the database.

A stolen table of six-digit PINs alone falls in hours, however slow the hash; without the pepper, never.
Argon2id with 19 MiB, two passes, one lane: RFC 9106, OWASP password storage cheat sheet.
"""

import hmac
import os
import secrets
import threading
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from mes_server.files import sync_folder

FILE = "pepper"
_BYTES = 32
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
# At a change of shifts everybody signs in at once: more at a time would only take memory.
_AT_ONCE = threading.BoundedSemaphore(2)


class PepperMissing(RuntimeError):
    """The key of the PINs is not where it was: without it no PIN can be compared."""

    def __init__(self, file: Path) -> None:
        super().__init__(
            f"{file} is missing or damaged: no PIN can be compared. Put it back from the backup; "
            "where there is none, remove what is there and set every PIN anew with "
            "`mes people set-pin --new-key`."
        )


def pepper_file(data_dir: Path) -> Path:
    """Where it lies: beside the database, to be backed up apart from it."""
    return data_dir / FILE


def make_pepper(data_dir: Path) -> bool:
    """Make the key where there is none, readable for its owner alone; whether it was made."""
    file = pepper_file(data_dir)
    data_dir.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(handle, "w") as opened:
        opened.write(secrets.token_hex(_BYTES))
        opened.flush()
        os.fsync(opened.fileno())
    sync_folder(data_dir)
    return True


def load_pepper(data_dir: Path) -> bytes:
    """The key; raises PepperMissing."""
    file = pepper_file(data_dir)
    try:
        key = bytes.fromhex(file.read_text(encoding="ascii").strip())
    except (FileNotFoundError, ValueError):
        raise PepperMissing(file) from None
    if len(key) != _BYTES:
        raise PepperMissing(file)
    return key


def _peppered(pin: str, pepper: bytes) -> str:
    return hmac.digest(pepper, pin.encode(), "sha256").hex()


def hash_pin(pin: str, pepper: bytes) -> str:
    """What is kept of a PIN."""
    with _AT_ONCE:
        return _HASHER.hash(_peppered(pin, pepper))


@cache
def _nobodys() -> str:
    return _HASHER.hash(secrets.token_hex(_BYTES))


def pin_fits(pin: str, kept: str | None, pepper: bytes) -> bool:
    """Whether it is the PIN. For nobody (None) it takes the same work to say no."""
    nobodys = _nobodys()
    with _AT_ONCE:
        try:
            return _HASHER.verify(kept or nobodys, _peppered(pin, pepper)) and kept is not None
        except VerifyMismatchError:
            return False
