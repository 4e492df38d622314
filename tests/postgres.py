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
from sqlalchemy import make_url

START_LIMIT_S = 60
_NAMES = itertools.count(1)
_TABLES = (
    "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
)
_END_OTHERS = (
    "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
_COUNT_ANEW = (
    "SELECT setval(oid, 1, false) FROM pg_class "
    "WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace"
)


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
    """A server reached over a socket in its folder; it can be stopped, killed and started again."""

    def __init__(self, programs: Path, folder: Path, user: str, as_user: list[str]) -> None:
        self.folder, self.user, self.as_user = folder, user, as_user
        self._command = [*as_user, str(programs / "postgres"), "-D", str(folder / "data")]
        self._process: subprocess.Popen[bytes] | None = None
        self._reused: dict[str, str] = {}

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

    def like(self, template: str) -> str:
        """The url of a database like `template`, without rows: the same one each time.

        A copy for every test would be some hundred files to make and to delete.
        """
        if template not in self._reused:
            self._reused[template] = make_url(self.make_database(template)).database or ""
        else:
            self._empty(self._reused[template], template)
        return self.url(self._reused[template])

    def _empty(self, name: str, template: str) -> None:
        with self.connect(template) as model:
            kept = {row[0] for row in model.execute(_TABLES)}
        with self.connect(name) as conn, conn.transaction():
            conn.execute(_END_OTHERS)
            conn.execute("SET LOCAL session_replication_role = replica")  # in any order
            for (table,) in conn.execute(_TABLES).fetchall():
                what = "DELETE FROM" if table in kept else "DROP TABLE"
                conn.execute(f"{what} {table}")
            conn.execute(_COUNT_ANEW)

    def start(self, **settings: str) -> None:
        """Start it, with `settings` of postgresql.conf, and wait until it takes connections."""
        settings = {"listen_addresses": "", "unix_socket_directories": str(self.folder)} | settings
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        deadline = time.monotonic() + START_LIMIT_S
        while not self._starts([*self._command, *options], deadline):
            # After a kill its children go on for a moment, and as long as they do it will not start.
            if time.monotonic() > deadline:
                raise NoPostgres(f"PostgreSQL did not start: {self._log()}")

    def _starts(self, command: list[str], deadline: float) -> bool:
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stderr=log, cwd=self.folder)
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                self.connect().close()
            except psycopg.OperationalError:
                time.sleep(0.05)  # waits: until the server takes a connection
            else:
                return True
        return False

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Break off all connections and end it."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(START_LIMIT_S)

    def kill(self) -> None:
        """SIGKILL of its first process: what it had not written is gone."""
        self.stop(signal.SIGKILL)

    def _log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")[-500:]


@contextmanager
def running_postgres(**settings: str) -> Iterator[Cluster]:
    """A Cluster for the time of the block; raises NoPostgres."""
    programs = _programs()
    user, as_user = _user()
    with tempfile.TemporaryDirectory(prefix="pg-") as name:
        folder = Path(name)
        if as_user:
            shutil.chown(folder, user)
        make = [*as_user, str(programs / "initdb"), "-D", str(folder / "data"), "-U", user]
        make += ["-A", "trust", "-N", "--no-locale", "-E", "UTF8"]
        made = subprocess.run(make, capture_output=True, cwd=folder)
        if made.returncode:
            raise NoPostgres(f"initdb failed: {made.stderr.decode(errors='replace')[-500:]}")
        cluster = Cluster(programs, folder, user, as_user)
        try:
            cluster.start(**settings)
            yield cluster
        finally:
            cluster.stop(signal.SIGQUIT)  # at once: nothing in it is kept
