"""Two workers, double scans, tablets that were offline, undoing and correcting: nothing twice, nothing lost."""

from mes_server.store.engine import reading
from mes_server.store.ledger import load_stream
from tests.stories.plant import DAY_1_MS
from tests.stories.story import Story

HOUR_MS = 3_600_000


def test_of_two_workers_on_one_lot_the_second_hears_who_and_when(story: Story) -> None:
    """
    08:00  anna  receives block: block, 10 pcs 5 kg, after sintering
    08:10  anna  loads block at ageing-1
    08:11  ben   loads block at hip-1  => refused: lot_is_here
    08:12  ben   splits block into mine: 5 pcs  => refused: lot_is_here
    """
    facts = story.answers[-2].refusals[0].facts
    assert (facts["by"], facts["where"]) == ("ANNA", "ageing-1")
    assert facts["at_ms"] == str(DAY_1_MS + 8 * HOUR_MS + 600_000)


def test_a_double_scan_gets_its_first_answer_and_does_nothing(story: Story) -> None:
    """
    08:00  anna  receives block: block, 10 pcs 5 kg, after sintering
    08:10  anna  loads block at ageing-1
    08:11  anna  sends it again  => again
    08:20  anna  loads block at ageing-1  => refused: lot_is_here
    08:21  anna  sends it again  => again: lot_is_here
    12:00  anna  unloads ageing-1: block: 10 pcs 5 kg
    12:01  anna  sends it again  => again
    12:10  anna  splits block into half: 5 pcs
    12:11  anna  sends it again  => again
    """
    assert story.lot("block").amount.pieces == 5
    assert story.lot("block").done[-1] == "ageing"


def test_a_scan_two_hours_late_is_placed_in_its_own_time(story: Story) -> None:
    """
    07:00             anna  receives block: block, 10 pcs 5 kg, after sintering
    08:00 sent 10:00  anna  loads block at ageing-1
    09:30 sent 10:00  anna  unloads ageing-1: block: 10 pcs 5 kg
    09:40 sent 10:00  anna  splits block into half: 5 pcs
    """
    with reading(story.engine) as conn:
        events = load_stream(conn, f"lot:{story.code('block')}")[1:]
    hours = [(e.at_ms - DAY_1_MS) / HOUR_MS for e in events]
    assert hours == [8, 9.5, 9 + 2 / 3]
    assert {e.noted_ms for e in events} == {DAY_1_MS + 10 * HOUR_MS}


def test_what_came_late_and_cannot_be_any_more_is_looked_at_by_a_person(story: Story) -> None:
    """
    07:00             anna  receives block: block, 10 pcs 5 kg, after sintering
    07:01             anna  receives other: block, 10 pcs 5 kg, after sintering
    09:00             ben   splits block into half: 5 pcs
    08:00 sent 10:00  anna  splits block into mine: 5 pcs  => review: lot_is_as_it_was
    08:10 sent 10:00  anna  scraps 1 pcs of block as chip, because chipped  => review: lot_is_as_it_was
    08:20 sent 10:00  anna  merges block + other as both  => review: lot_is_as_it_was
    10:10             ben   loads block at ageing-1
    08:30 sent 10:20  anna  loads block at ageing-1  => review: lot_is_here, run_was_open, lot_is_as_it_was
    08:40 sent 10:20  anna  unloads ageing-1: block: 5 pcs 2.5 kg  => review: run_has_begun
    """
    assert story.refused["block"][:3] == ["lot_is_as_it_was"] * 3
    assert "lot_is_here" in story.refused["block"]
    assert story.lot("block").status == "running"


def test_a_late_load_goes_into_the_run_of_its_time_or_to_a_person(story: Story) -> None:
    """
    07:00             anna  receives a: block, 10 pcs 5 kg, after sintering
    07:01             anna  receives b: block, 10 pcs 5 kg, after sintering
    07:02             anna  receives c: block, 10 pcs 5 kg, after sintering
    07:03             anna  receives d: block, 10 pcs 5 kg, after sintering
    08:00             anna  loads a at ageing-1
    08:10 sent 09:10  ben   loads b at ageing-1
    10:00             anna  unloads ageing-1: a: 10 pcs 5 kg; b: 10 pcs 5 kg
    09:00 sent 10:30  ben   loads c at ageing-1  => review: run_is_still_open
    07:30 sent 10:40  ben   loads c at ageing-1  => review: run_was_open
    11:00             anna  loads d at ageing-1
    10:50 sent 11:30  ben   loads c at ageing-1  => review: run_was_open
    """
    assert story.lot("c").status == "active"
    assert story.run("ageing-1")[0] == {"d": ""}


def test_a_hold_two_hours_late_holds_whatever_was_done_since(story: Story) -> None:
    """
    07:00             anna  receives block: block, 10 pcs 5 kg, after sintering
    09:00             anna  loads block at ageing-1
    08:00 sent 10:00  ben   holds block, because cracks
    11:00             anna  unloads ageing-1: block: 10 pcs 5 kg
    """
    assert list(story.lot("block").holds.values()) == ["cracks"]


def test_clocks_that_differ_never_turn_the_order_of_things(story: Story) -> None:
    """
    08:00:00                anna  receives block: block, 10 pcs 5 kg, after sintering
    08:10:00                anna  splits block into half: 5 pcs
    08:08:00 sent 08:11:00  ben   splits half into quarter: 2 pcs
    08:09:00 sent 08:12:00  ben   splits quarter into eighth: 1 pcs
    """
    assert story.traced("block", "forward") == {"half", "quarter", "eighth"}
    assert story.traced("eighth", "back") == {"block", "half", "quarter"}


def test_nothing_comes_out_of_a_run_before_the_last_of_it_went_in(story: Story) -> None:
    """
    08:00             anna  receives a: block, 10 pcs 5 kg, after sintering
    08:00             anna  receives b: block, 10 pcs 5 kg, after sintering
    08:10             anna  loads a at ageing-1
    09:00             anna  loads b at ageing-1
    08:50 sent 09:01  anna  unloads ageing-1: a: 10 pcs 5 kg; b: 10 pcs 5 kg  => review: run_has_begun
    09:10             anna  unloads ageing-1: a: 10 pcs 5 kg; b: 10 pcs 5 kg
    """
    assert story.run("ageing-1")[2]


def test_a_scan_is_undone_within_ten_seconds_by_whoever_made_it(story: Story) -> None:
    """
    08:00:00  anna  receives block: block, 10 pcs 5 kg, after sintering
    08:10:00  anna  loads block at ageing-1
    08:10:05  ben   undoes the load of block  => refused: undo_is_by_same_person
    08:10:08  anna  undoes the load of block
    08:10:09  anna  undoes the load of block  => refused: scan_is_not_undone
    08:20:00  anna  loads block at ageing-1, only 4 pcs as four
    08:20:05  anna  undoes the load of block
    08:30:00  anna  loads block at ageing-1
    12:00:00  anna  unloads ageing-1: block: 10 pcs 5 kg
    12:00:05  anna  undoes the unload of ageing-1
    12:01:00  anna  unloads ageing-1: block: 9 pcs 4.5 kg, scrap 1 pcs 0.5 kg as chip
    12:01:11  anna  undoes the unload of ageing-1  => refused: undo_is_in_time
    """
    assert story.lot("block").amount.pieces == 9
    assert {e[:2] for e in story.edges} == {("block", "chip")}


def test_a_correction_takes_back_what_was_done_and_can_be_taken_back(story: Story) -> None:
    """
    08:00  ben   receives block: block, 10 pcs 5 kg, after sintering
    08:10  ben   splits block into half: 5 pcs
    08:20  ben   corrects the split of block, because wrong lot  => refused: person_is_signed_in
    08:21  carl  corrects the split of block  => refused: reason_is_given
    08:22  carl  corrects the split of nothing, because wrong  => refused: action_is_known
    08:30  carl  corrects the split of block, because wrong lot
    08:40  ben   splits half into bits: 1 pcs  => refused: lot_is_known
    08:50  carl  corrects the correct of block, because it was right
    09:00  ben   splits half into bits: 1 pcs
    09:10  carl  corrects the split of block, because wrong again  => refused: nothing_rests_on_it
    """
    assert story.lot("half").amount.pieces == 4
    assert story.edges == {("block", "half", "split"), ("half", "bits", "split")}


def test_corrections_of_corrections_come_to_what_is_right_in_the_end(story: Story) -> None:
    """
    08:00  ben   receives block: block, 10 pcs 5 kg, after sintering
    08:10  ben   splits block into half: 5 pcs
    08:30  carl  corrects the split of block, because wrong
    08:40  carl  corrects the correct of block, because right
    08:50  carl  corrects the correct of block, because wrong after all
    """
    assert story.edges == set()
    assert story.lot("block").amount.pieces == 10
    assert story.find("half") is None


def test_what_a_run_or_a_customer_got_is_not_made_different_by_a_correction(story: Story) -> None:
    """
    08:00  ben   receives block: block, 10 pcs 5 kg, after sintering
    08:10  ben   splits block into half: 5 pcs
    08:20  ben   scraps 1 pcs of block as chip, because chipped
    08:30  ben   loads block at ageing-1
    08:40  carl  corrects the split of block, because wrong lot  => refused: nothing_rests_on_it
    12:00  ben   unloads ageing-1: block: 4 pcs 2 kg
    12:10  carl  corrects the split of block, because wrong lot  => refused: nothing_rests_on_it
    12:11  carl  corrects the scrap of block, because found  => refused: nothing_rests_on_it
    12:20  ben   splits block into two: 2 pcs
    12:30  carl  corrects the unload of ageing-1, because not aged  => refused: nothing_rests_on_it
    13:00  ben   receives done: finished, 10 pcs 5 kg, after final_inspection
    13:10  ben   scraps 1 pcs of done as rust, because rust
    13:20  ben   ships done to Motorenwerk as delivery
    13:30  carl  corrects the scrap of done, because found  => refused: nothing_rests_on_it
    13:40  carl  corrects the ship of done, because not yet gone
    13:50  carl  corrects the scrap of done, because found
    """
    assert story.lot("done").amount.pieces == 10
    assert story.lot("two").done[-1] == "ageing"


def test_a_corrected_unloading_does_not_open_a_run_beside_another(story: Story) -> None:
    """
    08:00  ben   receives a: block, 10 pcs 5 kg, after sintering
    08:01  ben   receives b: block, 10 pcs 5 kg, after sintering
    08:10  ben   loads a at ageing-1
    12:00  ben   unloads ageing-1: a: 10 pcs 5 kg
    12:10  ben   loads b at ageing-1
    12:20  carl  corrects the unload of ageing-1, because too early  => refused: nothing_rests_on_it
    18:00  ben   unloads ageing-1: b: 10 pcs 5 kg
    """
    assert story.lot("a").status == "active"


def test_rework_that_was_done_cannot_be_taken_out_of_the_count(story: Story) -> None:
    """
    08:00  ben   receives block: block, 10 pcs 5 kg, after ageing
    08:10  carl  sends block back to ageing, because Hcj low
    08:20  ben   loads block at ageing-1
    12:00  ben   unloads ageing-1: block: 10 pcs 5 kg
    12:10  carl  corrects the rework of block, because never mind  => refused: nothing_rests_on_it
    """
    assert story.lot("block").reworks == {"ageing": 1}
