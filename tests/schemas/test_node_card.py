"""What people carry between a board and the MES; both interpreters run this file."""

from schemas.node_card import (
    card_text,
    grouped,
    is_serial,
    read_card,
    read_fingerprint,
    read_token,
    token_text,
)

FINGERPRINT = "5a7a78cca4a0f420d9bc62bb669c3c2759e39f723d3ae10dcbe0f0815a07ecd4"


def test_a_card_is_read_as_it_was_written():
    text = card_text("4f-1", FINGERPRINT)
    assert read_card(text) == ("4f-1", FINGERPRINT)
    assert read_card(f"  {text.upper()}\n") == ("4F-1", FINGERPRINT)


def test_a_code_of_something_else_is_no_card():
    for text in (
        "", "ID-W0042-7C", "lodestone-node:4f-1", f"lodestone-node::{FINGERPRINT}",
        f"lodestone-node:a b:{FINGERPRINT}", f"lodestone-node:4f-1:{FINGERPRINT[:-1]}",
        f"other:4f-1:{FINGERPRINT}", f"lodestone-node:4f-1:{FINGERPRINT}:x",
    ):  # fmt: skip
        assert read_card(text) is None, text


def test_a_fingerprint_is_read_however_it_was_grouped():
    for text in (
        FINGERPRINT,
        grouped(FINGERPRINT),
        grouped(FINGERPRINT.upper(), 2, ":"),
        f" {FINGERPRINT}\n",
    ):
        assert read_fingerprint(text) == FINGERPRINT
    for text in ("", FINGERPRINT[1:], FINGERPRINT + "0", "g" + FINGERPRINT[1:]):
        assert read_fingerprint(text) is None


def test_a_token_tells_its_secret_and_the_root():
    secret = "0123456789abcdef" * 2
    text = token_text(secret, FINGERPRINT)
    assert len(text.split("-")) == 13
    assert read_token(text.upper()) == (secret, FINGERPRINT[:20])
    assert read_token(text.replace("-", "")) == (secret, FINGERPRINT[:20])
    for wrong in ("", text[1:], text + "0", "z" + text[1:]):
        assert read_token(wrong) is None


def test_a_serial_is_letters_digits_and_little_else():
    for text in ("a", "4f:", "x" * 65, "", "a b", "ä"):
        assert is_serial(text) == (text == "a"), text
