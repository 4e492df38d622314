"""The workshop lets a board in: key and request from the board itself, the certificate from a site's own CA.

The MES is a small HTTP server here, the CA is the real one.
"""

import base64
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from firmware.flash.faults import DONE, FAILED, WRONG_INPUT
from firmware.onboard import keys
from mes_server.pki.site import SiteCa, issue_node, load_site, make_site
from schemas.node_card import token_text
from tests.brokers import wait_until
from tests.firmware.workbench import Bench

SECRET = "ab" * 16


@pytest.fixture
def bench(micropython: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Bench]:
    made = Bench(micropython, tmp_path, capsys)
    assert made.install()[0] == DONE
    wait_until(lambda: made.board.resets == 1, "the reset after the install")
    yield made
    made.unplug()


class Mes:
    """Answers one path; `asked` is what it was sent, `refuses` what it says instead."""

    def __init__(self, site: SiteCa) -> None:
        self.asked: list[dict[str, Any]] = []
        self.refuses: list[dict[str, str]] = []
        mes = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                mes.asked.append({"path": self.path} | body)
                status, answer = mes.answer(site, body)
                text = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, site: SiteCa, body: dict[str, str]) -> tuple[int, Any]:
        if self.refuses:
            return 409, self.refuses
        request = base64.b64decode(body["csr"])
        chain = [*issue_node(site, request, "ctl-1", 365, datetime.now(UTC)), site.chain[1]]
        told = [base64.b64encode(der).decode() for der in chain]
        return 200, {"chain": told, "group": "milling", "node": "ctl-1", "until": "2027-11-28"}


@pytest.fixture
def site(tmp_path: Path) -> SiteCa:
    make_site(tmp_path / "pki", ["127.0.0.1"], datetime.now(UTC))
    return load_site(tmp_path / "pki")


@pytest.fixture
def mes(site: SiteCa) -> Iterator[Mes]:
    made = Mes(site)
    yield made
    made.server.shutdown()
    made.server.server_close()


def test_a_board_shows_its_card_and_gets_its_certificate_for_a_token(
    bench: Bench, mes: Mes, site: SiteCa
) -> None:
    code, said = bench.tool("enrol", "--mes", mes.url)
    fingerprint = keys.fingerprint(keys.load(str(bench.flash))[1])
    assert code == DONE and fingerprint in said.replace(" ", "").replace("\n", "")
    assert not mes.asked
    code, said = bench.tool(
        "enrol", "--mes", mes.url + "/", "--token", token_text(SECRET, site.root_hash)
    )
    assert code == DONE, said
    assert "Enrolled as milling/ctl-1 until 2027-11-28" in said
    assert mes.asked[0]["path"] == "/api/v1/enrolments/redeem"
    assert mes.asked[0]["serial"] == "bench-1"
    assert (bench.flash / "ca.der").read_bytes() == site.chain[1]
    assert (bench.flash / "cert.der").exists()


def test_a_root_that_is_not_the_tokens_is_refused_by_the_board(bench: Bench, mes: Mes) -> None:
    code, said = bench.tool("enrol", "--mes", mes.url, "--token", token_text(SECRET, "f" * 64))
    assert code == FAILED and "somebody may stand between" in said
    assert not (bench.flash / "cert.der").exists() and not (bench.flash / "ca.der").exists()


def test_what_the_mes_refuses_is_told_in_its_own_words(
    bench: Bench, mes: Mes, site: SiteCa
) -> None:
    mes.refuses = [{"message": "The token is over.", "next": "Make a new one."}]
    code, said = bench.tool(
        "enrol", "--mes", mes.url, "--token", token_text(SECRET, site.root_hash)
    )
    assert code == FAILED and "The token is over. Make a new one." in said


def test_wrong_words_and_a_silent_mes_are_told(bench: Bench, mes: Mes, site: SiteCa) -> None:
    token = token_text(SECRET, site.root_hash)
    assert bench.tool("enrol", "--mes", mes.url, "--token", "abc")[0] == WRONG_INPUT
    assert bench.tool("enrol", "--mes", "ftp://mes", "--token", token)[0] == WRONG_INPUT
    code, said = bench.tool("enrol", "--mes", "http://127.0.0.1:9", "--token", token)
    assert code == FAILED and "does not answer" in said
    code, said = bench.tool("enrol", "--mes", mes.url, "--token", token, "--dry-run")
    assert code == DONE and not mes.asked and "Would ask" in said


def test_the_key_of_a_board_stays_when_it_is_installed_anew(bench: Bench) -> None:
    before = (bench.flash / "key.der").read_bytes()
    assert bench.install()[0] == DONE
    assert (bench.flash / "key.der").read_bytes() == before
