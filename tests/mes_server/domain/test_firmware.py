"""mes_server.domain.firmware: manifests, what is asked for, how far a board has come."""

import json
from typing import Any

import pytest

from mes_server.domain.firmware import (
    BadRelease,
    Release,
    Seen,
    Want,
    read_manifest,
    read_want,
    share_of,
    standing,
)

FILE = {"path": "main.mpy", "bytes": 3, "sha256": "0" * 64}
GOOD: dict[str, Any] = {"version": "0.2.0", "counter": 2, "board": "esp32_s3", "files": [FILE]}
RELEASE = Release("0.2.0-esp32_s3", "0.2.0", "esp32_s3", 2, 300, "0" * 64, 1, 3, "k", 0, "P1")
OFFERED_MS, RETURN_MS = 1_000, 500


def test_a_manifest_names_the_release_and_its_offer() -> None:
    found = read_manifest(json.dumps(GOOD).encode())
    assert (found.code, found.files[0].path) == ("0.2.0-esp32_s3", "main.mpy")
    assert found.offer == f"0.2.0 2 {len(found.data)} {found.sha256}"


@pytest.mark.parametrize(("change", "word"), [
    ({"version": "../0.2"}, "no version"), ({"version": "a b"}, "no version"), ({"version": 2}, "no version"),
    ({"board": "ESP/32"}, "no board"), ({"board": None}, "no board"),
    ({"counter": 0}, "no counter"), ({"counter": True}, "no counter"), ({"counter": 1 << 40}, "no counter"),
    ({"files": []}, "1 to 400 files"), ({"files": [FILE] * 2}, "twice"), ({"files": [7]}, "no path"),
    ({"files": [FILE | {"bytes": -1}]}, "no size"), ({"files": [FILE | {"sha256": "x"}]}, "no SHA-256"),
])  # fmt: skip
def test_a_manifest_that_cannot_be_taken_says_why(change: dict[str, Any], word: str) -> None:
    with pytest.raises(BadRelease, match=word):
        read_manifest(json.dumps(GOOD | change).encode())


@pytest.mark.parametrize("data", [b"", b"[]", b"\xff", b"[" * 60_000, b" " * 70_000])
def test_what_is_no_manifest_is_said_to_be_none(data: bytes) -> None:
    with pytest.raises(BadRelease):
        read_manifest(data)


def test_a_want_is_read() -> None:
    assert read_want("0.2.0 lib/agent.mpy 2048 3") == Want("0.2.0", "lib/agent.mpy", 2048, 3)
    assert read_want("0.2.0 main.mpy 0 4000") == Want("0.2.0", "main.mpy", 0, 8)
    assert read_want("0.2.0 main.mpy 0") is None


def seen(**more: Any) -> Seen:
    facts: dict[str, Any] = {
        "online": True, "born_ms": 900, "image": "0.1.0 a", "update_state": "idle", "update_ms": 900, "ready_ms": None,
    }  # fmt: skip
    return Seen(**(facts | more))


@pytest.mark.parametrize(("told", "now_ms", "state"), [
    ({}, 1_100, "waiting"),
    ({"online": False}, 99_000, "waiting"),
    ({"update_state": None, "image": None}, 1_100, "waiting"),
    ({"update_state": "fetching 40", "update_ms": 1_050}, 1_100, "fetching"),
    ({"update_state": "ready", "update_ms": 1_200, "ready_ms": 1_200}, 1_300, "ready"),
    ({"update_state": "ready", "update_ms": 1_200, "ready_ms": 1_200}, 1_800, "lost"),
    ({"update_state": "ready", "ready_ms": 1_200, "online": False}, 1_600, "ready"),
    ({"update_state": "ready", "ready_ms": 1_200, "online": False}, 1_800, "lost"),
    ({"update_state": "ready", "ready_ms": 800}, 9_000, "waiting"),
    ({"image": "0.2.0 b", "update_state": "trying", "ready_ms": 1_300, "born_ms": 1_300}, 9_000, "trying"),
    ({"image": "0.2.0 b", "update_state": "trying", "ready_ms": 1_300, "born_ms": 1_300, "online": False}, 9_000, "lost"),
    ({"image": "0.2.0 b", "born_ms": 1_300, "ready_ms": 1_300}, 1_400, "done"),
    ({"image": "0.2.0 a", "online": False}, 1_400, "done"),
    ({"image": "0.1.0 a", "born_ms": 1_400, "ready_ms": 1_300}, 1_500, "fell_back"),
    ({"update_state": "refused: no", "update_ms": 1_050}, 1_100, "refused"),
    ({"update_state": "refused: no", "update_ms": 1_400, "ready_ms": 1_300}, 1_500, "fell_back"),
    ({"update_state": "refused: no", "update_ms": 900}, 1_100, "waiting"),
])  # fmt: skip
def test_a_board_stands_as_it_was_heard_last(told: dict[str, Any], now_ms: int, state: str) -> None:
    assert standing(seen(**told), RELEASE, OFFERED_MS, now_ms, RETURN_MS)[0] == state


@pytest.mark.parametrize(
    ("percent", "chosen", "more"), [(30, 1, 2), (30, 3, 1), (100, 4, 6), (1, 1, 1), (100, 10, 0)]
)
def test_a_share_is_the_same_every_time_and_at_least_one_more(
    percent: int, chosen: int, more: int
) -> None:
    every = [f"sintering/ctl-{n}" for n in range(10)]
    had = every[:chosen]
    added = share_of(every, had, percent)
    assert len(added) == more
    assert not set(added) & set(had)
    assert added == share_of(list(reversed(every)), had, percent)
