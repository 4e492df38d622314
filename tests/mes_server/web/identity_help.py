"""Two people and their tokens, and boards that ask to be let in, over HTTP."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient

from firmware.onboard import keys
from mes_server.actions import enrol_node as enrol
from mes_server.actions.one_action import carry_out
from mes_server.actions.record_events import Act
from mes_server.actions.record_person import act_of
from mes_server.domain.identities import Asked
from mes_server.pki.site import make_site
from mes_server.web.formats import iso_text
from schemas.node_card import card_text
from tests.mes_server.people_help import hire, token_for
from tests.mes_server.web.plant_data import NOW_MS, Plant

LEE, WANG, OPERATOR = "W-0007", "W-0042", "W-0100"


def with_identity(plant: Plant) -> str:
    """The fingerprint of a board that waits, beside one that was approved and one that was revoked."""
    for number, node in enumerate(("press-7", "mill-7", "press-9")):
        asked = Asked(f"4f-{number}", f"{number}5a7" * 16, "forming", node)
        key = asked.fingerprint
        done = [carry_out(plant.engine, _act(LEE), enrol.ask, asked)]
        if number < 2:
            done.append(carry_out(plant.engine, _act(WANG), enrol.approve, key))
        if number == 0:
            done.append(carry_out(plant.engine, _act(WANG), enrol.revoke, key, "lost", "no more"))
        assert done == [[]] * len(done), done
    return key


def _act(badge: str) -> Act:
    return act_of(badge, NOW_MS)


class Gatehouse:
    """Where boards are let in: by LEE, who asks, and WANG, who approves."""

    def __init__(self, client: FlaskClient, plant: Plant, folder: Path) -> None:
        self.client, self.engine, self.folder, self.count = client, plant.engine, folder, 0
        self.pki = folder / "pki"
        make_site(self.pki, ["localhost"], datetime.fromtimestamp(NOW_MS / 1000, UTC))
        people = {LEE: ["lead"], WANG: ["admin"], OPERATOR: ["operator"]}
        for badge, roles in people.items():
            hire(plant.engine, badge, roles=roles)
        self.shown = {badge: self.header(badge) for badge in people}

    def header(self, badge: str, now_ms: int = NOW_MS) -> dict[str, str]:
        """How somebody is known at that time."""
        return {"Authorization": f"Bearer {token_for(self.engine, badge, now_ms=now_ms)}"}

    def post(self, path: str, badge: str = LEE, **body: Any) -> Any:
        self.count += 1
        said = {"act_id": f"act-{self.count:06}", "at": iso_text(NOW_MS)} | body
        return self.client.post(f"/api/v1{path}", json=said, headers=self.shown[badge])

    def done(self, path: str, badge: str = LEE, **body: Any) -> Any:
        answer = self.post(path, badge, **body)
        assert answer.status_code == 200, answer.text
        return answer.json

    def rules(self, path: str, badge: str = LEE, **body: Any) -> list[str]:
        answer = self.post(path, badge, **body)
        assert answer.status_code == 409, answer.text
        return [refusal["rule"] for refusal in answer.json]

    def get(self, path: str) -> Any:
        answer = self.client.get(f"/api/v1{path}", headers=self.shown[LEE])
        assert answer.status_code == 200, answer.text
        return answer.json

    def board(self, name: str = "bench", serial: str = "4f-1") -> tuple[Path, str]:
        """A board's folder with a key, and its fingerprint."""
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        return folder, keys.begin(str(folder), serial)[1]

    def ask(self, fingerprint: str, node: str = "press-1", serial: str = "4f-1") -> str:
        card = card_text(serial, fingerprint)
        (made,) = self.done("/identities", card=card, group="forming", node=node)["made"]
        return str(made)

    def approved(self, fingerprint: str, node: str = "press-1") -> str:
        """A token of a board that was asked for and approved."""
        self.ask(fingerprint, node)
        self.done(f"/identities/{fingerprint}/approve", WANG)
        return str(self.done(f"/identities/{fingerprint}/token")["token"])
