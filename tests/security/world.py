"""A broker that is configured as ours are, every client of the table, and a watcher who hears all there is."""

from datetime import UTC, datetime
from pathlib import Path

from mes_server.broker_access import MOSQUITTO_ACL, NATS_NODES
from mes_server.domain.identities import Allowed
from mes_server.pki.certificates import key_name
from mes_server.pki.site import Revoked, load_site, write_crl
from tests.security.rights import GROUP, OTHER, TOPICS, A, B
from tests.security.rogue import Rogue
from tests.security.secured import Identity, SecureBroker, Site

_NO_BLANKS = {ord(" "): "-", ord("'"): "-"}


class World:
    """A broker, the clients of the table, and a watcher with every right, whom only this test adds."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.kind, self.site = kind, Site(folder / "site")
        a, b = self.site.issue(A), self.site.issue(B)
        revoked, before = self.site.issue("ctl-r"), self.site.issue(A, file="before")
        self.clients: dict[str, Identity | None] = {
            "node A": a,
            "node B": b,
            "mes": self.site.mes,
            "no certificate": None,
            "foreign CA": Site(folder / "foreign").issue(A),
            "expired": self.site.issue(A, days_ago=366, file="expired"),
            "revoked": revoked,
            "never enrolled": self.site.issue("ctl-n"),
            "A's key before this one": before,
        }
        now = datetime.now(UTC)
        gone = [Revoked(one.serial, now, "lost") for one in (revoked, before)]
        write_crl(load_site(self.site.pki), gone, now)
        self.watcher_identity = self.site.issue("watcher")
        allowed = [Allowed(GROUP, A, a.fingerprint), Allowed(OTHER, B, b.fingerprint)]
        self.broker = SecureBroker(kind, self.site, allowed)
        self._marks = 0

    def start(self) -> None:
        self._add_watcher()
        self.broker.start()
        self.watcher = Rogue(self.broker.port, self.watcher_identity)
        self.watcher.connect("watcher")
        assert self.watcher.welcome()
        own = tuple(topic for topic in TOPICS if topic[0] == "$")
        for topic_filter in ("#", *own):
            granted = self.watcher.subscribe(topic_filter, 0) < 128
            assert granted or topic_filter.startswith(
                "$MQTT/"
            )  # nats-server: nobody's, whatever his rights

    def _add_watcher(self) -> None:
        if self.kind == "nats":
            file = self.broker.conf / NATS_NODES
            text = file.read_text().replace("users: [", 'users: [ { user: "CN=watcher" }\n', 1)
            name = key_name(self.watcher_identity.fingerprint)
            file.write_text(text.replace("CN=watcher", name))
        else:
            file = self.broker.conf / MOSQUITTO_ACL
            rules = "".join(f"topic readwrite {one}\n" for one in ("#", "$SYS/#", "$JS/#", "$MQTT/#", "$CONTROL/#"))  # fmt: skip
            file.write_text(f"{file.read_text()}\nuser watcher\n{rules}")

    def take_rights_away(self) -> None:
        """The negative control: whoever has a certificate may do anything."""
        if self.kind == "nats":
            names = [key_name(one.fingerprint) for one in self.clients.values() if one]
            users = ", ".join(f'{{ user: "{name}" }}' for name in dict.fromkeys(names))
            (self.broker.conf / NATS_NODES).write_text(f"users: [ {users} ]\n")
        else:
            file = self.broker.conf / "mosquitto.conf"
            lines = file.read_text().splitlines()
            kept = [one for one in lines if not one.startswith("acl_file")]
            file.write_text("\n".join(kept) + "\n")

    def take_identities_away(self) -> None:
        """The negative control: nobody is asked who he is."""
        file = self.broker.conf / f"{self.kind}.conf"
        text = file.read_text()
        if self.kind == "nats":
            text = text.replace(f"authorization {{ include ./{NATS_NODES} }}\n", "")
            text = text.replace("verify_and_map: true, ", "")
        else:
            text = text.replace("require_certificate true", "require_certificate false")
            text = text.replace(
                "use_identity_as_username true\nuse_username_as_clientid true\n", ""
            )
            text = text.replace("allow_anonymous false", "allow_anonymous true")
            text = "\n".join(one for one in text.splitlines() if not one.startswith("acl_file"))
        file.write_text(text + "\n")

    def client(self, who: str, will: tuple[str, bytes] | None = None) -> Rogue:
        """A connection of this client that has sent CONNECT and waits for nothing."""
        found = Rogue(self.broker.port, self.clients[who])
        found.connect(who.translate(_NO_BLANKS), will)
        return found

    def barrier(self) -> None:
        """All that was published, and the Wills of who went before, would have come to the watcher by now."""
        self._marks += 1
        mark = f"mark {self._marks}".encode()
        last = self.client("node A", (f"spBv1.0/{GROUP}/NDEATH/{A}", mark))
        assert last.welcome()
        last.vanish()
        self.watcher.until(mark)

    def arrived(self, who: str) -> set[tuple[str, str]]:
        """(how, topic) of what the watcher heard of a client, and that each came under its own topic, once."""
        found = []
        for topic, payload in self.watcher.heard:
            if payload.startswith(f"{who}|".encode()):
                _, how, meant = payload.decode().split("|")
                assert topic == meant
                found.append((how, topic))
        assert len(found) == len(set(found))
        return set(found)
