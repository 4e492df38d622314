"""Charges: the lots that shared a run of a station, what it used, and whether the masses add up."""

from mes_server.domain.amounts import Amount
from mes_server.domain.genealogy import BACK, FORWARD
from mes_server.domain.recalls import RESOURCE, RUN
from tests.stories.story import Story


def test_green_lots_share_a_furnace_charge_each_on_its_trays(story: Story) -> None:
    """
    08:00  ben  receives g1: green, 100 pcs 50 kg Nd 15 kg, after pressing
    08:01  ben  receives g2: green, 80 pcs 40 kg Nd 12 kg, after pressing
    08:02  ben  receives n52: green, 80 pcs 40 kg, after pressing, grade N52
    08:10  ben  mounts TC-1 as thermocouple at furnace-1
    08:20  ben  loads g1 at furnace-1, recipe S-1080, tray T1-T5
    08:30  ben  loads g2 at furnace-1, tray T6-T9
    08:40  ben  loads n52 at furnace-1  => refused: lots_may_mix
    23:00  ben  unloads furnace-1: g1 as b1: 100 pcs 49.5 kg  => refused: every_lot_is_told
    23:10  ben  unloads furnace-1: g1 as b1: 98 pcs 48.5 kg, coupon 2 pcs 1 kg as c1; g2 as b2: 79 pcs 39.1 kg, scrap 1 pcs 0.5 kg as w2
    """
    assert story.run("furnace-1") == (
        {"g1": "T1-T5", "g2": "T6-T9"},
        {("thermocouple", "TC-1")},
        True,
    )
    assert story.lot("b1").amount.elements == {"Nd": 15_000_000 * 485 // 495}
    assert story.lot("b2").done[-1] == "sintering"
    assert {e for e in story.edges if e[2] != "coupon"} == {
        ("g1", "b1", "run"), ("g2", "b2", "run"), ("g2", "w2", "scrap"),
    }  # fmt: skip
    run = story.runs["furnace-1"]
    assert story.traced(run, FORWARD, RUN) == {"g1", "g2", "b1", "b2", "c1", "w2"}


def test_diffusion_brings_terbium_from_the_target_into_the_parts(story: Story) -> None:
    """
    08:00  ben  receives target: target, 2 kg, Tb 1.99 kg, grade none, route none
    08:01  ben  receives parts: parts, 1000 pcs 10 kg Nd 3 kg Tb 20 g, after slicing
    08:02  ben  receives more: parts, 500 pcs 5 kg Nd 1.5 kg Tb 10 g, after slicing
    08:05  ben  loads parts at sputter-1  => refused: resources_are_mounted
    08:10  ben  mounts target as target at sputter-1
    08:20  ben  loads parts at sputter-1
    08:21  ben  loads more at sputter-1
    10:00  ben  unloads sputter-1: parts: 1000 pcs 10.05 kg; more: 500 pcs 5.025 kg
    10:10  ben  loads parts at gbd-1
    10:11  ben  loads more at gbd-1
    22:00  ben  unloads gbd-1: parts: 1000 pcs 10.05 kg; more: 500 pcs 5.025 kg
    """
    assert story.lot("parts").amount.elements == {"Nd": 3_000_000, "Tb": 70_000}
    assert story.lot("more").amount.elements == {"Nd": 1_500_000, "Tb": 35_000}
    assert story.traced("target", FORWARD, RESOURCE) == {"parts", "more"}
    assert story.lot("parts").done[-2:] == ("gbd_coating", "gbd_diffusion")


def test_a_parts_lot_is_plated_in_three_barrels_and_is_one_lot_again(story: Story) -> None:
    """
    08:00  ben  receives parts: parts, 3000 pcs 30 kg 1.8 m2 Nd 9 kg, after slicing
    08:05  ben  mounts ni-1 as bath at plating-1
    08:06  ben  mounts ni-2 as bath at plating-2
    08:10  ben  loads parts at plating-1  => refused: charge_fits
    08:15  ben  splits parts into k1: 1000 pcs 10 kg, k2: 1000 pcs 10 kg
    08:20  ben  loads k1 at plating-1, barrel = B-1
    08:21  ben  loads k2 at plating-1, barrel = B-2
    08:30  ben  loads parts at plating-2, barrel = B-3
    10:00  ben  unloads plating-1: k1: 1000 pcs 10.3 kg; k2: 998 pcs 10.28 kg, scrap 2 pcs 20 g as bent
    10:10  ben  unloads plating-2: parts: 1000 pcs 10.3 kg
    10:20  ben  merges k1 + k2 + parts as plated
    """
    assert story.lot("plated").amount.pieces == 2998
    assert story.lot("plated").amount.area_mm2 == 600 * 2998
    assert story.run("plating-1")[1] == {("bath", "ni-1"), ("barrel", "B-1"), ("barrel", "B-2")}
    assert story.traced("plated", BACK) == {"k1", "k2", "parts"}
    assert story.traced("B-3", FORWARD, RESOURCE) == {"parts", "plated"}


def test_a_bath_is_made_up_of_chemicals_runs_out_and_is_held(story: Story) -> None:
    """
    day 1
    08:00  ben   receives zinc: raw, 20 kg, grade none, route none, keeps until day 4 08:00
    08:01  ben   receives acid: raw, 30 kg, grade none, route none
    08:02  ben   receives parts: parts, 100 pcs 1 kg, after slicing
    08:03  ben   receives later: parts, 100 pcs 1 kg, after slicing
    08:10  ben   blends zinc 10 kg + acid 30 kg as bath: bath
    08:15  ben   loads parts at phosphating-1  => refused: resources_are_mounted
    08:20  ben   mounts bath as bath at phosphating-1
    08:30  ben   loads parts at phosphating-1
    09:00  ben   unloads phosphating-1: parts: 100 pcs 1 kg
    day 2
    08:00  dora  holds bath, because pH
    08:10  ben   loads later at phosphating-1  => refused: resources_are_good
    08:20  ben   mounts bath as bath at plating-1  => refused: resources_are_good
    08:30  dora  releases bath, because corrected
    day 4
    08:00  ben   loads later at phosphating-1  => refused: resources_are_good
    08:10  ben   takes bath off phosphating-1
    08:20  ben   loads later at phosphating-1  => refused: resources_are_mounted
    08:30  ben   takes bath off phosphating-1  => refused: resource_is_mounted
    """
    assert story.traced("bath", FORWARD, RESOURCE) == {"parts"}
    assert story.traced("bath", BACK) == {"zinc", "acid"}


def test_a_thermocouple_changed_in_a_run_and_a_jig_of_one_lot_belong_to_the_run(
    story: Story,
) -> None:
    """
    08:00  ben  receives g1: green, 10 pcs 5 kg, after pressing
    08:01  ben  receives g2: green, 10 pcs 5 kg, after pressing
    08:10  ben  mounts TC-1 as thermocouple at furnace-1
    08:20  ben  loads g1 at furnace-1, jig = J-1
    08:30  ben  loads g2 at furnace-1, jig = J-2
    12:00  ben  mounts TC-2 as thermocouple at furnace-1
    20:00  ben  unloads furnace-1: g1 as b1: 10 pcs 4.95 kg; g2 as b2: 10 pcs 4.95 kg
    """
    used = {
        ("thermocouple", "TC-1"), ("thermocouple", "TC-2"), ("jig", "J-1"), ("jig", "J-2"),
    }  # fmt: skip
    assert story.run("furnace-1")[1] == used
    for resource in ("TC-1", "TC-2", "J-2"):
        assert story.traced(resource, FORWARD, RESOURCE) == {"g1", "g2", "b1", "b2"}


def test_a_mass_that_does_not_add_up_holds_what_came_out(story: Story) -> None:
    """
    08:00  anna  receives kept: block, 10 pcs 100 kg, after ageing
    08:01  anna  receives breached: block, 10 pcs 100 kg, after ageing
    08:02  anna  receives ph: parts, 10 pcs 100 kg, after slicing
    08:03  anna  receives pl: parts, 10 pcs 20 kg, after slicing
    08:04  anna  receives gd: parts, 10 pcs 20 kg Tb 1 kg, after gbd_coating
    08:05  anna  receives p1: powder, 100 kg, after jet_milling
    08:06  anna  receives g1: green, 10 pcs 100 kg, after pressing
    08:10  anna  mounts any as bath at phosphating-1
    08:11  anna  mounts any as bath at plating-1
    08:12  anna  mounts any as thermocouple at furnace-1
    09:00  anna  loads kept at slicer-1
    09:10  anna  unloads slicer-1: kept as k: 100 pcs 65 kg, swarf 32 kg
    09:20  anna  loads breached at slicer-1
    09:30  anna  unloads slicer-1: breached as b: 100 pcs 65 kg, swarf 31.9 kg  => held
    09:40  anna  loads ph at phosphating-1
    09:50  anna  unloads phosphating-1: ph: 10 pcs 99.5 kg  => held
    10:00  anna  loads pl at plating-1
    10:10  anna  unloads plating-1: pl: 10 pcs 19.9 kg  => held
    10:20  anna  loads gd at gbd-1
    10:30  anna  unloads gbd-1: gd: 10 pcs 19.99 kg
    10:40  anna  loads p1 at press-1
    10:50  anna  unloads press-1: p1 as g: 10 pcs 99.4 kg  => held
    11:00  anna  loads g1 at furnace-1
    23:00  anna  unloads furnace-1: g1 as s: 10 pcs 97.9 kg  => held
    """
    assert story.lot("k").holds == {}
    for name in ("b", "ph", "pl", "g", "s"):
        assert list(story.lot(name).holds.values()) == ["mass balance"]


def test_pieces_that_do_not_add_up_are_told_before_anything_is_noted(story: Story) -> None:
    """
    08:00  ben  receives block: block, 10 pcs 5 kg, after sintering
    08:10  ben  loads block at ageing-1
    12:00  ben  unloads ageing-1: block: 9 pcs 5 kg  => refused: pieces_add_up
    12:10  ben  unloads ageing-1: block: 9 pcs 4.5 kg, scrap 1 pcs 0.5 kg as cracked
    12:20  ben  unloads ageing-1: block: 9 pcs 4.5 kg  => refused: run_is_open
    """
    assert story.lot("cracked").amount.pieces == 1


def test_of_a_charge_that_was_lost_whole_only_the_scrap_is_left(story: Story) -> None:
    """
    08:00  ben  receives green: green, 10 pcs 5 kg Nd 1.5 kg, after pressing
    08:05  ben  mounts TC-1 as thermocouple at furnace-1
    08:10  ben  loads green at furnace-1
    20:00  ben  unloads furnace-1: green: 0 pcs 0 kg, scrap 10 pcs 4.95 kg as molten
    """
    assert story.lot("molten").amount == Amount(10, 4_950_000, 0, {"Nd": 1_500_000})
    assert story.traced("green", FORWARD) == {"molten"}
    assert story.lot("green").status == "used_up"


def test_each_coating_is_a_way_through_the_route(story: Story) -> None:
    """
    08:00  anna  receives a: parts, 10 pcs 1 kg, after slicing
    08:01  anna  receives b: parts, 10 pcs 1 kg, after slicing
    08:02  anna  receives c: parts, 10 pcs 1 kg, after slicing
    08:03  anna  receives d: parts, 10 pcs 1 kg, after slicing
    08:05  anna  mounts zn as bath at phosphating-1
    08:06  anna  mounts ni as bath at plating-1
    08:10  anna  loads a at phosphating-1
    08:20  anna  loads b at plating-1
    08:30  anna  loads c at ecoat-1
    08:40  anna  loads d at pvd-1
    10:00  anna  unloads phosphating-1: a: 10 pcs 1 kg
    10:10  anna  unloads plating-1: b: 10 pcs 1.03 kg
    10:20  anna  unloads ecoat-1: c: 10 pcs 1.01 kg
    10:30  anna  unloads pvd-1: d: 10 pcs 1.005 kg
    10:40  anna  loads a at plating-1  => refused: operation_is_next
    10:50  anna  merges a + b as mixed  => refused: lots_are_alike
    11:00  anna  loads c at gauge-1
    """
    assert [story.lot(n).done[-1] for n in "abd"] == [
        "phosphating",
        "electroplating",
        "pvd_coating",
    ]


def test_optional_steps_are_taken_or_left_out(story: Story) -> None:
    """
    08:00  ben  receives pressed: block, 10 pcs 5 kg, after sintering
    08:01  ben  receives left: block, 10 pcs 5 kg, after sintering
    08:10  ben  loads pressed at hip-1
    10:00  ben  unloads hip-1: pressed: 10 pcs 5 kg
    10:10  ben  loads pressed at ageing-1
    10:20  ben  loads left at ageing-1
    20:00  ben  unloads ageing-1: pressed: 10 pcs 5 kg; left: 10 pcs 5 kg
    20:10  ben  loads left at hip-1  => refused: operation_is_next
    """
    assert story.lot("pressed").done[-2:] == ("hot_isostatic_pressing", "ageing")
    assert story.lot("left").done[-2:] == ("sintering", "ageing")


def test_sandblasting_is_done_between_for_a_reason_and_moves_nothing_on_the_route(
    story: Story,
) -> None:
    """
    08:00  ben  receives parts: parts, 100 pcs 1 kg, after slicing
    08:10  ben  loads parts at tumbler-1  => refused: operation_is_next
    08:20  ben  loads parts at tumbler-1, because burrs
    09:00  ben  unloads tumbler-1: parts: 100 pcs 0.997 kg
    09:10  ben  mounts zn as bath at phosphating-1
    09:20  ben  loads parts at phosphating-1
    """
    assert story.lot("parts").done[-1] == "sandblasting"
    assert story.lot("parts").operation == "phosphating"


def test_what_is_made_of_a_powder_does_not_go_off_with_it(story: Story) -> None:
    """
    day 1
    08:00  anna  receives powder: powder, 10 kg, after jet_milling, keeps until day 3 08:00
    08:01  anna  receives stale: powder, 10 kg, after jet_milling, keeps until day 3 08:00
    08:10  anna  loads powder at press-1
    10:00  anna  unloads press-1: powder as green: 10 pcs 10 kg
    11:00  anna  mounts TC-1 as thermocouple at furnace-1
    day 3
    08:05  anna  loads stale at press-1  => refused: lot_is_fresh
    08:10  anna  loads green at furnace-1
    """
    assert story.lot("green").expires_ms is None
