"""Boards are let in over HTTP: by two people, a token and a real MicroPython, and shut out again."""

import base64
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography import x509
from flask import Flask
from flask.testing import FlaskClient

from firmware.onboard import keys
from firmware.onboard.x509 import split_chain
from mes_server.domain.identities import DAY_MS, Allowed
from mes_server.settings import Settings
from mes_server.store.engine import reading
from mes_server.store.identities import allowed_nodes
from mes_server.web.formats import iso_text
from schemas.node_card import grouped
from tests.conftest import ROOT
from tests.mes_server.web.conftest import Clock
from tests.mes_server.web.identity_help import LEE, OPERATOR, WANG, Gatehouse
from tests.mes_server.web.live_server import serving
from tests.mes_server.web.plant_data import NOW_MS, Plant

CLIENT = "firmware.boards.unix.enrol"


@pytest.fixture
def gate(client: FlaskClient, plant: Plant, settings: Settings) -> Gatehouse:
    return Gatehouse(client, plant, settings.data_dir)


def enrol(
    interpreter: str, folder: Path, port: int, *more: str
) -> subprocess.CompletedProcess[str]:
    """What a controller's own tool says."""
    ways = ["--mes", f"http://127.0.0.1:{port}", "--node", "press-1", "--folder", str(folder)]
    command = [interpreter, "-m", CLIENT, *ways, "--serial", "4f-1", *more]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )


def openssl_verifies(gate: Gatehouse, der: bytes, folder: Path) -> bool:
    (folder / "shown.crt").write_bytes(der)
    pki = gate.pki
    ways = ["-x509_strict", "-purpose", "sslclient", "-crl_check", "-CRLfile", str(pki / "crl.pem")]
    trust = ["-CAfile", str(pki / "root.crt"), "-untrusted", str(pki / "site.crt")]
    command = ["openssl", "verify", *ways, *trust, str(folder / "shown.crt")]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("interpreter", ["micropython", "cpython"])
def test_a_board_from_its_key_to_its_end(
    interpreter: str, request: pytest.FixtureRequest, gate: Gatehouse, app: Flask, plant: Plant
) -> None:
    here = interpreter == "cpython"
    program = sys.executable if here else request.getfixturevalue("micropython")
    folder = gate.folder / "controller"
    folder.mkdir()
    with serving(app) as port:
        shown = enrol(program, folder, port)
        assert shown.returncode == 0, shown.stderr
        fingerprint = keys.begin(str(folder), "4f-1")[1]
        assert grouped(fingerprint[:16]) in shown.stdout
        assert ("█" in shown.stdout) is here
        token = gate.approved(fingerprint)
        done = enrol(program, folder, port, "--token", token)
        assert done.returncode == 0, done.stderr
        assert "Enrolled as forming/press-1" in done.stdout
        again = enrol(program, folder, port, "--token", token)
        assert (again.returncode, "was used already" in again.stderr) == (1, True)
    chain = split_chain((folder / keys.CERTIFICATE).read_bytes())
    certificate = x509.load_der_x509_certificate(chain[0])
    assert certificate.subject.rfc4514_string() == "CN=press-1"
    assert openssl_verifies(gate, chain[0], folder)
    with reading(plant.engine) as conn:
        assert allowed_nodes(conn) == [Allowed("forming", "press-1", fingerprint)]
    said = gate.done(f"/identities/{fingerprint}/revoke", WANG, why="lost", reason="left the plant")
    assert said["outcome"] == "accepted"
    with reading(plant.engine) as conn:
        assert allowed_nodes(conn) == []
    assert not openssl_verifies(gate, chain[0], folder)
    listed = x509.load_pem_x509_crl((gate.pki / "crl.pem").read_bytes())
    assert listed.get_revoked_certificate_by_serial_number(certificate.serial_number) is not None


def test_who_asked_does_not_approve_and_a_worker_does_neither(gate: Gatehouse) -> None:
    _, fingerprint = gate.board()
    said = {"serial": "4f-1", "fingerprint": grouped(fingerprint).upper(), "group": "forming"}
    assert gate.post("/identities", OPERATOR, node="press-1", **said).status_code == 403
    (made,) = gate.done("/identities", node="press-1", **said)["made"]
    assert made == fingerprint
    assert gate.rules(f"/identities/{fingerprint}/approve", LEE) == ["second_person_approves"]
    assert gate.post(f"/identities/{fingerprint}/approve", OPERATOR).status_code == 403
    gate.done(f"/identities/{fingerprint}/approve", WANG)
    assert gate.get(f"/identities/{fingerprint}")["state"] == "approved"


def test_nobody_is_both_persons_by_the_badge_of_a_colleague(
    gate: Gatehouse, client: FlaskClient
) -> None:
    _, fingerprint = gate.board()
    one = f"/identities/{fingerprint}"

    def as_wang(path: str, sender: str, **more: str) -> int:
        said = {
            "act_id": f"as-{sender}-{path.rsplit('/')[-1]}",
            "at": iso_text(NOW_MS),
            "badge": WANG,
        }
        header = gate.shown[sender]
        return client.post(f"/api/v1{path}", json=said | more, headers=header).status_code

    asked = {"serial": "4f-1", "fingerprint": fingerprint, "group": "forming", "node": "press-1"}
    assert as_wang("/identities", LEE, **asked) == 400
    gate.ask(fingerprint)
    assert as_wang(f"{one}/approve", LEE) == 400
    assert as_wang(f"{one}/token", LEE) == 400
    assert as_wang(f"{one}/revoke", LEE, why="lost", reason="gone") == 400
    assert gate.get(one)["state"] == "asked"
    assert as_wang(f"{one}/approve", WANG) == 200
    assert gate.get(one)["approved_by"] == WANG


def test_a_token_is_told_once(gate: Gatehouse) -> None:
    _, fingerprint = gate.board()
    gate.ask(fingerprint)
    gate.done(f"/identities/{fingerprint}/approve", WANG)
    same = {"act_id": "act-token-1"}
    first = gate.done(f"/identities/{fingerprint}/token", **same)
    again = gate.done(f"/identities/{fingerprint}/token", **same)
    assert (len(first["token"]), again["token"], again["again"]) == (64, "", True)


def test_redeeming_says_what_is_wrong_and_is_refused_to_who_guesses(
    gate: Gatehouse, client: FlaskClient
) -> None:
    folder, fingerprint = gate.board()
    token = gate.approved(fingerprint)
    csr = base64.b64encode(keys.csr(str(folder), "press-1")).decode()

    def redeem(**other: str) -> tuple[int, list[str]]:
        said = {"token": token, "serial": "4f-1", "csr": csr} | other
        answer = client.post("/api/v1/enrolments/redeem", json=said)
        told = answer.json if isinstance(answer.json, list) else []
        return answer.status_code, [one["rule"] for one in told]

    assert redeem(serial="4f-9") == (409, ["token_is_of_this_board"])
    assert redeem(csr="junk") == (409, ["request_is_readable"])
    assert client.post("/api/v1/enrolments/redeem", json={"token": token}).status_code == 400
    for _ in range(18):
        assert redeem(token="0" * 52) == (409, ["token_is_known"])
    assert redeem() == (429, ["tries_are_left"])


def test_the_pages_show_who_may_do_what_next(gate: Gatehouse, client: FlaskClient) -> None:
    _, fingerprint = gate.board()
    gate.ask(fingerprint)

    def page(address: str, badge: str) -> str:
        answer = client.get(address, headers=gate.shown[badge])
        assert answer.status_code == 200, answer.text
        return answer.text

    one = f"/nodes/identities/{fingerprint}"
    assert 'href="/nodes/identities"' in page("/nodes", OPERATOR)
    assert "waits for approval" in page("/nodes/identities", OPERATOR)
    assert 'id="new"' not in page("/nodes/identities", OPERATOR)
    assert "approve" in page(one, WANG)
    assert f"/api/v1/identities/{fingerprint}/approve" in page(one, WANG)
    assert f"/api/v1/identities/{fingerprint}/approve" not in page(one, LEE)
    assert "data-token" not in page(one, WANG)
    gate.done(f"/identities/{fingerprint}/approve", WANG)
    assert "data-token" in page(one, LEE)
    assert "data-token" not in page(one, OPERATOR)
    assert grouped(fingerprint[:16]) in page(one, LEE)
    gone = client.get("/nodes/identities/" + "0" * 64, headers=gate.shown[LEE])
    assert gone.status_code == 404


@pytest.mark.parametrize(
    ("left", "warned"), [(31, None), (30, 30), (13, 14), (6, 7), (1, 1), (0, 0)]
)
def test_a_certificate_that_ends_is_warned_of(
    gate: Gatehouse, client: FlaskClient, clock: Clock, left: int, warned: int | None
) -> None:
    folder, fingerprint = gate.board()
    token = gate.approved(fingerprint)
    csr = base64.b64encode(keys.csr(str(folder), "press-1")).decode()
    said = {"token": token, "serial": "4f-1", "csr": csr}
    assert client.post("/api/v1/enrolments/redeem", json=said).status_code == 200
    clock.now_ms += (365 - left) * DAY_MS
    later = gate.header(LEE, clock.now_ms)
    answer = client.get(f"/api/v1/identities/{fingerprint}", headers=later)
    assert answer.json["warn_days"] == warned
    shown = client.get("/nodes/identities", headers=later)
    text = shown.text
    assert shown.status_code == 200
    words = {None: "", 0: ">ended<"}.get(warned, f"ends within {warned} d")
    assert words in text
    assert ("ends within" in text) is (warned not in (None, 0))
