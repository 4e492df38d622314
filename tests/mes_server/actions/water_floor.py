"""A plant with a small waterworks released, where people take samples, check analysers, read meters, ship waste."""

from typing import Any

from mes_server.actions.keep_water_samples import (
    Hand,
    Reporting,
    Taking,
    receive_sample,
    report_sample,
    take_sample,
)
from mes_server.actions.release_document import release_document
from mes_server.domain.rules import Refusal
from mes_server.domain.water_rules import Told
from mes_server.domain.water_samples import WaterSample
from mes_server.store.engine import reading
from mes_server.store.water_samples import load_sample
from tests.mes_server.actions.lot_floor import Floor
from tests.mes_server.domain.water_making import permit_content, works_content
from tests.mes_server.people_help import signer

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS


class WaterFloor(Floor):
    """`sinter` is not here: water alone."""

    def open(self) -> "WaterFloor":
        """The waterworks and the permit of the workshop outlet."""
        for kind, content in (("waterworks", works_content()), ("permit", permit_content())):
            assert self.act(release_document, kind, content, signer()) == []
        return self

    def rules(self, acting: Any, *args: Any) -> list[str]:
        """The rules that refuse it."""
        told = self.act(acting, *args)
        return [one.rule for one in told if isinstance(one, Refusal)]

    def done(self, acting: Any, *args: Any) -> str:
        """The number of what was recorded."""
        told = self.act(acting, *args)
        assert isinstance(told[0], str), told
        return told[0]

    def taken(self, place: str = "o-shop", **more: Any) -> str:
        """A grab, drawn just now."""
        now = self.now_ms
        said = Taking(**({"place": place, "kind": "grab", "from_ms": now, "to_ms": now} | more))
        return self.done(take_sample, said)

    def received(self, **more: Any) -> str:
        """A grab that the laboratory has."""
        code = self.taken(**more)
        assert self.act(receive_sample, code, Hand(self.now_ms, "Li", "", "SGS")) == []
        return code

    def report(self, code: str, *results: Told, number: str = "R-7") -> Any:
        """What the act answers to a report."""
        return self.act(report_sample, code, Reporting(number, self.now_ms, results, "Li"))

    def sample(self, code: str) -> WaterSample:
        """As the store has it."""
        with reading(self.engine) as conn:
            found = load_sample(conn, code)
        assert found is not None
        return found


def ni(value: str, unit: str = "mg/L", lod: str = "0.007", **more: str) -> Told:
    """A figure of nickel."""
    return Told(**({"pollutant": "ni", "value": value, "unit": unit, "lod": lod} | more))
