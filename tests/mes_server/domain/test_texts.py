"""Formulas and scripts are told from what people write."""

import pytest

from mes_server.domain.texts import text_is_no_script, texts_in


@pytest.mark.parametrize(
    "text",
    ["=1+1", " @SUM(A1)", "+cmd|'/C calc'!A0", "-HYPERLINK(1)", "<script>", "</b", "<!-- x", "a <img src=x>",
     "{{7*7}}", "${x}", "JavaScript:alert(1)"],
)  # fmt: skip
def test_a_formula_or_a_script_is_refused_wherever_it_stands(text: str) -> None:
    said = {"reason": "chipped", "facts": {"resources": {text: "B-1"}}, "lots": [{"place": text}]}
    assert [refusal.facts for refusal in text_is_no_script(said)] == [{"text": text}]


@pytest.mark.parametrize(
    "text", ["", "< 12 µm", "a<5", "-5 °C", "+0.2 mm", "- 3", "厚度 <0.5", "Müller & Söhne", "R1/B", "50 %", "a@b.cn"]
)  # fmt: skip
def test_what_people_say_is_taken(text: str) -> None:
    assert text_is_no_script({"reason": text}) == []


def test_all_texts_are_found_and_nothing_else() -> None:
    assert list(texts_in({"a": [1, True, None, "b"], "c": {"d": "e"}})) == ["a", "b", "c", "d", "e"]
