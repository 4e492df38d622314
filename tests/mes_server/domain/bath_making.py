"""Specs of baths for tests: phosphating and base nickel as domain tables have them."""

from typing import Any

from mes_server.actions.gather_baths import known_of_baths
from mes_server.domain.bath_spec import BathSpec, bath_faults, spec_of
from mes_server.domain.documents import Document

TITLES = {
    "fa_points": {"en": "Free acid", "zh": "游离酸"}, "ta_points": {"en": "Total acid", "zh": "总酸"},
    "ta_fa_ratio": {"en": "Total to free acid", "zh": "酸比"}, "accelerator_points": {"en": "Accelerator", "zh": "促进剂"},
    "ni_g_l": {"en": "Nickel", "zh": "镍"}, "h3bo3_g_l": {"en": "Boric acid", "zh": "硼酸"}, "ph": {"en": "pH", "zh": "pH"},
}  # fmt: skip


def parameter(name: str, method: str, lower: str, upper: str, **more: str) -> dict[str, Any]:
    said = {"name": name, "title": TITLES[name], "unit": "pt", "method": method}
    return said | {"lower": lower, "upper": upper} | more


def phosphating(**more: Any) -> dict[str, Any]:
    """Free and total acid every four hours, their ratio, accelerator."""
    return {
        "code": "PH-ZN", "revision": "A", "title": {"en": "Zinc phosphate", "zh": "锌系磷化液"}, "process": "phosphating",
        "parameters": [
            parameter("fa_points", "free_acid", "0.5", "2.5", action_lower="0.7", action_upper="2.2", every_h="4", target="1.2"),
            parameter("ta_points", "total_acid", "15", "40", action_lower="18", action_upper="35", every_h="4", target="25"),
            parameter("ta_fa_ratio", "ta_fa_ratio", "10", "25", every_h="4", unit=""),
            parameter("accelerator_points", "accelerator_gas", "1", "4", target="2.5"),
        ],
        "replenishment": [
            {"product": "replenisher", "by": "titration", "unit": "mL", "rate": "1.5", "parameter": "ta_points"},
            {"product": "accelerator", "by": "area", "unit": "mL", "rate": "12"},
        ],
        "drag_out_ml_m2": "80", "source": "own", "certainty": "L",
    } | more  # fmt: skip


def nickel(**more: Any) -> dict[str, Any]:
    """A Watts bath, with its layer."""
    return {
        "code": "NI-BASE", "revision": "A", "title": {"en": "Base nickel", "zh": "预镀镍液"}, "process": "plating",
        "parameters": [
            parameter("ni_g_l", "nickel_edta", "60", "80", action_lower="63", target="70", every_h="24", unit="g/L"),
            parameter("h3bo3_g_l", "boric_acid", "35", "45", target="40", unit="g/L"),
            parameter("ph", "ph_meter", "4.2", "5.2", unit=""),
        ],
        "replenishment": [
            {"product": "NiSO4·6H2O", "by": "titration", "unit": "g", "rate": "4.48", "parameter": "ni_g_l"},
            {"product": "wetter", "by": "ah", "unit": "mL", "rate": "150"},
        ],
        "layer": {"name": "ni_base", "metal": "Ni2+", "counter": "ni_base_ah", "efficiency": "0.95", "anode_efficiency": "1",
                  "media_dm2": "40", "quantity": "thickness_ni_base_um", "parameter": "ni_g_l"},
        "drag_out_ml_m2": "100", "life_h": "2000",
    } | more  # fmt: skip


def spec(content: dict[str, Any]) -> BathSpec:
    """As the store has it once it is released."""
    assert bath_faults(content, *known_of_baths()) == []
    return spec_of(Document("bath", content["code"], content["revision"], content, 0, "Q-1"))
