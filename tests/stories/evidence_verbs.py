"""What the people of a story do for the evidence of a lot: gauges, recipes, nonconformances, 8D, the release.

The plan CP-9 of part P-1 and the recipe S-1080 are those of the story from heat to shipment.
"""

from typing import TYPE_CHECKING, Any

from mes_server.actions.contain_nonconformance import Opening, open_nonconformance
from mes_server.actions.keep_gauges import (
    Calibrating,
    NewGauge,
    add_gauge,
    calibrate,
)
from mes_server.actions.keep_studies import Studying, record_study
from mes_server.actions.release_document import release_document
from mes_server.actions.release_product import release_product
from mes_server.actions.settle_nonconformance import close, dispose
from mes_server.actions.solve_problem import check_problem, close_problem, open_problem, write_step
from mes_server.domain.nonconformance import Disposition
from mes_server.domain.people import Person
from mes_server.domain.problems import DAY_MS
from tests.mes_server.domain.plan_making import attribute, line, plan
from tests.mes_server.domain.simulated import recipe_content
from tests.mes_server.people_help import signer
from tests.stories.plant import PEOPLE
from tests.stories.reader import moment, read_pair

if TYPE_CHECKING:
    from mes_server.actions.record_events import Book

Said = dict[str, str]
_NONE = {"action_lower": None, "action_upper": None}


def _named(en: str, zh: str, **more: Any) -> dict[str, Any]:
    return {
        "title": {"en": en, "zh": zh},
        "reaction": {"en": "Hold the lot, call quality", "zh": "扣留批次，呼叫质量"},
    } | more


PLAN = plan(
    line("density", **_named("Density", "密度", operation="sintering", sample=1, unit="g/cm3", nominal="7.55",
                             lower="7.45", upper="7.65", symbol="", **_NONE)),
    line("br", **_named("Remanence", "剩磁", operation="ageing", kind="magnetic", quantity="br_t", unit="T", symbol="CC",
                        nominal="1.30", lower="1.28", upper=None, sample=2, **_NONE)),
    line("hcj", **_named("Intrinsic coercivity", "内禀矫顽力", operation="ageing", kind="magnetic", quantity="hcj_ka_m",
                         unit="kA/m", symbol="SC", nominal=None, lower="1592", upper=None, sample=2, **_NONE)),
    line("thickness", **_named("Thickness", "厚度", operation="slicing", gauge="micrometer", sample=3, reactions=["hold", "remeasure"])),
    line("first_cut", **_named("First piece", "首件厚度", operation="slicing", gauge="micrometer", sample=1, moment="first_off",
                              every={"each": "setup"})),
    line("film", **_named("Film weight", "膜重", operation="phosphating", kind="variable", quantity="film_weight_g_m2",
                          unit="g/m2", nominal=None, lower="2.0", upper="6.0", symbol="", sample=2, **_NONE)),
    line("salt_spray", **_named("Salt spray, first rust", "盐雾首锈", operation="final_inspection", kind="life",
                                quantity="salt_spray_h", unit="h", nominal=None, lower="48", upper=None, symbol="", sample=2, **_NONE)),
    attribute("cracks", **_named("Cracks and chips", "裂纹与崩边", operation="final_inspection", sample=50)),
    attribute("crack_master", **_named("Cracked master is rejected", "缺陷样件被剔除", operation="final_inspection", moment="challenge",
                                       every={"each": "shift"})),
    recipes=[{"operation": "ageing", "code": "A-900"}],
    code="CP-9", title={"en": "Magnet P-1", "zh": "磁体 P-1"},
    ppap={"status": "approved", "level": "3", "date": "2026-06-01", "customer": "Motorenwerk", "psw": "PSW-12"},
)  # fmt: skip
# Three appraisers, ten parts 10 um apart, three trials: each within a micrometre.
STUDY = [
    [[f"{(4960 + 10 * part + (who + 2 * part + trial) % 3 - 1) / 1000:.3f}" for trial in range(3)] for part in range(10)]
    for who in range(3)
]  # fmt: skip
BLOCK = [f"5.00{i % 2}" if i % 3 else "4.999" for i in range(12)]
DOCUMENTS: dict[str, dict[str, Any]] = {
    "plan CP-9/A": PLAN,
    "recipe S-1080": recipe_content("sinter_furnace", code="S-1080", operation="sintering"),
    "recipe A-900": recipe_content("ageing_furnace", code="A-900", operation="ageing"),
}


def _person(badge: str) -> Person:
    return signer(badge, PEOPLE[badge.lower()][0])


def _release(book: "Book", _codes: list[str], said: Said) -> Any:
    kind = said["document"].partition(" ")[0]
    return release_document(book, kind, DOCUMENTS[said["document"]], _person(book.act.person))


def _add_gauge(book: "Book", _codes: list[str], said: Said) -> Any:
    new = NewGauge(
        said["gauge"],
        said["type"],
        said["type"],
        resolution="0.001",
        interval_days=int(said["days"]),
    )
    return add_gauge(book, new)  # fmt: skip


def _calibrate(book: "Book", _codes: list[str], said: Said) -> Any:
    points = [{"reference": "5.000", "reading": said["reading"]}]
    said_of = Calibrating("0.004", points, certificate=said["paper"])
    return calibrate(book, said["gauge"], said_of, _person(book.act.person))


def _study(book: "Book", _codes: list[str], said: Said) -> Any:
    """GR&R, and the bias of a block gauge that was read twelve times."""
    told = Studying(said["type"], said["gauge"], "thickness", "anova", STUDY)
    block = Studying(
        said["type"], said["gauge"], "thickness", "", [[BLOCK]], kind="bias", references=["5.000"]
    )
    return record_study(book, told) + record_study(book, block)


def _open_nc(book: "Book", codes: list[str], said: Said) -> Any:
    about = {"about": "run", "name": said["run"]}
    return open_nonconformance(book, Opening(said["title"], said["source"], **about))


def _dispose(book: "Book", _codes: list[str], said: Said) -> Any:
    concession = {}
    if said["reference"]:
        until_ms = moment("23:59", int(said["day"]))
        concession = {
            "customer_reference": said["reference"],
            "pieces": read_pair(said["much"])[0],
            "until_ms": until_ms,
        }
    given = Disposition(said["kind"], said["reason"], **concession)
    people = [_person(name.upper()) for name in said["people"].split(" + ")]
    return dispose(book, said["resource"], given, people)


def _step(book: "Book", _codes: list[str], said: Said) -> Any:
    for name in said["steps"].split(", "):
        refused = write_step(
            book, said["resource"], name, (said["reason"], said["owner"], None), True
        )
        if refused:
            return refused
    return []


def _close_problem(book: "Book", _codes: list[str], said: Said) -> Any:
    check_ms = book.act.at_ms + int(said["days"]) * DAY_MS
    return close_problem(book, said["resource"], check_ms, _person(book.act.person))


def _release_product(book: "Book", codes: list[str], said: Said) -> Any:
    people = [_person(name.upper()) for name in said["people"].split(" + ")]
    return release_product(book, codes[0], people)


# As tests/stories/verbs.py has them.
EVIDENCE_VERBS: list[tuple[str, str, str, Any]] = [
    (r"releases (?P<document>(?:plan CP-9/A|recipe [SA]-\d+))", "document", "plan", _release),
    (r"adds gauge (?P<gauge>\S+): (?P<type>\w+), calibrated every (?P<days>\d+) days", "gauge", "gauge", _add_gauge),
    (r"calibrates (?P<gauge>\S+): reads (?P<reading>\S+) at 5.000, certificate (?P<paper>\S+)", "calibrate", "gauge", _calibrate),
    (r"studies (?P<type>\w+) with (?P<gauge>\S+)", "study", "gauge", _study),
    (r"opens (?P<made>\w+) about the run of (?P<station>\S+): (?P<title>.+) \((?P<source>\w+)\)", "nonconformance", "dispose", _open_nc),
    (r"disposes of (?P<resource>\w+): (?P<kind>\w+)(?: under (?P<reference>\S+) of (?P<much>.+) until day (?P<day>\d+))?"
     r", signed by (?P<people>.+)", "dispose", "dispose", _dispose),
    (r"closes (?P<resource>nc\w*)", "close", "dispose",
     lambda book, codes, said: close(book, said["resource"], said["reason"])),
    (r"begins (?P<made>\w+) about (?P<resource>\w+): (?P<title>.+)", "problem", "dispose",
     lambda book, codes, said: open_problem(book, said["title"], [said["resource"]])),
    (r"writes (?P<steps>D[\w, ]+) of (?P<resource>\w+) for (?P<owner>\w+)", "step", "dispose", _step),
    (r"closes (?P<resource>8d\w*|eight\w*) to be looked at in (?P<days>\d+) days", "close_problem", "dispose", _close_problem),
    (r"finds (?P<resource>eight\w*) effective", "check_problem", "dispose",
     lambda book, codes, said: check_problem(book, said["resource"], True, said["reason"])),
    (r"releases (?P<lot>\w+) as product, signed by (?P<people>.+)", "release_product", "release", _release_product),
]  # fmt: skip
