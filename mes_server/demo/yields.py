"""What comes out of a simulated run for a lot that went in: counted and weighed, nothing gets lost."""

import random
from collections.abc import Mapping, Sequence
from typing import Any

from mes_server.domain.lots import Lot

PPM = 1_000_000
Told = dict[str, int]


def _draw(chance: random.Random, said: Mapping[str, Any], name: str) -> int:
    least, most = said.get(name, (0, 0))
    return chance.randint(least, most)


def outcome(
    lot: Lot, said: Mapping[str, Any], product: Mapping[str, Any], chance: random.Random
) -> dict[str, Any]:
    """The `lots` entry of an unloading. `said`: of the operation, `product`: in simulation.json."""
    whole = lot.amount.mass_mg * (PPM + _draw(chance, said, "gain")) // PPM
    swarf = whole * _draw(chance, said, "swarf") // PPM
    share = _draw(chance, said, "scrap")
    if said.get("pieces") == "press":
        made = _pressed(whole, share, product["compact_mg"])
    else:
        times = product["cut"] if said.get("pieces") == "cut" else 1
        coupons = min(said.get("coupons", 0), max(lot.amount.pieces - 1, 0))
        made = _parted(whole - swarf, lot.amount.pieces * times, share, coupons)
    names = ("product", "scrap", "coupons")
    told: dict[str, Any] = {"lot": lot.code} | dict(zip(names, made, strict=True))
    told["swarf"] = _told(0, swarf)
    return {name: part for name, part in told.items() if name in ("lot", "product") or _is(part)}


def _told(pieces: int, mass_mg: int) -> Told:
    return {"pieces": pieces, "mass_mg": mass_mg}


def _is(part: Told) -> bool:
    return any(part.values())


def _pressed(mass_mg: int, scrap_ppm: int, compact_mg: int) -> Sequence[Told]:
    """Powder becomes compacts of one mass; what is left is green scrap."""
    pieces = (mass_mg - mass_mg * scrap_ppm // PPM) // compact_mg
    product = pieces * compact_mg
    return _told(pieces, product), _told(0, mass_mg - product), _told(0, 0)


def _parted(mass_mg: int, pieces: int, scrap_ppm: int, coupons: int) -> Sequence[Told]:
    """Pieces weigh the same; of a powder there are none."""
    if not pieces:
        scrap = mass_mg * scrap_ppm // PPM
        return _told(0, mass_mg - scrap), _told(0, scrap), _told(0, 0)
    broken = min(pieces * scrap_ppm // PPM, pieces - coupons - 1)
    taken = [_told(n, mass_mg * n // pieces) for n in (broken, coupons)]
    rest = mass_mg - sum(part["mass_mg"] for part in taken)
    return _told(pieces - broken - coupons, rest), *taken
