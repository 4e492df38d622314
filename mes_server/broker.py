"""The broker that comes with the installation: nats-server speaking MQTT 3.1.1, on loopback or with TLS.

Nothing of ours depends on which broker carries the messages (docs/decisions/0003). This one needs no
package of the system. It holds no data worth a backup: what is not acknowledged is in the journals.
"""

import json
import shutil
import socket
import sysconfig
from pathlib import Path

from mes_server.broker_access import NATS_NODES, Listener, nats_listener, nats_nodes
from mes_server.broker_keeper import replace
from mes_server.settings import LOOPBACK, Settings

STATE_BYTES_MAX = 64 * 1024 * 1024  # sessions and retained STATE messages; far more than needed
PAYLOAD_BYTES_MAX = 1024 * 1024
PID_FILE = "nats.pid"


class BrokerMissing(RuntimeError):
    """There is no nats-server in this installation; the message says what to do."""


class BrokerOpen(RuntimeError):
    """The broker would let in whoever reaches it; the message says what to do."""


def binary() -> Path:
    """The nats-server of this environment, else the one on PATH."""
    own = Path(sysconfig.get_path("scripts")) / "nats-server"
    found = str(own) if own.exists() else shutil.which("nats-server")
    if not found:
        raise BrokerMissing(
            "nats-server is not installed for this kind of machine. Start Mosquitto or another MQTT "
            "broker and set MES_BROKER=external."
        )
    return Path(found)


def configuration(host: str, port: int, store: Path) -> str:
    """nats-server's configuration: MQTT on `host:port`, its own protocol on a free loopback port."""
    return _common(store) + f"mqtt {{ host: {json.dumps(host)}, port: {port} }}\n"


def secure_configuration(listener: Listener, store: Path) -> str:
    """The same with TLS: nobody connects without a certificate and a line in nodes.conf beside it."""
    pid_file = json.dumps(str(store.with_name(PID_FILE)))
    return _common(store) + f"pid_file: {pid_file}\n" + nats_listener(listener)


def _common(store: Path) -> str:
    return f"""# Written by `mes broker` at every start; changes here are lost.
server_name: lodestone
host: 127.0.0.1
port: -1
max_payload: {PAYLOAD_BYTES_MAX}
jetstream {{ store_dir: {json.dumps(str(store))}, max_file_store: {STATE_BYTES_MAX} }}
"""


def folder_of(settings: Settings) -> Path:
    """Where the broker's files are."""
    return (settings.data_dir / "broker").absolute()


def command(settings: Settings) -> list[str]:
    """Write the configuration below the data directory; the command that starts the broker.

    Raises BrokerOpen. With TLS, nodes.conf stays as it was left, unless it was cut off: who is allowed in is the keeper's to say (broker_keeper.py).
    """
    folder = folder_of(settings)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "nats.conf"
    if settings.pki is None:
        if settings.mqtt_host not in LOOPBACK:
            raise BrokerOpen(
                f"At {settings.mqtt_host} the broker would let anybody in. Start it with TLS (MES_MQTT_TLS=yes, "
                "`mes run --secure`), or leave MES_MQTT_HOST on loopback."
            )
        text = configuration(settings.mqtt_host, settings.mqtt_port, folder / "state")
    else:
        listener = Listener(settings.mqtt_host, settings.mqtt_port, settings.pki)
        text = secure_configuration(listener, folder / "state")
        if not _is_whole(folder / NATS_NODES):
            replace(folder / NATS_NODES, nats_nodes([]).encode())
    replace(file, text.encode())
    return [str(binary()), "-c", str(file)]


def _is_whole(nodes: Path) -> bool:
    """Without a list of users nats-server lets in whoever has a certificate, to every topic, revoked or not."""
    return nodes.exists() and nodes.read_bytes().endswith(nats_nodes([]).encode()[-2:])


def answers(host: str, port: int, timeout_s: float = 0.5) -> bool:
    """Whether something listens there."""
    try:
        with socket.create_connection((host, port), timeout=timeout_s):
            return True
    except OSError:
        return False
