"""Work beside a block: begun with it, told to stop at its end, waited for; also when the block fails."""

import threading

import pytest

from mes_server.actions.beside import beside


@pytest.mark.parametrize("fails", [False, True])
def test_it_is_over_when_the_block_is(fails: bool) -> None:
    seen: list[str] = []
    begun = threading.Event()

    def work(stop: threading.Event) -> None:
        begun.set()
        stop.wait()
        seen.append("stopped")

    with pytest.raises(KeyError) if fails else beside("other", lambda _: None), beside("it", work):
        assert begun.wait(10)
        assert seen == []
        if fails:
            raise KeyError("x")
    assert seen == ["stopped"]
