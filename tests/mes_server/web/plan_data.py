"""A control plan, an instruction and checks in the small plant of the web tests."""

from mes_server.actions.change_process import (
    Alternate,
    Request,
    begin_temporary,
    request_change,
)
from mes_server.actions.contain_nonconformance import Opening, open_nonconformance
from mes_server.actions.record_check import Checking, record_check, void_check
from mes_server.actions.record_events import Act, Book
from mes_server.actions.release_document import release_document
from mes_server.actions.solve_problem import open_problem, write_step
from mes_server.actions.stop_line import acknowledge
from mes_server.store.transaction import writing
from tests.mes_server.domain.plan_making import WORDS, attribute, line, plan
from tests.mes_server.people_help import signer
from tests.mes_server.web.plant_data import Plant


def under_plan(plant: Plant) -> dict[str, str]:
    """A plan with checks that are good, near the limit, out and voided; what names the plan in addresses."""
    told = iter(range(100))

    def act(acting: object, *args: object, place: str = "sinter-1") -> list[str]:
        at_ms = plant.now_ms - 60_000 + 1000 * (number := next(told))
        with writing(plant.engine) as conn:
            book = Book(conn, Act(f"plan-{number}", "A-1", place, at_ms, at_ms))
            answer: list[str] = acting(book, *args)  # type: ignore[operator]
            book.close()
        return answer

    hourly = line("oil", every={"each": "hours"}, sample=1, reactions=["remeasure"])
    lines = (hourly, attribute("master", moment="challenge", every={"each": "shift"}, symbol="CC"),
             line("soak", kind="proof"), line("first", moment="first_off", every={"each": "setup"}))  # fmt: skip
    wi = {"code": "WI-1", "revision": "A", "title": WORDS, "text": WORDS}
    assert act(release_document, "instruction", wi, signer()) == []
    content = plan(
        *lines, instructions=[{"code": "WI-1", "operation": "sinter"}], ppap={"status": "approved"},
        routes=["R1"], source="own", certainty="medium", note=WORDS, owner="quality",
    )  # fmt: skip
    assert act(release_document, "plan", content, signer()) == []
    assert act(acknowledge, "WI-1") == []
    checks = [
        act(record_check, Checking("oil", plan="CP-1/A", readings=[{"value": value}]))
        for value in ("5.00", "4.955", "5.20", "5.01")
    ]
    assert act(void_check, checks[-1][0], "another gauge") == []
    return {"kind": "plan", "code": "CP-1", "revision": "A"}


def opened_nc(plant: Plant, *lots: str, act: str = "nc-opened") -> str:
    """A nonconformance about these lots; open when some of them were shipped, else contained."""
    at_ms = plant.now_ms - 30_000
    with writing(plant.engine) as conn:
        book = Book(conn, Act(act, "A-1", "office", at_ms, at_ms))
        (code,) = open_nonconformance(book, Opening("cracks at the edge", "customer", lots, "edge"))
        book.close()
    return str(code)


def substitutes_approved(plant: Plant) -> None:
    """A plan that lists alternate controls of sintering is in force."""
    said = [
        {"operation": "sinter", "primary": "load TC", "alternate": f"zone TC{more}"}
        for more in ("", " 0", " 1")
    ]
    at_ms = plant.now_ms - 120_000
    with writing(plant.engine) as conn:
        book = Book(conn, Act("substitutes", "A-1", "office", at_ms, at_ms))
        content = plan(line(operation="press"), code="CP-9", parts=["P-9"], temporary=said)
        assert release_document(book, "plan", content, signer()) == []
        book.close()


def solved(plant: Plant) -> str:
    """An 8D with a discipline that is overdue, a temporary change and a change request; the 8D's number."""
    at_ms, day_ms = plant.now_ms - 60_000, 86_400_000
    substitutes_approved(plant)
    with writing(plant.engine) as conn:
        book = Book(conn, Act("8d-opened", "A-1", "office", at_ms, at_ms))
        (code,) = open_problem(book, "cracks come back", [])
        book.close()
    for number, said in enumerate((("", "L-1", at_ms + 1), ("cracked at the press", "Q-1", None))):
        with writing(plant.engine) as conn:
            book = Book(conn, Act(f"8d-{number}", "A-1", "office", at_ms, at_ms))
            assert write_step(book, str(code), f"D{4 - 2 * number}", said, bool(number)) == []
            alternate = Alternate(
                "sinter-1", "sinter", "load TC", f"zone TC {number}", at_ms + 9 * day_ms
            )
            assert len(begin_temporary(book, alternate, "broken", signer())) == 1
            request_change(book, Request("Zn to Mn", "bath", "film", "SST", True))
            book.close()
    return str(code)
