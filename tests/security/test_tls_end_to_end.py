"""An agent measures, and all of it arrives at the MES once, with TLS and access rights on the way."""

from pathlib import Path

import pytest

from mes_server.domain.identities import Allowed
from tests.brokers import KINDS, wait_until
from tests.plant import PYTHON, Plant
from tests.security.secured import SecureBroker, Site

NODE = "ctl-one"


@pytest.mark.parametrize("kind", KINDS)
def test_an_agent_with_a_certificate_of_the_site_is_heard(tmp_path: Path, kind: str) -> None:
    site = Site(tmp_path / "site")
    plant = Plant(tmp_path / "plant", kind, PYTHON)
    plant.broker = SecureBroker(kind, site, [Allowed("test", NODE)])  # type: ignore[assignment]
    plant.ingest.env |= {"MES_MQTT_TLS": str(site.pki), "MES_MQTT_PORT": str(plant.broker.port)}
    try:
        plant.start()
        tls = site.issue(NODE).tls
        plant.agent(
            NODE, [("furnace-1", "sinter_furnace")], reconnect_s=1,
            broker={"host": "127.0.0.1", "port": plant.broker.port, "tls": tls},
        )  # fmt: skip
        wait_until(lambda: (s := plant.status()) is not None and s.stored > 5, "records", 30)
    finally:
        plant.stop()
