"""The reader of stories reads what it knows, and names the line that it does not."""

import pytest

from mes_server.domain.amounts import Amount
from tests.stories.plant import DAY_1_MS, DAY_MS
from tests.stories.reader import Unreadable, read_amount, read_story
from tests.stories.story import Story

HOUR_MS = 3_600_000


def test_a_line_is_who_did_what_when_why_and_what_came_of_it() -> None:
    (line,) = read_story(
        """A tale.

        day 2
        08:00 sent 10:00  ben  holds a, because of a smell  => review: lot_is_free, lot_is_here
        """
    )
    assert (line.at_ms, line.now_ms) == (
        DAY_1_MS + DAY_MS + 8 * HOUR_MS,
        DAY_1_MS + DAY_MS + 10 * HOUR_MS,
    )
    assert (line.who, line.what, line.reason) == ("ben", "holds a", "of a smell")
    assert (line.outcome, line.rules) == ("review", ("lot_is_free", "lot_is_here"))


def test_amounts_are_read_to_the_milligram() -> None:
    assert read_amount("10 pcs 1.5 kg 0.01 m2 Nd 400 g Tb 12 mg") == Amount(
        10, 1_500_000, 10_000, {"Nd": 400_000, "Tb": 12}
    )


@pytest.mark.parametrize(
    "line",
    [
        "08:00  anna  juggles a",
        "08:00 anna holds a",
        "08:00  anna  holds a  => perhaps",
        "08:00  station  press-1 is tired",
        "08:00  anna  receives a: raw, lots of it",
    ],
)
def test_a_line_that_cannot_be_read_is_named(works: Story, line: str) -> None:
    with pytest.raises(Unreadable, match=r"juggles|anna holds|perhaps|tired|lots of it"):
        works.play(line)


def test_a_line_that_ends_otherwise_than_it_says_fails_the_story(works: Story) -> None:
    with pytest.raises(AssertionError, match="receives a"):
        works.play("08:00  anna  receives a: nonsense, 1 kg")
    with pytest.raises(AssertionError, match="receives b"):
        works.play("08:00  anna  receives b: raw, 1 kg  => refused: lot_kind_is_known")
