"""A made-up factory's genealogy: layers of lots, each made of lots of the layer before, and hubs.

A hub is a lot of raw metal that went into a twenty-first of the next layer: what a recall is about. All is used
up but one lot in a hundred: a factory's past is much larger than what lies in it.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from mes_server.domain.amounts import Amount
from mes_server.domain.codes import Code
from mes_server.domain.genealogy import Edge
from mes_server.domain.lots import Lot

KINDS = (
    "raw",
    "alloy",
    "coarse_powder",
    "powder",
    "green",
    "block",
    "parts",
    "parts",
    "finished",
    "pack",
)
PARENTS = 3
NEAR = 13  # parents lie so near to the place of their child
HUB_SHARE = 21
DAY0_MS = 1_790_000_000_000
LAYER_MS = 86_400_000
_AMOUNT = Amount(100, 20_000_000)
_NOTHING = Amount()
_PART = Amount(33, 6_600_000)


def _left(layer: int, place: int) -> Amount:
    return _AMOUNT if layer == len(KINDS) - 1 and place % 10 == 0 else _NOTHING


@dataclass(frozen=True, slots=True)
class Genealogy:
    """`per_layer` lots in each of the ten layers."""

    per_layer: int
    seed: int = 7

    def code(self, layer: int, place: int) -> str:
        """The code of a lot."""
        return str(Code(KINDS[layer], 26 + layer, place + 1))

    @property
    def hub(self) -> str:
        """The first of all raw lots."""
        return self.code(0, 0)

    def layers(self) -> Iterator[tuple[list[Lot], list[Edge]]]:
        """The lots of a layer and the edges that lead to them."""
        chance = random.Random(self.seed)  # noqa: S311  # no secret
        for layer, kind in enumerate(KINDS):
            born_ms = DAY0_MS + layer * LAYER_MS
            codes = [self.code(layer, place) for place in range(self.per_layer)]
            lots = [
                Lot(c, kind, "P-1", "N42SH", "R1/A", _left(layer, place), "stock", born_ms, None)
                for place, c in enumerate(codes)
            ]
            edges = [
                Edge(parent, code, "run", f"a{layer}", born_ms, _PART)
                for place, code in enumerate(codes)
                for parent in self._parents(layer, place, chance)
            ]
            yield lots, edges

    def _parents(self, layer: int, place: int, chance: random.Random) -> list[str]:
        if layer == 0:
            return []
        wanted = PARENTS + (place % 8 < 5 and layer > 1)  # so that there are three edges a lot
        near = {(place + chance.randint(-NEAR, NEAR)) % self.per_layer for _ in range(wanted)}
        if layer == 1 and place < self.per_layer // HUB_SHARE:
            near.add(0)
        return [self.code(layer - 1, at) for at in sorted(near)]
