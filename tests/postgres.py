"""A PostgreSQL of the tests' own: made in a temporary folder, run as an unprivileged user, gone after."""

import getpass
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

START_LIMIT_S = 60
_NAMES = itertools.count(1)


class NoPostgres(Exception):
    """Why there can be no PostgreSQL on this machine."""


def _programs() -> Path:
    """The folder of initdb and postgres; the newest where there are several."""
    found = shutil.which("initdb")
    folders = [Path(found).parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for folder in folders:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise NoPostgres(
        "no PostgreSQL on this machine (no initdb on the path or below /usr/lib/postgresql)"
    )


def _user() -> tuple[str, list[str]]:
    """Who shall run it, and the words before a command that make it so."""
    if os.getuid() != 0:
        return getpass.getuser(), []
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise NoPostgres(
            "PostgreSQL refuses to run as root and there is no setpriv to run it otherwise"
        )
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        ids = [f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups"]
        return name, [setpriv, *ids]
    raise NoPostgres("PostgreSQL refuses to run as root and there is no user postgres or nobody")


class Cluster:
    """A running server, reached over a socket in its folder."""

    def __init__(self, folder: Path, user: str) -> None:
        self.folder = folder
        self.user = user

    def url(self, database: str) -> str:
        """For SQLAlchemy."""
        return f"postgresql+psycopg://{self.user}@/{database}?host={self.folder}"

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        return psycopg.connect(
            host=str(self.folder), user=self.user, dbname=database, autocommit=True
        )

    def make_database(self, template: str = "template1") -> str:
        """A copy of the database `template`, which is empty unless named; its url."""
        name = f"mes_{next(_NAMES)}"
        with self.connect() as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)

    def wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_LIMIT_S
        while True:
            try:
                self.connect().close()
            except psycopg.OperationalError:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise NoPostgres(f"PostgreSQL did not start: {self._log()}") from None
                time.sleep(0.05)  # waits: until the server takes a connection
            else:
                return

    def _log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")[-500:]


@contextmanager
def running_postgres() -> Iterator[Cluster]:
    """A Cluster for the time of the block; raises NoPostgres."""
    programs = _programs()
    user, as_user = _user()
    with tempfile.TemporaryDirectory(prefix="pg-") as name:
        folder = Path(name)
        if as_user:
            shutil.chown(folder, user)
        data = folder / "data"
        make = [
            *as_user,
            str(programs / "initdb"),
            "-D",
            str(data),
            "-U",
            user,
            "-A",
            "trust",
            "-N",
        ]
        made = subprocess.run([*make, "--no-locale", "-E", "UTF8"], capture_output=True, cwd=folder)
        if made.returncode:
            raise NoPostgres(f"initdb failed: {made.stderr.decode(errors='replace')[-500:]}")
        start = [*as_user, str(programs / "postgres"), "-D", str(data), "-k", str(folder)]
        cluster = Cluster(folder, user)
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen([*start, "-c", "listen_addresses="], stderr=log, cwd=folder)
        try:
            cluster.wait_until_ready(process)
            yield cluster
        finally:
            process.send_signal(signal.SIGQUIT)  # at once: nothing in it is kept
            process.wait(START_LIMIT_S)
