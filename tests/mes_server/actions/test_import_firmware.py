"""A release is taken in whole and as the workshop signed it, or not at all, and says why.

Signatures by mes_server.pki.signatures.
"""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import Engine

from mes_server.actions.import_firmware import import_release, release_folder, withdraw_key
from mes_server.actions.record_events import Act
from mes_server.domain.firmware import BadRelease
from mes_server.pki.signatures import is_signed, read_public_key
from mes_server.store.engine import reading
from mes_server.store.firmware import list_releases
from tests.mes_server.actions.fleet import FILES, KEY, Fleet, make_release, public_key


@pytest.fixture
def fleet(engine: Engine, tmp_path: Path) -> Fleet:
    fleet = Fleet(engine, tmp_path)
    fleet.trust()
    return fleet


def take(fleet: Fleet, folder: Path) -> bool:
    fleet.now_ms += 1
    act = Act(f"import-{fleet.now_ms}", "console:test", "", fleet.now_ms, fleet.now_ms)
    return import_release(fleet.engine, fleet.data_dir, folder, act)[1]


def releases(fleet: Fleet) -> list[str]:
    with reading(fleet.engine) as conn:
        return [one.code for one in list_releases(conn)]


def kept(fleet: Fleet) -> list[str]:
    folder = fleet.data_dir / "firmware"
    return sorted(one.name for one in folder.iterdir()) if folder.exists() else []


def test_a_release_is_kept_with_its_files_and_the_fact_is_sealed(fleet: Fleet) -> None:
    manifest = fleet.take_in()
    assert manifest.code == "0.2.0-esp32_s3"
    folder = release_folder(fleet.data_dir, manifest.code)
    for path, data in FILES.items():
        assert (folder / "files" / path).read_bytes() == data
    with reading(fleet.engine) as conn:
        (release,) = list_releases(conn)
    assert (release.offer, release.files, release.bytes) == (manifest.offer, 3, 4_024)
    assert release.key == public_key().hex()
    fleet.check()


def test_the_same_release_again_changes_nothing_and_mends_its_files(fleet: Fleet) -> None:
    manifest = fleet.take_in()
    damaged = release_folder(fleet.data_dir, manifest.code) / "files" / "main.mpy"
    damaged.write_bytes(b"?")
    assert not take(fleet, make_release(fleet.releases))
    assert damaged.read_bytes() == FILES["main.mpy"]
    assert releases(fleet) == [manifest.code]


def test_what_an_import_that_broke_off_left_is_no_hindrance(fleet: Fleet) -> None:
    left = release_folder(fleet.data_dir, "0.2.0-esp32_s3")
    left.mkdir(parents=True)
    (left / "manifest.json").write_bytes(b"half")
    fleet.take_in()
    assert (left / "files" / "main.mpy").exists()
    assert kept(fleet) == ["0.2.0-esp32_s3"]


@pytest.mark.parametrize(("said", "word"), [
    ({"counter": 2, "version": "0.1.9"}, "do not go back"),
    ({"counter": 1, "version": "0.1.9"}, "do not go back"),
    ({"counter": 3}, "another release called 0.2.0-esp32_s3"),
])  # fmt: skip
def test_a_counter_that_is_not_higher_or_a_name_that_is_taken_is_refused(
    fleet: Fleet, said: dict[str, object], word: str
) -> None:
    fleet.take_in()
    with pytest.raises(BadRelease, match=word):
        fleet.take_in(**said)
    assert kept(fleet) == ["0.2.0-esp32_s3"]
    fleet.take_in(counter=3, version="0.3.0")
    fleet.take_in(counter=1, board="rp2350")
    assert sorted(releases(fleet)) == ["0.2.0-esp32_s3", "0.2.0-rp2350", "0.3.0-esp32_s3"]


def test_a_changed_file_a_missing_one_and_a_changed_manifest_are_refused(fleet: Fleet) -> None:
    folder = make_release(fleet.releases)
    (folder / "files" / "main.mpy").write_bytes(b"M" * 2_999 + b"N")
    with pytest.raises(BadRelease, match=r"main.mpy is not the file that the manifest names"):
        take(fleet, folder)
    (folder / "files" / "main.mpy").unlink()
    with pytest.raises(BadRelease, match=r"main.mpy .*No such file"):
        take(fleet, folder)
    (folder / "files" / "main.mpy").write_bytes(FILES["main.mpy"])
    manifest = folder / "manifest.json"
    whole = manifest.read_bytes()
    manifest.write_bytes(whole.replace(b'"counter":2', b'"counter":9'))
    with pytest.raises(BadRelease, match="not signed with a key that is trusted"):
        take(fleet, folder)
    manifest.write_bytes(whole)
    assert take(fleet, folder), "the control: whole again, it is taken"


def test_only_keys_that_are_trusted_now_may_sign(engine: Engine, tmp_path: Path) -> None:
    fleet = Fleet(engine, tmp_path)
    with pytest.raises(BadRelease, match="mes firmware trust"):
        fleet.take_in()
    fleet.trust()
    foreign = Ed25519PrivateKey.from_private_bytes(b"x" * 32)
    with pytest.raises(BadRelease, match="workshop"):
        take(fleet, make_release(fleet.releases, key=foreign, counter=7))
    assert fleet.act(withdraw_key, public_key().hex(), "lost")
    assert not fleet.act(withdraw_key, public_key().hex(), "lost")
    with pytest.raises(BadRelease, match="mes firmware trust"):
        fleet.take_in()
    assert (releases(fleet), kept(fleet)) == ([], [])


@pytest.mark.parametrize("path", ["../evil", "/etc/passwd", "a/../../b", "a//b", "manifest.json", "a b", "..", "a/.", "ü", ""])  # fmt: skip
def test_a_path_that_leads_elsewhere_is_no_path_of_a_release(fleet: Fleet, path: str) -> None:
    folder = make_release(fleet.releases)
    data = (
        (folder / "manifest.json").read_bytes().replace(b'"main.mpy"', b'"' + path.encode() + b'"')
    )
    (folder / "manifest.json").write_bytes(data)
    (folder / "manifest.sig").write_bytes(KEY.sign(data))
    with pytest.raises(BadRelease, match="is no path of a release"):
        take(fleet, folder)
    assert kept(fleet) == []


def test_what_is_no_release_is_said_to_be_none(fleet: Fleet, tmp_path: Path) -> None:
    with pytest.raises(BadRelease, match="name the folder of a whole release"):
        take(fleet, tmp_path / "nothing")


def test_a_public_key_is_read_raw_in_hex_and_as_pem() -> None:
    raw = public_key()
    pem = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    assert {read_public_key(text) for text in (raw, raw.hex().encode() + b"\n", pem)} == {raw}
    other = generate_private_key(SECP256R1()).public_key()
    theirs = other.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    assert [read_public_key(text) for text in (theirs, b"", b"hello", b"\xff" * 40)] == [None] * 4
    assert is_signed(raw, KEY.sign(b"x"), b"x")
    assert not is_signed(raw, KEY.sign(b"x"), b"y")
    assert not is_signed(b"short", KEY.sign(b"x"), b"x")
