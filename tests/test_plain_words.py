"""The ending of a run in words: what was asked, what was seen, how sure. It never reassures without a look."""

import io
from dataclasses import replace
from pathlib import Path

import pytest
from builders import imagined, program, seeds
from rich.console import Console
from test_summary import HOSTILE, case, kept, on, series

from gedanken.analysis.analysis import Analysis, VersionAnalysis
from gedanken.compare.results import ComparisonResult
from gedanken.experiment.execution import Cause
from gedanken.experiment.run_log import ModelFacts, RunLog, RunSetup
from gedanken.report.plain_words import PlainWords, plain_words
from gedanken.report.summary import print_plainly


def words(*cases: VersionAnalysis, outcome: str = "done") -> PlainWords:
    setup = RunSetup("small", model=ModelFacts(name="scripted:x"))
    return plain_words(Analysis(RunLog("small", setup, (program(),), outcome=outcome), cases, (), ""))


def test_what_differs_is_counted_and_the_number_of_runs_is_named() -> None:
    told = words(case(on(1), on(2, "epochs silently missing"), of=(series(),)))
    assert "scripted:x" in told.asked and "7 real runs, 3 imagined runs" in told.asked
    assert told.seen.startswith("2 of 3 imagined runs differ from the real runs")
    assert "can be looked up" in told.sure and "p = .008" in told.sure


def test_nothing_found_is_never_called_the_same() -> None:
    told = words(case(of=(series(p=0.31),)))
    assert told.seen == "apart from their numbers, nothing was found that tells the 3 imagined runs from real ones."
    assert "is not decided" in told.sure and "does not mean that they are the same" in told.sure


def test_runs_that_end_far_out_are_told_though_they_are_too_few_for_a_test() -> None:
    lone = replace(series(p=1.0), n_real=7, n_imagined=2)
    far = replace(
        on(1, "far out", "is 0.4: 30 standard deviations away from the real runs"), subject="last loss", of=2
    )
    told = words(case(far, of=(lone,))).sure
    assert "The last loss of 1 of 2 imagined runs is 0.4: 30 standard deviations" in told
    assert "cannot be determined" not in told


def test_too_few_runs_leave_numbers_open() -> None:
    lone = replace(series(p=1.0), n_real=1, n_imagined=1)
    assert words(case(of=(lone,))).sure.startswith(
        "Whether the last loss differs cannot be determined (it is 0.24 to 0.4 where it really is 0.01 to 0.03): "
        "1 real and 1 imagined values are too few for a test."
    )


def test_enough_runs_that_are_not_fit_for_a_test_are_not_called_too_few() -> None:
    told = words(case(of=(series(p=None, why_no_p="all real values are alike"),))).sure
    assert "not fit for a test" in told and "too few" not in told


def test_a_run_that_was_cut_short_is_not_passed_off_as_a_whole_one() -> None:
    short = tuple(replace(imagined("a\n", sample), cause=Cause.CUT) for sample in (1, 2))
    told = words(replace(case(), imagined=(*short, imagined("a\n", 3)))).seen
    assert told.endswith("2 of 3 imagined runs were cut short, and judged as far as they go.")


def test_findings_in_the_rest_of_the_session_are_not_kept_back() -> None:
    held = case(on(1))
    found = (*held.compared.findings, on(9), on(8), replace(on(7), explained_by="gpus"))
    told = plain_words(Analysis(RunLog("small", None, (program(),), outcome="done"), (held,), found, ""))
    assert told.seen.endswith("In the rest of the session: 2 findings.")


def test_replies_without_output_are_counted_apart_and_never_judged() -> None:
    cut = [replace(imagined("", sample), cause=Cause.CUT) for sample in (1, 2)]
    all_cut = replace(case(), imagined=tuple(cut))
    told = words(all_cut)
    assert told.seen.startswith("no imagined run has output to judge: 2 of 2 replies are no runs")
    assert "nothing can be said" in told.sure and "same" not in told.sure
    some = words(replace(all_cut, imagined=(*cut, imagined("b\n", 3))))
    assert "tells the one imagined run from real ones. 2 of 3 replies are no runs and left out" in some.seen


def test_without_both_worlds_it_says_what_is_missing() -> None:
    assert words().seen.startswith("no program was run")
    only_real = VersionAnalysis(program(), tuple(seeds(["a\n"])), (), ComparisonResult(()))
    assert "no run of it was imagined" in words(only_real).seen
    assert "nothing can be said about the model" in words(only_real).sure


def test_a_run_that_did_not_end_says_so_first() -> None:
    assert words(case(), outcome="interrupted").sure.startswith("the run was interrupted")
    assert words(case(), outcome="stopped: no model").sure.startswith("the run did not come to its planned end")


@pytest.mark.parametrize("width", [60, 80, 100])
@pytest.mark.parametrize("terminal", [False, True])
def test_the_ending_obeys_nothing_and_ends_with_the_report(width: int, terminal: bool) -> None:
    file = io.StringIO()
    console = Console(file=file, width=width, force_terminal=terminal, no_color=True, highlight=False)
    page = Path("runs/small-1/report.html")
    print_plainly(plain_words(kept(HOSTILE)), console, page, page.parent)
    text = file.getvalue()
    assert "\x1b]" not in text and "\x1b[2J" not in text and "\u202e" not in text
    assert all(name in text for name in ("Asked: ", "Seen: ", "How sure: ", f"everything is in {page}"))
