"""Every rule of a scan says no in a story of its own, and all that say no are heard at once."""

import pytest

from mes_server.domain.rules import SCAN_RULES
from tests.stories.story import Story

# Of each story the last line but the good ones is refused for this one reason.
STORIES = {
    "lot_is_free": """
        08:00  ben  receives block: block, 10 pcs 5 kg, after sintering
        08:10  ben  holds block, because oxygen
        08:20  ben  loads block at ageing-1  => refused: lot_is_free
    """,
    "lot_is_here": """
        08:00  ben  receives block: block, 10 pcs 5 kg, after sintering
        08:10  ben  loads block at ageing-1
        08:20  ben  loads block at ageing-1  => refused: lot_is_here
    """,
    "operation_is_next": """
        08:00  ben  receives block: block, 10 pcs 5 kg, after sintering
        08:10  ben  loads block at slicer-1  => refused: operation_is_next
    """,
    "station_fits": """
        08:00  ben  receives block: block, 10 pcs 5 kg, after sintering
        08:10  ben  loads block at slicer-1, for ageing  => refused: station_fits
    """,
    "station_is_ready": """
        08:00  ben  receives block: block, 10 pcs 5 kg, after sintering
        08:10  station  ageing-1 is offline
        08:20  ben  loads block at ageing-1  => refused: station_is_ready
        08:30  station  ageing-1 is online
        08:40  ben  loads block at ageing-1
    """,
    "run_is_of_operation": """
        08:00  ben   receives new: parts, 10 pcs 1 kg, after slicing
        08:01  ben   receives old: parts, 10 pcs 1 kg, after electroplating
        08:02  ben   mounts ni as bath at plating-1
        08:05  carl  sends old back to electroplating, because blisters
        08:10  ben   loads new at plating-1
        08:20  ben   loads old at plating-1, for stripping  => refused: run_is_of_operation
    """,
    "station_is_unlocked": """
        08:00  ben   receives block: block, 10 pcs 5 kg, after sintering
        08:05  ben   locks ageing-1  => refused: reason_is_given
        08:10  ben   locks ageing-1, because leak
        08:20  ben   loads block at ageing-1  => refused: station_is_unlocked
        08:30  ben   unlocks ageing-1, because mended  => refused: person_is_signed_in
        08:40  dora  unlocks ageing-1, because mended
        08:50  ben   loads block at ageing-1
        08:55  dora  unlocks ageing-1, because mended  => refused: station_is_locked
    """,
    "recipe_is_right": """
        08:00  ben  receives green: green, 10 pcs 5 kg, after pressing
        08:10  ben  mounts TC-1 as thermocouple at furnace-1
        08:20  ben  loads green at furnace-1, recipe S-1090  => refused: recipe_is_right
        08:30  ben  receives a: block, 10 pcs 5 kg, after sintering
        08:31  ben  receives b: block, 10 pcs 5 kg, after sintering
        08:40  ben  loads a at ageing-1, recipe A-1
        08:50  ben  loads b at ageing-1, recipe A-2  => refused: recipe_is_right
        08:51  ben  loads b at ageing-1
    """,
    "resources_are_mounted": """
        08:00  ben  receives green: green, 10 pcs 5 kg, after pressing
        08:10  ben  loads green at furnace-1  => refused: resources_are_mounted
        08:20  ben  loads green at furnace-1, thermocouple = TC-1
    """,
    "resources_are_good": """
        08:00  ben   receives slurry: slurry, 1 kg, grade none, route none
        08:01  ben   receives parts: parts, 10 pcs 1 kg, after slicing
        08:02  ben   mounts slurry as target at sputter-1
        08:10  dora  holds slurry, because clots
        08:20  ben   loads parts at sputter-1  => refused: resources_are_good
    """,
    "person_is_signed_in": """
        08:00  ben     receives block: block, 10 pcs 5 kg, after sintering
        08:10  nobody  loads block at ageing-1  => refused: person_is_signed_in
        08:20  alan    loads block at ageing-1  => refused: person_is_signed_in
    """,
    "person_is_qualified": """
        08:00  ben   receives powder: powder, 10 kg, after jet_milling
        08:10  ben   loads powder at press-1  => refused: person_is_qualified
        08:20  eve   loads powder at press-1  => refused: person_is_qualified
        08:30  anna  loads powder at press-1
    """,
    "lots_may_mix": """
        08:00  ben  receives a: parts, 10 pcs 1 kg, after slicing
        08:01  ben  receives b: parts, 10 pcs 1 kg, after slicing
        08:02  ben  mounts zn as bath at phosphating-1
        08:10  ben  loads a at phosphating-1
        08:20  ben  loads b at phosphating-1  => refused: lots_may_mix
    """,
    "charge_fits": """
        08:00  ben  receives parts: parts, 100 pcs 25.1 kg, after slicing
        08:02  ben  mounts ni as bath at plating-1
        08:10  ben  loads parts at plating-1  => refused: charge_fits
    """,
    "line_is_clear": """
        08:00  ben  receives dy: coarse_powder, 10 kg Nd 3 kg Dy 0.2 kg, after hydrogen_decrepitation
        08:01  ben  receives free: coarse_powder, 10 kg Nd 3 kg Dy 9 g, after hydrogen_decrepitation
        08:10  ben  loads dy at mill-1
        10:00  ben  unloads mill-1: dy as p: 9.95 kg
        10:10  ben  loads free at mill-1  => refused: line_is_clear
        10:20  ben  clears mill-1
        10:30  ben  loads free at mill-1
    """,
    "rework_is_allowed": """
        08:00  carl  receives block: block, 10 pcs 5 kg, after ageing
        08:10  carl  sends block back to sintering, because porous
        08:20  ben   mounts TC-1 as thermocouple at furnace-1
        08:30  ben   loads block at furnace-1  => refused: rework_is_allowed
    """,
    "lot_is_fresh": """
        day 1
        08:00  anna  receives powder: powder, 10 kg, after jet_milling
        08:10  anna  loads powder at press-1
        10:00  anna  unloads press-1: powder as green: 10 pcs 9.99 kg
        10:05  anna  mounts TC-1 as thermocouple at furnace-1
        day 3
        09:00  anna  splits green into young: 5 pcs
        09:05  anna  loads young at furnace-1
        20:00  anna  unloads furnace-1: young as block: 5 pcs 4.95 kg
        day 4
        10:01  anna  splits green into old: 2 pcs
        10:02  anna  loads green at furnace-1  => refused: lot_is_fresh
        10:03  anna  loads old at furnace-1  => refused: lot_is_fresh
    """,
    "checks_are_done": """
        08:00  dora  releases plan CP-1/A: density, hardness
        08:10  ben   receives green: green, 10 pcs 5 kg, after pressing
        08:20  ben   mounts TC-1 as thermocouple at furnace-1
        08:30  ben   loads green at furnace-1
        20:00  ben   unloads furnace-1: green as block: 10 pcs 4.95 kg
        20:10  ben   loads block at ageing-1  => refused: checks_are_done
        20:20  ben   checks density of block at furnace-1: 7,55  => refused: figure_has_a_point
        20:21  ben   checks density of block at furnace-1: 7.55
        20:30  ben   loads block at ageing-1
    """,
    "station_checks_are_done": """
        08:00  dora  releases plan CP-1/A: hourly
        08:10  ben   receives block: block, 10 pcs 5 kg, after sintering
        08:11  ben   checks hourly under CP-1/A at ageing-1: 5.00
        12:12  ben   loads block at ageing-1  => refused: station_checks_are_done
        12:13  ben   checks hourly under CP-1/A at ageing-1: 5.00
        12:14  ben   loads block at ageing-1
    """,
    "setup_is_verified": """
        08:00  dora  releases plan CP-1/A: first
        08:10  ben   receives block: block, 10 pcs 5 kg, after sintering
        08:20  ben   loads block at ageing-1  => refused: setup_is_verified
        08:30  ben   checks first of block at ageing-1: 5.00
        08:40  ben   loads block at ageing-1
    """,
    "restart_is_verified": """
        08:00  dora  releases plan CP-1/A: restart
        08:10  ben   receives block: block, 10 pcs 5 kg, after sintering
        08:11  ben   receives next: block, 10 pcs 5 kg, after sintering
        08:20  ben   loads block at ageing-1
        08:30  ben   stops ageing-1, because power cut
        08:40  ben   loads next at ageing-1  => refused: restart_is_verified
        08:50  ben   checks restart under CP-1/A at ageing-1: good
        09:00  ben   loads next at ageing-1
    """,
    "challenge_is_done": """
        07:00  dora  releases plan CP-1/A: fool
        07:10  ben   receives block: block, 10 pcs 5 kg, after sintering
        07:20  ben   checks fool under CP-1/A at ageing-1: good
        08:01  ben   loads block at ageing-1  => refused: challenge_is_done
        08:02  ben   checks fool under CP-1/A at ageing-1: good
        08:03  ben   loads block at ageing-1
    """,
    "instruction_is_read": """
        08:00  dora  releases instruction WI-1/A
        08:01  dora  releases plan CP-1/A: hardness, WI-1
        08:10  ben   receives block: block, 10 pcs 5 kg, after sintering
        08:20  ben   loads block at ageing-1  => refused: instruction_is_read
        08:30  anna  acknowledges WI-1
        08:40  ben   loads block at ageing-1  => refused: instruction_is_read
        08:50  ben   acknowledges WI-1
        09:00  ben   loads block at ageing-1
    """,
    "furnace_is_surveyed": """
        08:00  dora  requires of ageing-1: cqi9-sat
        08:10  ben   receives block: block, 10 pcs 5 kg, after sintering
        08:20  ben   loads block at ageing-1  => refused: furnace_is_surveyed
        08:30  dora  surveys ageing-1: reads 900 at 907.5 true
        08:40  ben   loads block at ageing-1  => refused: furnace_is_surveyed
        08:50  dora  surveys ageing-1: reads 900 at 901.5 true
        09:00  ben   loads block at ageing-1
    """,
    "thermocouple_has_life": """
        08:00  dora  requires of ageing-1: cqi9-tc-uses-base-metal
        08:10  ben   receives block: block, 10 pcs 5 kg, after sintering
        08:20  dora  installs TC-7 of type K with 90 uses in ageing-1
        08:30  ben   loads block at ageing-1  => refused: thermocouple_has_life
        08:40  dora  installs TC-8 of type K with 0 uses in ageing-1
        08:50  ben   loads block at ageing-1
    """,
    "bath_is_titrated": """
        08:00  dora  releases bath PH-ZN
        08:01  ben   receives zn: bath, 900 kg, grade none, route none
        08:02  ben   makes up zn under PH-ZN: 900 L
        08:03  ben   mounts zn as bath at phosphating-1
        08:04  ben   receives first: parts, 10 pcs 1 kg, after slicing
        08:05  ben   receives second: parts, 10 pcs 1 kg, after slicing
        08:10  ben   loads first at phosphating-1  => refused: bath_is_titrated
        08:20  ben   titrates zn: fa_points 24.0, ta_points 1.2  => refused: titration_is_possible
        08:21  ben   titrates zn: fa_points 1.2, ta_points 24.0
        08:30  ben   loads first at phosphating-1
        09:00  ben   unloads phosphating-1: first: 10 pcs 1 kg
        12:00  ben   titrates zn: fa_points 3.1, ta_points 34.0
        12:10  ben   loads second at phosphating-1  => refused: resources_are_good, bath_is_titrated
        12:20  ben   moves first to rack-1
        12:30  ben   titrates zn: fa_points 1.3, ta_points 25.0
        12:40  ben   loads second at phosphating-1  => refused: resources_are_good
        12:50  dora  releases zn, because diluted and titrated again
        13:00  ben   loads second at phosphating-1
    """,
    "temporary_is_reviewed": """
        08:00  dora  releases plan CP-9 for load TC or zone TC at ageing
        08:05  dora  begins change of ageing at ageing-1 for 3 days: zone TC for load TC, because it broke
        08:10  ben   receives block: block, 10 pcs 5 kg, after sintering
        08:15  ben   receives other: block, 10 pcs 5 kg, after sintering
        08:20  ben   loads block at ageing-1
        16:00  ben   unloads ageing-1: block: 10 pcs 5 kg
        day 2
        08:30  ben   loads other at ageing-1  => refused: temporary_is_reviewed
        08:40  dora  reviews change, because zone and load differ by 1 °C
        08:50  ben   loads other at ageing-1
    """,
}


@pytest.mark.parametrize("rule", [rule.__name__ for rule in SCAN_RULES])
def test_each_rule_says_no_in_a_story_of_its_own(works: Story, rule: str) -> None:
    works.play(STORIES[rule])
    assert rule in {rule for told in works.refused.values() for rule in told}
    works.check()


def test_there_is_no_story_of_a_rule_that_is_not() -> None:
    assert list(STORIES) == [rule.__name__ for rule in SCAN_RULES]


def test_a_worker_hears_every_reason_at_once(story: Story) -> None:
    """
    day 1
    08:00  ben   receives other: block, 10 pcs 5 kg, after sintering, grade N52
    08:01  ben   receives worst: powder, 600 kg Tb 30 kg, after jet_milling, keeps until day 2 08:00
    08:02  ben   receives light: block, 10 pcs 5 kg, after sintering
    08:03  dora  holds worst, because oxygen
    08:04  ben   loads other at ageing-1
    day 2
    08:10  dora  locks ageing-1, because leak
    08:11  station  ageing-1 is offline
    09:00  eve   loads worst at ageing-1, for pressing  => refused: lot_is_free, station_fits, station_is_ready, run_is_of_operation, station_is_unlocked, person_is_qualified, lots_may_mix, lot_is_fresh
    09:10  nobody  loads worst at ageing-1, for sintering, recipe S-9  => refused: lot_is_free, operation_is_next, station_fits, station_is_ready, run_is_of_operation, station_is_unlocked, recipe_is_right, resources_are_mounted, person_is_signed_in, lots_may_mix, charge_fits, lot_is_fresh
    """
    assert len(story.refused["worst"]) == 20
    assert story.lot("worst").status == "active"


def test_grades_with_and_without_heavy_rare_earths_are_cleared_between_both_ways(
    story: Story,
) -> None:
    """
    08:00  ben   receives tb: coarse_powder, 10 kg Tb 0.1 kg, after hydrogen_decrepitation
    08:01  ben   receives free: coarse_powder, 10 kg Nd 3 kg, after hydrogen_decrepitation
    08:02  ben   receives free2: coarse_powder, 10 kg Nd 3 kg, after hydrogen_decrepitation
    08:10  ben   loads free at mill-1
    09:00  ben   unloads mill-1: free as p1: 9.95 kg
    09:10  ben   loads free2 at mill-1
    10:00  ben   unloads mill-1: free2 as p2: 9.95 kg
    10:10  ben   loads tb at mill-1  => refused: line_is_clear
    10:15  alan  clears mill-1, because swept  => refused: person_is_signed_in
    10:20  ben   clears mill-1, because swept
    10:30  ben   loads tb at mill-1
    11:30  ben   unloads mill-1: tb as p3: 9.95 kg
    """
    assert story.refused["tb"] == ["line_is_clear"]


@pytest.mark.parametrize(
    ("scanned", "rule"),
    [
        ("=HYPERLINK(1)", "code_is_no_script"),
        ("<script>", "code_is_no_script"),
        ("B26-000001-XX", "code_is_misread"),
        ("DO-SCRAP", "code_is_of_kind"),
    ],
)
def test_what_is_no_lot_is_refused_and_changes_nothing(
    works: Story, scanned: str, rule: str
) -> None:
    works.play(f"08:00  ben  loads {scanned} at ageing-1  => refused: {rule}")
    works.play(f"08:10  ben  splits {scanned} into a: 1 pcs  => refused: {rule}")
    assert works.refused[scanned] == [rule, rule]
    works.check()
