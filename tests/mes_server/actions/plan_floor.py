"""A shop floor with a control plan: documents released, checks recorded, scans that ask for them."""

from typing import Any

from mes_server.actions.record_check import Checking, record_check
from mes_server.actions.release_document import release_document
from mes_server.actions.release_route import release_route
from mes_server.actions.run_charge import Outcome, unload
from mes_server.actions.scan_lot import Answer, Scan, scan_lot
from mes_server.domain.amounts import Amount
from mes_server.domain.route_content import route_from
from mes_server.domain.rules import Refusal, Worker
from mes_server.store.nodes import ensure_node
from mes_server.store.stations import ensure_station, set_station_online
from mes_server.store.transaction import writing
from tests.mes_server.actions.lot_floor import Floor
from tests.mes_server.domain.test_routes import content as route_content
from tests.mes_server.people_help import signer

WORKER = Worker("P1", frozenset({"operator"}), {})
LIGHT = Amount(10, 1_000_000, elements={"Nd": 300_000})


class PlanFloor(Floor):
    """`sinter-1` and `age-1` stand there, and route R1/B leads by both."""

    def build(self) -> "PlanFloor":
        """The stations and the route."""
        assert self.act(release_route, route_content()) == []
        with writing(self.engine) as conn:
            node = ensure_node(conn, "g", "n")
            for name in ("sinter-1", "age-1", "hip-1"):
                key = ensure_station(conn, node, name, name.replace("-1", "er"), "a")
                set_station_online(conn, key, True, self.now_ms)
        return self

    def release(self, kind: str, content: dict[str, Any]) -> list[str]:
        """A document; the rules that refused it."""
        return [one.rule for one in self.act(release_document, kind, content, signer())]

    def measure(
        self, characteristic: str, *values: str, place: str = "sinter-1", **more: Any
    ) -> Any:
        """The number of the check, or the rules that refused it."""
        readings = [{"value": value, "position": "", "piece": ""} for value in values]
        said = Checking(characteristic, readings=more.pop("readings", readings), **more)
        told = self.act(record_check, said, place=place)
        if any(isinstance(one, Refusal) for one in told):
            return [one.rule for one in told]
        return told

    def scan(self, code: str, station: str = "sinter-1", **more: Any) -> Answer:
        """What a scan answers."""
        self.now_ms += 1000
        self.actions.append("scan")
        scan = Scan(f"scan-{len(self.actions)}", code, station, self.now_ms, **more)
        return scan_lot(self.engine, scan, WORKER, self.now_ms)

    def told(self, code: str, station: str = "sinter-1", **more: Any) -> list[str]:
        """The rules that refused a scan."""
        return [one.rule for one in self.scan(code, station, **more).refusals]

    def run(self, code: str, station: str = "sinter-1") -> str:
        """A lot through a run, whole; the code of the run."""
        answer = self.scan(code, station)
        assert not answer.refusals, answer.refusals
        operation = route_from(route_content()).operations[answer.operation]
        lot = self.lot(code)
        self.act(unload, answer.run, operation, [Outcome(code, lot.amount)], place=station)
        return answer.run
