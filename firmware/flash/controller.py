"""A Linux controller in the workshop's hands: a folder of this computer, with the same acts as a board at a cable."""

import fcntl
import os
import shlex
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from firmware.flash.board import Who
from firmware.flash.faults import WRONG_INPUT, Fault
from firmware.onboard.durable import sync_folder

SERVICE = "lodestone-agent.service"
_UNIT = """# Written by python -m firmware.flash install.
[Unit]
Description=Lodestone agent {name}
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
User={user}
WorkingDirectory={folder}
ExecStart={command}
Restart=always
RestartSec=5

[Install]
WantedBy=multi-user.target
"""


class Controller:
    """As firmware.flash.board.WorkBoard. Raises Fault, with what to do next."""

    def __init__(self, folder: Path, python: str = sys.executable) -> None:
        self.folder = folder.absolute()
        self.port = str(self.folder)
        self._python = python
        if not self.folder.parent.is_dir():
            raise Fault(
                f"There is no {self.folder.parent}.",
                "make it, or name another folder for this controller.",
                WRONG_INPUT,
            )
        self._lock = self._locked()

    def _locked(self) -> int:
        """Of two tools at one folder each would write its own release into the same slot."""
        try:
            number = os.open(self._there(), os.O_RDONLY)
        except OSError as fault:
            raise _refused(fault) from None
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(number)
            raise Fault(
                f"{self.folder} is in use by another of these tools.", "wait until it is done."
            ) from None
        return number

    def _there(self) -> Path:
        return self.folder if self.folder.is_dir() else self.folder.parent

    def close(self) -> None:
        """What runs here goes on; the service is started anew by whoever may."""
        os.close(self._lock)

    def who(self) -> Who:
        disk = os.statvfs(self._there())
        implementation = sys.implementation
        version = tuple(implementation.version[:3])
        free, total = disk.f_frsize * disk.f_bavail, disk.f_frsize * disk.f_blocks
        return Who(implementation.name, version, 0, sys.platform, "", free, total)

    def files(self) -> dict[str, int]:
        """Every file with its size; folders end with a slash."""
        found = {}
        for path in sorted(self.folder.rglob("*")) if self.folder.is_dir() else []:
            if "__pycache__" in path.parts:
                continue
            try:
                about = path.lstat()
            except FileNotFoundError:  # the agent runs, and its journal goes on
                continue
            is_folder = stat.S_ISDIR(about.st_mode)
            name = path.relative_to(self.folder).as_posix()
            found[name + "/" * is_folder] = 0 if is_folder else about.st_size
        return found

    def read(self, path: str, progress: Callable[[int], None] | None = None) -> bytes:
        """All of it. Raises Fault when it is not there."""
        try:
            data = (self.folder / path).read_bytes()
        except OSError as fault:
            raise _refused(fault) from None
        if progress is not None:
            progress(len(data))
        return data

    def read_or_none(self, path: str) -> bytes | None:
        return self.read(path) if (self.folder / path).exists() else None

    def write(self, path: str, data: bytes, progress: Callable[[int], None] | None = None) -> None:
        """By a name of its own first: after a power cut it is the old file or the new one, and read back."""
        file = self.folder / path
        new = file.with_name(file.name + ".new")
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            with new.open("wb") as open_file:
                open_file.write(data)
                open_file.flush()
                os.fsync(open_file.fileno())
            new.replace(file)
            sync_folder(str(file.parent))
            came_back = file.read_bytes()
        except OSError as fault:
            raise _refused(fault) from None
        if came_back != data:
            raise Fault(
                f"{file} came back otherwise than it was written.",
                "run the same command again; if it happens again, this disk is worn.",
            )
        if progress is not None:
            progress(len(data))

    def remove(self, path: str) -> None:
        """A file, or a folder (it ends with a slash) that holds nothing but what Python compiled."""
        file = self.folder / path
        try:
            if path.endswith("/"):
                for compiled in file.glob("__pycache__/*"):
                    compiled.unlink()
                for cache in file.glob("__pycache__"):
                    cache.rmdir()
                file.rmdir()
            else:
                file.unlink()
        except OSError as fault:
            raise _refused(fault) from None

    def run(self, code: str, wait_s: float = 120.0) -> str:
        """What a program says that runs in the folder."""
        command = [self._python, "-c", code]
        try:
            ran = subprocess.run(  # noqa: S603  our own code
                command,
                cwd=self.folder,
                capture_output=True,
                text=True,
                timeout=wait_s,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise Fault(f"{self._python} does not come to an end.", "run it again.") from None
        if ran.returncode:
            last = (ran.stderr.strip().splitlines() or ["nothing"])[-1]
            raise Fault(
                f"{self._python} says: {last}", "tell this line to whoever keeps Lodestone."
            )
        return ran.stdout

    def service(self, name: str) -> list[str]:
        """Write the unit of systemd that keeps the agent running; what a person types to start it."""
        words = (self._python, str(self.folder / "main.py"), str(self.folder))
        unit = _UNIT.format(
            name=name.replace("%", "%%"),
            user=self._user(),
            folder=str(self.folder).replace("%", "%%"),
            command=" ".join(_quoted(word) for word in words),
        )
        self.write(SERVICE, unit.encode())
        return [
            f"sudo cp {shlex.quote(str(self.folder / SERVICE))} /etc/systemd/system/",
            f"sudo systemctl enable --now {SERVICE.removesuffix('.service')}",
        ]

    def _user(self) -> str:
        """Whose files these are: as root everybody who may write here could do everything."""
        file = self.folder / "main.py"
        try:
            return file.owner()
        except KeyError:
            return str(file.stat().st_uid)


def _quoted(word: str) -> str:
    """As systemd reads a command line."""
    for letter, instead in (("\\", "\\\\"), ('"', '\\"'), ("%", "%%"), ("$", "$$")):
        word = word.replace(letter, instead)
    return f'"{word}"'


def _refused(fault: OSError) -> Fault:
    where = fault.filename or "the disk"
    return Fault(
        f"{where}: {fault.strerror}.", "look whose the folder is and how full the disk, then again."
    )
