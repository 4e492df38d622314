"""Baths of the demo: made up under a spec, titrated when a scan asks for it, put right when a titration is out."""

import random
from collections.abc import Mapping
from typing import Any

from mes_server.demo.floor import QUALITY, Ask, Heard, Moment
from mes_server.demo.gear import gauge_for
from mes_server.demo.simulation import load_quality

ROLE = "bath"
UNTITRATED = "bath_is_titrated"
OUT = "out"
_ADD_MIN, _AGAIN_MIN, _LOOK_MIN = 25, 60, 12
_DAY_MS = 86_400_000


def make_up(ask: Ask, heard: Heard, types: Mapping[str, str]) -> list[Ask]:
    """What was received for a tank is made up under the spec of its line. `types`: of the stations."""
    if ask.about != "receive" or not ask.lot.startswith("for ") or not ask.lot.endswith(" " + ROLE):
        return []
    said = load_quality("baths")["baths"].get(types.get(ask.station, ""))
    if said is None:
        return []
    body = {"lot": heard.made[0], **said}
    return [Ask("make_up", "/baths", body, ask.badge, ask.station, lot=heard.made[0])]


def titrate_asks(ask: Ask, heard: Heard, at: Moment) -> list[Ask]:
    """A load was refused for want of it: the bath of the station is titrated."""
    bath = at.memory.mounted.get((ask.station, ROLE), ("", 0))[0]
    spec = _spec(at.floor.stations.get(ask.station, ""))
    if UNTITRATED not in heard.rules or not bath or not spec or ask.station in at.memory.locked:
        return []
    return [titrate(spec, (ask.station, bath, ask.badge), at.chance)]


def _spec(kind: str) -> str:
    return str(load_quality("baths")["baths"].get(kind, {}).get("spec", ""))


def titrate(
    spec: str, who: tuple[str, str, str], chance: random.Random, fails: bool = False
) -> Ask:
    """One titration. `who`: station, bath, badge."""
    said, (station, bath, badge) = load_quality("baths"), who
    readings = [_reading(one, fails, chance) for one in said["readings"] if one["spec"] == spec]
    body = {"readings": readings, "burette": gauge_for("burette")}
    return Ask("titrate", f"/baths/{bath}/titrations", body, badge, station, lot=bath)


def _reading(one: Mapping[str, Any], fails: bool, chance: random.Random) -> dict[str, str]:
    value = chance.gauss(one["mean"], one["spread"])
    if fails and OUT in one:
        value = one[OUT]
    return {"parameter": one["parameter"], one["field"]: f"{value:.{one['digits']}f}"}


def put_right(at: Moment, ask: Ask, heard: Heard) -> None:
    """What is missing is added; what was out is titrated again then, and the bath unlocked when it is good."""
    for number, one in enumerate(heard.advice):
        at.later(_ADD_MIN + number, lambda _, one=one: _add(ask, one))  # type: ignore[misc]
    if heard.verdict != OUT:
        return
    at.memory.locked.add(ask.station)
    at.later(_AGAIN_MIN, lambda then: _again(then, ask))
    at.later(_AGAIN_MIN + 5, lambda then: _unlock(then, ask, heard.made[0]))


def look_after(at: Moment, ask: Ask, heard: Heard) -> None:
    """Once in a past that is made up: titrated after a load, a bath is found out."""
    said = load_quality("baths")["out"]
    spec = _spec(at.floor.stations.get(ask.station, ""))
    bath = at.memory.mounted.get((ask.station, ROLE), ("", 0))[0]
    late = at.now_ms - at.memory.began_ms >= said["day"] * _DAY_MS
    if not at.memory.eventful or not late or (ask.about, spec) != ("unload", said["spec"]):
        return
    if bath and heard.done and ROLE not in at.memory.told:
        at.memory.told.add(ROLE)
        who = (ask.station, bath, ask.badge)
        at.later(_LOOK_MIN, lambda then: titrate(spec, who, then.chance, fails=True))


def _add(ask: Ask, advice: tuple[str, str, str]) -> Ask:
    product, amount, unit = advice
    body = {"product": product, "amount": amount, "unit": unit}
    return Ask("addition", f"/baths/{ask.lot}/additions", body, ask.badge, ask.station, lot=ask.lot)


def _again(at: Moment, ask: Ask) -> Ask:
    spec = _spec(at.floor.stations.get(ask.station, ""))
    return titrate(spec, (ask.station, ask.lot, ask.badge), at.chance)


def _unlock(at: Moment, ask: Ask, titration: str) -> Ask | None:
    at.memory.locked.discard(ask.station)
    lot = at.floor.lot(ask.lot)
    holds = {} if lot is None else dict(lot.holds)
    mine = [hold for hold, why in holds.items() if why.startswith(titration)]
    if not mine:
        return None
    body = {"hold": mine[0], "reason": load_quality("troubles")["released"]["bath"]}
    return Ask("release", f"/lots/{ask.lot}/release", body, QUALITY, lot=ask.lot)
