"""Studies of attribute inspection: do people agree with each other, with themselves, and with what is true?

AIAG MSA, 4th ed. 2010, chapter III C. Cohen, Educ. Psychol. Meas. 20 (1960) 37; Fleiss, Psychol. Bull. 76 (1971) 378.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from mes_server.domain.msa import CannotStudy

GOOD, BAD = "good", "bad"
_WORDS = {
    GOOD: ("good", "ok", "pass", "accept", "1", "合格", "好"),
    BAD: ("bad", "ng", "nok", "fail", "reject", "0", "不合格", "坏"),
}
WRITTEN = {word: verdict for verdict, words in _WORDS.items() for word in words}


def judgement(text: str) -> str:
    """GOOD or BAD as somebody wrote it; raises CannotStudy."""
    said = WRITTEN.get(text.strip().lower())
    if said is None:
        raise CannotStudy("judgement_is_known", reading=text[:40], words=", ".join(WRITTEN))
    return said


def cohen_kappa(one: Sequence[str], other: Sequence[str]) -> float:
    """Agreement of two over the same pieces beyond chance; 1: always, 0: as by chance."""
    if len(one) != len(other) or not one:
        raise CannotStudy("study_is_whole")
    count = len(one)
    seen = sum(a == b for a, b in zip(one, other, strict=True)) / count
    left, right = Counter(one), Counter(other)
    chance = sum(left[name] * right[name] for name in left) / count**2
    return 1.0 if chance == 1 else (seen - chance) / (1 - chance)


def fleiss_kappa(table: Sequence[Sequence[int]]) -> float:
    """Agreement of many: of each piece how often each category was said, by as many people each time."""
    raters = {sum(row) for row in table}
    if len(raters) != 1 or min(raters) < 2:
        raise CannotStudy("study_is_whole")
    n, pieces = raters.pop(), len(table)
    shares = [sum(row[j] for row in table) / (n * pieces) for j in range(len(table[0]))]
    seen = sum((sum(c * c for c in row) - n) / (n * (n - 1)) for row in table) / pieces
    chance = sum(share * share for share in shares)
    return 1.0 if chance == 1 else (seen - chance) / (1 - chance)


@dataclass(frozen=True, slots=True)
class Appraiser:
    """One who inspects. Percentages: pieces always judged rightly, bad ones let through, good ones rejected."""

    name: str
    kappa: float
    effectiveness_pct: float
    miss_pct: float
    false_alarm_pct: float
    repeats_pct: float


def appraise(name: str, trials: Sequence[Sequence[str]], truth: Sequence[str]) -> Appraiser:
    """`trials[trial][piece]`: GOOD or BAD as it was judged; `truth`: as it is."""
    if not trials or any(len(one) != len(truth) for one in trials) or not truth:
        raise CannotStudy("study_is_whole")
    by_piece = list(zip(*trials, strict=True))
    right = sum(set(said) == {true} for said, true in zip(by_piece, truth, strict=True))
    same = sum(len(set(said)) == 1 for said in by_piece)
    flat = [(said, true) for one in trials for said, true in zip(one, truth, strict=True)]
    bad = [said for said, true in flat if true == BAD]
    good = [said for said, true in flat if true == GOOD]
    return Appraiser(
        name,
        cohen_kappa([said for said, _ in flat], [true for _, true in flat]),
        100 * right / len(truth),
        100 * bad.count(GOOD) / len(bad) if bad else 0.0,
        100 * good.count(BAD) / len(good) if good else 0.0,
        100 * same / len(truth),
    )
