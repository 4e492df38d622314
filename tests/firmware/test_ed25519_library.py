"""Ed25519 of the boards against the cryptography library's, on keys and messages drawn by chance."""

import random

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from firmware.onboard.ed25519 import verify
from tests.faults.counting import draw_for


def _library(public: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _spoilt(draw: random.Random, data: bytes) -> bytes:
    at = draw.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << draw.randrange(8)]) + data[at + 1 :]


def test_both_say_the_same_of_good_and_of_spoilt_signatures() -> None:
    draw = draw_for("ed25519")
    good = bad = 0
    for _ in range(100):
        key = Ed25519PrivateKey.from_private_bytes(draw.randbytes(32))
        public = key.public_key().public_bytes_raw()
        message = draw.randbytes(draw.randrange(400)) + b"."
        signature = key.sign(message)
        assert verify(public, signature, message)
        good += 1
        for trial in (
            (_spoilt(draw, public), signature, message),
            (public, _spoilt(draw, signature), message),
            (public, signature, _spoilt(draw, message)),
        ):
            assert verify(*trial) == _library(*trial)
            bad += 1
    assert (good, bad) == (100, 300)


def test_the_library_takes_a_key_of_small_order_and_the_board_does_not() -> None:
    # The negative control of test_ed25519: the forgery is one, if nobody looks at the key.
    neutral = (1).to_bytes(32, "little")
    forged = neutral + bytes(32)
    assert _library(neutral, forged, b"any release")
    assert not verify(neutral, forged, b"any release")
