"""`mes doctor`: what of this installation would not hold in a plant, and what to do about it."""

import shutil
import socket
import subprocess
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from mes_server import broker
from mes_server.ingest.tls import client_context
from mes_server.pki.overview import site_overview
from mes_server.pki.site import SiteMissing, unmatched
from mes_server.settings import LOOPBACK, Settings
from mes_server.store.engine import (
    UNSAFE,
    open_engine,
    reading,
    sqlite_affected,
    sqlite_version,
    unsafe_settings,
)
from mes_server.store.faults import StoreFault
from mes_server.store.ingest_status import read_status
from mes_server.store.people import anybody, count_pins
from mes_server.store.pins import PepperMissing, load_pepper, pepper_file

FREE_SHARE_MIN = 0.10  # of the disk; below it a plant has days, not weeks
STATUS_AGE_MS_MAX = 10_000
TLS_S = 5.0
ENDS_MS = 60 * 86_400_000
_ROOT = Path(__file__).parent
VENDOR = _ROOT / "web" / "static" / "vendor" / "uplot.js"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: `finding` is a sentence that says what is so and, when not ok, what to do."""

    check: str
    ok: bool
    finding: str


def _postgres(settings: Settings) -> Finding:
    engine = open_engine(settings.url)
    try:
        unsafe = unsafe_settings(engine)
    except StoreFault as fault:
        return Finding("database", False, f"PostgreSQL cannot be used: {fault}")
    finally:
        engine.dispose()
    if unsafe:
        return Finding("database", False, UNSAFE % ", ".join(unsafe))
    return Finding("database", True, "PostgreSQL, each commit waits for the disk")


def _database(settings: Settings) -> Finding:
    if settings.url.startswith("postgresql"):
        return _postgres(settings)
    version = sqlite_version()
    if sqlite_affected(version):
        return Finding(
            "database", False,
            f"SQLite {version} can corrupt a database whose log is reset (3.7.0 to 3.51.2); "
            "install pysqlite3 or a newer SQLite",
        )  # fmt: skip
    return Finding("database", True, f"SQLite {version}")


def _disk(settings: Settings) -> Finding:
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    usage = shutil.disk_usage(settings.data_dir)
    text = f"{usage.free / 1e9:.1f} of {usage.total / 1e9:.1f} GB free at {settings.data_dir}"
    return Finding("disk", usage.free >= FREE_SHARE_MIN * usage.total, text)


def _broker(settings: Settings) -> Finding:
    where = f"{settings.mqtt_host}:{settings.mqtt_port}"
    if not broker.answers(*settings.broker_at):
        return Finding(
            "broker", False, f"nothing answers at {where}; start `mes broker` or `mes run`"
        )
    if settings.pki is None:
        return Finding("broker", True, f"answers at {where}")
    try:
        with socket.create_connection(settings.broker_at, TLS_S) as raw:
            client_context(settings.pki).wrap_socket(
                raw, server_hostname=settings.broker_at[0]
            ).close()
    except OSError as fault:
        return Finding("broker", False, f"is not this site's at {where}: {fault}")
    return Finding("broker", True, f"answers at {where} with a certificate of this site")


def _authority(settings: Settings) -> Finding:
    if settings.pki is None:
        return Finding("certificates", True, "none: the broker is for this machine alone")
    try:
        site = site_overview(settings.pki)
        broken = unmatched(settings.pki)
    except (SiteMissing, OSError) as fault:
        # An MES that is given a folder with its own certificate alone has no CA to look after.
        return Finding("certificates", settings.mqtt_tls != "yes", f"the CA is not here: {fault}")
    if broken:
        words = f"{broken[0]}.key is not the key of {broken[0]}.crt"
        return Finding("certificates", False, f"{words}: `mes node ca --host …` makes both anew")
    name, until_ms = site.ends[0]
    if until_ms < time.time() * 1000 + ENDS_MS:
        return Finding(
            "certificates",
            False,
            f"{name} ends within 60 days; `mes node ca --host …` renews broker and mes",
        )
    root = "; root.key is not needed here: keep it off line" if site.has_root_key else ""
    day = datetime.fromtimestamp(until_ms / 1000, settings.zone).date()
    return Finding("certificates", True, f"{name} is the first to end, on {day}{root}")


def _binary(settings: Settings) -> Finding:
    if settings.broker == "external":
        return Finding("broker program", True, "external")
    try:
        path = broker.binary()
        said = subprocess.run([str(path), "--version"], capture_output=True, text=True, timeout=10)  # noqa: S603
    except (broker.BrokerMissing, OSError) as error:
        return Finding("broker program", False, str(error))
    return Finding("broker program", said.returncode == 0, said.stdout.strip())


def _collecting(settings: Settings) -> Finding:
    status = read_status(settings.data_dir)
    if status is None:
        return Finding("ingest", False, "has never run here; start `mes ingest` or `mes run`")
    if status.fault:
        return Finding("ingest", False, f"is not storing: {status.fault}")
    return Finding("ingest", status.connected, "connected" if status.connected else "not connected")


def _pages(_settings: Settings) -> Finding:
    if VENDOR.exists():
        return Finding("charts", True, "chart library in place")
    return Finding("charts", False, "the chart library is missing; run `make setup`")


def _exposed(settings: Settings) -> Finding:
    hosts = {settings.http_host} | ({settings.mqtt_host} if settings.pki is None else set())
    if hosts <= set(LOOPBACK):
        beyond = settings.pki is not None and settings.mqtt_host not in LOOPBACK
        return Finding(
            "reach", True, "loopback, and the broker with TLS" if beyond else "loopback only"
        )
    return Finding(
        "reach", False,
        "listens or connects beyond this machine without TLS: PINs and tokens can be read on the way; "
        "keep to loopback, or put a proxy with TLS in front",
    )  # fmt: skip


def _people(settings: Settings) -> Finding:
    engine = open_engine(settings.url)
    try:
        with reading(engine) as conn:
            people, pins = anybody(conn), count_pins(conn)
    except StoreFault as fault:
        return Finding("people", False, f"cannot be read: {fault}")
    finally:
        engine.dispose()
    try:
        load_pepper(settings.data_dir)
    except PepperMissing as error:
        return Finding("people", pins == 0, str(error) if pins else "nobody has a PIN yet")
    file = pepper_file(settings.data_dir)
    if file.stat().st_mode & 0o077:
        return Finding("people", False, f"{file} can be read by others: chmod 600 it")
    if not people:
        return Finding("people", True, "nobody was added: only this machine may read the pages")
    if settings.open_reading == "yes":
        return Finding(
            "people", False, "whoever reaches the pages may read them: MES_OPEN_READING=yes"
        )
    return Finding("people", True, f"sign in with badge and PIN; {pins} have one")


def examine(settings: Settings) -> list[Finding]:
    """Every check, in the order a person would want to mend things."""
    checks = (
        _database, _disk, _binary, _broker, _authority, _collecting, _pages, _people, _exposed,
    )  # fmt: skip
    return [check(settings) for check in checks]
