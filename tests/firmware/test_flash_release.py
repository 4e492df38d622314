"""Releases and their key, images and what is in them: no board needed."""

import hashlib
import json
import re
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from firmware.flash import image, release
from firmware.flash.__main__ import main
from firmware.flash.faults import DONE, WRONG_INPUT, Fault
from firmware.onboard.ed25519 import verify
from firmware.onboard.manifest import MANIFEST_MAX


def _tool(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str]:
    capsys.readouterr()
    code = main([str(word) for word in words])
    said = capsys.readouterr()
    return code, said.out + said.err


def test_a_key_is_made_for_its_owner_alone_and_never_over_another(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "plant.key"
    code, said = _tool(capsys, "key", file)
    public = (tmp_path / "plant.pub").read_bytes()
    assert code == DONE and len(public) == 32 and public.hex() in said
    assert file.stat().st_mode & 0o777 == 0o600
    assert "PRIVATE" not in said
    before = file.read_bytes()
    assert _tool(capsys, "key", file)[0] == WRONG_INPUT and file.read_bytes() == before


def test_of_a_key_whose_public_half_finds_no_room_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(Fault, match="No space left"):
        release.make_key(tmp_path / "plant.key")
    assert not list(tmp_path.iterdir())


def test_a_key_is_never_written_over_by_its_own_or_anothers_public_half(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "plant.pub"
    assert _tool(capsys, "key", file)[0] == WRONG_INPUT and not file.exists()
    file.write_bytes(b"of another")
    code, said = _tool(capsys, "key", tmp_path / "plant.key")
    assert code == WRONG_INPUT and "written over" in said and file.read_bytes() == b"of another"
    assert not (tmp_path / "plant.key").exists()


def test_a_release_is_a_folder_whose_manifest_is_signed_and_small_enough_for_a_board(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key, out = tmp_path / "plant.key", tmp_path / "out"
    _tool(capsys, "key", key)
    words = ("--board", "unix", "--version", "0.9.0", "--counter", 9, "--key", key, "--out", out)
    code, said = _tool(capsys, "release", *words, "--min-version", "0.8.0")
    assert code == DONE and "unix 0.9.0, counter 9" in said
    manifest, public = (out / "manifest.json").read_bytes(), (tmp_path / "plant.pub").read_bytes()
    raw = json.loads(manifest)
    assert manifest == json.dumps(raw, sort_keys=True, separators=(",", ":")).encode()
    assert (raw["board"], raw["counter"], raw["min_version"]) == ("unix", 9, "0.8.0")
    assert len(manifest) < MANIFEST_MAX // 2
    assert verify(public, (out / "manifest.sig").read_bytes(), manifest)
    read = release.read(out, public)
    assert set(read.files) == {entry["path"] for entry in raw["files"]} and read.slot()
    assert _tool(capsys, "release", *words)[0] == WRONG_INPUT, "a release is never changed"


def test_a_release_that_was_changed_or_is_anothers_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key, out = tmp_path / "plant.key", tmp_path / "out"
    _tool(capsys, "key", key)
    made = release.make(
        release.Identity("unix", "1.0", 1), {"start.py": b"x"}, release.load_key(key)
    )
    release.write(made, out)
    stranger = (1).to_bytes(31, "big") + b"\x02"
    with pytest.raises(Fault, match="signature"):
        release.read(out, stranger)
    (out / "files" / "start.py").write_bytes(b"y")
    with pytest.raises(Fault, match=r"start.py is not the file"):
        release.read(out)
    (out / "files" / "start.py").unlink()
    with pytest.raises(Fault, match="no whole release"):
        release.read(out)
    with pytest.raises(Fault, match="cannot have the path"):
        release.make(release.Identity("unix", "1.0", 1), {"../x": b""}, None)
    with pytest.raises(Fault, match="cannot have the version"):
        release.make(release.Identity("unix", "1 0", 1), {"x": b""}, None)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"files": [{"path": "../key.der", "sha256": hashlib.sha256(b"x").hexdigest()}]}, "key.der"),
        ({"files": [{"path": "{folder}/x", "sha256": hashlib.sha256(b"x").hexdigest()}]}, "/x"),
        ({"files": [{"path": "manifest.sig", "sha256": ""}]}, "manifest.sig"),
        ({"files": [{"path": 7, "sha256": ""}]}, "7"),
        ({"files": ["x"]}, "no whole release"),
        ({"counter": "7"}, "counter 7"),
        ({"counter": 1 << 32}, "counter 4294967296"),
        ({"counter": -1}, "counter -1"),
    ],
)  # fmt: skip
def test_a_release_that_would_write_beside_its_slot_or_breaks_the_boot_record_is_refused(
    tmp_path: Path, changes: dict[str, object], words: str
) -> None:
    out = tmp_path / "out"
    release.write(release.make(release.Identity("unix", "1.0", 1), {"start.py": b"x"}, None), out)
    assert release.read(out).counter == 1
    (out / "key.der").write_bytes(b"x")
    (tmp_path / "x").write_bytes(b"x")
    raw = json.loads((out / "manifest.json").read_bytes()) | changes
    (out / "manifest.json").write_text(json.dumps(raw).replace("{folder}", str(tmp_path)))
    with pytest.raises(Fault, match=re.escape(words)):
        release.read(out)


def test_a_release_that_no_board_would_take_or_that_cannot_be_written_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key, file = tmp_path / "plant.key", tmp_path / "file"
    _tool(capsys, "key", key)
    file.touch()
    words = ("release", "--board", "unix", "--types", "jet_mill", "--key", key)
    for counter in (0, -1, 1 << 32):
        code, said = _tool(capsys, *words, f"--counter={counter}", "--out", tmp_path / "out")
        assert code == WRONG_INPUT and "counter" in said and not (tmp_path / "out").exists()
    for out in (file, file / "out"):
        code, said = _tool(capsys, *words, "--counter", 1, "--out", out)
        assert code == WRONG_INPUT and "cannot be written" in said


@pytest.mark.parametrize("words", ["", "no key"])
def test_what_is_no_release_key_is_refused_in_words(tmp_path: Path, words: str) -> None:
    file = tmp_path / "key"
    with pytest.raises(Fault, match="no private key"):
        release.load_key(file)
    file.write_text(words)
    with pytest.raises(Fault, match="no private key"):
        release.load_key(file)
    with pytest.raises(Fault, match="no public release key"):
        release.load_public(file)
    other = generate_private_key(SECP256R1())
    file.write_bytes(other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.raises(Fault, match="no Ed25519 key"):
        release.load_key(file)


# -- images ------------------------------------------------------------------------------------


@pytest.mark.parametrize("board", image.boards())
def test_an_image_has_all_that_its_board_imports_and_nothing_of_the_plant_or_the_workshop(
    board: str,
) -> None:
    modules = image.modules_of(board)
    assert f"firmware.boards.{board}.main" in modules
    for name in (
        "edge_agent.agent",
        "firmware.onboard.update",
        "firmware.onboard.keys",
        "firmware.drivers",
    ):
        assert name in modules
    for name in modules:
        assert not name.startswith(("firmware.plant", "firmware.flash", "mes_server"))
        assert not name.startswith("firmware.boards.") or name.startswith(
            f"firmware.boards.{board}"
        )
    assert "firmware.drivers.simulated" not in modules


@pytest.mark.parametrize("board", image.boards())
def test_every_image_compiles_fits_twice_into_a_small_flash_and_its_size_is_told(
    board: str,
) -> None:
    files = image.image_of(board, compiled=True)
    code = sum(len(data) for path, data in files.items() if path.endswith(".mpy"))
    total = sum(len(data) for data in files.values())
    print(f"{board}: {len(files)} files, {code} bytes of code, {total} with all station types")
    assert code < 220_000 and 2 * total < 1_400_000
    few = image.image_of(board, compiled=True, types=["jet_mill"])
    assert [path for path in few if "/stations/" in path] == ["schemas/stations/jet_mill.json"]
    entries = release.make(release.Identity(board, "1.0", 1), files, None)
    assert len(entries.manifest) < MANIFEST_MAX // 2


def test_an_image_asks_for_the_plant_by_a_file_in_its_boards_folder(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(image, "_wish", lambda _: {"with": ["firmware.plant"]})
    assert {"firmware.plant.box", "firmware.plant.press"} <= set(image.modules_of("unix"))


def test_an_unknown_board_or_station_type_is_refused_in_words() -> None:
    with pytest.raises(Fault, match="no image for a board 'toaster'"):
        image.image_of("toaster")
    with pytest.raises(Fault, match="no station type 'toaster'"):
        image.image_of("unix", types=["toaster"])
