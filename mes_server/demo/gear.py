"""What the demo measures with: gauges, their calibrations and studies, thermocouples and surveys of its furnaces.

Once it is all there, what runs out is done again when a scan was refused for it, as people do it.
"""

import random
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from mes_server.demo.floor import LEAD, QUALITY, Ask, Heard
from mes_server.demo.simulation import load_quality

SURVEY, WORN = "furnace_is_surveyed", "thermocouple_has_life"
CARED_FOR = frozenset((SURVEY, WORN))
_DAY_MS = 86_400_000
_APPRAISERS, _PARTS, _TRIALS, _READINGS = 3, 10, 3, 20
_OVER_OFF_C = 1.5


def gauge_for(kind: str) -> str:
    """The gauge of a type that people take in the demo; "" where it has none."""
    return str(load_quality("gauges")["serves"].get(kind, ""))


def gear_asks(pin: str, now_ms: int) -> Iterator[Ask]:
    """All of it, in an order in which nothing is refused; nothing without the PIN of quality."""
    if not pin:
        return
    said = load_quality("gauges")
    for one in said["gauges"]:
        yield from _gauge_asks(one, pin, now_ms)
    for one in said["studies"]:
        yield _study_ask(one)
        yield _bias_ask(one)
    furnaces = load_quality("furnaces")
    for one in furnaces["thermocouples"]:
        yield _install(one, "01", one["uses_before"])
    for one in furnaces["surveys"]:
        yield from survey_asks(one["station"], pin, "demo")


def _gauge_asks(one: Mapping[str, Any], pin: str, now_ms: int) -> Iterator[Ask]:
    code, chance = one["code"], random.Random(one["code"])  # noqa: S311  # no secret
    names = ("code", "type", "title", "resolution", "interval_days")
    body = {name: one[name] for name in names}
    yield Ask("gauge", "/gauges", body, QUALITY, id=f"demo-gauge-{code}".lower(), lot=code)
    points = [
        {"reference": at, "reading": f"{float(at) + chance.uniform(-1, 1) * one['off']:.{one['digits']}f}"}
        for at in one["points"]
    ]  # fmt: skip
    done = datetime.fromtimestamp((now_ms - one["days"] * _DAY_MS) / 1000, UTC)
    body = {"tolerance": one["tolerance"], "found": points, "certificate": one["certificate"],
            "signature": {"badge": QUALITY, "pin": pin, "meaning": "approved"},
            "at": done.isoformat(timespec="milliseconds")}  # fmt: skip
    path = f"/gauges/{code}"
    yield Ask("calibrate", f"{path}/calibrations", body, QUALITY, id=f"demo-calibrate-{code}".lower(),
              lot=code)  # fmt: skip
    if "retired" in one:
        yield Ask("retire_gauge", f"{path}/retire", {"reason": one["retired"]}, QUALITY,
                  id=f"demo-retire-{code}".lower(), lot=code)  # fmt: skip


def _study_ask(one: Mapping[str, Any]) -> Ask:
    chance = random.Random(one["type"])  # noqa: S311  # no secret
    parts = [chance.gauss(one["centre"], one["parts"]) for _ in range(_PARTS)]
    offs = [chance.uniform(-1, 1) * one["appraisers"] for _ in range(_APPRAISERS)]
    readings = [
        [[f"{part + off + chance.gauss(0, one['trials']):.{one['digits']}f}" for _ in range(_TRIALS)]
         for part in parts]
        for off in offs
    ]  # fmt: skip
    names = ("type", "gauge", "characteristic", "method", "tolerance", "accept")
    body = {name: one[name] for name in names if name in one} | {"readings": readings}
    return Ask("study", "/studies", body, QUALITY, id=f"demo-study-{one['type']}", lot=one["gauge"])


def _bias_ask(one: Mapping[str, Any]) -> Ask:
    """A master read again and again: no bias can be told from none."""
    chance = random.Random(f"bias {one['type']}")  # noqa: S311  # no secret
    apart = [chance.gauss(0, one["trials"]) for _ in range(_READINGS)]
    middle = sum(apart) / _READINGS
    readings = [f"{one['centre'] + off - middle:.{one['digits']}f}" for off in apart]
    body = {name: one[name] for name in ("type", "gauge", "characteristic", "tolerance")}
    body |= {"kind": "bias", "readings": [[readings]], "references": [str(one["centre"])]}
    return Ask("study", "/studies", body, QUALITY, id=f"demo-bias-{one['type']}", lot=one["gauge"])


def _install(one: Mapping[str, Any], number: str, uses: int) -> Ask:
    """A thermocouple goes into its place; `number`: the first of the demo is 01."""
    station, role = one["station"], one["role"]
    code = f"TC-{station}-{role.split('_')[1]}-{number}".upper()
    body = {"thermocouple": code, "role": role, "type": one["type"], "uses_before": uses}
    return Ask("thermocouple", f"/stations/{station}/thermocouples", body, LEAD, station,
               id=f"demo-{code}".lower(), lot=station)  # fmt: skip


def survey_asks(station: str, pin: str, name: str) -> Iterator[Ask]:
    """Everything that is asked of a furnace, found good and signed by quality. `name`: begins the ids."""
    furnaces = load_quality("furnaces")
    (one,) = [said for said in furnaces["surveys"] if said["station"] == station]
    chance = random.Random(f"{station} {name}")  # noqa: S311  # no secret
    roles = [t["role"] for t in furnaces["thermocouples"] if t["station"] == station]
    at_c, off_c = one["at_c"], one["off_c"]
    sat = [_point(role, "TT-N-11", "", at_c, chance.uniform(-off_c, off_c) / 2) for role in roles]
    tus = [_point("", f"TT-N-{n + 21}", f"P{n + 1}", at_c, chance.uniform(-off_c, off_c))
           for n in range(one["points"])]  # fmt: skip
    over = [_point("overtemperature_c", "", "", one["over_c"], chance.uniform(-1, 1) * _OVER_OFF_C)]
    said = {"SAT": sat, "TUS": tus, "OVER_TEMP": over, "SELF_ASSESSMENT": []}
    signature = {"badge": QUALITY, "pin": pin, "meaning": "approved"}
    for test, readings in said.items():
        body = {"test": test, "instrument": furnaces["instrument"], "readings": readings,
                "passed": not readings, "signature": signature}  # fmt: skip
        yield Ask("survey", f"/stations/{station}/surveys", body, QUALITY, station,
                  id=f"{name}-{test}-{station}".lower(), lot=station)  # fmt: skip


def _point(where: str, test: str, position: str, at_c: float, off_c: float) -> dict[str, str]:
    """A reading of the furnace (of a TUS: the set point), and what the test thermocouple read then."""
    return {"thermocouple": where, "test_thermocouple": test, "position": position,
            "reading": f"{at_c:.1f}", "test": f"{at_c + off_c:.1f}", "correction": "0.1"}  # fmt: skip


def renewed(ask: Ask, heard: Heard, pin: str) -> Iterator[Ask]:
    """What was worn out is replaced and what is overdue done again; then the scan is tried once more."""
    if not pin or not CARED_FOR & set(heard.rules):
        return
    if WORN in heard.rules:
        for one in load_quality("furnaces")["thermocouples"]:
            if one["station"] == ask.station:
                yield _install(one, ask.id.rpartition("-")[2], 0)
    yield from survey_asks(ask.station, pin, f"{ask.id}-s")
