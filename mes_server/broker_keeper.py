"""Keeps the broker's files as the store has it: who may speak, and which certificates are revoked.

Whenever that changes the broker is told to read them again. A node that may not speak any more is cut: nats-server
does so by itself; Mosquitto only mutes it, so that it needs a restart (docs/security.md).
"""

import hashlib
import json
import logging
import os
import shlex
import signal
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from mes_server.broker_access import MOSQUITTO_ACL, NATS_NODES, mosquitto_acl, nats_nodes
from mes_server.domain.identities import Allowed
from mes_server.files import replace_file

LOOK_S = 2.0
HOOK_S = 60.0
TOLD = "told.json"
PKI_FILES = ("chain.pem", "broker.crt", "broker.key", "crl.pem")
_log = logging.getLogger(__name__)


class NotTold(OSError):
    """The broker could not be told; it is tried again."""


@dataclass(frozen=True, slots=True)
class Files:
    """`folder` has what the broker reads; with `copies` also its certificates: it is another user, elsewhere."""

    kind: str
    folder: Path
    pki: Path
    copies: bool = False

    def write(self, allowed: Sequence[Allowed]) -> tuple[str, bool]:
        """Bring them up to date; a digest of all that the broker is to know, and whether a file was another."""
        name, text = (
            (NATS_NODES, nats_nodes(allowed))
            if self.kind == "nats"
            else (MOSQUITTO_ACL, mosquitto_acl(allowed))
        )
        changed = replace(self.folder / name, text.encode())
        digest = hashlib.sha256(text.encode())
        for one in PKI_FILES:
            data = (self.pki / one).read_bytes()
            digest.update(data)
            if self.copies:
                changed = replace(self.folder / one, data) or changed
        return digest.hexdigest(), changed


def replace(file: Path, data: bytes) -> bool:
    """Write a file only when it changes; whether it did. Who may read the old one may read the new one."""
    if file.exists() and file.read_bytes() == data:
        return False
    replace_file(file, data)
    return True


def _read_told(file: Path) -> tuple[str, set[str] | None]:
    """The digest that the broker was told last, and who was allowed then; None: the file is spoiled, nobody knows."""
    try:
        told = json.loads(file.read_bytes())
        return str(told["digest"]), set(told["names"])
    except FileNotFoundError:
        return "", set()
    except (ValueError, KeyError, TypeError):
        return "", None


class Keeper:
    """`read` gives who may speak, None while that cannot be known: then everything stays as it is.

    `tell` is asked to have the files read again; its argument says whether somebody is to be cut.
    """

    def __init__(
        self,
        files: Files,
        read: Callable[[], Sequence[Allowed] | None],
        tell: Callable[[bool], None],
    ) -> None:
        self._files = files
        self._read = read
        self._tell = tell

    def look(self) -> bool:
        """Once; whether the broker was told something new. Raises OSError: files or broker cannot be reached."""
        allowed = self._read()
        if allowed is None:
            return False
        digest, changed = self._files.write(allowed)
        names = sorted({f"{one.group}/{one.node}/{one.key}" for one in allowed})
        file = self._files.folder / TOLD
        told, before = _read_told(file)
        if told == digest and not changed:
            return False
        gone = sorted((before or set()) - set(names))
        self._tell(bool(gone) or before is None)
        replace(file, json.dumps({"digest": digest, "names": names}).encode())
        _log.info(
            "the broker knows %d nodes%s", len(names), f"; cut: {', '.join(gone)}" if gone else ""
        )
        return True

    def run(self, stop: Event) -> None:
        """Look every two seconds until `stop`."""
        said = ""
        while not stop.is_set():
            try:
                self.look()
                said = ""
            except OSError as fault:
                if str(fault) != said:
                    said = str(fault)
                    _log.error("the broker does not know who may speak, trying on: %s", fault)
            stop.wait(LOOK_S)


def _is_nats(pid: int) -> bool:
    """The file may be from before a reboot: the number is then somebody else's, whom SIGHUP would end."""
    if not Path("/proc/self").exists():
        return True  # no Linux: nothing can be looked up
    name = Path(f"/proc/{pid}/comm").read_text(encoding="utf-8", errors="replace")
    return name.startswith("nats-server")


def signal_nats(pid_file: Path) -> Callable[[bool], None]:
    """Have the nats-server of this installation read its files; one that does not run reads them when it starts."""

    def tell(_cut: bool) -> None:
        try:
            pid = int(pid_file.read_text())
            if _is_nats(pid):
                os.kill(pid, signal.SIGHUP)
        except (FileNotFoundError, ProcessLookupError):
            return
        except ValueError as error:
            raise NotTold(f"{pid_file} has no process id") from error

    return tell


def run_hooks(reload: str, cut: str) -> Callable[[bool], None]:
    """Commands for a broker run elsewhere: one to have it read its files, one that also ends its connections.

    Raises ValueError: one cannot be read. It would else be found out when a node is revoked.
    """
    words = {command: shlex.split(command) for command in (reload, cut)}
    if not words[reload] or (cut and not words[cut]):
        raise ValueError("there is no command")

    def tell(somebody_is_cut: bool) -> None:
        command = cut if somebody_is_cut and cut else reload
        try:
            done = subprocess.run(words[command], timeout=HOOK_S, stdin=subprocess.DEVNULL)  # noqa: S603  the administrator's own
        except subprocess.TimeoutExpired as error:
            raise NotTold(f"`{command}` did not end within {HOOK_S:.0f} s") from error
        if done.returncode:
            raise NotTold(f"`{command}` ended with code {done.returncode}")

    return tell
