"""The result of a run in words: question, result, confidence. Runs that were not tested are never called equal."""

import io
from dataclasses import replace
from pathlib import Path

import pytest
from builders import imagined, program, seeds
from rich.console import Console
from test_summary import HOSTILE, finding_on, large_analysis, make_series, make_version

from gedanken.analysis.analysis import Analysis, VersionAnalysis
from gedanken.compare.results import ComparisonResult
from gedanken.experiment.execution import Cause
from gedanken.experiment.run_log import ModelFacts, RunLog, RunSetup
from gedanken.report.plain_words import PlainWords, plain_words
from gedanken.report.summary import print_plain_words


def summarize(*cases: VersionAnalysis, outcome: str = "done") -> PlainWords:
    setup = RunSetup("small", model=ModelFacts(name="scripted:x"))
    return plain_words(Analysis(RunLog("small", setup, (program(),), outcome=outcome), cases, (), ""))


def test_what_differs_is_counted_and_the_number_of_runs_is_named() -> None:
    summary = summarize(make_version(finding_on(1), finding_on(2, "epochs silently missing"), of=(make_series(),)))
    assert "scripted:x" in summary.question and "7 real runs and 3 runs that the model imagined" in summary.question
    assert summary.result.startswith("2 of 3 imagined runs differ from the real runs")
    assert "the report shows the lines that prove it" in summary.confidence and "p = .008" in summary.confidence


def test_nothing_found_is_never_called_the_same() -> None:
    summary = summarize(make_version(of=(make_series(p=0.31),)))
    assert summary.result == "No difference in the text was found between the 3 imagined runs and the real runs."
    assert all(
        part in summary.confidence for part in ("does not differ significantly", "does not prove that there is none")
    )


def test_runs_that_end_far_out_are_told_though_they_are_too_few_for_a_test() -> None:
    single_series = replace(make_series(p=1.0), n_real=7, n_imagined=2)
    outlier = replace(
        finding_on(1, "outlier", "is 0.4: 30 standard deviations away from the real runs"), subject="last loss", of=2
    )
    confidence = summarize(make_version(outlier, of=(single_series,))).confidence
    assert "In 1 of 2 imagined runs, the last loss is 0.4: 30 standard deviations" in confidence
    assert "Undecided" not in confidence


def test_too_few_runs_leave_numbers_open() -> None:
    single_series = replace(make_series(p=1.0), n_real=1, n_imagined=1)
    assert summarize(make_version(of=(single_series,))).confidence.startswith(
        "Undecided whether the imagined runs, taken together, differ in the last loss (real: 0.01 to 0.03; imagined: "
        "0.24 to 0.4): 1 real and 1 imagined value are too few for a statistical test."
    )


def test_enough_runs_that_are_not_fit_for_a_test_are_not_called_too_few() -> None:
    confidence = summarize(make_version(of=(make_series(p=None, why_no_p="all real values are alike"),))).confidence
    assert "cannot be tested statistically" in confidence and "too few" not in confidence


def test_a_run_that_was_cut_short_is_not_passed_off_as_a_whole_one() -> None:
    cut_runs = tuple(replace(imagined("a\n", sample), cause=Cause.CUT) for sample in (1, 2))
    result = summarize(replace(make_version(), imagined=(*cut_runs, imagined("a\n", 3)))).result
    assert result.endswith(
        "2 of 3 imagined runs hit the token limit; only their output up to that limit was compared."
    )


def test_findings_in_the_rest_of_the_session_are_not_kept_back() -> None:
    version = make_version(finding_on(1))
    findings = (*version.compared.findings, finding_on(9), finding_on(8), replace(finding_on(7), explained_by="gpus"))
    summary = plain_words(Analysis(RunLog("small", None, (program(),), outcome="done"), (version,), findings, ""))
    assert summary.result.endswith("Elsewhere in the session: 2 findings.")


def test_replies_without_output_are_counted_apart_and_never_judged() -> None:
    cut_runs = [replace(imagined("", sample), cause=Cause.CUT) for sample in (1, 2)]
    all_cut = replace(make_version(), imagined=tuple(cut_runs))
    summary = summarize(all_cut)
    assert summary.result.startswith(
        "The model wrote no output that could be compared: 2 of 2 replies contain no output"
    )
    assert "nothing is known about the model" in summary.confidence and "same" not in summary.confidence
    partial_summary = summarize(replace(all_cut, imagined=(*cut_runs, imagined("b\n", 3))))
    assert (
        "between the imagined run and the real runs. 2 of 3 replies contain no output and are left out"
        in partial_summary.result
    )


def test_without_both_worlds_it_says_what_is_missing() -> None:
    assert summarize().result.startswith("Nothing to compare: no program was run")
    only_real = VersionAnalysis(program(), tuple(seeds(["a\n"])), (), ComparisonResult(()))
    assert "was not asked to imagine a run" in summarize(only_real).result
    assert "nothing is known about the model" in summarize(only_real).confidence


def test_a_run_that_did_not_end_says_so_first() -> None:
    assert summarize(make_version(), outcome="interrupted").result.startswith("The run was interrupted")
    assert summarize(make_version(), outcome="stopped: no model").result.startswith(
        "The run ended early: stopped: no model."
    )


@pytest.mark.parametrize("width", [60, 80, 100])
@pytest.mark.parametrize("terminal", [False, True])
def test_the_ending_obeys_nothing_and_ends_with_the_report(width: int, terminal: bool) -> None:
    file = io.StringIO()
    console = Console(file=file, width=width, force_terminal=terminal, no_color=True, highlight=False)
    page = Path("runs/small-1/report.html")
    print_plain_words(plain_words(large_analysis(HOSTILE)), console, page, page.parent)
    text = file.getvalue()
    assert "\x1b]" not in text and "\x1b[2J" not in text and "\u202e" not in text
    assert all(name in text for name in ("Question: ", "Result: ", "Confidence: ", f"{page}"))
