"""The machine beside a gauge and a MES that answers badly: an answer that is lost, and a no."""

import http.client
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from mes_server.gauge_pc.giver import Mes, NotTaken, give
from tests.mes_server.gauge_pc.spooled import filled
from tests.mes_server.web.plant_data import Plant
from tests.mes_server.web.test_gauge_listening import mes as mes
from tests.mes_server.web.test_gauge_listening import said
from tests.mes_server.web.test_gauge_listening import shown as shown


class Forgetful(ThreadingHTTPServer):
    """Hands every request on, and loses the first answers: the MES has the lines, and nobody knows."""

    def __init__(self, to_port: int, lost: int) -> None:
        super().__init__(("127.0.0.1", 0), Forwarding)
        self.to_port, self.lost = to_port, lost


class Forwarding(BaseHTTPRequestHandler):
    server: Forgetful

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        way = http.client.HTTPConnection("127.0.0.1", self.server.to_port, timeout=20)
        shown = {name: self.headers[name] for name in ("Authorization", "Content-Type")}
        way.request("POST", self.path, body, shown)
        answer = way.getresponse()
        text = answer.read()
        way.close()
        self.server.lost -= 1
        if self.server.lost >= 0:
            self.connection.close()
            return
        self.send_response(answer.status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: Any) -> None:
        return


@pytest.fixture
def forgetful(mes: Mes) -> Iterator[Forgetful]:
    server = Forgetful(int(mes.url.rpartition(":")[2]), 3)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_answer_that_is_lost_doubles_nothing_because_a_line_has_an_id(
    tmp_path: Path, plant: Plant, mes: Mes, forgetful: Forgetful
) -> None:
    by_proxy = replace(mes, url=f"http://127.0.0.1:{forgetful.server_address[1]}")
    spool = filled(tmp_path, "1.00", "2.00")
    for _ in range(3):
        with pytest.raises(NotTaken, match="cannot be reached"):
            give(by_proxy, spool, 1000)
    assert give(by_proxy, spool, 1000) == 2
    assert said(plant) == ["1.00 g", "2.00 g"]
    assert give(by_proxy, spool, 1000) == 0
    # The negative control: the same lines with other ids are kept again.
    other = filled(tmp_path / "other", "1.00", "2.00")
    assert give(mes, other, 1000) == 2
    assert said(plant) == ["1.00 g", "2.00 g"] * 2


def test_what_the_mes_refuses_is_told_in_its_words_and_waits(
    tmp_path: Path, plant: Plant, mes: Mes
) -> None:
    spool = filled(tmp_path, "1.00")
    cases = (
        ({"gauge": "BAL-9"}, "There is no gauge BAL-9"), ({"station": "x"}, "There is no station x"),
        ({"protocol": "x"}, "no sound line protocol x"), ({"token": "mes_wrong"}, "."), ({"url": "http://127.0.0.1:1"}, "cannot be reached"),
    )  # fmt: skip
    for wrong, words in cases:
        with pytest.raises(NotTaken, match=words):
            give(replace(mes, **wrong), spool, 1000)
    assert len(spool) == 1
    assert give(mes, spool, 1000) == 1
