"""What a run lost, from what its end told."""

from mes_server.domain.losses import Losses, losses_of
from mes_server.domain.seal import Draft, Event, seal

TOLD = {"in_mg": 1000, "out_mg": 940, "tolerance_mg": 50}


def history(*told: tuple[str, str, dict[str, object]]) -> list[Event]:
    drafts = [
        Draft("charge:CH1", at, kind, action, 0, "", "", "", facts)
        for at, (kind, action, facts) in enumerate(told, 1)
    ]
    return [seal("", draft.stream_number, 0, draft) for draft in drafts]


def test_a_run_that_is_open_has_lost_nothing_yet() -> None:
    assert losses_of(history(("run_opened", "a", {}))) is None


def test_what_is_missing_is_what_the_end_told_of_it() -> None:
    told = history(("run_opened", "a", {}), ("run_closed", "b", {**TOLD, "missing_mg": 20}))
    assert losses_of(told) == Losses(1000, 940, 20, 50)
    assert Losses(1000, 940, 20, 50).is_kept
    assert not Losses(1000, 1060, -60, 50).is_kept


def test_the_first_runs_told_only_what_went_in_and_came_out() -> None:
    found = losses_of(history(("run_closed", "b", TOLD)))
    assert found is not None
    assert (found.missing_mg, found.is_kept) == (60, False)


def test_an_end_that_was_taken_back_told_nothing() -> None:
    ended = ("run_closed", "b", TOLD)
    taken_back = ("run_corrected", "c", {"corrects": "b"})
    assert losses_of(history(ended, taken_back)) is None
    again = ("run_closed", "d", TOLD | {"out_mg": 1000})
    assert losses_of(history(ended, taken_back, again)) == Losses(1000, 1000, 0, 50)
