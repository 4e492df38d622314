"""What waits beside a gauge survives a power cut, and only what is news of a gauge that never stops is kept."""

from pathlib import Path

import pytest

from mes_server.gauge_pc import spool as spool_module
from mes_server.gauge_pc.listen import Rest
from mes_server.gauge_pc.spool import Line, Spool, SpoolFull
from schemas.line_protocols import LineReading
from tests.mes_server.gauge_pc.spooled import filled


def test_the_spool_survives_a_cut_in_the_middle_of_a_line_and_has_an_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = filled(tmp_path, "1.00", "2.00", "3.00")
    file = tmp_path / "some.jsonl"
    file.write_bytes(file.read_bytes()[:-20])
    again = Spool(file)
    assert again.first(9) == spool.first(2)
    again.drop(1)
    assert Spool(file).first(9) == spool.first(2)[1:]
    monkeypatch.setattr(spool_module, "LINES_MAX", 2)
    again.add(Line("one-more-00", 0, "00"))
    with pytest.raises(SpoolFull, match="2 lines wait"):
        again.add(Line("too-many-00", 0, "00"))
    assert [one.id for one in Spool(file).first(9)][-1] == "one-more-00"


def test_of_a_gauge_that_sends_all_the_time_what_came_to_rest_is_news_once() -> None:
    def heard(*words: str) -> list[bool]:
        rest = Rest()
        return [
            rest.is_news(LineReading("", "" if word.isalpha() else word, "g", word if word.isalpha() else ""))
            for word in words
        ]  # fmt: skip

    assert heard("5.00", "5.00", "5.01", "unstable", "unstable", "6.00", "6.00") == [
        True, False, False, False, False, True, False,
    ]  # fmt: skip
    assert heard("overload", "overload", "5.00", "overload") == [True, False, True, True]
