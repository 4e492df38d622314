"""A Linux controller in the workshop's hands: a folder of this computer, with the same acts as a board at a cable."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from firmware.flash.board import Who
from firmware.flash.faults import WRONG_INPUT, Fault

SERVICE = "lodestone-agent.service"
_UNIT = """# Written by python -m firmware.flash install.
[Unit]
Description=Lodestone agent {name}
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
WorkingDirectory={folder}
ExecStart={python} {folder}/main.py {folder}
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

    def close(self) -> None:
        """Nothing is open."""

    def who(self) -> Who:
        at = self.folder if self.folder.is_dir() else self.folder.parent
        disk = os.statvfs(at)
        implementation = sys.implementation
        version = tuple(implementation.version[:3])
        free, total = disk.f_frsize * disk.f_bavail, disk.f_frsize * disk.f_blocks
        return Who(implementation.name, version, 0, sys.platform, "", free, total)

    def files(self) -> dict[str, int]:
        """Every file with its size; folders end with a slash."""
        found = {}
        for path in sorted(self.folder.rglob("*")) if self.folder.is_dir() else []:
            if "__pycache__" not in path.parts:
                name = path.relative_to(self.folder).as_posix()
                found[name + "/" * path.is_dir()] = 0 if path.is_dir() else path.stat().st_size
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
        except OSError as fault:
            raise _refused(fault) from None
        if file.read_bytes() != data:
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
        ran = subprocess.run(  # noqa: S603  our own code
            command, cwd=self.folder, capture_output=True, text=True, timeout=wait_s, check=False
        )
        if ran.returncode:
            last = (ran.stderr.strip().splitlines() or ["nothing"])[-1]
            raise Fault(
                f"{self._python} says: {last}", "tell this line to whoever keeps Lodestone."
            )
        return ran.stdout

    def hold(self) -> None:
        """What runs here goes on until it is started anew."""

    def reset(self) -> None:
        """The service is started by whoever may."""

    def service(self, name: str) -> list[str]:
        """Write the unit of systemd that keeps the agent running; what a person types to start it."""
        unit = _UNIT.format(name=name, folder=self.folder, python=self._python)
        self.write(SERVICE, unit.encode())
        return [
            f"sudo cp {self.folder / SERVICE} /etc/systemd/system/",
            f"sudo systemctl enable --now {SERVICE.removesuffix('.service')}",
        ]


def _refused(fault: OSError) -> Fault:
    where = fault.filename or "the disk"
    return Fault(
        f"{where}: {fault.strerror}.", "look whose the folder is and how full the disk, then again."
    )
