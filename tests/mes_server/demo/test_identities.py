"""The demo's controllers are let in once, and again where a start was broken off or files are gone."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

from mes_server.actions import enrol_node as enrol
from mes_server.demo import identities
from mes_server.domain.identities import Asked
from mes_server.pki.requests import new_request, read_request
from mes_server.pki.site import make_site
from mes_server.settings import Settings
from mes_server.store.engine import open_engine, reading
from mes_server.store.identities import allowed_nodes


def test_each_controller_is_let_in_once_and_mended(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, mqtt_tls="yes")
    make_site(settings.ca, ["localhost"], datetime.now(UTC))
    assert identities.let_in(settings, 7) == 12
    assert identities.let_in(settings, 7) == 0
    engine = open_engine(settings.url)

    (tmp_path / "demo" / "ctl-sinter-1" / "cert.der").unlink()
    with reading(engine) as conn:
        (one,) = [one for one in allowed_nodes(conn) if one.node == "ctl-gbd-1"]
    identities.revoke(engine, one.key)
    key = read_request(new_request("ctl-gbd-1")[1]).fingerprint
    asked = Asked("demo-ctl-gbd-1", key, "gbd", "ctl-gbd-1")
    identities._act(engine, identities.ASKS, key, lambda book: enrol.ask(book, asked))
    assert identities.let_in(settings, 7) == 2
    with reading(engine) as conn:
        assert len(allowed_nodes(conn)) == 12
    engine.dispose()

    shutil.rmtree(settings.ca)
    make_site(settings.ca, ["localhost"], datetime.now(UTC))
    assert identities.let_in(settings, 7) == 12, "what another CA certified is worth nothing"
