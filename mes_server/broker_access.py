"""Who may do what at the broker, as nats-server and Mosquitto want it written.

Every client shows a certificate of the site's CA, and its common name says who it is: a node's id, or "mes". A node
publishes births, deaths and data of its own and hears its own commands; commands and STATE come from the MES alone.
Whoever is not named here is refused, or neither heard nor told anything (docs/security.md).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mes_server.domain.identities import Allowed
from mes_server.pki.certificates import key_name
from schemas.topics import NAMESPACE, is_id

MES = "mes"
NATS_NODES = "nodes.conf"
MOSQUITTO_ACL = "lodestone.acl"
KINDS = ("nats", "mosquitto")
_NODE_TELLS = ("NBIRTH", "NDEATH", "NDATA")
_STATION_TELLS = ("DBIRTH", "DDEATH", "DDATA")


@dataclass(frozen=True, slots=True)
class Listener:
    """Where the broker listens, and the folder of its certificates (mes_server/pki/site.py)."""

    host: str
    port: int
    pki: Path


@dataclass(frozen=True, slots=True)
class Rights:
    """MQTT topic filters one user may publish to, and those it may hear."""

    user: str
    publish: tuple[str, ...]
    hear: tuple[str, ...]


def rights_of(one: Allowed) -> Rights:
    """A node's: its own topics, and nobody else's."""
    own = [f"{NAMESPACE}/{one.group}/{verb}/{one.node}" for verb in _NODE_TELLS]
    own += [f"{NAMESPACE}/{one.group}/{verb}/{one.node}/+" for verb in _STATION_TELLS]
    hear = (
        f"{NAMESPACE}/{one.group}/NCMD/{one.node}",
        f"{NAMESPACE}/{one.group}/DCMD/{one.node}/+",
        f"{NAMESPACE}/STATE/+",
    )
    return Rights(one.node, tuple(own), hear)


def rights_of_mes() -> Rights:
    """The MES's: it hears everything of Sparkplug, and it alone commands."""
    tells = (f"{NAMESPACE}/+/NCMD/+", f"{NAMESPACE}/+/DCMD/+/+", f"{NAMESPACE}/STATE/+")
    return Rights(MES, tells, (f"{NAMESPACE}/#",))


def all_rights(
    allowed: Sequence[Allowed], name_of: Callable[[Allowed], str] = lambda one: one.node
) -> dict[str, Rights]:
    """By the name the broker knows a client by; a name that is there twice has the rights of both.

    A node cannot be called as the MES is, nor break out of its line.
    """
    found: dict[str, Rights] = {}
    for one in sorted(set(allowed), key=lambda one: (one.node, one.group, one.key)):
        if one.node == MES or not (is_id(one.group) and is_id(one.node) and _is_key(one.key)):
            continue
        own = rights_of(one)
        other = found.get(name_of(one), own)
        found[name_of(one)] = Rights(
            own.user,
            tuple(dict.fromkeys(other.publish + own.publish)),
            tuple(dict.fromkeys(other.hear + own.hear)),
        )
    return found


def _is_key(text: str) -> bool:
    return all(c in "0123456789abcdef" for c in text)


# -- nats-server --------------------------------------------------------------------------------


def subject(topic_filter: str) -> str:
    """A topic filter as nats-server calls it inside: levels apart by dots, a dot in a level as //."""
    levels = [level.replace(".", "//") for level in topic_filter.split("/")]
    return ".".join({"+": "*", "#": ">"}.get(level, level) for level in levels)


def _subjects(topic_filters: Sequence[str]) -> str:
    found = [subject(one) for one in topic_filters]
    # a/# also means a itself; in nats-server's words those are two.
    found += [one.removesuffix(".>") for one in found if one.endswith(".>")]
    return ", ".join(f'"{one}"' for one in found)


def nats_nodes(allowed: Sequence[Allowed]) -> str:
    """The users of nats-server, known by their key where it is told, else by the subject; see nats.conf.

    It reads no revocation list: a certificate is refused because its key is not named here.
    """
    named = {f"CN={MES}": rights_of_mes()}
    named |= all_rights(allowed, lambda one: key_name(one.key) if one.key else f"CN={one.node}")
    users = [
        f'  {{ user: "{name}", allowed_connection_types: ["MQTT"], permissions: {{  # {one.user}\n'
        f"      publish: {{ allow: [{_subjects(one.publish)}] }}\n"
        f"      subscribe: {{ allow: [{_subjects(one.hear)}] }} }} }}\n"
        for name, one in named.items()
    ]
    return f"# Written by Lodestone; changes here are lost.\nusers: [\n{''.join(users)}]\n"


def nats_listener(listener: Listener) -> str:
    """The part of nats.conf that lets nobody in without a certificate and a name in nodes.conf."""
    tls = _tls_files(listener.pki)
    return (
        f"authorization {{ include ./{NATS_NODES} }}\n"
        f"mqtt {{\n  host: {_quoted(listener.host)}, port: {listener.port}\n"
        f"  tls {{ cert_file: {tls['certificate']}, key_file: {tls['key']}, ca_file: {tls['ca']}\n"
        "    verify_and_map: true, timeout: 10 }\n}\n"
    )


# -- Mosquitto ----------------------------------------------------------------------------------


def mosquitto_acl(allowed: Sequence[Allowed]) -> str:
    """The access control list of Mosquitto: a user without lines may do nothing."""
    parts = ["# Written by Lodestone; changes here are lost.\n"]
    for one in (rights_of_mes(), *all_rights(allowed).values()):
        lines = [f"topic write {name}\n" for name in one.publish]
        lines += [f"topic read {name}\n" for name in one.hear]
        parts.append(f"\nuser {one.user}\n{''.join(lines)}")
    return "".join(parts)


def mosquitto_conf(listener: Listener, folder: Path) -> str:
    """A file for Mosquitto's conf.d (2.0.11 and newer); `folder` is where its access list will be."""
    pki = listener.pki
    return f"""# Written by Lodestone (`mes broker config`). Take every other listener beyond loopback out.
per_listener_settings false
allow_anonymous false
acl_file {folder / MOSQUITTO_ACL}
listener {listener.port} {listener.host}
cafile {pki / "chain.pem"}
certfile {pki / "broker.crt"}
keyfile {pki / "broker.key"}
crlfile {pki / "crl.pem"}
require_certificate true
use_identity_as_username true
use_username_as_clientid true
"""


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _tls_files(pki: Path) -> dict[str, str]:
    names = {"certificate": "broker.crt", "key": "broker.key", "ca": "chain.pem"}
    return {what: _quoted(str((pki / name).absolute())) for what, name in names.items()}
