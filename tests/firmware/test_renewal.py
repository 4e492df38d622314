"""A board renews its certificate in time, and is never left without one that works; both interpreters run this file."""

import binascii

from firmware.onboard import durable, keys
from firmware.onboard.renewal import AGAIN_S, LOOK_MS, NEXT, TRIES, Renewal
from schemas.journal_metrics import CERT_UNTIL, CERTIFICATE, CSR, UPDATE_OFFER
from tests.firmware.onboard_help import (
    DAY_S,
    ISSUED_S,
    NODE,
    enrolled,
    remove_folder,
    vector,
)

DUE_S = ISSUED_S + 365 * DAY_S * 2 // 3


class Board:
    """A board with its clock in a test's hand."""

    def __init__(self, now_s=ISSUED_S + DAY_S):
        self.folder = enrolled()
        self.now_s = now_s
        self.mono_ms = 0
        self.said = []
        self.boot()

    def boot(self):
        self.renewal = Renewal(
            self.folder, NODE, lambda: self.now_s * 1000, lambda: self.mono_ms, self.said.append
        )

    def fact(self, wanted):
        return next(value for name, _, value in self.renewal.facts() if name == wanted)

    def hear(self, name):
        return self.renewal.heard(CERTIFICATE, vector(name))

    def connect(self, accepts):
        """Whether the broker lets it in with what it shows; then a record comes through."""
        shown = self.renewal.chain()
        if shown in accepts:
            self.renewal.saved()
            return True
        return False


def test_nothing_is_asked_for_before_two_thirds_of_the_life():
    board = Board(DUE_S - 1)
    assert board.fact(CERT_UNTIL) == ISSUED_S + 365 * DAY_S
    assert board.fact(CSR) == ""
    board.now_s = DUE_S
    request = binascii.a2b_base64(board.fact(CSR))
    assert request == vector("press-1.csr")
    remove_folder(board.folder)


def test_a_board_whose_clock_is_not_set_asks_for_nothing():
    board = Board(0)
    assert board.fact(CSR) == ""
    remove_folder(board.folder)


def test_while_it_runs_it_tells_on_its_own_that_time_has_come():
    board = Board(DUE_S - 60)
    board.renewal.progress("session")
    assert not board.renewal.news
    board.now_s += 120
    board.renewal.progress("session")
    assert not board.renewal.news  # it does not look all the time
    board.mono_ms += LOOK_MS
    board.renewal.progress("session")
    assert board.renewal.news
    remove_folder(board.folder)


def test_what_had_no_answer_is_asked_again():
    board = Board(DUE_S)
    board.renewal.progress("session")
    told = [board.fact(CSR)]
    for _ in range(3):
        board.mono_ms += LOOK_MS
        board.now_s += LOOK_MS // 1000
        board.renewal.progress("session")
        assert board.renewal.news
        board.renewal.news = False
        told.append(board.fact(CSR))
    assert told == [told[0], "", told[0], ""]
    remove_folder(board.folder)


def test_a_clock_that_was_far_ahead_for_a_while_does_not_keep_a_board_from_asking():
    board = Board(DUE_S + 50 * 365 * DAY_S)
    board.renewal.progress("session")
    assert board.fact(CSR) != ""
    board.mono_ms += LOOK_MS
    board.renewal.progress("session")  # nobody answered
    board.now_s = DUE_S - DAY_S
    board.renewal.progress("session")
    assert board.fact(CSR) == ""
    board.now_s = DUE_S
    board.mono_ms += LOOK_MS
    board.renewal.progress("session")
    assert board.fact(CSR) != ""
    remove_folder(board.folder)


def test_the_new_certificate_takes_the_place_of_the_old_when_it_has_connected():
    board = Board(DUE_S)
    board.fact(CSR)
    assert board.hear("renewed.der")
    assert board.fact(CSR) == ""
    assert board.renewal.chain() == vector("renewed.der")
    assert durable.read_bytes(f"{board.folder}/{keys.CERTIFICATE}") == vector("first.der")
    board.renewal.saved()
    assert durable.read_bytes(f"{board.folder}/{keys.CERTIFICATE}") == vector("renewed.der")
    assert not durable.is_there(f"{board.folder}/{NEXT}")
    assert board.fact(CERT_UNTIL) == ISSUED_S + (250 + 365) * DAY_S
    assert board.renewal.chain() == vector("renewed.der")
    remove_folder(board.folder)


def test_a_record_that_comes_through_with_the_old_one_proves_nothing_of_the_new():
    board = Board(DUE_S)
    board.renewal.chain()
    board.hear("renewed.der")
    board.renewal.saved()  # the connection that was there before
    assert durable.read_bytes(f"{board.folder}/{keys.CERTIFICATE}") == vector("first.der")
    assert durable.is_there(f"{board.folder}/{NEXT}")
    remove_folder(board.folder)


def test_a_new_certificate_that_nobody_accepts_gives_way_to_the_old_one():
    board = Board(DUE_S)
    board.hear("renewed.der")
    accepted = (vector("first.der"),)
    assert [board.connect(accepted) for _ in range(TRIES + 1)] == [False] * TRIES + [True]
    assert not durable.is_there(f"{board.folder}/{NEXT}")
    assert "not accepted" in board.said[-1]
    assert board.fact(CSR) == ""  # not at once again
    board.mono_ms += AGAIN_S * 1000
    assert board.fact(CSR) != ""
    remove_folder(board.folder)


def test_a_broker_that_was_away_meanwhile_does_not_cost_the_certificate_that_it_knows():
    """The old one may have ended before anybody could accept the new one."""
    board = Board(DUE_S)
    board.hear("renewed.der")
    for _ in range(2 * TRIES):
        assert not board.connect(())
    assert board.connect((vector("renewed.der"),))
    assert durable.read_bytes(f"{board.folder}/{keys.CERTIFICATE}") == vector("renewed.der")
    remove_folder(board.folder)


def test_a_flash_that_is_full_when_the_new_one_is_to_take_its_place_is_said_and_tried_again():
    board = Board(DUE_S)
    board.hear("renewed.der")
    real, durable.replace = durable.replace, _full
    try:
        assert board.connect((vector("renewed.der"),))
        assert "cannot be kept" in board.said[-1]
    finally:
        durable.replace = real
    assert durable.read_bytes(f"{board.folder}/{keys.CERTIFICATE}") == vector("first.der")
    board.renewal.saved()
    assert durable.read_bytes(f"{board.folder}/{keys.CERTIFICATE}") == vector("renewed.der")
    remove_folder(board.folder)


def _full(_path, _data):
    raise OSError(28)  # ENOSPC


def test_a_power_cut_at_any_moment_leaves_one_that_works():
    board = Board(DUE_S)
    board.hear("renewed.der")
    board.boot()
    assert board.renewal.chain() == vector("renewed.der")
    assert board.fact(CSR) == ""
    # Cut between the two steps of taking its place.
    durable.replace(f"{board.folder}/{keys.CERTIFICATE}", vector("renewed.der"))
    board.boot()
    assert not durable.is_there(f"{board.folder}/{NEXT}")
    assert board.renewal.chain() == vector("renewed.der")
    remove_folder(board.folder)


def test_a_certificate_that_is_not_ours_or_no_gain_is_said_and_kept_out():
    board = Board(DUE_S)
    for name, words in (
        ("other_node.der", "press-2"),
        ("other_key.der", "another key"),
        ("other_site.der", "not by this site"),
        ("root.der", "another key"),
        ("key.der", "DER"),
    ):
        assert board.hear(name)
        assert words in board.said[-1], board.said[-1]
    for junk in (b"", b"\x30", bytes(5000)):
        assert board.renewal.heard(CERTIFICATE, junk)
    said = len(board.said)
    assert board.hear("first.der")  # the one it has
    assert len(board.said) == said
    assert not durable.is_there(f"{board.folder}/{NEXT}")
    assert not board.renewal.heard(CERTIFICATE, "text")
    assert not board.renewal.heard(UPDATE_OFFER, "")
    remove_folder(board.folder)


def test_an_older_certificate_is_not_taken_back():
    board = Board(DUE_S)
    board.hear("renewed.der")
    board.renewal.chain()
    board.renewal.saved()
    board.hear("first.der")
    assert "does not last longer" in board.said[-1]
    assert not durable.is_there(f"{board.folder}/{NEXT}")
    remove_folder(board.folder)
