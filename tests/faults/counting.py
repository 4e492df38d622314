"""The faults one run of the tests has done, counted, and the seed that all their moments come from.

Another seed each time, so that every run looks elsewhere; LODESTONE_SEED repeats one.
"""

import os
import random
import secrets
from collections import Counter

FAULTS_MIN = 100  # of a run of all tests
SEED = int(os.environ.get("LODESTONE_SEED") or secrets.randbelow(1_000_000))
os.environ["LODESTONE_SEED"] = str(
    SEED
)  # the processes that the tests are shared among draw the same
COUNTED: Counter[str] = Counter()


def draw_for(name: str) -> random.Random:
    """The dice of one test: the same for the same seed, whatever ran before."""
    return random.Random(f"{SEED} {name}")


def count(kind: str, number: int = 1) -> None:
    """Faults of a kind were done."""
    COUNTED[kind] += number


def summary() -> str:
    """What was done, and how to do it again."""
    kinds = ", ".join(f"{number} × {kind}" for kind, number in sorted(COUNTED.items()))
    return f"{COUNTED.total()} faults: {kinds}. LODESTONE_SEED={SEED} draws the same moments again."
