"""`mes ingest`: take the lease, listen, store, fold; stop in order when asked to.

Exit codes: 0 asked to stop; 70 a fault of ours; 74 a write to the disk failed (what is on it is not
known, begin afresh); 75 another process took the lease; 78 the database is newer than this version.
The supervisor starts it again.
"""

import gc
import logging
import os
import secrets
import signal
import socket
import threading
import time
from functools import partial
from pathlib import Path
from types import FrameType

from sqlalchemy import Engine

from mes_server.actions.anchor_ledger import anchoring
from mes_server.actions.boundary import LeaseLost
from mes_server.actions.folding import Folding
from mes_server.actions.hold_lease import drop_lease, hold_lease
from mes_server.actions.renew_certificate import renew
from mes_server.actions.upgrade_store import upgrade_store
from mes_server.ingest.boards import Boards
from mes_server.ingest.listener import Listener, now_ms
from mes_server.ingest.mailbox import Mailbox
from mes_server.ingest.status import StatusFile
from mes_server.ingest.writer import BACK_OFF_MS, DiskFailed, ListenerDied, Writer
from mes_server.settings import Settings
from mes_server.store.engine import open_engine, sqlite_affected, sqlite_version
from mes_server.store.faults import IO, SchemaTooNew, StoreFault
from mes_server.store.ingest_status import IngestStatus
from schemas.station_types import load_station_types

EXIT_BUG = 70
EXIT_DISK = 74
EXIT_LEASE = 75
EXIT_NEWER = 78
LEASE_LOOK_S = 0.5
_log = logging.getLogger(__name__)


def run_ingest(settings: Settings, stop: threading.Event | None = None) -> int:
    """Run until SIGTERM or SIGINT (or `stop`); the exit code."""
    types = load_station_types()  # a contract that is wrong is told before anything is begun
    if stop is None:
        stop = threading.Event()
        stop_on_signals(stop)
        _log_to_stderr()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    status = StatusFile(settings.data_dir)
    engine = open_engine(settings.url)
    holder = _holder()
    try:
        if not _begin(settings, engine, holder, status, stop):
            return 0
        with anchoring(engine, settings.data_dir):
            return _serve(settings, Folding(engine, holder, types), status, stop)
    except SchemaTooNew as error:
        _log.critical("%s", error)
        status.write(_not_storing(engine, "database is newer than this version"))
        return EXIT_NEWER
    except DiskFailed as error:
        _log.critical("%s; ending so that the process begins afresh", error)
        return EXIT_DISK
    except LeaseLost:
        _log.critical("another process stores and acknowledges now; ending")
        return EXIT_LEASE
    finally:
        status.close()
        engine.dispose()


def _log_to_stderr() -> None:
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    logging.Formatter.converter = time.gmtime
    logging.getLogger("alembic").setLevel(logging.WARNING)


def stop_on_signals(stop: threading.Event) -> None:
    """Set `stop` at SIGTERM and SIGINT."""

    def ask(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, ask)
    signal.signal(signal.SIGINT, ask)


def _namespace() -> str:
    """Where process numbers count: two containers may have the same name and number."""
    link = Path("/proc/self/ns/pid")
    return str(link.readlink()) if link.is_symlink() else ""


def _holder() -> str:
    return f"{socket.gethostname()} {_namespace()} {os.getpid()} {secrets.token_hex(4)}"


def _ended(holder: str) -> bool:
    """Whether a holder was a process of this machine and has ended."""
    place, _, number = holder.rpartition(" ")[0].rpartition(" ")
    if place != f"{socket.gethostname()} {_namespace()}" or not number.isdigit():
        return False
    if int(number) == os.getpid():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _warn_of_sqlite(engine: Engine) -> None:
    version = sqlite_version()
    if engine.dialect.name == "sqlite" and sqlite_affected(version):
        _log.error("SQLite %s may corrupt the store (WAL reset); install pysqlite3", version)


def _begin(
    settings: Settings, engine: Engine, holder: str, status: StatusFile, stop: threading.Event
) -> bool:
    """Bring the store to this version and take the lease, however long that takes."""
    _warn_of_sqlite(engine)
    failures, ready, said = 0, False, ""
    while not stop.is_set():
        try:
            if not ready:
                upgrade_store(settings.url)
                ready = True
            other = _take(engine, holder)
            if other == holder:
                return True
            if other != said:
                _log.warning("%s stores and acknowledges here; waiting until it ends", other)
                said = other
            stop.wait(LEASE_LOOK_S)
        except StoreFault as fault:
            if fault.kind != said:
                _log.error("the store cannot be opened: %s", fault)
                said = fault.kind
            status.write(_not_storing(engine, fault.kind))
            if fault.kind == IO and ready:
                raise DiskFailed(str(fault)) from fault
            stop.wait(BACK_OFF_MS[min(failures, len(BACK_OFF_MS) - 1)] / 1000)
            failures += 1
    return False


def _take(engine: Engine, holder: str) -> str:
    """Try to become the one who stores; who that is now."""
    other = hold_lease(engine, holder, now_ms())
    if other != holder and _ended(other):
        other = hold_lease(engine, holder, now_ms(), (other,))
    return other


def _serve(settings: Settings, folding: Folding, status: StatusFile, stop: threading.Event) -> int:
    mailbox = Mailbox()
    listener = Listener(settings.broker_at, settings.host_id, mailbox, settings.pki)
    writer = Writer(folding, listener, mailbox, status, settings.reorder_ms)
    renewing = partial(renew, folding.engine, settings.ca)
    writer.boards = Boards(folding.engine, settings.data_dir, listener.publish, renewing)
    gc.collect()
    gc.freeze()  # half a million objects of libraries: looking through them held commits up for 80 ms
    listener.start()
    try:
        writer.run(stop)
    except ListenerDied:
        _log.critical("the listener's thread has ended; ending so that it begins afresh")
        return EXIT_BUG
    finally:
        listener.stop()
    writer.drain()
    writer.farewell()
    try:
        drop_lease(folding.engine, folding.holder)
    except StoreFault as fault:
        _log.warning("the lease stays until it runs out: %s", fault)
    return 0


def _not_storing(engine: Engine, fault: str) -> IngestStatus:
    version = sqlite_version() if engine.dialect.name == "sqlite" else None
    return IngestStatus(
        pid=os.getpid(),
        at_ms=now_ms(),
        connected=False,
        storing=False,
        fault=fault,
        queue=0,
        inbox_depth=0,
        received=0,
        stored=0,
        dropped=0,
        duplicates=0,
        quarantined=0,
        rate_per_s=0.0,
        sqlite_version=version,
        sqlite_affected=version is not None and sqlite_affected(version),
    )
