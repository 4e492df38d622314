"""A node's certificate is renewed for the same key, in time, and for nobody else."""

from base64 import b64decode
from pathlib import Path

import pytest
from sqlalchemy import Engine

from firmware.onboard import keys
from mes_server.actions.redeem_token import Issued
from mes_server.actions.renew_certificate import renew
from mes_server.domain.identities import DAY_MS
from mes_server.pki.site import load_site
from mes_server.store.engine import reading
from mes_server.store.identities import load_identity
from tests.mes_server.actions.node_floor import DAYS, Board, Site

NODE = ("forming", "press-1")


@pytest.fixture
def site(engine: Engine, tmp_path: Path) -> Site:
    return Site(engine, tmp_path)


def asks(
    site: Site, board: Board, days: float, node: tuple[str, str] = NODE, csr: str = ""
) -> list[bytes] | None:
    """What the node gets so many days after now."""
    at_ms = site.now_ms + round(days * DAY_MS)
    return renew(site.engine, site.pki, node, b64decode(csr or board.csr()), at_ms)


def test_a_certificate_is_renewed_when_two_thirds_of_its_life_are_over(site: Site) -> None:
    board, first = site.enrolled()
    assert asks(site, board, 1) == list(first.chain[:2])
    renewed = asks(site, board, DAYS * 2 / 3)
    assert renewed is not None
    assert renewed[0] != first.chain[0]
    root_der = load_site(site.pki).chain[1]
    found = keys.judge(renewed, root_der, keys.load(str(board.folder))[1], "press-1")
    days = (found.until_s - found.issued_s) / 86_400
    assert days == DAYS
    assert asks(site, board, DAYS * 2 / 3 + 1) == renewed  # asked again: the same
    with reading(site.engine) as conn:
        one = load_identity(conn, board.fingerprint)
    assert one is not None
    assert one.certificate is not None
    assert one.certificate.until_ms == found.until_s * 1000


def test_nobody_else_gets_it(site: Site) -> None:
    board, _ = site.enrolled()
    other, _ = site.enrolled("press-2")
    due = DAYS * 0.9
    assert asks(site, other, due) is None
    assert asks(site, board, due, csr=other.csr("press-1")) is None
    assert asks(site, board, due, csr=board.csr("press-2")) is None
    assert asks(site, board, due, ("sintering", "press-1")) is None
    assert asks(site, board, due, ("forming", "press-9")) is None
    assert renew(site.engine, site.pki, NODE, b"junk", site.now_ms) is None
    assert asks(site, board, due) is not None


def test_a_revoked_node_gets_none(site: Site) -> None:
    board, _ = site.enrolled()
    site.revoke(board)
    assert asks(site, board, DAYS * 0.9) is None


def test_what_has_expired_is_for_people_to_let_in_again(site: Site) -> None:
    board, _ = site.enrolled()
    assert asks(site, board, DAYS) is None
    site.now_ms += DAYS * DAY_MS
    again = site.redeem(site.token(board), board)
    assert isinstance(again, Issued)
    assert again.until_ms == site.now_ms + DAYS * DAY_MS


def test_without_a_ca_nothing_is_renewed(site: Site) -> None:
    board, _ = site.enrolled()
    (site.pki / "site.key").unlink()
    assert asks(site, board, DAYS * 0.9) is None
