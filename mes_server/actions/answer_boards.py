"""What a board gets when it asks: blocks of the release that it is offered, and of nothing else."""

import os
from functools import lru_cache
from pathlib import Path

from sqlalchemy import Connection

from mes_server.actions.import_firmware import FILES, release_folder
from mes_server.domain.firmware import (
    MANIFEST,
    SIGNATURE,
    SIGNATURE_BYTES,
    BadRelease,
    Release,
    Want,
    read_manifest,
    read_want,
)
from mes_server.domain.nodes import NodeId
from mes_server.store.firmware import offered_to
from mes_server.store.nodes import node_name
from schemas.journal_metrics import BLOCK_BYTES


def blocks_for(conn: Connection, data_dir: Path, node: NodeId, text: str) -> list[bytes] | None:
    """Update/Block for an Update/Want, block by block; None: the node is offered no such release.

    Raises OSError when the files of a release are not there any more.
    """
    want = read_want(text)
    release = offered_to(conn, node_name(*node))
    if want is None or release is None or release.version != want.version:
        return None
    return blocks_of(data_dir, release, want)


def blocks_of(data_dir: Path, release: Release, want: Want) -> list[bytes]:
    """The blocks of one file that are there. A path leads somewhere only when the manifest names it."""
    folder = release_folder(data_dir, release.code)
    size = _sizes(folder, release.manifest_sha256).get(want.path)
    if size is None:
        return []
    inside = want.path in (MANIFEST, SIGNATURE)
    blocks = []
    with (folder / want.path if inside else folder / FILES / want.path).open("rb") as file:
        for n in range(want.count):
            offset = want.offset + n * BLOCK_BYTES
            if offset >= size:
                break
            data = os.pread(file.fileno(), min(BLOCK_BYTES, size - offset), offset)
            blocks.append(f"{want.version} {want.path} {offset}\n".encode() + data)
    return blocks


@lru_cache(maxsize=8)
def _sizes(folder: Path, sha256: str) -> dict[str, int]:
    """The files of a release and their sizes. Raises OSError when its manifest is not the one taken in."""
    data = (folder / MANIFEST).read_bytes()
    try:
        manifest = read_manifest(data)
    except BadRelease as error:
        raise OSError(f"{folder.name}: {error}") from error
    if manifest.sha256 != sha256:
        raise OSError(f"{folder.name}: manifest.json was changed; import the release again")
    sizes = {one.path: one.bytes for one in manifest.files}
    return sizes | {MANIFEST: len(data), SIGNATURE: SIGNATURE_BYTES}
