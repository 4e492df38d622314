"""The file of anchors: appended to, read, and a line that a power cut broke is no anchor."""

from pathlib import Path

from mes_server.domain.seal import Anchor
from mes_server.store.anchors import FILE, append_anchor, read_anchors

FIRST, SECOND = Anchor(3, "ab" * 32, 1000), Anchor(9, "cd" * 32, 2000)


def test_anchors_come_back_in_their_order(tmp_path: Path) -> None:
    assert read_anchors(tmp_path) == ([], 0)
    append_anchor(tmp_path, FIRST)
    append_anchor(tmp_path, SECOND)
    assert read_anchors(tmp_path) == ([FIRST, SECOND], 0)


def test_a_line_that_broke_off_is_counted_and_the_next_is_whole(tmp_path: Path) -> None:
    append_anchor(tmp_path, FIRST)
    with (tmp_path / FILE).open("a") as file:
        file.write("9 cdcd")
    assert read_anchors(tmp_path) == ([FIRST], 1)
    append_anchor(tmp_path, SECOND)
    assert read_anchors(tmp_path) == ([FIRST, SECOND], 1)
