"""A board gets the blocks of the release it is offered, byte for byte, and nothing else whatever it asks for."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from mes_server.actions.answer_boards import blocks_for
from mes_server.actions.import_firmware import release_folder
from mes_server.actions.roll_out import begin, stop
from mes_server.store.engine import reading
from tests.mes_server.actions.fleet import FILES, Fleet

NODE = ("sintering", "ctl-1")


@pytest.fixture
def fleet(engine: Engine, tmp_path: Path) -> Fleet:
    fleet = Fleet(engine, tmp_path).with_release(2)
    fleet.act(begin, "0.2.0-esp32_s3", "/".join(NODE))
    return fleet


def ask(fleet: Fleet, want: str, node: tuple[str, str] = NODE) -> list[bytes] | None:
    with reading(fleet.engine) as conn:
        return blocks_for(conn, fleet.data_dir, node, want)


def whole(fleet: Fleet, path: str) -> bytes:
    """The file, asked for as a board would."""
    data = b""
    while blocks := ask(fleet, f"0.2.0 {path} {len(data)} 2"):
        for block in blocks:
            head, _, body = block.partition(b"\n")
            assert head == f"0.2.0 {path} {len(data)}".encode()
            assert 0 < len(body) <= 1024
            data += body
    return data


def test_every_file_comes_as_it_was_made(fleet: Fleet) -> None:
    folder = release_folder(fleet.data_dir, "0.2.0-esp32_s3")
    for path, data in FILES.items():
        assert whole(fleet, path) == data
    for name in ("manifest.json", "manifest.sig"):
        assert whole(fleet, name) == (folder / name).read_bytes()


@pytest.mark.parametrize("want", [
    "0.2.0 ../../etc/passwd 0 1", "0.2.0 /etc/passwd 0 1", "0.2.0 files/main.mpy 0 1",
    "0.2.0 ../lodestone.db 0 8", "0.2.0 main.mpy/../../manifest.json 0 1", "0.2.0 main.mpy -1 1",
    "0.2.0 main.mpy 0 -1", "0.2.0 main.mpy 1e3 1", "0.2.0 main.mpy 99999999999999999999 1",
    "0.2.0 main.mpy ٣ 1", "0.2.0  0 1", "0.2.0 main.mpy 0 1 ", "", " ", "0.2.0", "\0 \0 \0 \0",
    "../0.2.0 main.mpy 0 1", "0.1.0 main.mpy 0 1", "9.9.9 main.mpy 0 1", "0.2.0 secret.key 0 1",
])  # fmt: skip
def test_what_is_no_block_of_the_release_is_not_given(fleet: Fleet, want: str) -> None:
    assert not ask(fleet, want)
    assert ask(fleet, "0.2.0 main.mpy 0 1"), "the control"


def test_a_huge_count_gets_eight_blocks_and_what_lies_behind_the_end_none(fleet: Fleet) -> None:
    fleet.take_in({"big.mpy": b"b" * 20_000}, version="0.3.0", counter=3, board="rp2350")
    blocks = ask(fleet, "0.2.0 main.mpy 0 999999999")
    assert blocks is not None
    assert [len(block.partition(b"\n")[2]) for block in blocks] == [1024, 1024, 952]
    assert ask(fleet, "0.2.0 main.mpy 3000 8") == []
    assert ask(fleet, "0.2.0 main.mpy 999999999 8") == []
    fleet.add(1, "rp2350")
    fleet.act(begin, "0.3.0-rp2350", "sintering/ctl-3")
    assert len(ask(fleet, "0.3.0 big.mpy 0 999", ("sintering", "ctl-3")) or []) == 8


def test_a_node_that_is_offered_nothing_gets_nothing(fleet: Fleet) -> None:
    assert ask(fleet, "0.2.0 main.mpy 0 1", ("sintering", "ctl-2")) is None
    assert ask(fleet, "0.2.0 main.mpy 0 1", ("sintering", "nobody")) is None
    with reading(fleet.engine) as conn:
        (code,) = conn.exec_driver_sql("SELECT code FROM roll_out").scalars()
    fleet.act(stop, code, "audit")
    assert ask(fleet, "0.2.0 main.mpy 0 1") is None


def test_files_that_were_changed_here_are_not_given(fleet: Fleet) -> None:
    manifest = release_folder(fleet.data_dir, "0.2.0-esp32_s3") / "manifest.json"
    manifest.write_bytes(manifest.read_bytes().replace(b"0.2.0", b"0.2.1"))
    with pytest.raises(OSError, match="import the release again"):
        ask(fleet, "0.2.0 main.mpy 0 1")
