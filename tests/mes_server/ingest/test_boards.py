"""What ingest tells boards: offers, blocks, certificates; each once, in time, and to nobody else."""

import base64
from pathlib import Path

import pytest
from sqlalchemy import Engine

from mes_server.actions.roll_out import begin, offer_again, resume, stop
from mes_server.domain.boards import BoardAsks
from mes_server.domain.nodes import NodeId
from mes_server.ingest.boards import CSR_MS, EACH_MS, LOOK_MS, MINUTE_MS, NO_MS, Boards
from mes_server.store.engine import reading
from mes_server.store.firmware import load_release
from schemas.journal_metrics import CERTIFICATE, IMAGE, UPDATE_BLOCK, UPDATE_OFFER
from schemas.sparkplug import decode_payload
from tests.mes_server.actions.fleet import Fleet

FIRST, SECOND = ("sintering", "ctl-1"), ("sintering", "ctl-2")
CSR = base64.b64encode(b"request").decode()
Said = tuple[str, str, object]


class Desk:
    """Boards of ingest with time of its own; `said`: topic, metric, value since the last look."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self.tick_ms = 1_000_000
        self._said: list[Said] = []
        self.online = True
        self.renewed: list[bytes] = []
        self.certificates: list[bytes] | None = [b"node", b"site"]
        self.boards = self.anew()

    def anew(self) -> Boards:
        self.boards = Boards(self.fleet.engine, self.fleet.data_dir, self._publish, self._renew)
        return self.boards

    def _publish(self, messages: list[tuple[str, bytes]]) -> bool:
        if self.online:
            for topic, payload in messages:
                assert len(payload) <= 2048, "a board takes no longer command apart"
                (metric,) = decode_payload(payload).metrics
                self._said.append((topic, str(metric.name), metric.value))
        return self.online

    def _renew(self, _node: NodeId, csr: bytes, _now_ms: int) -> list[bytes] | None:
        self.renewed.append(csr)
        return self.certificates

    def after(self, ms: int = LOOK_MS) -> list[Said]:
        """What is said within so long."""
        end_ms = self.tick_ms + ms
        while self.tick_ms < end_ms:
            self.tick_ms += min(50, end_ms - self.tick_ms)
            self.boards.flush(self.tick_ms, self.fleet.now_ms)
        said, self._said = self._said, []
        return said

    def wants(self, want: str, node: NodeId = FIRST) -> None:
        self.boards.asked({node: BoardAsks(None, want)}, self.tick_ms)

    def offers(self, ms: int = LOOK_MS) -> list[tuple[str, object]]:
        return [
            (topic[-5:], value) for topic, name, value in self.after(ms) if name == UPDATE_OFFER
        ]


@pytest.fixture
def fleet(engine: Engine, tmp_path: Path) -> Fleet:
    return Fleet(engine, tmp_path).with_release(2)


@pytest.fixture
def desk(fleet: Fleet) -> Desk:
    return Desk(fleet)


def offer(fleet: Fleet) -> str:
    with reading(fleet.engine) as conn:
        found = load_release(conn, "0.2.0-esp32_s3")
    assert found is not None
    return found.offer


def begun(fleet: Fleet) -> str:
    return str(fleet.act(begin, "0.2.0-esp32_s3", "/".join(FIRST))[0])


def test_nothing_is_said_while_nothing_is_offered_or_asked(desk: Desk) -> None:
    assert desk.after(60_000) == []


def test_an_offer_is_said_soon_at_a_birth_and_every_few_minutes(desk: Desk, fleet: Fleet) -> None:
    begun(fleet)
    told = [("ctl-1", offer(fleet))]
    assert desk.offers() == told
    assert desk.offers(2 * MINUTE_MS) == []
    assert desk.offers(2 * MINUTE_MS) == told
    desk.boards.born(FIRST)
    assert desk.offers(1_000) == told
    desk.boards.born(SECOND)
    assert desk.offers(1_000) == []


def test_an_offer_that_could_not_be_said_is_said_when_the_broker_is_there(
    desk: Desk, fleet: Fleet
) -> None:
    begun(fleet)
    desk.online = False
    assert desk.offers() == []
    desk.online = True
    assert desk.offers(1_000) == [("ctl-1", offer(fleet))]


def test_what_is_stopped_is_withdrawn_and_offered_again_when_it_goes_on(
    desk: Desk, fleet: Fleet
) -> None:
    code = begun(fleet)
    desk.after()
    fleet.act(stop, code, "audit")
    assert desk.offers(2 * LOOK_MS) == [("ctl-1", "")]
    assert desk.offers(10 * MINUTE_MS) == []
    desk.anew()
    assert desk.offers() == [("ctl-1", "")], "a restart does not know whom it told"
    fleet.act(resume, code, "")
    assert desk.offers(2 * LOOK_MS) == [("ctl-1", offer(fleet))]


def test_a_node_that_is_done_is_told_nothing_more(desk: Desk, fleet: Fleet) -> None:
    begun(fleet)
    desk.after()
    fleet.updates("/".join(FIRST))
    assert desk.offers(10 * MINUTE_MS) == []


def test_a_node_that_failed_hears_so_and_then_the_same_offer_again(
    desk: Desk, fleet: Fleet
) -> None:
    """A board looks at an offer once: without a word between, the same one is nothing new to it."""
    code = begun(fleet)
    assert desk.offers() == [("ctl-1", offer(fleet))]
    fleet.says("/".join(FIRST), state="refused: the disk is full")
    assert desk.offers(2 * LOOK_MS) == [("ctl-1", "")]
    assert desk.offers(10 * MINUTE_MS) == []
    desk.boards.born(FIRST)
    assert desk.offers(1_000) == [("ctl-1", "")], "what is lost on the way comes at a birth"
    fleet.act(resume, code, "")
    fleet.act(offer_again, code, "/".join(FIRST))
    assert desk.offers(2 * LOOK_MS) == [("ctl-1", offer(fleet))]


def test_a_board_that_is_done_while_it_is_stopped_is_seen(desk: Desk, fleet: Fleet) -> None:
    code = begun(fleet)
    desk.after()
    fleet.act(stop, code, "audit")
    desk.after(2 * LOOK_MS)
    fleet.mes.take(fleet.edges["/".join(FIRST)].tells({IMAGE: "0.2.0 b"}, fleet.now_ms))
    desk.after(2 * LOOK_MS)
    assert fleet.nodes(code) == {"ctl-1": "done"}


def test_what_ends_while_the_broker_is_away_is_said_when_it_is_back(
    desk: Desk, fleet: Fleet
) -> None:
    code = begun(fleet)
    desk.after()
    desk.online = False
    fleet.act(stop, code, "audit")
    assert desk.offers(2 * LOOK_MS) == []
    desk.online = True
    assert desk.offers(LOOK_MS) == [("ctl-1", "")]


def test_blocks_are_answered_in_messages_a_board_can_take(desk: Desk, fleet: Fleet) -> None:
    begun(fleet)
    desk.after()
    desk.wants("0.2.0 main.mpy 0 8")
    said = desk.after(EACH_MS)
    assert [name for _, name, _ in said] == [UPDATE_BLOCK] * 3
    heads = [bytes(value).partition(b"\n")[0] for _, _, value in said]  # type: ignore[call-overload]
    assert heads == [b"0.2.0 main.mpy 0", b"0.2.0 main.mpy 1024", b"0.2.0 main.mpy 2048"]
    assert {topic for topic, *_ in said} == {"spBv1.0/sintering/NCMD/ctl-1"}
    assert desk.after() == [], "an answer is given once; who did not hear it asks again"


def test_a_node_that_asks_without_end_is_answered_so_often_and_no_other_waits_for_it(
    desk: Desk, fleet: Fleet
) -> None:
    begun(fleet)
    desk.after()
    answers = 0
    for _ in range(200):
        desk.wants("0.2.0 lib/agent.mpy 0 1")
        answers += len(desk.after(5))
    assert answers == 1_000 // EACH_MS
    fleet.updates("/".join(FIRST))


@pytest.mark.parametrize("want", ["0.2.0 ../../etc/passwd 0 1", "9.9.9 main.mpy 0 1", "?", "x" * 3_000])  # fmt: skip
def test_hostile_wants_get_nothing(desk: Desk, fleet: Fleet, want: str) -> None:
    begun(fleet)
    desk.after()
    desk.wants(want)
    desk.wants("0.2.0 main.mpy 0 1", SECOND)
    assert desk.after() == []


def test_a_want_that_is_taken_back_is_not_answered(desk: Desk, fleet: Fleet) -> None:
    begun(fleet)
    desk.after()
    desk.wants("0.2.0 main.mpy 0 8")
    desk.wants("")
    assert desk.after() == []


def test_a_certificate_is_made_once_and_told_until_the_board_has_it(desk: Desk) -> None:
    desk.boards.asked({FIRST: BoardAsks(CSR, None)}, desk.tick_ms)
    told = ("spBv1.0/sintering/NCMD/ctl-1", CERTIFICATE, b"nodesite")
    assert desk.after(CSR_MS) == [told]
    assert desk.after(CSR_MS) == [told], "the first may have been lost"
    assert desk.renewed == [b"request"]
    desk.boards.asked({FIRST: BoardAsks("", None)}, desk.tick_ms)
    assert desk.after(3 * CSR_MS) == []


def test_who_gets_no_certificate_is_not_asked_about_again_for_an_hour(desk: Desk) -> None:
    desk.certificates = None
    for csr in (CSR, CSR, "no base64 !"):
        desk.boards.asked({FIRST: BoardAsks(csr, None)}, desk.tick_ms)
        assert desk.after(3 * CSR_MS) == []
    assert desk.renewed == [b"request", b""]
    desk.certificates = [b"node", b"site"]
    desk.boards.asked({FIRST: BoardAsks(CSR, None)}, desk.tick_ms)
    assert desk.after(CSR_MS) != [], "it asks for another"


def test_who_got_no_certificate_because_the_authority_was_away_gets_one_within_the_hour(
    desk: Desk,
) -> None:
    desk.certificates = None
    desk.boards.asked({FIRST: BoardAsks(CSR, None)}, desk.tick_ms)
    desk.after(CSR_MS)
    desk.certificates = [b"node", b"site"]
    desk.tick_ms += NO_MS
    assert [name for _, name, _ in desk.after(CSR_MS)] == [CERTIFICATE]


def test_a_node_that_asks_for_another_certificate_every_moment_is_given_one_a_minute(
    desk: Desk,
) -> None:
    for n in range(100):
        csr = base64.b64encode(f"request {n}".encode()).decode()
        desk.boards.asked({FIRST: BoardAsks(csr, None)}, desk.tick_ms)
        desk.after(CSR_MS // 50)
    assert len(desk.renewed) == 2


def test_files_that_are_gone_stop_no_other_answer(desk: Desk, fleet: Fleet) -> None:
    begun(fleet)
    desk.after()
    (fleet.data_dir / "firmware" / "0.2.0-esp32_s3" / "files" / "main.mpy").unlink()
    desk.wants("0.2.0 main.mpy 0 1")
    assert desk.after(LOOK_MS) == []
    desk.wants("0.2.0 lib/agent.mpy 0 1")
    assert len(desk.after(2 * LOOK_MS)) == 1


def test_a_certificate_is_given_though_boards_ask_without_end_for_files_that_are_gone(
    desk: Desk, fleet: Fleet
) -> None:
    """As after a restore elsewhere, before the release is imported again."""
    begun(fleet)
    desk.after()
    (fleet.data_dir / "firmware" / "0.2.0-esp32_s3" / "files" / "main.mpy").unlink()
    desk.boards.asked({SECOND: BoardAsks(CSR, None)}, desk.tick_ms)
    said = []
    for _ in range(10):
        desk.wants("0.2.0 main.mpy 0 1")
        said += desk.after(LOOK_MS // 5)
    assert [name for _, name, _ in said] == [CERTIFICATE]
