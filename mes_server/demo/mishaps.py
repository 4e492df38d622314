"""What goes wrong now and then, and what people do about it: holds, rework, scrap, corrections, returns."""

from collections.abc import Callable

from mes_server.demo.floor import LEAD, QUALITY, Ask, Heard, Later, Moment
from mes_server.domain.lots import Lot

Make = Callable[[Moment, Lot], Ask | None]
_SOME_PIECES = 20
_DAYS_MIN = 24 * 60


def after(at: Moment, ask: Ask, heard: Heard) -> None:
    """Plan what may happen after something was done."""
    plans = {"unload": _after_unload, "split": _after_split, "coupon": _after_coupon,
             "lock": _after_lock, "ship": _after_ship}  # fmt: skip
    if ask.about in plans:
        plans[ask.about](at, ask, heard)


def _after_unload(at: Moment, ask: Ask, heard: Heard) -> None:
    for code in heard.made:
        _after_run(at, code, heard.operation)
    if at.happens("lock"):
        at.later(1, _lock(ask.station))


def _after_split(at: Moment, ask: Ask, heard: Heard) -> None:
    at.memory.busy.update((ask.lot, *heard.made))
    at.later(3, _correct(ask, {ask.lot, *heard.made}))


def _after_coupon(at: Moment, ask: Ask, heard: Heard) -> None:
    for code in heard.made:
        at.later(_DAYS_MIN, _destroy(code, ask))


def _after_lock(at: Moment, ask: Ask, _heard: Heard) -> None:
    at.memory.locked.add(ask.station)
    at.later(45, _unlock(ask.station))


def _after_ship(at: Moment, ask: Ask, _heard: Heard) -> None:
    lot = at.floor.lot(ask.lot)
    if lot is not None and at.happens("return"):
        at.later(_DAYS_MIN, _return(lot))


def undo_at_once(at: Moment, ask: Ask) -> list[Ask]:
    """The wrong lot was scanned, and whoever did it sees it at once."""
    if ask.about != "load" or not at.happens("undo"):
        return []
    return [Ask("undo", f"/scans/{ask.id}/undo", {}, ask.badge, ask.station, lot=ask.lot)]


def _after_run(at: Moment, code: str, operation: str) -> None:
    """At most one thing goes wrong with a lot at a time."""
    again = "batch_mg" in at.plan.operations[operation] or operation == "ageing"
    if at.happens("hold"):
        _plan(at, code, at.chance.randint(2, 30), _hold)
    elif again and operation != "pressing" and at.happens("rework"):
        _plan(at, code, 2, _send_back(operation))
    elif at.happens("scrap"):
        _plan(at, code, 2, _scrap)
    elif at.happens("coupon"):
        _plan(at, code, 2, _coupon)
    elif at.happens("correct"):
        _plan(at, code, 2, _split)
    elif operation == "ageing" and at.happens("regrade"):
        _plan(at, code, 5, _regrade)
    elif at.happens("move"):
        _plan(at, code, 1, _move)


def _plan(at: Moment, code: str, minutes: float, make: Make) -> None:
    """Somebody has a plan with a lot, and nobody else takes it in hand until then."""
    at.memory.busy.add(code)

    def act(then: Moment) -> Ask | None:
        then.memory.busy.discard(code)
        lot = then.floor.lot(code)
        if lot is None or not then.is_free(lot):
            return None
        then.taken.add(code)
        return make(then, lot)

    at.later(minutes, act)


def _hold(at: Moment, lot: Lot) -> Ask:
    reasons = ("oxygen above the limit 氧含量超限", "curve with a dip 曲线有跌落",
               "coating thin at the edge 边缘镀层偏薄", "label unreadable 标签不清")  # fmt: skip
    body = {"reason": at.chance.choice(reasons)}
    return Ask("hold", f"/lots/{lot.code}/hold", body, QUALITY, lot=lot.code)


def _send_back(operation: str) -> Make:
    def make(at: Moment, lot: Lot) -> Ask | None:
        route = at.floor.routes.get(lot.route)
        known = None if route is None else route.operations.get(operation)
        if known is None or operation not in lot.done:
            return None
        if lot.reworks.get(operation, 0) >= known.reworks_max:
            return None
        body = {"operation": operation, "reason": "below the limit, once more 不合格返工"}
        return Ask("rework", f"/lots/{lot.code}/rework", body, LEAD, lot=lot.code)

    return make


def _some(at: Moment, lot: Lot) -> dict[str, int] | None:
    """A few pieces, or a hundredth of a powder."""
    if not lot.amount.pieces:
        return {"pieces": 0, "mass_mg": lot.amount.mass_mg // 100}
    if lot.amount.pieces < _SOME_PIECES:
        return None
    pieces = at.chance.randint(1, min(lot.amount.pieces // 10, 12))
    return {"pieces": pieces, "mass_mg": lot.amount.mass_mg * pieces // lot.amount.pieces}


def _scrap(at: Moment, lot: Lot) -> Ask | None:
    some = _some(at, lot)
    if some is None:
        return None
    body = {**some, "form": "scrap", "reason": "dropped 跌落"}
    return Ask("scrap", f"/lots/{lot.code}/scrap", body, at.operator(), lot=lot.code)


def _coupon(at: Moment, lot: Lot) -> Ask | None:
    some = _some(at, lot)
    if some is None:
        return None
    return Ask("coupon", f"/lots/{lot.code}/coupons", some, at.operator(), lot=lot.code)


def _destroy(code: str, taken: Ask) -> Later:
    """A test destroys its coupons."""
    some = {name: taken.body[name] for name in ("pieces", "mass_mg")}

    def act(at: Moment) -> Ask | None:
        at.taken.add(code)
        body = {**some, "form": "scrap", "reason": "used up by the test 检验消耗"}
        return Ask("scrap", f"/lots/{code}/scrap", body, at.operator(), lot=code)

    return act


def _split(at: Moment, lot: Lot) -> Ask | None:
    some = _some(at, lot)
    if some is None:
        return None
    path = f"/lots/{lot.code}/split"
    return Ask("split", path, {"parts": [some]}, at.operator(), lot=lot.code)


def _correct(split: Ask, lots: set[str]) -> Later:
    """It was the wrong lot that was split: the lead takes it back."""

    def act(at: Moment) -> Ask | None:
        at.memory.busy -= lots
        at.taken.update(lots)
        body = {"reason": "wrong lot was split 拆错批次"}
        return Ask("correct", f"/actions/{split.id}/correct", body, LEAD, lot=split.lot)

    return act


def _regrade(at: Moment, lot: Lot) -> Ask | None:
    grade = at.plan.regrades.get(lot.grade)
    if grade is None:
        return None
    body = {"grade": grade, "reason": "coupon: Hcj below the class 试样矫顽力低于本级"}
    return Ask("regrade", f"/lots/{lot.code}/regrade", body, QUALITY, lot=lot.code)


def _move(at: Moment, lot: Lot) -> Ask:
    place = f"rack-{at.chance.randint(1, 12):02d}"
    return Ask("move", f"/lots/{lot.code}/move", {"place": place}, at.operator(), lot=lot.code)


def _lock(station: str) -> Later:
    def act(at: Moment) -> Ask | None:
        if station not in at.floor.stations or station in at.memory.locked:
            return None
        body = {"reason": "check overdue 点检逾期"}
        return Ask("lock", f"/stations/{station}/lock", body, QUALITY, station)

    return act


def _unlock(station: str) -> Later:
    def act(_at: Moment) -> Ask | None:
        body = {"reason": "checked 点检完成"}
        return Ask("unlock", f"/stations/{station}/unlock", body, QUALITY, station)

    return act


def _return(lot: Lot) -> Later:
    """A customer sends some of a pack back."""
    pieces = max(lot.amount.pieces // 20, 1)
    body = {"pieces": pieces, "mass_mg": lot.amount.mass_mg * pieces // max(lot.amount.pieces, 1),
            "reason": "edge chips found by the customer 客户发现崩边"}  # fmt: skip

    def act(_at: Moment) -> Ask | None:
        return Ask("return", f"/lots/{lot.code}/return", body, QUALITY, lot=lot.code)

    return act
