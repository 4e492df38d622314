"""Boards are let in by two people and a token, turned away with a reason, and shut out again."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

import pytest
from cryptography import x509
from sqlalchemy import Connection, Engine

from firmware.onboard import keys
from mes_server.actions.record_events import rebuild_lots
from mes_server.actions.redeem_token import Issued
from mes_server.domain.identities import ENROLLED, GONE, MAY_REDEEM, WAITS, Allowed
from mes_server.store.engine import reading
from mes_server.store.identities import (
    allowed_nodes,
    identity_stamp,
    list_identities,
    load_identity,
)
from mes_server.store.ledger import load_stream
from mes_server.store.nodes import ensure_node, note_node
from mes_server.store.transaction import writing
from schemas.node_card import read_token
from tests.mes_server.actions.node_floor import DAYS, LEE, WANG, Board, Site


@pytest.fixture
def site(engine: Engine, tmp_path: Path) -> Site:
    return Site(engine, tmp_path)


def state(site: Site, board: Board) -> str:
    with reading(site.engine) as conn:
        one = load_identity(conn, board.fingerprint)
    assert one is not None
    return one.state


def allowed(site: Site) -> list[Allowed]:
    with reading(site.engine) as conn:
        return allowed_nodes(conn)


def everything(conn: Connection) -> str:
    return json.dumps([asdict(one) for one in list_identities(conn)])


def test_a_board_is_let_in_by_two_people_and_a_token(site: Site) -> None:
    board = site.board()
    assert site.ask(board) == []
    assert (state(site, board), allowed(site)) == (WAITS, [])
    assert site.approve(board) == []
    assert (state(site, board), allowed(site)) == (MAY_REDEEM, [])
    token = site.token(board)
    assert allowed(site) == []
    issued = site.redeem(token, board)
    assert isinstance(issued, Issued)
    assert (issued.group, issued.node) == ("forming", "press-1")
    assert allowed(site) == [Allowed("forming", "press-1", board.fingerprint)]
    said = read_token(token)
    assert said is not None
    found = keys.finish(str(board.folder), list(issued.chain), "press-1", said.pin)
    assert found.until_s * 1000 == issued.until_ms
    assert issued.until_ms == site.now_ms + DAYS * 86_400_000


def test_who_asked_does_not_approve(site: Site) -> None:
    board = site.board()
    site.ask(board, LEE)
    assert site.approve(board, LEE) == ["second_person_approves"]
    assert state(site, board) == WAITS
    assert site.approve(board, WANG) == []
    assert site.approve(board, WANG) == ["identity_waits"]


def test_nothing_is_made_for_a_board_that_nobody_approved(site: Site) -> None:
    board = site.board()
    assert site.make_token(board).answer.refusals[0].rule == "identity_is_known"
    site.ask(board)
    made = site.make_token(board)
    assert (made.text, [one.rule for one in made.answer.refusals]) == ("", ["identity_is_approved"])
    assert site.approve(site.board()) == ["identity_is_known"]


def test_a_token_ends(site: Site) -> None:
    board = site.board()
    site.ask(board)
    site.approve(board)
    token = site.token(board)
    site.wait(15)
    assert site.redeem(token, board) == ["token_is_fresh"]
    assert isinstance(site.redeem(site.token(board), board), Issued)


def test_a_token_is_good_once(site: Site) -> None:
    board = site.board()
    site.ask(board)
    site.approve(board)
    token = site.token(board)
    assert isinstance(site.redeem(token, board), Issued)
    assert site.redeem(token, board) == ["token_is_unused"]


def test_of_many_who_show_one_token_at_once_one_gets_a_certificate(site: Site) -> None:
    board = site.board()
    site.ask(board)
    site.approve(board)
    token = site.token(board)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: site.redeem(token, board), range(8)))
    assert sum(isinstance(one, Issued) for one in answers) == 1
    assert [one for one in answers if not isinstance(one, Issued)] == [["token_is_unused"]] * 7


def test_a_newer_token_ends_the_one_before(site: Site) -> None:
    board = site.board()
    site.ask(board)
    site.approve(board)
    first, second = site.token(board), site.token(board)
    assert site.redeem(first, board) == ["token_is_known"]
    assert isinstance(site.redeem(second, board), Issued)


def test_a_token_is_of_no_use_to_another_board(site: Site) -> None:
    board, other = site.board(), site.board("press-2")
    for one in (board, other):
        site.ask(one)
        site.approve(one)
    token = site.token(board)
    assert site.redeem(token, board, serial=other.serial) == ["token_is_of_this_board"]
    foreign = ["request_is_of_approved_key"]
    assert site.redeem(token, board, csr=other.csr("press-1")) == foreign
    assert site.redeem(token, board, csr=board.csr("press-2")) == ["request_names_the_node"]
    assert site.redeem(token, other) == [
        "token_is_of_this_board", "request_is_of_approved_key", "request_names_the_node"
    ]  # fmt: skip
    with reading(site.engine) as conn:
        kinds = [one.kind for one in load_stream(conn, f"identity:{board.fingerprint}")]
    assert kinds.count("identity_turned_away") == 4
    assert isinstance(site.redeem(token, board), Issued)


def test_what_is_no_request_or_no_token_is_said(site: Site) -> None:
    board = site.board()
    site.ask(board)
    site.approve(board)
    token = site.token(board)
    for junk in ("", "=", "AAAA", board.csr()[:-8], "ä" * 8):
        assert site.redeem(token, board, csr=junk) == ["request_is_readable"], junk
    for junk in ("", "x", token[:-1], ("0000-" * 13)[:-1]):
        assert site.redeem(junk, board) == ["token_is_known"], junk
    assert isinstance(site.redeem(token, board), Issued)


def test_who_guesses_tokens_is_soon_refused_without_a_look(site: Site) -> None:
    board = site.board()
    site.ask(board)
    site.approve(board)
    token = site.token(board)
    answers = [site.redeem("0" * 52, board) for _ in range(25)]
    assert answers[:20] == [["token_is_known"]] * 20
    assert answers[20:] == [["tries_are_left"]] * 5
    assert site.redeem(token, board) == ["tries_are_left"]
    assert isinstance(site.redeem(token, board, address="10.0.0.10"), Issued)


def test_a_node_id_is_of_one_board_in_one_area(site: Site) -> None:
    board, _ = site.enrolled("press-1", "forming")
    for group in ("forming", "sintering"):
        assert site.ask(site.board("press-1", group)) == ["node_id_is_free"]
    with writing(site.engine) as conn:  # it speaks already, without a certificate
        note_node(conn, ensure_node(conn, "coating", "line-7"), online=True)
    assert site.ask(site.board("line-7", "forming")) == ["node_id_is_of_one_area"]
    assert site.ask(site.board("line-7", "coating")) == []
    site.revoke(board, "replaced")
    assert site.ask(site.board("press-1", "sintering")) == []


def test_a_copied_key_on_another_board_is_refused(site: Site) -> None:
    board, _ = site.enrolled()
    assert site.ask(board, serial="clone-9", node="press-9") == ["key_is_of_one_board"]
    assert site.ask(board) == ["key_is_new"]
    assert site.redeem(site.token(board), board, serial="clone-9") == ["token_is_of_this_board"]
    site.revoke(board, "cloned")
    assert site.ask(board) == ["key_is_new"]  # a key that was revoked never comes back


def test_what_cannot_be_a_board_is_refused_with_every_reason(site: Site) -> None:
    board = site.board()
    refused = site.ask(board, serial="a b", fingerprint="12", group="forming area", node="MES")
    assert refused == [
        "serial_is_readable", "fingerprint_is_readable", "node_id_is_plain", "node_id_is_not_ours"
    ]  # fmt: skip
    assert site.ask(board, node="press.1") == ["node_id_is_plain"]


def test_a_revoked_board_is_out_at_once_and_in_the_list(site: Site) -> None:
    (board, issued), (other, _) = site.enrolled(), site.enrolled("press-2")
    with reading(site.engine) as conn:
        before = identity_stamp(conn)
    assert site.revoke(board, "whatever") == ["revocation_has_a_reason"]
    assert allowed(site) == [
        Allowed("forming", "press-1", board.fingerprint),
        Allowed("forming", "press-2", other.fingerprint),
    ]
    assert site.revoke(board) == []
    assert allowed(site) == [Allowed("forming", "press-2", other.fingerprint)]
    with reading(site.engine) as conn:
        assert identity_stamp(conn) > before
    listed = x509.load_pem_x509_crl((site.pki / "crl.pem").read_bytes())
    numbers = [entry.serial_number for entry in listed]
    gone = x509.load_der_x509_certificate(issued.chain[0])
    assert numbers == [gone.serial_number]
    assert state(site, other) == ENROLLED
    assert site.revoke(board) == ["identity_is_not_revoked"]
    assert site.make_token(board).text == ""


def test_a_token_of_a_revoked_board_is_worth_nothing(site: Site) -> None:
    board = site.board()
    site.ask(board)
    site.approve(board)
    token = site.token(board)
    site.revoke(board, "mistaken")
    assert site.redeem(token, board) == ["identity_is_not_revoked"]
    assert state(site, board) == GONE


def test_a_board_that_lost_its_certificate_gets_one_for_the_same_key(site: Site) -> None:
    board, first = site.enrolled()
    again = site.redeem(site.token(board), board)
    assert isinstance(again, Issued)
    assert again.chain[0] != first.chain[0]
    site.revoke(board)
    listed = x509.load_pem_x509_crl((site.pki / "crl.pem").read_bytes())
    assert len(list(listed)) == 2


def test_without_a_ca_nothing_is_promised(site: Site) -> None:
    board = site.board()
    site.ask(board)
    site.approve(board)
    token = site.token(board)
    (site.pki / "site.key").unlink()
    assert site.make_token(board).answer.refusals[0].rule == "site_has_ca"
    assert site.redeem(token, board) == ["site_has_ca"]


def test_no_secret_reaches_the_ledger_or_the_tables(site: Site) -> None:
    board = site.board()
    site.ask(board)
    site.approve(board)
    said = read_token(site.token(board))
    assert said is not None
    with reading(site.engine) as conn:
        for stream in (f"identity:{board.fingerprint}", "scans:"):
            assert said.secret not in str(load_stream(conn, stream))
        assert said.secret not in everything(conn)


def test_the_tables_are_what_the_ledger_says(site: Site) -> None:
    board, _ = site.enrolled()
    site.enrolled("press-2")
    site.ask(site.board("press-3"))
    site.revoke(board)
    site.wait(1)
    with reading(site.engine) as conn:
        before = everything(conn), identity_stamp(conn), allowed_nodes(conn)
    rebuild_lots(site.engine)
    with reading(site.engine) as conn:
        assert (everything(conn), identity_stamp(conn), allowed_nodes(conn)) == before
