"""An update over the air against an MES in memory, from the offer to the trial; on both interpreters."""

from firmware.onboard.update import TRIAL_MS
from schemas.journal_metrics import UPDATE_BLOCK, UPDATE_OFFER
from tests.firmware.releases import NEW, OLD, Board, Mes, Release, offered, old_disk, slot_of


def test_a_release_is_taken_tried_and_kept_once_the_mes_acknowledged_a_record_of_it():
    release = Release(2, NEW)
    board, mes, disk = offered(release)
    assert board.restarts == 1
    assert slot_of(disk, "b") == release.files and slot_of(disk, "a") == Release(1, OLD).files
    assert mes.states == ["fetching 0", "fetching 37", "fetching 74", "fetching 99", "ready"]
    assert mes.wants[0] == "0.2.0 manifest.json 0 1"
    assert not any("same.mpy" in want for want in mes.wants), "it was copied from the other slot"

    board = Board(disk)
    assert board.slots.running == "b" and board.slots.boot_reason == "update"
    assert board.updater.facts()[0] == ("Node/Image", "string", "0.2.0 b")
    assert board.updater.facts()[3] == ("Node/Board", "string", "esp32_s3")
    assert board.state == "trying"
    assert board.talk(mes, lambda: board.state == "trying")
    board.updater.saved()
    assert board.talk(mes, lambda: board.state == "idle")
    for _ in range(9):
        board = Board(disk)
        assert (board.slots.running, board.slots.trying, board.slots.boot_reason) == (
            "b",
            False,
            "",
        )
    assert disk.files["journal/seg"] == b"records"


def test_after_three_bad_boots_the_old_slot_runs_again_and_the_release_is_not_taken_again():
    release = Release(2, NEW)
    _, mes, disk = offered(release)
    for n in range(3):
        board = Board(disk)
        assert (board.slots.running, board.record.boots) == ("b", n + 1)
    board = Board(disk)
    assert board.slots.running == "a" and not board.slots.trying
    assert board.state == "refused: went back from counter 2"
    board.updater.saved()
    before = len(mes.wants)
    assert not board.talk(mes, lambda: board.restarts or len(mes.wants) > before, rounds=30)
    assert board.state == "refused: went back from counter 2", "whatever is offered again"
    assert board.slots.running == "a" and not board.restarts
    board, _, _ = offered(Release(3, NEW), disk)
    assert board.restarts == 1 and Board(disk).slots.running == "b"


def test_a_board_that_went_back_and_ran_well_still_says_so_after_a_restart():
    _, _, disk = offered(Release(2, NEW))
    for _ in range(4):
        board = Board(disk)
    board.updater.saved()
    assert Board(disk).state == "refused: went back from counter 2"


def test_a_slot_on_trial_of_which_the_mes_hears_nothing_restarts_and_so_goes_back():
    release = Release(2, NEW)
    _, mes, disk = offered(release)
    for _ in range(3):
        board = Board(disk)
        assert board.talk(mes, lambda b=board: b.restarts)
        assert board.now_ms >= TRIAL_MS and board.slots.trying
    assert Board(disk).slots.running == "a"


def test_while_a_slot_is_on_trial_no_other_release_is_begun():
    _, _, disk = offered(Release(2, NEW))
    board, mes = Board(disk), Mes(Release(3, NEW))
    assert not board.talk(mes, lambda: mes.wants or board.restarts, rounds=50)
    assert slot_of(disk, "a") == Release(1, OLD).files
    board.updater.saved()
    assert board.talk(mes, lambda: board.restarts)
    assert Board(disk).slots.running == "a" and slot_of(disk, "a") == Release(3, NEW).files


def test_blocks_that_are_lost_doubled_or_of_something_else_do_no_harm():
    release, disk = Release(2, NEW), old_disk()
    board = Board(disk)
    mes = Mes(release, loses=lambda n: n % 3 == 0)
    strangers = (
        b"", b"\n", b"0.2.0 lib/big.mpy 0\n", b"0.2.0 lib/big.mpy 1024\n" + bytes(1025),
        b"0.1.0 lib/big.mpy 0\n" + bytes(1024), b"0.2.0 ../boot.0 0\nxxxx", b"0.2.0 manifest.json 0\n",
    )  # fmt: skip

    def until():
        for stranger in strangers:
            assert board.updater.heard(UPDATE_BLOCK, stranger)
        return board.restarts

    assert board.talk(mes, until)
    assert slot_of(disk, "b") == release.files
    for one, other in zip(mes.wants, mes.wants[1:]):
        assert one != other, "the same words twice are not told twice"


def test_it_asks_ever_more_slowly_while_the_mes_is_silent():
    board, mes = Board(old_disk()), Mes(Release(2, NEW), loses=lambda n: True)
    moments = []

    def until():
        if len(moments) < len(mes.wants):
            moments.append(board.now_ms)
        return len(moments) >= 9

    assert board.talk(mes, until)
    pauses = [late - early for early, late in zip(moments, moments[1:])]  # noqa: RUF007
    assert pauses[0] <= 15_000 and 300_000 <= pauses[-1] <= 310_000
    assert pauses == sorted(pauses)


def test_after_a_reboot_it_goes_on_with_what_is_there_and_right():
    release, disk = Release(2, NEW), old_disk()
    board, mes = Board(disk), Mes(release)
    assert board.talk(mes, lambda: "0.2.0 lib/big.mpy 8192 8" in mes.wants)
    mes = Mes(release)
    board = Board(disk)
    assert board.talk(mes, lambda: board.restarts)
    assert mes.wants == ["0.2.0 lib/big.mpy 16384 1", "0.2.0 start.py 0 1"]
    assert slot_of(disk, "b") == release.files


def test_what_another_release_left_of_a_file_that_is_empty_now_is_no_obstacle():
    disk = old_disk()
    disk.write("b/empty.py.part", b"left over")
    board, _, _ = offered(Release(2, NEW), disk)
    assert board.restarts == 1 and slot_of(disk, "b") == Release(2, NEW).files


def test_a_power_cut_between_the_last_file_and_the_switch_needs_no_fetching_again():
    release = Release(2, NEW)
    before = dict(old_disk().files)
    _, _, disk = offered(release)
    for name in ("boot.0", "boot.1"):
        disk.files.pop(name, None)
        if name in before:
            disk.files[name] = before[name]
    board, mes, _ = offered(release, disk)
    assert board.restarts == 1 and mes.wants == []


def test_an_offer_is_withdrawn_in_the_middle_and_another_one_taken():
    disk = old_disk()
    board, mes, seen = Board(disk), Mes(Release(2, NEW)), []

    def until():
        if "0.2.0 lib/big.mpy 8192 8" in mes.wants and not seen:
            seen.append(board.updater.heard(UPDATE_OFFER, ""))
        return seen and board.state == "idle" and board.want == ""

    assert board.talk(mes, until)
    board, _, _ = offered(Release(3, NEW), disk)
    assert board.restarts == 1 and slot_of(disk, "b") == Release(3, NEW).files
