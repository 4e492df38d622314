"""What a board does not take as an update, and that nothing is changed then; on both interpreters."""

import errno

from schemas.journal_metrics import UPDATE_BLOCK, UPDATE_OFFER
from tests.firmware.releases import (
    NEW,
    NO_SPACE,
    OLD,
    Board,
    MemoryDisk,
    Mes,
    Release,
    install,
    is_as_before,
    offered,
    old_disk,
    sha256,
    slot_of,
)
from tests.firmware.signing import public_of


def test_what_is_not_signed_by_the_key_of_the_plant_is_refused_and_nothing_is_left_of_it():
    stranger = Release(2, NEW, seed=b"\x06" * 32)
    board, mes, disk = offered(stranger)
    assert board.state == "refused: its signature is wrong" and board.want == ""
    assert {want.split(" ")[1] for want in mes.wants} == {"manifest.json", "manifest.sig"}
    is_as_before(disk)
    # The negative control: the only difference is the key.
    disk, board = old_disk(), None
    board = Board(disk, public_of(b"\x06" * 32))
    assert board.talk(Mes(stranger), lambda: board.restarts)


def test_a_manifest_that_was_changed_after_it_was_signed_is_refused():
    release = Release(2, NEW)
    changed = release.manifest.replace(b'"start.py"', b'"stars.py"')
    assert changed != release.manifest
    release.manifest = release.files["manifest.json"] = changed
    board, _, disk = offered(release)
    assert board.state == "refused: its signature is wrong"
    is_as_before(disk)


def test_another_boards_release_is_refused_and_one_that_needs_a_newer_board():
    board, _, disk = offered(Release(2, NEW, board="rp2_w5500"))
    assert board.state == "refused: it is for rp2_w5500, this is esp32_s3"
    is_as_before(disk)
    board, _, disk = offered(Release(2, NEW, min_version="0.1.1"))
    assert board.state == "refused: it needs 0.1.1 to be installed first"
    is_as_before(disk)
    board, _, _ = offered(Release(2, NEW, min_version="0.1.0"))
    assert board.restarts == 1


def test_an_older_release_is_refused_however_well_it_is_signed():
    disk = MemoryDisk()
    install(disk, Release(5, OLD))
    for counter in (5, 4, 1):
        if counter == 5:
            release = Release(5, NEW)
            release.version = "0.5.1"
        else:
            release = Release(counter, NEW)
        board, mes, _ = offered(release, disk)
        assert board.state == f"refused: counter {counter} is not above 5" and not mes.wants


def test_an_old_release_that_still_lies_in_the_spare_slot_cannot_be_offered_as_a_new_one():
    old = Release(4, OLD)
    for version in (old.version, "0.9.0"):
        disk = MemoryDisk()
        install(disk, old, "b")
        install(disk, Release(5, NEW), "a")
        forged = f"{version} 9 {len(old.manifest)} {sha256(old.manifest)}"
        board, _, _ = offered(old, disk, offer=forged)
        assert board.state == "refused: its manifest is of another release than was offered"
        assert not board.restarts and Board(disk).slots.running == "a"
        board, _, _ = offered(Release(6, NEW), disk)  # and the counter did not rise by it
        assert board.restarts == 1


def test_the_release_that_runs_is_neither_taken_nor_refused():
    disk = old_disk()
    board, mes = Board(disk), Mes(Release(1, OLD))
    assert not board.talk(mes, lambda: mes.wants or board.state != "idle", rounds=20)


def test_the_loss_of_both_boot_records_does_not_open_the_way_back():
    disk = MemoryDisk()
    install(disk, Release(5, OLD))
    for name in ("boot.0", "boot.1"):
        disk.files.pop(name, None)
    board, _, _ = offered(Release(4, NEW), disk)
    assert board.state == "refused: counter 4 is not above 5"


def test_a_file_whose_hash_is_wrong_is_asked_for_once_more_and_then_refused():
    release = Release(2, NEW)
    release.files = release.files | {"lib/big.mpy": b"9" * len(NEW["lib/big.mpy"])}
    board, mes, disk = offered(release)
    assert board.state == "refused: the hash of lib/big.mpy is wrong"
    assert len([want for want in mes.wants if want.split(" ")[1:3] == ["lib/big.mpy", "0"]]) == 2
    is_as_before(disk, spare_too=False)
    board, _, _ = offered(Release(3, NEW), disk)
    assert board.restarts == 1 and slot_of(disk, "b") == Release(3, NEW).files


def test_a_full_disk_is_told_and_the_old_release_in_the_spare_slot_stays():
    disk = old_disk()
    install(disk, Release(1, OLD))
    for path, data in Release(0, OLD).files.items():
        disk.write(f"b/{path}", data)
    disk.room = disk.room - disk.free() + 40_000
    big = Release(2, NEW | {"lib/huge.mpy": bytes(60_000)})
    board, _, _ = offered(big, disk)
    assert board.state.startswith("refused: the disk is full: it needs ")
    is_as_before(disk, spare_too=False)
    assert slot_of(disk, "b") == Release(0, OLD).files


def test_what_others_need_of_the_disk_is_left_to_them():
    for left, taken in ((150_000, True), (200_000, False)):
        disk = old_disk()
        disk.room = disk.room - disk.free() + 200_000
        board, mes = Board(disk), Mes(Release(2, NEW))
        board.updater.reserve = left
        assert board.talk(mes, lambda b=board: b.restarts or b.state.startswith("refused"))
        assert bool(board.restarts) == taken, board.state


def test_what_was_refused_is_looked_at_again_after_the_mes_took_it_back():
    release, disk = Release(2, NEW), old_disk()
    disk.room -= disk.free() - 40_000
    board, mes, _ = offered(release, disk)
    assert board.state.startswith("refused: the disk is full")
    disk.room += 1_000_000
    assert not board.talk(mes, lambda: board.restarts, rounds=40), "the same offer is nothing new"
    assert board.talk(mes, lambda: board.state == "idle", offer="")
    assert board.talk(mes, lambda: board.restarts)
    assert slot_of(disk, "b") == release.files


def test_a_disk_that_fails_in_the_middle_is_told_and_the_board_goes_on():
    for code, words in ((NO_SPACE, "the disk is full"), (errno.EIO, "the disk says")):
        disk = old_disk()
        board, mes = Board(disk), Mes(Release(2, NEW))

        def until(board=board, mes=mes, disk=disk, code=code):
            if "0.2.0 lib/big.mpy 8192 8" in mes.wants:
                disk.fail = code
            return board.state.startswith("refused")

        assert board.talk(mes, until)
        assert board.state.startswith(f"refused: {words}") and not board.restarts
        disk.fail = 0
        is_as_before(disk, spare_too=False)


def test_a_heap_that_is_too_small_for_an_update_is_told_and_the_board_goes_on():
    board, mes = Board(old_disk()), Mes(Release(2, NEW))

    async def hungry(*_):
        raise MemoryError

    board.updater._get = hungry
    assert board.talk(mes, lambda: board.state == "refused: the memory is full")
    del board.updater._get
    mes.release = Release(3, NEW)
    assert board.talk(mes, lambda: board.restarts)


def test_an_offer_in_wrong_words_is_refused_and_a_right_one_taken_after_it():
    sha = sha256(b"")
    for words in ("x", "0.2.0 2 100", f"0.2.0 -2 100 {sha}", f"0.2.0 2 0 {sha}", f"0.2.0 2 99999999 {sha}",
                  f"0.2.0 0 100 {sha}", "0.2.0 2 100 abc", f"0.2.0  100 {sha}"):  # fmt: skip
        board, mes = Board(old_disk()), Mes(Release(2, NEW))
        assert board.talk(
            mes, lambda b=board: b.state == "refused: the offer is not understood", words
        )
        assert board.talk(mes, lambda b=board: b.restarts)


def test_files_of_a_release_cannot_leave_their_slot_nor_pose_as_the_slots_own():
    for path in (
        "../boot.0",
        "/boot.0",
        "lib/../../x",
        "manifest.json",
        "a//b",
        "lib/x.part",
        "",
        ".",
        "x" * 97,
    ):
        release = Release(2, {"start.py": b"new", path: b"evil"})
        release.files["manifest.json"] = release.manifest
        board, _, disk = offered(release)
        assert "path that is not allowed" in board.state, (path, board.state)
        assert disk.size("boot.0") + disk.size("boot.1") > 0 and not board.restarts
        is_as_before(disk, spare_too=False)


def test_it_takes_no_other_command_and_no_value_of_another_kind():
    board = Board(old_disk())
    assert not board.updater.heard("Node/Certificate", b"x")
    assert not board.updater.heard(UPDATE_OFFER, b"x") and not board.updater.heard(
        UPDATE_BLOCK, "x"
    )


def test_a_boot_record_that_cannot_be_written_is_told_and_tried_again():
    _, _, disk = offered(Release(2, NEW))
    board = Board(disk)
    disk.fail = errno.EIO
    board.updater.saved()
    assert board.slots.trying and "cannot be written" in board.said[-1]
    disk.fail = 0
    board.updater.saved()
    assert not board.slots.trying
