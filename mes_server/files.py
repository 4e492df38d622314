"""Files that are there whole or not at all, also when the power goes."""

import os
import shutil
from pathlib import Path


def replace_file(file: Path, data: bytes, mode: int | None = None) -> None:
    """The old one or the new one, never half of it, and durable when this returns. Raises OSError.

    Without a mode who may read the old one may read the new one, its owner alone where there is none. Nobody else can
    for a moment.
    """
    new = file.with_name(f"{file.name}.new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    if mode is not None:
        new.chmod(mode)
    elif file.exists():
        before = file.stat()
        new.chmod(before.st_mode & 0o777)
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            shutil.chown(new, before.st_uid, before.st_gid)
    new.replace(file)
    sync_folder(file.parent)


def sync_folder(folder: Path) -> None:
    """What was made, renamed or taken away in it stays so after a power cut."""
    if os.name != "posix":  # Windows opens no folders
        return
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
