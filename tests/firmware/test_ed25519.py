"""Ed25519 by the vectors of RFC 8032 (section 7.1), and all that must be refused; on both interpreters."""

import binascii
import gc
import hashlib
import sys
import time

from firmware.onboard.ed25519 import _ORDER, Sha512, checking, key_is_good, verify
from tests.firmware.signing import public_of, sign

# seed, public key, message, signature
RFC = (
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
        "d25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
        "387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
        "4a7c15e9716ed28dc027beceea1ec40a",
    ),
    (
        "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd"
        "454d4423643ce80e2a9ac94fa54ca49f",
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e030"
        "3dca179c138ac17ad9bef1177331a704",
    ),
)
# The points of order 1, 2, 4 and 8 as they are written, and those that are written with y >= p or -0.
SMALL = (
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
)
_hex = binascii.unhexlify


def test_the_vectors_of_the_rfc_are_good_and_no_longer_when_a_bit_is_turned():
    for seed, public, message, signature in RFC:
        public, message, signature = _hex(public), _hex(message), _hex(signature)
        assert public_of(_hex(seed)) == public and sign(_hex(seed), message) == signature
        assert verify(public, signature, message)
        assert not verify(public, signature, message + b"\x00")
        for at in (0, 31, 32, 63):
            turned = bytearray(signature)
            turned[at] ^= 1
            assert not verify(public, bytes(turned), message), at
        assert not verify(_hex(RFC[0][1]), signature, message) or public == _hex(RFC[0][1])


def test_the_order_added_to_s_is_refused_though_it_is_the_same_number():
    public, signature = _hex(RFC[0][1]), _hex(RFC[0][3])
    s = int.from_bytes(signature[32:], "little")
    for more in (_ORDER, 2 * _ORDER, 7 * _ORDER):
        forged = signature[:32] + (s + more).to_bytes(32, "little")
        assert not verify(public, forged, b"")


def test_a_key_of_small_order_is_refused_for_it_signs_everything():
    for text in SMALL:
        key = _hex(text)
        assert not key_is_good(key), text
        # R = the neutral point, S = 0: a verifier that is not strict takes it for half of these keys.
        assert not verify(key, _hex(SMALL[0]) + bytes(32), b"anything")


def test_what_is_no_key_or_no_signature_by_its_form_is_refused():
    public, signature = _hex(RFC[0][1]), _hex(RFC[0][3])
    assert not verify(public, signature[:63], b"") and not verify(public, signature + b"\x00", b"")
    assert not verify(public[:31], signature, b"") and not verify(b"", signature, b"")
    assert not verify(public, b"", b"")
    assert not key_is_good((2).to_bytes(32, "little")), "2 is no y of the curve"


def test_sha512_is_that_of_fips_180_4_for_every_length_about_a_block():
    known = "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
    hashed = Sha512()
    hashed.update(b"a")
    hashed.update(b"bc")
    assert hashed.digest()[:32] == _hex(known)
    library = getattr(hashlib, "sha512", None)
    for size in (0, 1, 110, 111, 112, 113, 127, 128, 129, 239, 240, 256, 1000):
        whole, pieces = Sha512(), Sha512()
        data = bytes([n & 255 for n in range(size)])
        whole.update(data)
        for at in range(0, size, 13):
            pieces.update(data[at : at + 13])
        digest = whole.digest()
        assert digest == pieces.digest()
        assert library is None or digest == library(data).digest()


def test_a_manifest_of_8_kb_is_checked_in_bounded_steps_and_memory():
    seed, message = b"\x07" * 32, bytes(8192)
    public, signature = public_of(seed), sign(seed, message)
    gc.collect()
    before = getattr(gc, "mem_alloc", lambda: 0)()
    ticks = getattr(time, "ticks_us", lambda: time.perf_counter_ns() // 1000)
    begun, steps, most = ticks(), 0, 0
    running = checking(public, signature, (message,))
    while True:
        try:
            next(running)
        except StopIteration as end:
            good = end.value
            break
        steps += 1
        if steps % 16 == 0:
            gc.collect()
            most = max(most, getattr(gc, "mem_alloc", lambda: 0)() - before)
    taken = ticks() - begun
    name = sys.implementation.name
    print(f"{name}: {taken} us for 8 KB in {steps} steps, {most} bytes of heap held meanwhile")
    assert good and steps > 60
    assert most < 8192
