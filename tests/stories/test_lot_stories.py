"""What happens to lots between runs: each row of the genealogy model, kept and refused."""

from mes_server.domain.amounts import Amount
from mes_server.domain.genealogy import BACK, FORWARD
from tests.stories.story import Story


def test_a_lot_is_split_into_boxes_and_the_rest_keeps_its_code(story: Story) -> None:
    """
    08:00  ben  receives parts: parts, 1000 pcs 5 kg 0.6 m2 Nd 1.5 kg, after slicing
    08:10  ben  splits parts into a: 300 pcs 1.5 kg, b: 200 pcs
    08:20  ben  splits parts into c: 501 pcs  => refused: amount_is_there
    08:30  ben  splits parts into c: 0 pcs 1 kg  => refused: pieces_are_told
    08:40  ben  splits parts into c: 100 pcs 2.5 kg  => refused: mass_is_left_for_pieces
    """
    assert story.edges == {("parts", "a", "split"), ("parts", "b", "split")}
    assert story.lot("parts").amount == Amount(500, 2_500_000, 300_000, {"Nd": 750_000})
    assert story.lot("b").amount == Amount(200, 1_000_000, 120_000, {"Nd": 300_000})


def test_lots_are_merged_when_alike_few_and_of_one_week(story: Story) -> None:
    """
    day 1
    08:00  ben  receives a: parts, 10 pcs 50 g, after slicing, supplier lot X1
    08:01  ben  receives b: parts, 20 pcs 99 g, after slicing, supplier lot X2
    08:02  ben  receives n52: parts, 20 pcs 99 g, after slicing, grade N52
    08:03  ben  receives coated: parts, 20 pcs 99 g, after phosphating
    08:04  ben  receives c: parts, 1 pcs 5 g, after slicing
    08:05  ben  receives d: parts, 1 pcs 5 g, after slicing
    08:10  ben  merges a + n52 as wrong  => refused: lots_are_alike
    08:11  ben  merges a + coated as wrong  => refused: lots_are_alike
    08:12  ben  merges a + b + c + d as wrong  => refused: lots_may_mix
    08:13  ben  merges a + a as wrong  => refused: lots_may_mix
    08:20  ben  merges a + b as ab
    day 9
    08:00  ben  receives late: parts, 10 pcs 50 g, after slicing
    08:10  ben  merges ab + late as wrong  => refused: lots_are_of_one_time
    """
    assert story.edges == {("a", "ab", "merge"), ("b", "ab", "merge")}
    assert story.lot("ab").amount == Amount(30, 149_000)
    assert story.lot("ab").supplier_lot == ""
    assert story.lot("a").status == "used_up"
    assert story.refused["a"] == ["lots_are_alike"] * 2 + ["lots_may_mix"] * 2


def test_a_blend_weighs_each_element_and_goes_off_with_its_first_part(story: Story) -> None:
    """
    day 1
    08:00  anna  receives ndpr: raw, 100 kg, Nd 75 kg, Pr 24 kg, route none
    08:01  anna  receives dyfe: raw, 10 kg, Dy 8 kg, route none, keeps until day 9 08:00
    08:02  anna  receives iron: raw, 200 kg, route none
    08:10  anna  blends ndpr 30 kg + dyfe 2.5 kg + iron 67.5 kg as melt: raw, route M1/A
    08:11  anna  blends ndpr 71 kg + iron 1 kg as much: raw  => refused: amount_is_there
    08:12  anna  blends ndpr 1 kg + iron 1 kg as fake: finished  => refused: lot_kind_is_known
    day 9
    08:10  anna  blends ndpr 1 kg + dyfe 1 kg as stale: raw  => refused: lot_is_fresh
    """
    melt = story.lot("melt")
    assert melt.amount == Amount(0, 100_000_000, 0, {"Nd": 22_500_000, "Pr": 7_200_000, "Dy": 2_000_000})  # fmt: skip
    assert melt.expires_ms == story.lot("dyfe").expires_ms
    assert story.lot("ndpr").amount.mass_mg == 70_000_000
    assert story.traced("melt", BACK) == {"ndpr", "dyfe", "iron"}


def test_old_magnets_go_into_a_melt_by_weight_and_their_number_goes_along(story: Story) -> None:
    """
    08:00  anna  receives old: recycled, 1000 pcs 5 kg Nd 1.5 kg, origin E, route none
    08:01  anna  receives iron: raw, 10 kg, route none
    08:10  anna  blends old 2 kg + iron 1 kg as first: raw, route M1/A
    08:20  anna  blends old 3 kg + iron 1 kg as second: raw, route M1/A
    """
    assert story.lot("old").amount == Amount()
    assert story.lot("second").amount == Amount(600, 4_000_000, 0, {"Nd": 900_000})


def test_a_run_takes_a_part_of_a_lot_and_the_rest_waits(story: Story) -> None:
    """
    08:00  anna  receives powder: powder, 100 kg, Nd 30 kg, after jet_milling
    08:10  anna  loads powder at press-1, only 30 kg as dose
    08:20  anna  loads powder at press-1, only 71 kg as more  => refused: amount_is_there
    10:00  anna  unloads press-1: dose as green: 60 pcs 29.9 kg
    """
    assert story.lot("powder").amount.mass_mg == 70_000_000
    assert story.lot("powder").status == "active"
    assert ("powder", "dose", "split") in story.edges
    assert story.lot("green").amount.elements == {"Nd": 9_000_000 * 299 // 300}


def test_rework_is_counted_and_stops_at_its_limit_also_through_a_merge(story: Story) -> None:
    """
    08:00  ben   receives block: block, 10 pcs 5 kg, after ageing
    08:01  ben   receives other: block, 10 pcs 5 kg, after sintering
    08:05  ben   sends block back to ageing, because Hcj low  => refused: person_is_signed_in
    08:06  carl  sends block back to slicing, because Hcj low  => refused: operation_was_done
    08:07  carl  sends block back to ageing  => refused: reason_is_given
    08:10  carl  sends block back to ageing, because Hcj low
    08:20  ben   merges block + other as both
    09:00  ben   loads both at ageing-1
    12:00  ben   unloads ageing-1: both: 20 pcs 10 kg
    12:10  carl  sends both back to ageing, because Hcj still low
    12:20  ben   loads both at ageing-1  => refused: rework_is_allowed
    12:30  ben   loads both at ageing-1, because we hope  => refused: rework_is_allowed
    """
    assert story.lot("both").reworks == {"ageing": 2}
    assert story.refused["both"] == ["rework_is_allowed"] * 2


def test_work_is_not_done_again_for_a_reason_told_at_the_station(story: Story) -> None:
    """
    08:00  ben   receives parts: parts, 10 pcs 50 g, after phosphating
    08:10  ben   mounts jig as bath at phosphating-1
    08:20  ben   loads parts at phosphating-1  => refused: operation_is_next, rework_is_allowed
    08:30  ben   loads parts at phosphating-1, because thin  => refused: rework_is_allowed
    """
    assert story.lot("parts").status == "active"


def test_a_lot_is_stripped_before_it_is_plated_again_and_that_once(story: Story) -> None:
    """
    08:00  ben   receives parts: parts, 1000 pcs 10 kg Nd 3 kg, after electroplating
    08:05  ben   mounts ni-bath as bath at plating-1
    08:10  carl  sends parts back to electroplating, because blisters
    08:20  ben   loads parts at plating-1, for electroplating  => refused: operation_is_next
    08:21  ben   loads parts at plating-1, for electroplating, because urgent  => refused: operation_is_next
    08:25  ben   splits parts into half: 500 pcs 5 kg
    08:30  ben   loads parts at plating-1
    10:00  ben   unloads plating-1: parts: 500 pcs 4.9 kg
    10:10  ben   loads half at plating-1, for electroplating  => refused: operation_is_next
    10:20  ben   loads parts at plating-1
    12:00  ben   unloads plating-1: parts: 500 pcs 5.04 kg
    12:10  carl  sends parts back to electroplating, because blisters again
    12:20  ben   loads parts at plating-1
    13:00  ben   unloads plating-1: parts: 500 pcs 4.9 kg
    13:10  ben   loads parts at plating-1  => refused: rework_is_allowed
    """
    assert story.lot("parts").done[-1] == "stripping"
    assert story.lot("half").first == "stripping"


def test_a_lot_is_regraded_with_evidence_and_by_quality_alone(story: Story) -> None:
    """
    08:00  ben   receives block: block, 10 pcs 5 kg, after ageing
    08:10  ben   regrades block to N40SH, because BH curve 77  => refused: person_is_signed_in
    08:11  dora  regrades block to N40SH  => refused: reason_is_given
    08:12  dora  regrades block to N42SH, because BH curve 77  => refused: grade_is_another
    08:20  dora  regrades block to N40SH, because BH curve 77
    """
    assert story.lot("block").grade == "N40SH"
    assert story.edges == set()


def test_coupons_and_waste_know_for_ever_what_they_are_of(story: Story) -> None:
    """
    08:00  ben   receives parts: parts, 100 pcs 1 kg, after slicing
    08:10  ben   takes 5 pcs of parts as coupon coupon
    08:20  ben   scraps 5 pcs 50 g of parts as chips, because chipped
    08:25  ben   scraps 2 g of parts as swarf dust, because edges rounded
    08:30  ben   scraps 1 pcs of parts as chips2  => refused: reason_is_given
    08:40  ben   scraps 5 pcs of coupon as shards, because broken in the tensile test
    08:50  ben   loads coupon at phosphating-1  => refused: route_is_released
    09:00  ben   merges chips + shards as drum
    """
    assert story.lot("parts").amount == Amount(90, 898_000)
    assert story.lot("coupon").status == "used_up"
    assert story.traced("drum", BACK) == {"chips", "shards", "coupon", "parts"}
    assert ("parts", "dust", "swarf") in story.edges


def test_a_pack_comes_back_from_the_customer_and_closes_the_circle(story: Story) -> None:
    """
    day 1
    08:00  ben   receives done: finished, 1000 pcs 5 kg, after final_inspection
    08:05  ben   receives early: parts, 10 pcs 5 g, after slicing
    08:10  ben   packs done by 400 as p1, p2, p3
    08:15  ben   packs early by 10 as p9  => refused: route_is_finished
    08:20  dora  holds p3, because torn carton
    08:30  ben   ships p1 + p3 to Motorenwerk as delivery  => refused: lot_is_free
    08:31  ben   ships early to Motorenwerk as delivery  => refused: route_is_finished
    08:40  ben   ships p1 + p2 to Motorenwerk as delivery
    08:50  ben   splits p1 into stolen: 1 pcs  => refused: lot_is_here
    08:51  ben   takes 1 pcs of p1 as coupon stolen  => refused: lot_is_here
    08:52  ben   scraps 1 pcs of p1 as stolen, because gone  => refused: lot_is_here
    08:53  ben   ships p1 to Elsewhere as again  => refused: lot_is_here
    day 5
    08:00  dora  takes back 10 pcs of p3 as back, because rust  => refused: lot_was_shipped
    08:05  dora  takes back 401 pcs of p1 as back, because rust  => refused: amount_is_there
    08:10  dora  takes back 10 pcs of p1 as back, because rust  => held
    08:20  ben   ships back to Motorenwerk as again  => refused: lot_is_free
    08:30  dora  releases back, because dust only
    08:40  ben   ships back to Motorenwerk as again
    """
    assert story.traced("back", BACK) == {"p1", "done"}
    assert story.lot("p1").amount.pieces == 390
    recall = story.trace("done", FORWARD)
    assert set(recall.customers.values()) == {"Motorenwerk"}
    assert {story.name(lot.code): lot.where for lot in recall.lots} == {
        "done": "used_up", "p1": "shipped", "p2": "shipped", "p3": "stock", "back": "shipped",
    }  # fmt: skip


def test_a_hold_stops_all_and_is_released_by_quality(story: Story) -> None:
    """
    08:00  ben   receives block: block, 10 pcs 5 kg, after sintering
    08:05  ben   holds block  => refused: reason_is_given
    08:10  ben   holds block, because oxygen
    08:20  ben   loads block at ageing-1  => refused: lot_is_free
    08:21  ben   splits block into half: 5 pcs  => refused: lot_is_free
    08:30  carl  releases block, because measured again  => refused: person_is_signed_in
    08:31  dora  releases block  => refused: reason_is_given
    08:40  dora  releases block, because measured again
    08:50  ben   loads block at ageing-1
    """
    assert story.lot("block").status == "running"


def test_a_lot_is_moved_and_lies_there(story: Story) -> None:
    """
    08:00  ben   receives block: block, 10 pcs 5 kg, after sintering
    08:10  ben   moves block to shelf-7
    08:15  alan  moves block to pocket  => refused: person_is_signed_in
    """
    assert story.lot("block").place == "shelf-7"
