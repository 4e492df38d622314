"""Take in a release of code for boards: checked against its manifest and the keys that the site trusts, then kept.

Its files lie in <data directory>/firmware/<version>-<board>, the fact and the hash of the manifest in the ledger.
"""

import hashlib
import os
import shutil
import uuid
from pathlib import Path

from sqlalchemy import Engine

from mes_server.actions.one_action import carry_out
from mes_server.actions.record_events import Act, Book
from mes_server.domain.firmware import (
    FILE_MAX,
    IMPORTED,
    KEY_TRUSTED,
    KEY_WITHDRAWN,
    MANIFEST,
    MANIFEST_MAX,
    SIGNATURE,
    SIGNATURE_BYTES,
    BadRelease,
    Manifest,
    read_manifest,
)
from mes_server.files import sync_folder
from mes_server.pki.signatures import is_signed
from mes_server.store.firmware import highest_counter, load_release, trusted_keys

FOLDER = "firmware"
FILES = "files"


def release_folder(data_dir: Path, code: str) -> Path:
    """Where the files of a release lie. `code` is one that the ledger knows."""
    return data_dir / FOLDER / code


def import_release(engine: Engine, data_dir: Path, folder: Path, act: Act) -> tuple[Manifest, bool]:
    """The release in `folder`, and whether it is new. Raises BadRelease: nothing of it was kept; StoreFault, OSError."""
    manifest = read_manifest(_read(folder, MANIFEST, MANIFEST_MAX))
    signature = _read(folder, SIGNATURE, SIGNATURE_BYTES)
    contents = {
        one.path: _checked(folder, one.path, one.bytes, one.sha256) for one in manifest.files
    }
    contents |= {MANIFEST: manifest.data, SIGNATURE: signature}
    made = release_folder(data_dir, f".{uuid.uuid4().hex}")
    try:
        _write(made, contents)
        new: bool = carry_out(engine, act, _keep, (manifest, signature), (made, data_dir))
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return manifest, new


def _read(folder: Path, name: str, most: int) -> bytes:
    try:
        with (folder / name).open("rb") as file:
            return file.read(most + 1)
    except OSError as error:
        said = error.strerror or "cannot be read"
        raise BadRelease(
            f"{name} in {folder}: {said}; name the folder of a whole release."
        ) from error


def _checked(folder: Path, path: str, size: int, sha256: str) -> bytes:
    data = _read(folder / FILES, path, FILE_MAX)
    if len(data) != size or hashlib.sha256(data).hexdigest() != sha256:
        raise BadRelease(
            f"{path} is not the file that the manifest names: it was changed after the release was made. "
            "Take the folder from the workshop again."
        )
    return data


def _write(folder: Path, contents: dict[str, bytes]) -> None:
    """All of it, durable."""
    for path, data in contents.items():
        target = folder / path if path in (MANIFEST, SIGNATURE) else folder / FILES / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    for one in {folder, *(one for one in folder.rglob("*") if one.is_dir())}:
        sync_folder(one)


def _keep(book: Book, release: tuple[Manifest, bytes], places: tuple[Path, Path]) -> bool:
    """Put the files where they belong and note it; nobody else writes to the ledger meanwhile."""
    (manifest, signature), (made, data_dir) = release, places
    key = _signer(book, manifest, signature)
    known = load_release(book.conn, manifest.code)
    if known is None:
        highest = highest_counter(book.conn, manifest.board)
        if manifest.counter <= highest:
            raise BadRelease(
                f"{manifest.code} has counter {manifest.counter}, but {highest} was taken in for "
                f"{manifest.board} already: boards do not go back. Make the release with a higher counter."
            )
    elif known.manifest_sha256 != manifest.sha256:
        raise BadRelease(
            f"There is another release called {manifest.code}; give this one a version of its own."
        )
    target = release_folder(data_dir, manifest.code)
    shutil.rmtree(target, ignore_errors=True)  # of an import that broke off, or damaged
    made.rename(target)
    for one in (target.parent, data_dir):
        sync_folder(one)
    if known is None:
        book.note(
            f"firmware:{manifest.code}", IMPORTED, version=manifest.version, board=manifest.board,
            counter=manifest.counter, manifest_bytes=len(manifest.data), manifest_sha256=manifest.sha256,
            files=len(manifest.files), bytes=sum(one.bytes for one in manifest.files), key=key,
        )  # fmt: skip
    return known is None


def _signer(book: Book, manifest: Manifest, signature: bytes) -> str:
    """The trusted key that signed it."""
    keys = trusted_keys(book.conn)
    for key in keys:
        if is_signed(bytes.fromhex(key), signature, manifest.data):
            return key
    if not keys:
        raise BadRelease(
            "No key is trusted here yet: `mes firmware trust KEYFILE` with the public key of the workshop."
        )
    raise BadRelease(
        f"{manifest.code} is not signed with a key that is trusted here ({', '.join(keys.values())}): it comes "
        "from elsewhere, or its manifest was changed. Take it from the workshop, or trust its key first."
    )


def trust_key(book: Book, key: bytes, name: str) -> None:
    """From now on releases may be signed with this public key."""
    book.note(f"firmware_key:{key.hex()}", KEY_TRUSTED, name=name)


def withdraw_key(book: Book, key: str, reason: str) -> bool:
    """No more releases are taken that are signed with it; those here stay. Whether it was trusted."""
    if key not in trusted_keys(book.conn):
        return False
    book.note(f"firmware_key:{key}", KEY_WITHDRAWN, reason)
    return True
