"""`mes run`: broker, ingest, pages and, when asked, a demo plant on one machine."""

import fcntl
import json
import signal
import socket
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any

from mes_server import broker
from mes_server.files import replace_file
from mes_server.settings import Settings
from mes_server.supervisor import Child, Supervisor


class CannotRun(RuntimeError):
    """Something outside stands in the way; the message says what and what to do."""


def url(settings: Settings) -> str:
    """Where a browser on this machine finds the pages."""
    host = "127.0.0.1" if settings.http_host in {"0.0.0.0", "::"} else settings.http_host  # noqa: S104
    return f"http://{host}:{settings.http_port}"


def _answers_http(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2):  # noqa: S310  our own address
            return True
    except urllib.error.HTTPError:
        return True  # it answers; /healthz says 503 while nothing is collected yet
    except OSError:
        return False


def _require_free(host: str, port: int, setting: str, what: str) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CannotRun(
                f"{what} cannot listen on {host}:{port} ({error.strerror}). Stop the program that "
                f"uses this port, or set {setting} to another."
            ) from error


@contextmanager
def sole_run(settings: Settings) -> Iterator[None]:
    """Hold the data directory; raises CannotRun when it cannot be used or another `mes run` has it."""
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        file = (settings.data_dir / "run.lock").open("a")
    except OSError as error:
        raise CannotRun(
            f"{settings.data_dir} cannot be written to ({error.strerror}). "
            "Set MES_DATA_DIR to a directory that can."
        ) from error
    with file as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise CannotRun(
                f"Lodestone already runs on {settings.data_dir}. Stop it first, or set MES_DATA_DIR."
            ) from error
        yield


def _write_demo_file(settings: Settings, people: Mapping[str, Any]) -> None:
    mqtt = {"host": settings.broker_at[0], "port": settings.mqtt_port}
    facts = {"url": url(settings), "mqtt": mqtt, **people}
    text = json.dumps(facts, ensure_ascii=False, indent=1)
    replace_file(settings.data_dir / "demo.json", text.encode(), 0o600)


def _say_running(
    settings: Settings, people: Mapping[str, Any] | None, say: Callable[[str], None]
) -> None:
    say(f"Lodestone is running: {url(settings)}")
    where = f"{settings.mqtt_host}:{settings.mqtt_port}"
    secure = " with TLS, certificates of this site" if settings.pki else ""
    say(f"Broker at {where}{secure}; data and logs in {settings.data_dir}.")
    if people is not None:
        _say_people(people, say)
    say("Ctrl-C stops all of it.")


def _say_people(people: Mapping[str, Any], say: Callable[[str], None]) -> None:
    if not people["people"]:
        say("People were added here by hand: the demo makes none and has no token.")
        return
    say("Sign in with a badge and its PIN, made for this demo alone (also in demo.json):")
    for person in people["people"]:
        roles = ", ".join(person["roles"])
        say(f"  {person['badge']}  PIN {person['pin']}  {roles}, {person['name']}")


@dataclass(frozen=True, slots=True)
class Demo:
    """What `mes run --demo` adds: the commands of the plant and of its workers; `hire` makes its people,
    `past` makes up a history, where one is wanted, before anything else; `let_in` enrols its controllers, with TLS."""

    plant: list[str]
    workers: list[str]
    hire: Callable[[Settings], Mapping[str, Any]]
    past: Callable[[], None]
    let_in: Callable[[Settings], object]


def _children(settings: Settings, demo: Demo | None) -> list[Child]:
    mes = [sys.executable, "-m", "mes_server.cli"]
    children = []
    if settings.broker == "own":
        children.append(
            Child(
                "broker",
                broker.command(settings),
                lambda: broker.answers(*settings.broker_at),
            )
        )
        if settings.pki is not None:
            children.append(Child("keeper", [*mes, "broker", "keep"]))
    children.append(Child("ingest", [*mes, "ingest"]))
    health = url(settings) + "/healthz"
    # A demo is to be looked at; who has decided otherwise is heeded.
    open_reading = demo is not None and not settings.open_reading
    told = {"MES_OPEN_READING": "yes"} if open_reading else {}
    children.append(Child("web", [*mes, "web"], lambda: _answers_http(health), settings=told))
    if settings.hj212_endpoint:
        children.append(Child("hj212", [*mes, "hj212", "send"]))
    if demo is not None:
        children.append(Child("demo", demo.plant))
    return children


def _prepare(settings: Settings, demo: Demo | None) -> None:
    if demo is None:
        return
    demo.past()
    if settings.pki is not None:
        demo.let_in(settings)


def run(settings: Settings, demo: Demo | None, say: Callable[[str], None]) -> None:
    """Run until SIGINT or SIGTERM, with a demo plant or without.

    Raises CannotRun, BrokerMissing, NotReady; nothing is left running then.
    """
    with sole_run(settings):
        if settings.broker == "own":
            _require_free(settings.mqtt_host, settings.mqtt_port, "MES_MQTT_PORT", "The broker")
        _require_free(settings.http_host, settings.http_port, "MES_HTTP_PORT", "The web server")
        _prepare(settings, demo)
        supervisor = Supervisor(settings.data_dir / "logs", say)

        def ask_to_stop(_signal: int, _frame: FrameType | None) -> None:
            supervisor.stop.set()

        signal.signal(signal.SIGINT, ask_to_stop)
        signal.signal(signal.SIGTERM, ask_to_stop)
        try:
            for child in _children(settings, demo):
                if supervisor.stop.is_set():
                    break
                supervisor.start(child)
            people = None
            if demo is not None:
                people = demo.hire(settings)
                _write_demo_file(settings, people)
                supervisor.start(Child("workers", demo.workers))
            if not supervisor.stop.is_set():
                _say_running(settings, people, say)
            supervisor.watch()
        finally:
            say("Stopping …")
            supervisor.end()
            say("Stopped.")
