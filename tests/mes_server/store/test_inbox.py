"""mes_server.store.inbox, positions and leases: what ingest writes before anything is understood."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from mes_server.domain.watermarks import Watermark
from mes_server.store.engine import reading
from mes_server.store.inbox import (
    SHARDS,
    InboxMessage,
    append_batch,
    delete_batches,
    is_late_lane,
    load_waiting,
    save_progress,
    shard_of,
)
from mes_server.store.leases import lease_holder, release_lease, renew_lease, take_lease
from mes_server.store.positions import (
    Journal,
    Position,
    append_positions,
    load_crcs,
    load_positions,
    load_watermarks,
    pack_positions,
    received_at,
    save_watermarks,
    trim_positions,
)
from mes_server.store.transaction import writing

JOURNAL = Journal(3, 0xFFFFFFFE)


def message(number: int, shard: int = 0, fresh: bytes | None = None) -> InboxMessage:
    return InboxMessage(
        shard, number, 1_795_000_000_000 + number, f"t/ü/{number}", b"\x00" * 3, fresh
    )


def waiting(engine: Engine) -> dict[int, list[InboxMessage]]:
    with reading(engine) as conn:
        return load_waiting(conn)


def test_messages_wait_exactly_as_they_came_until_their_shard_is_past_them(engine: Engine) -> None:
    batch = [message(1, 0), message(2, 5, b"\x05"), message(3, 0), message(4, 63)]
    with writing(engine) as conn:
        append_batch(conn, batch)
        append_batch(conn, [])
        append_batch(conn, [message(5, 5)])
    assert waiting(engine) == {
        0: [batch[0], batch[2]],
        5: [batch[1], message(5, 5)],
        63: [batch[3]],
    }
    with writing(engine) as conn:
        assert save_progress(conn, {0: (1, 3), 5: (2, 2)})
    assert waiting(engine) == {5: [message(5, 5)], 63: [batch[3]]}


def test_progress_already_made_is_told(engine: Engine) -> None:
    with writing(engine) as conn:
        append_batch(conn, [message(1), message(2)])
        assert save_progress(conn, {0: (1, 2)})
        assert not save_progress(conn, {0: (2, 2)})
        assert save_progress(conn, {0: (3, 9), 1: (4, 4)})


def test_a_batch_is_deleted_when_all_of_it_is_folded(engine: Engine) -> None:
    with writing(engine) as conn:
        append_batch(conn, [message(1), message(2, 1)])
        append_batch(conn, [message(3)])
        delete_batches(conn, 2)
    assert sum(map(len, waiting(engine).values())) == 3
    with writing(engine) as conn:
        delete_batches(conn, 3)
    assert waiting(engine) == {0: [message(3)]}


def test_shards_are_spread_and_never_change() -> None:
    shards = {shard_of("g", f"node-{i}") for i in range(1000)}
    assert shards == set(range(SHARDS))
    assert shard_of("sintering", "ctl-1") == 24
    assert not is_late_lane(24)
    assert is_late_lane(shard_of("sintering", "ctl-1", late=True)), "back-fill waits apart"


# -- watermarks and positions --------------------------------------------------------------------


def test_watermarks_are_kept_with_the_ranges_beyond_them(engine: Engine) -> None:
    marks = {
        JOURNAL: Watermark([(1, 5), (7, 9), (4_000_000_000, 4_294_967_295)], 3, 4),
        Journal(4, 1): Watermark(),
    }
    with writing(engine) as conn:
        save_watermarks(conn, marks, 1)
        save_watermarks(conn, {}, 1)
    many = [*marks, *[Journal(9, i) for i in range(1200)]]
    with reading(engine) as conn:
        assert load_watermarks(conn, many) == marks
        assert load_watermarks(conn, []) == {}


def positions(seqs: list[int], journal: Journal = JOURNAL) -> list[Position]:
    return [
        Position(*journal, seq, seq * 77 % (1 << 32), seq << 40, seq % 3, 1_795_000_000_000 + seq)
        for seq in seqs
    ]


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(st.lists(st.integers(1, 400), min_size=1, max_size=40), min_size=1, max_size=6),
    st.data(),
)
def test_positions_come_back_from_log_and_blocks(
    sqlite_engine: Engine, commits: list[list[int]], data: st.DataObject
) -> None:
    with writing(sqlite_engine) as conn:
        conn.exec_driver_sql("DELETE FROM position_log")
        conn.exec_driver_sql("DELETE FROM position_block")
        seen: set[int] = set()
        for number, seqs in enumerate(commits):
            new = sorted(set(seqs) - seen)
            seen |= set(new)
            append_positions(conn, number + 1, [*positions(new), *positions(new, Journal(9, 9))])
            if data.draw(st.booleans()):
                assert pack_positions(conn, 1) >= 0
    with reading(sqlite_engine) as conn:
        assert load_positions(conn, JOURNAL) == positions(sorted(seen))
        assert load_positions(conn, JOURNAL, 10, 20) == positions(
            [s for s in sorted(seen) if 10 <= s <= 20]
        )
        wanted = data.draw(st.sets(st.integers(1, 400), min_size=1))
        crcs = {(JOURNAL, s): s * 77 % (1 << 32) for s in wanted & seen}
        assert load_crcs(conn, {JOURNAL: wanted}) == crcs
        crcs |= {(Journal(9, 9), s): s * 77 % (1 << 32) for s in wanted & seen}
        assert load_crcs(conn, {Journal(9, 9): wanted, JOURNAL: wanted}) == crcs
        assert load_crcs(conn, {}) == {}
        assert load_positions(conn, Journal(1, 1)) == []


def test_the_log_is_packed_when_it_is_worth_it(engine: Engine) -> None:
    with writing(engine) as conn:
        append_positions(conn, 1, positions([1, 2, 3]))
        append_positions(conn, 2, [])
        assert pack_positions(conn, 10) == 0
        assert pack_positions(conn, 3) == 3
        assert pack_positions(conn, 0) == 0
        assert received_at(conn, JOURNAL, 2) == 1_795_000_000_002
        assert received_at(conn, JOURNAL, 9) is None


def test_checksums_far_apart_are_found_without_what_lies_between(engine: Engine) -> None:
    far = [5, 6, 40_000, 4_000_000_000]
    with writing(engine) as conn:
        for number, seq in enumerate(far):
            append_positions(conn, number + 1, positions([seq]))
            pack_positions(conn, 1)
        append_positions(conn, 9, positions([7]))
        wanted = {5, 7, 9, 4_000_000_000}
        assert load_crcs(conn, {JOURNAL: wanted}) == {
            (JOURNAL, seq): seq * 77 % (1 << 32) for seq in (5, 7, 4_000_000_000)
        }


def test_old_blocks_are_forgotten_and_the_watermark_still_knows(engine: Engine) -> None:
    with writing(engine) as conn:
        append_positions(conn, 1, positions([1, 2]))
        pack_positions(conn, 1)
        append_positions(conn, 2, positions([100]))
        pack_positions(conn, 1)
        assert trim_positions(conn, 1_795_000_000_050) == 1
        assert [p.seq for p in load_positions(conn, JOURNAL)] == [100]


def test_a_clock_beyond_63_bits_is_kept_as_the_largest_number(engine: Engine) -> None:
    with writing(engine) as conn:
        append_positions(conn, 1, [Position(*JOURNAL, 1, 0, (1 << 64) - 1, 2, 5)])
        assert load_positions(conn, JOURNAL)[0].mono == (1 << 63) - 1


# -- the lease -----------------------------------------------------------------------------------


def test_a_lease_has_one_holder_and_numbers_what_it_stores(engine: Engine) -> None:
    with writing(engine) as conn:
        assert lease_holder(conn) == ""
        assert renew_lease(conn, "a", 10) is None
        assert take_lease(conn, "a", 0, 10) == "a"
        assert renew_lease(conn, "a", 20, 5) == 1
        assert renew_lease(conn, "a", 20, 1) == 6
        assert take_lease(conn, "b", 19, 30) == "a"
        assert take_lease(conn, "b", 20, 30) == "b"
        assert renew_lease(conn, "a", 40, 1) is None
        assert renew_lease(conn, "b", 40, 1) == 7
        release_lease(conn, "a")
        assert lease_holder(conn) == "b"
        release_lease(conn, "b")
        assert lease_holder(conn) == ""


@pytest.mark.parametrize("dead", [(), ("z",), ("a",)])
def test_a_lease_is_taken_early_only_from_the_dead(engine: Engine, dead: tuple[str, ...]) -> None:
    with writing(engine) as conn:
        take_lease(conn, "a", 0, 1000)
        assert take_lease(conn, "b", 1, 1000, dead) == ("b" if "a" in dead else "a")
