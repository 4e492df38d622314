"""From raw metal to a shipped pack: every kind of lot there is, and the way back and forward."""

from mes_server.domain.amounts import Amount
from mes_server.domain.genealogy import BACK, FORWARD
from tests.stories.story import Story


def test_a_magnet_is_made_from_metal_to_the_customer_and_traced_both_ways(story: Story) -> None:
    """
    day 1
    07:00  anna  receives ndpr: raw, 100 kg, Nd 75 kg, Pr 24 kg, grade none, route none, supplier Baotou, supplier lot BT-77, origin P
    07:05  anna  receives iron: raw, 250 kg, grade none, route none
    07:10  anna  receives old: recycled, 50 kg, Nd 12 kg, Tb 10 g, grade none, route none, origin E
    07:30  anna  blends ndpr 60 kg + iron 130 kg + old 10 kg as melt: raw, grade N42SH, part P-1, route M1/A
    08:00  anna  loads melt at caster-1
    10:00  anna  unloads caster-1: melt as heat: 196 kg, scrap 3.5 kg as slag
    11:00  anna  loads heat at hd-1
    day 2
    07:00  anna  unloads hd-1: heat as coarse: 195.5 kg
    07:30  anna  loads coarse at mill-1
    12:00  anna  unloads mill-1: coarse as powder: 192 kg, scrap 2.5 kg as fines
    13:00  anna  loads powder at press-1, only 100 kg as dose
    15:00  anna  unloads press-1: dose as green: 200 pcs 99.5 kg, scrap 0.4 kg as crumbs
    15:30  ben   mounts TC-9 as thermocouple at furnace-1
    16:00  ben   loads green at furnace-1, recipe S-1080, tray T1
    day 3
    08:00  ben   unloads furnace-1: green as block: 198 pcs 97.5 kg, coupon 2 pcs 0.98 kg as coupon
    09:00  ben   loads block at ageing-1
    day 4
    07:00  ben   unloads ageing-1: block: 198 pcs 97.5 kg
    08:00  ben   loads block at slicer-1
    16:00  ben   unloads slicer-1: block as parts: 20000 pcs 70 kg, swarf 26 kg as swarf, scrap 1 kg as chips
    day 5
    07:00  ben   receives nickel: raw, 40 kg, grade none, route none
    07:05  ben   receives boric: raw, 10 kg, grade none, route none
    07:10  ben   blends nickel 40 kg + boric 10 kg as bath: bath
    07:15  ben   mounts bath as bath at plating-1
    07:20  ben   loads parts at plating-1, only 7000 pcs 24.5 kg as barrel1
    09:00  ben   unloads plating-1: barrel1: 7000 pcs 25.2 kg
    09:20  ben   loads parts at plating-1, only 7000 pcs 24.5 kg as barrel2
    11:00  ben   unloads plating-1: barrel2: 7000 pcs 25.2 kg
    11:20  ben   loads parts at plating-1
    13:00  ben   unloads plating-1: parts: 6000 pcs 21.6 kg
    13:30  ben   merges barrel1 + barrel2 + parts as plated
    14:00  anna  loads plated at gauge-1
    16:00  anna  unloads gauge-1: plated as finished: 19990 pcs 71.96 kg, scrap 10 pcs 0.036 kg as rejects
    16:30  anna  packs finished by 8000 as pack1, pack2, pack3
    day 6
    08:00  anna  ships pack1 + pack2 to Motorenwerk as delivery
    """  # long: a whole life in one story
    assert {story.lot(name).kind for name in story.codes if name not in ("delivery", "bath")} == {
        "raw", "recycled", "alloy", "coarse_powder", "powder", "green", "block", "coupon", "parts",
        "finished", "pack", "waste",
    }  # fmt: skip
    melt = {"Nd": 47_400_000, "Pr": 14_400_000, "Tb": 2_000}
    assert story.lot("slag").amount.elements["Nd"] == melt["Nd"] * 3_500_000 // 200_000_000
    assert [story.lot(f"pack{i}").amount.pieces for i in (1, 2, 3)] == [8000, 8000, 3990]
    assert story.lot("parts").amount == Amount()
    assert story.lot("plated").amount.area_mm2 == 0
    assert story.lot("pack1").amount.area_mm2 == 8000 * 600
    causes = story.traced("pack2", BACK)
    assert {"ndpr", "iron", "old", "melt", "powder", "block", "barrel1", "barrel2"} <= causes
    assert not {"slag", "coupon", "swarf", "pack1", "bath"} & causes
    assert {story.lot(name).supplier_lot for name in causes} == {"", "BT-77"}
    recall = story.trace("ndpr", FORWARD)
    assert set(recall.customers.values()) == {"Motorenwerk"}
    assert {story.name(lot.code) for lot in recall.at("shipped")} == {"pack1", "pack2"}
    assert {"pack3", "coupon", "slag", "powder"} <= story.traced("ndpr", FORWARD)
    account = recall.account
    assert account is not None
    assert abs(account.missing_mg) < account.start_mg // 50


def test_the_lot_of_one_supplier_is_found_in_every_pack_it_went_into(story: Story) -> None:
    """
    08:00  anna  receives metal: powder, 10 kg, Nd 3 kg, supplier lot GY-12, after jet_milling
    08:10  anna  loads metal at press-1
    09:00  anna  unloads press-1: metal as green: 20 pcs 10 kg
    10:00  anna  splits green into half: 10 pcs 5 kg
    """
    assert story.lot("half").supplier_lot == "GY-12"
    assert story.traced("metal", FORWARD) == {"green", "half"}
