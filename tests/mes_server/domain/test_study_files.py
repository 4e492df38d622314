"""A table of a study: read to the letter, every bad row named, nothing guessed."""

import pytest

from mes_server.domain.study_files import read_study

WHOLE = "operator,part,trial,value\na,1,1,5.0\na,1,2,5.1\na,2,1,6.0\na,2,2,6.1\n"


def test_a_table_is_read_by_person_part_and_trial() -> None:
    found = read_study(WHOLE, "grr")
    assert (found.appraisers, found.parts, found.rows, found.refused) == (["a"], ["1", "2"], 4, [])
    assert found.readings == [[["5.0", "5.1"], ["6.0", "6.1"]]]
    mixed = read_study("part;value;trial\n1;9;10\n1;8;2\n", "bias")
    assert mixed.readings == [[["8", "9"]]], "by the number of the trial; semicolons, no people"
    pasted = read_study("\ufeffAppraiser\tPart\tReading\tReference\r\nb\t7\t1.0\t1.1\r\n", "bias")
    assert (pasted.appraisers, pasted.references, pasted.refused) == (["b"], ["1.1"], [])
    judged = read_study("operator,part,value,reference\na,1,OK,good\na,2,ng,bad\n", "attribute")
    assert (judged.refused, judged.references) == ([], ["good", "bad"])


def told(text: str, kind: str = "grr") -> list[tuple[str, str]]:
    return [(one.rule, one.facts.get("row", "")) for one in read_study(text, kind).refused]


def test_every_bad_row_is_named_at_once() -> None:
    text = WHOLE + "a,1,x,5.0\n,,1,5\na,3,1,5,0\na,3,1,abc\na,3,1,6.0\na,2,1,6.2\n"
    assert told(text) == [
        ("row_is_whole", "8"), ("trial_is_a_number", "6"), ("part_is_told", "7"),
        ("figure_is_written", "9"), ("trial_is_told_once", "10"), ("trial_is_told_once", "11"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "rule"),
    [("", "columns_are_there"), ("part,value,colour\n1,2,3\n", "columns_are_known"),
     ("part,value,reading\n1,2,3\n", "columns_are_known"), ("part,value", "rows_are_there"),
     ("part,value\n" + "1,2\n" * 5_001, "rows_are_few"),
     (WHOLE + "a,3,1,6.0\n", "trials_are_there"), (WHOLE + "b,1,1,6.0\n", "trials_are_there"),
     ("part,value,reference\n1,2,5\n1,2,6\n", "part_has_one_reference")],
)  # fmt: skip
def test_what_is_no_table_of_a_study_is_refused(text: str, rule: str) -> None:
    assert told(text)[0][0] == rule


def test_a_judgement_is_one_of_the_words() -> None:
    assert told("part,value\n1,perhaps\n", "attribute") == [("judgement_is_known", "2")]
    assert told("part,value\n1,5,0\n") == [("row_is_whole", "2")]
    assert told('part,value\n1,"5,0"\n') == [("figure_has_a_point", "2")]
