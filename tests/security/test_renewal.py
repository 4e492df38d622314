"""A board whose certificate grows old gets the next one over TLS, from a real broker and a real ingest, by itself."""

import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from firmware.onboard import keys
from firmware.onboard.x509 import read_certificate
from mes_server.actions.redeem_token import Issued
from mes_server.domain.identities import DAY_MS
from mes_server.store.engine import open_engine, reading
from mes_server.store.identities import allowed_nodes
from mes_server.store.schema import upgrade
from mes_server.store.stations import list_stations
from schemas.node_card import read_token
from tests.brokers import wait_until
from tests.mes_server.actions.node_floor import Board, Site
from tests.plant import PYTHON, Plant
from tests.security.secured import HOSTS, SecureBroker

NODE = "press-1"


@dataclass(frozen=True)
class Place:
    """As secured.Site, for SecureBroker."""

    folder: Path
    pki: Path


def let_in(site: Site, folder: Path, days_ago: int) -> Board:
    """A board that got its certificate so many days ago."""
    now_ms, site.now_ms = site.now_ms, site.now_ms - days_ago * DAY_MS
    board = Board(folder, "4f-1", "test", NODE)
    assert site.ask(board) == []
    assert site.approve(board) == []
    token = site.token(board)
    issued, said = site.redeem(token, board), read_token(token)
    assert isinstance(issued, Issued)
    assert said is not None
    keys.finish(str(folder), list(issued.chain), NODE, said.pin)
    site.now_ms = now_ms
    return board


def secured(plant: Plant, site: Site) -> SecureBroker:
    """The plant's broker with TLS, and its ingest told so."""
    with reading(site.engine) as conn:
        allowed = allowed_nodes(conn)
    broker = SecureBroker("nats", Place(plant.folder, site.pki), allowed)  # type: ignore[arg-type]
    tls = {"MES_MQTT_TLS": "yes", "MES_MQTT_HOST": "localhost", "MES_MQTT_PORT": str(broker.port)}
    plant.ingest.env |= tls
    plant.broker = broker  # type: ignore[assignment]
    return broker


def is_known(plant: Plant) -> bool:
    """Whether the station of the board was born and has values."""
    with plant.reading() as conn:
        return any(one.id == "mill-1" and one.online for one in list_stations(conn))


@pytest.mark.parametrize("days_ago", [250, 10])
@pytest.mark.parametrize("interpreter", ["micropython", "cpython"])
def test_a_certificate_is_renewed_when_it_is_old_and_only_then(
    interpreter: str, days_ago: int, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    program = PYTHON if interpreter == "cpython" else request.getfixturevalue("micropython")
    plant = Plant(tmp_path / "plant", "nats", program)
    engine = open_engine(plant.store_url)
    upgrade(engine)
    site = Site(engine, plant.data, time.time_ns() // 1_000_000, hosts=list(HOSTS))
    let_in(site, plant.folder, days_ago)
    broker = secured(plant, site)
    certificate, waits = plant.folder / keys.CERTIFICATE, plant.folder / "cert.next"
    first = certificate.read_bytes()
    try:
        plant.start()
        told = {"host": "localhost", "port": broker.port, "tls": keys.TLS}
        agent = plant.agent(NODE, [("mill-1", "jet_mill")], broker=told, reconnect_s=1)
        if days_ago == 10:
            wait_until(lambda: is_known(plant), "the board to be heard")
            assert not waits.exists()
            assert "renewed" not in agent.said()
            return
        wait_until(waits.exists, "the renewed certificate to arrive")
        assert certificate.read_bytes() == first, (
            "the old one stays until the new one has connected"
        )
        broker.kill()
        broker.start()
        wait_until(lambda: certificate.read_bytes() != first, "the new one to take its place")
    finally:
        plant.stop()
        engine.dispose()
    before, after = (read_certificate(der) for der in (first, certificate.read_bytes()))
    assert (after.key, after.name) == (before.key, before.name)
    assert after.until_s - before.until_s > 240 * 86_400
