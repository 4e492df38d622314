"""ECDSA by hand against the vectors of RFC 6979, A.2.5; both interpreters run this file."""

from firmware.onboard import p256

SECRET = 0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721
PUBLIC = bytes.fromhex(
    "04"
    "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
    "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"
)
VECTORS = (
    (
        b"sample",
        0xEFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716,
        0xF7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8,
    ),
    (
        b"test",
        0xF1ABB023518351CD71D881567B1EA663ED3EFCF6C5132B354F28D3B0B7D38367,
        0x019F4113742A2B14BD25926B49C649155F267E60D3814B4C0CC84250E46F0083,
    ),
)


def test_the_public_key_is_that_of_the_rfc():
    assert p256.public(SECRET) == PUBLIC


def test_signatures_are_those_of_the_rfc_and_are_found_good():
    for message, r, s in VECTORS:
        assert p256.sign(SECRET, message) == (r, s)
        assert p256.is_signed(PUBLIC, message, r, s)


def test_nothing_else_is_found_good():
    message, r, s = VECTORS[0]
    other = p256.public(SECRET - 1)
    assert not p256.is_signed(other, message, r, s)
    assert not p256.is_signed(PUBLIC, b"another", r, s)
    for wrong in (
        (r + 1, s),
        (r, s + 1),
        (0, s),
        (r, 0),
        (p256.N, s),
        (r, p256.N),
        (r + p256.N, s),
    ):
        assert not p256.is_signed(PUBLIC, message, wrong[0], wrong[1])


def test_a_point_beside_the_curve_is_no_key():
    beside = PUBLIC[:-1] + bytes([PUBLIC[-1] ^ 1])
    for wrong in (beside, PUBLIC[:-1], PUBLIC + b"\0", b"\x02" + PUBLIC[1:], bytes(65), b""):
        assert not p256.is_signed(wrong, b"sample", VECTORS[0][1], VECTORS[0][2])


def test_the_smallest_and_the_largest_key_work():
    for secret in (1, 2, 3, p256.N - 1):
        key = p256.public(secret)
        assert p256.read_public(key)
        r, s = p256.sign(secret, b"edge")
        assert p256.is_signed(key, b"edge", r, s)
    x, y = p256.read_public(p256.public(p256.N - 1))
    assert (x, p256.P - y) == p256.G


def test_new_keys_differ_and_are_in_range():
    found = {p256.new_secret() for _ in range(8)}
    assert len(found) == 8
    assert all(0 < one < p256.N for one in found)
