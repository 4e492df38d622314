"""What goes to a board is compiled by the real mpy-cross, of a bounded size, and holds nothing that does not belong."""

import os
from pathlib import Path
from typing import Any

import pytest

from firmware.flash.image import boards, image_of, modules_of
from tests.conftest import ROOT
from tests.figures import figure
from tools.boards import BOARDS, check

MICROCONTROLLERS = sorted(board for port in BOARDS.values() for board in port)
# Two slots lie in a file system of 1.4 MB (rp2) or 1.5 MB (esp32 with a journal of its own), beside station.json
# and, on rp2, the journal: so much each, in clusters, leaves them 250 KB. The board knows the types of its stations.
SLOT_MAX = 576 * 1024
CLUSTER = 4096
TYPES = ("sinter_furnace", "jet_mill", "electroplating_line")
CODE_MAX = 200_000  # frozen, it must fit the application's partition beside MicroPython's own 1.7 MB of 2.0


def test_every_board_of_the_issue_has_an_image() -> None:
    assert boards() == sorted([*MICROCONTROLLERS, "unix"])


@pytest.mark.parametrize("board", MICROCONTROLLERS)
def test_an_image_is_compiled_and_fits_its_slot(board: str) -> None:
    files = image_of(board)
    code = {path: data for path, data in files.items() if path.endswith(".mpy")}
    sizes = {room: sum(len(data) for path, data in code.items() if path.startswith(room))
             for room in ("schemas/", "edge_agent/", "firmware/")}  # fmt: skip
    whole = image_of(board, types=TYPES)
    slot = sum(-(-len(data) // CLUSTER) * CLUSTER for data in whole.values())
    all_types = sum(len(data) for data in files.values())
    figure(
        f"image of {board}",
        f"{len(code)} modules, {sum(sizes.values())} bytes of code {sizes}; "
        f"a slot with {len(TYPES)} contracts {slot}, with all of them {all_types} bytes",
    )
    assert len(code) == len(set(modules_of(board).values()))
    assert all(data[:2] == b"M\x06" for data in code.values())
    assert sum(sizes.values()) <= CODE_MAX and slot <= SLOT_MAX
    left_out = ("firmware/plant/", "firmware/flash/", "firmware/drivers/simulated")
    assert not any(path.startswith(left_out) for path in files)


class Build:
    """MicroPython's manifest functions, as far as ours use them."""

    def __init__(self) -> None:
        self.frozen: set[str] = set()
        self.included: list[str] = []

    def run(self, manifest: Path) -> None:
        def base(path: str) -> Path:
            return (manifest.parent / path).resolve()

        def include(path: str) -> None:
            if path.startswith("$"):
                self.included.append(path)
            else:
                self.run(base(path))

        def package(name: str, base_path: str, files: list[str] | None = None) -> None:
            folder = base(base_path) / name
            found = [folder / file for file in files] if files else sorted(folder.rglob("*.py"))
            self.freeze(found)

        def module(name: str, base_path: str) -> None:
            self.freeze([base(base_path) / name])

        known: dict[str, Any] = {"include": include, "package": package, "module": module}
        here = Path.cwd()
        os.chdir(manifest.parent)  # as MicroPython's build does
        try:
            exec(compile(manifest.read_text(encoding="utf-8"), str(manifest), "exec"), known)
        finally:
            os.chdir(here)

    def freeze(self, files: list[Path]) -> None:
        for file in files:
            assert file.is_file(), file
            path = file.relative_to(ROOT).with_suffix("").as_posix().removesuffix("/__init__")
            self.frozen.add(path.replace("/", "."))


@pytest.mark.parametrize("board", MICROCONTROLLERS)
def test_a_frozen_image_holds_what_a_slot_holds(board: str) -> None:
    build = Build()
    build.run(ROOT / "firmware" / "boards" / board / "manifest.py")
    needed = {module.removesuffix(".__init__") for module in modules_of(board)}
    computers = {f"firmware.drivers.port_{kind}" for kind in ("pyserial", "terminal")}
    assert needed - computers <= build.frozen, needed - build.frozen
    assert len(build.included) == 1
    wrong = ("firmware.plant", "firmware.flash", "firmware.drivers.simulated", "firmware.boards.u")
    assert not [module for module in build.frozen if module.startswith(wrong)]
    others = [other for other in MICROCONTROLLERS if other != board]
    assert not build.frozen & {f"firmware.boards.{other}.board" for other in others}


@pytest.mark.parametrize("port", sorted(BOARDS))
def test_what_goes_to_a_board_fits_the_api_of_its_port(port: str) -> None:
    assert check(port) == []


def test_the_check_of_a_port_finds_what_its_chip_has_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = ROOT / "firmware" / "boards" / "esp32" / "board.py"
    source = wrong.read_text(encoding="utf-8")
    (tmp_path / "misfit.py").write_text(source.replace("Partition.find", "Partition.seek"))
    monkeypatch.setattr("tools.boards.SHARED", (str(tmp_path / "misfit.py"),))
    monkeypatch.setattr("tools.boards.OURS", ("",))
    assert any("seek" in line for line in check("esp32"))


def test_partitions_of_a_table_lie_behind_each_other_and_the_journal_has_its_own() -> None:
    for board, flash in (("esp32", 4 << 20), ("esp32_s3", 16 << 20)):
        file = ROOT / "firmware" / "boards" / board / "partitions.csv"
        rows = [line.split(",") for line in file.read_text().splitlines() if line[0] != "#"]
        end = 0x9000
        for row in rows:
            begin, size = int(row[3], 16), int(row[4], 16)
            assert begin >= end and begin % 4096 == 0 and size % 4096 == 0, row
            end = begin + size
        assert end <= flash and "journal" in [row[0] for row in rows]
