"""The verdict and the summary on the terminal fit on one screen, whatever the runs printed."""

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyte
import pytest
from builders import imagined, program, seeds
from rich.console import Console
from weighed_effects import weigh_changes

from gedanken.analysis.analysis import Analysis, VersionAnalysis
from gedanken.analysis.verdict import verdict_of
from gedanken.compare.interventions import Outcomes
from gedanken.compare.results import Alignment, ComparisonResult, Endpoint, SeriesResult
from gedanken.experiment.conditions import Conditions
from gedanken.experiment.escaping import harmless
from gedanken.experiment.execution import Execution
from gedanken.experiment.finding import Finding, LineRef
from gedanken.experiment.format import escape_invisible, format_number
from gedanken.experiment.persona import DEFAULT_MACHINE
from gedanken.experiment.run_log import ModelFacts, RunLog, RunSetup
from gedanken.report.effects import print_effects
from gedanken.report.summary import print_summary

HOSTILE = "<script>alert(1)</script> \x1b]0;owned\x07\x1b[2J \u202e [red]x[/red] $\\frac{ " + "x" * 10_000_000


def make_series(
    role: Any = "primary", name: str = "last loss", p: float | None = 0.0083, **changes: Any
) -> SeriesResult:
    """A series of seven real runs, which end between .01 and .03, and three imagined runs, which end between .24 and
    .4.
    """
    return replace(
        SeriesResult(
            name=name,
            role=role,
            axis="epoch",
            points=(1, 2),
            real=tuple((1.0, 0.01 + seed / 300) for seed in range(7)),
            imagined=((0.9, 0.24), (0.8, 0.3), (0.7, 0.4)),
            n_real=7,
            n_imagined=3,
            p=p,
            why_no_p=None,
            p_adjusted=p,
            crps=0.2,
            spread_ratio=3.0,
            spread_interval=(1.0, 9.0),
            difference=0.29,
            difference_interval=(0.22, 0.38),
            ranks=(7, 7, 7),
        ),
        **changes,
    )


def make_version(
    *findings: Finding, of: tuple[SeriesResult, ...] = (), undecided: tuple[str, ...] = (), **fields: Any
) -> VersionAnalysis:
    real, samples = seeds(["a\n"] * 8), [imagined("b\n", sample) for sample in range(4)]
    return VersionAnalysis(
        program(),
        tuple(real),
        tuple(samples),
        ComparisonResult(findings, (), of, undecided=undecided, **fields),
    )


def finding_on(sample: int, check: str = "literal differs", observed: str = "it says otherwise") -> Finding:
    label = imagined("", sample).label.replace("line00", "line01")
    return Finding(check, (label,), (LineRef(label, 1, "b", "stdout"),), "The code says so", observed)


def verdict_on(*cases: VersionAnalysis, other_findings: tuple[Finding, ...] = ()) -> str:
    return verdict_of(
        cases, [*other_findings, *(finding for version in cases for finding in version.compared.findings)]
    )


def test_the_verdict_counts_runs_that_depart_and_names_what_tells_most() -> None:
    verdict = verdict_on(
        make_version(finding_on(1), finding_on(2), finding_on(2, "print count differs"), of=(make_series(),))
    )
    assert verdict == (
        "2 of 3 imagined runs differ from the real runs of train-v1: lines worded differently, lines too many or "
        "missing. The last loss is 0.24 to 0.4 in 3 imagined runs and 0.01 to 0.03 in 7 real runs (p = .008)."
    )


@pytest.mark.parametrize(("more", "end"), [(1, "and 1 more kind of finding."), (2, "and 2 more kinds of findings.")])
def test_the_verdict_names_three_kinds_and_counts_the_others(more: int, end: str) -> None:
    checks = ("literal differs", "print count differs", "time differs", "ends early", "log copied")[: 3 + more]
    verdict = verdict_on(make_version(*(finding_on(1, check) for check in checks)))
    assert "a claimed time far from the real one, " + end in verdict


def test_a_finding_counts_for_the_runs_that_it_is_on_and_for_no_others() -> None:
    label = imagined("", 1).label.replace("line00", "line01")
    imagined_runs = [imagined("b\n", sample) for sample in range(12)]
    version = replace(make_version(Finding("literal differs", (f"{label}0",))), imagined=tuple(imagined_runs))
    assert verdict_on(version).startswith("1 of 11 imagined runs differs")


def test_where_nothing_is_found_it_says_by_how_much_they_may_differ_and_never_that_they_are_the_same() -> None:
    verdict = verdict_on(make_version(of=(make_series(p=0.31, difference_interval=(-0.011, 0.02)),)))
    assert verdict == (
        "No difference was found between 3 imagined runs and 7 real runs. The last loss does not differ "
        "significantly (p = .310; 95 % interval of imagined mean minus real mean: −0.011 to 0.02)."
    )
    assert "distinguish" not in verdict


def test_what_cannot_be_tested_is_undecided_with_the_reason() -> None:
    verdict = verdict_on(make_version(of=(make_series(p=None, why_no_p="2 real runs; 7 are needed"),)))
    assert verdict.endswith(
        "Undecided whether the imagined runs, taken together, differ in the last loss: 2 real runs; 7 are needed."
    )
    assert verdict_on(make_version(undecided=("No series",))).endswith("Undecided: No series.")


def test_what_a_claim_explains_is_not_held_against_a_run_and_findings_elsewhere_are_counted() -> None:
    verdict = verdict_on(
        make_version(replace(finding_on(1), explained_by="gpus")),
        other_findings=(finding_on(9), replace(finding_on(8), explained_by="gpus")),
    )
    assert verdict == "No difference was found in 3 imagined runs of train-v1. Elsewhere in the session: 1 finding."


@pytest.mark.parametrize("real", [(), tuple(seeds(["a\n"]))])
def test_without_both_worlds_there_is_nothing_to_compare(real: tuple[Execution, ...]) -> None:
    assert (
        verdict_on(VersionAnalysis(program(), real, (), ComparisonResult(())))
        == "Nothing to compare: no run was imagined."
    )
    assert verdict_on() == "Nothing to compare: no program was run."


def large_analysis(model_text: str = "") -> Analysis:
    """An analysis with many findings and series, all of which contain `model_text`.

    Only the lines of outputs contain it in full. All other texts contain its first 300 characters.
    """
    hostile = model_text[:300]
    refs = (
        LineRef("line01-train-v1-real-1", 3, f"loss {model_text}", "stdout"),
        LineRef("line01-train-v1-imagined-1", 3, model_text, "stdout"),
    )
    blocks = Alignment(refs[0].source, refs[1].source, (), refs)
    findings = [
        finding_on(1, f"kind {number}", f"A claim that is long enough. {hostile}" * 3) for number in range(40)
    ]
    series_results = tuple(make_series(name=f"last loss {number} {hostile}") for number in range(9))
    endpoint = Endpoint(f"loss{hostile}", "chosen because it is a loss on held-out data (val)", "rule")
    undecided = (hostile or "Too few runs.",)
    version = make_version(*findings, of=series_results, undecided=undecided, alignment=blocks, endpoint=endpoint)
    machine = DEFAULT_MACHINE.model_copy(update={"machine": "docker", "not_enforced": ("disk: " + "no quota " * 30,)})
    setup = RunSetup(
        "small",
        model=ModelFacts(name=f"openai:x{hostile}"),
        persona="matched",
        conditions=Conditions(),
        machine=machine,
    )
    log = RunLog("small", setup, (program(),), outcome="done")
    verdict = verdict_of([version], findings)
    return Analysis(log, (version,), tuple(findings), verdict)


def summary_text(analysis: Analysis, width: int, *, terminal: bool, **options: Any) -> str:
    file = io.StringIO()
    console = Console(file=file, width=width, force_terminal=terminal, highlight=False)
    print_summary(analysis, console, **options)
    return file.getvalue()


@pytest.mark.parametrize("width", [40, 80, 120, 200])
@pytest.mark.parametrize("hostile", ["", HOSTILE], ids=["plain", "hostile"])
def test_it_fits_on_one_screen_and_nothing_printed_is_obeyed(width: int, hostile: str) -> None:
    text = summary_text(large_analysis(hostile), width, terminal=False)
    assert len(text.splitlines()) <= 20
    assert max(map(len, text.splitlines())) <= width
    assert not {"\x1b", "\u202e", "\x07"} & set(text)


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (120, 40)])
def test_on_a_terminal_verdict_table_difference_and_findings_are_all_in_sight(columns: int, rows: int) -> None:
    screen = pyte.Screen(columns, rows)
    pyte.Stream(screen).feed(summary_text(large_analysis(HOSTILE), columns, terminal=True).replace("\n", "\r\n"))
    screen_text = "\n".join(screen.display)
    for part in ("1 of 3 imagined runs", "7 real runs", "3 imagined runs", "0.24 to 0.4", ".008", "40 findings"):
        assert part in screen_text
    assert "first difference besides numbers" in screen_text and "imagined run (line 3): <script>" in screen_text
    assert "openai:x" in screen_text and "undecided" in screen_text


def _analysis_of(*findings: Finding, **fields: Any) -> Analysis:
    version = make_version(*findings, **fields)
    return replace(large_analysis(), versions=(version,), findings=findings, verdict=verdict_of([version], findings))


def test_kinds_that_the_verdict_names_are_only_counted() -> None:
    analysis = _analysis_of(finding_on(1), finding_on(2, "print count differs"), finding_on(2))
    assert "lines worded differently, lines too many" in analysis.verdict
    text = summary_text(analysis, 100, terminal=False)
    assert "\n3 findings of 2 kinds, for example (all are shown with --html FILE):\n" in text
    assert "\n3 findings of 2 kinds, for example (all are shown in the full report):\n" in summary_text(
        analysis, 100, terminal=False, has_page=True
    )
    flat_text = " ".join(text.split())
    assert (
        flat_text.count("lines worded differently") == flat_text.count("lines too many") == 2
    )  # in the verdict, as examples
    analysis_elsewhere = _analysis_of(finding_on(9))
    assert "\n1 finding: lines worded differently\n" in summary_text(analysis_elsewhere, 100, terminal=False)
    assert "\n1 finding\n" in summary_text(_analysis_of(finding_on(1)), 100, terminal=False)


def test_two_findings_are_shown_before_further_series() -> None:
    names = [f"last loss {number}" for number in range(9)]
    findings = (finding_on(1), finding_on(2, "print count differs"), finding_on(2, "out of order"))
    analysis = _analysis_of(
        *findings,
        of=tuple(make_series(name=name) for name in names),
        alignment=large_analysis().versions[0].compared.alignment,
    )
    text = summary_text(analysis, 100, terminal=False)
    assert len(text.splitlines()) <= 20
    assert "  lines worded differently: " in text and "  lines too many or missing: " in text
    assert sum(name in text.split("first difference")[0] for name in names) >= 2


def test_where_all_series_are_is_said_as_it_can_be_done() -> None:
    analysis = _analysis_of(finding_on(1), of=tuple(make_series(name=f"last loss {number}") for number in range(9)))
    (row,) = [line for line in summary_text(analysis, 100, terminal=False).splitlines() if "more series" in line]
    assert row.rstrip().endswith("   with --html FILE")
    text = summary_text(analysis, 100, terminal=False, where=Path("all.html"))
    assert "with --html FILE" not in text and text.endswith("full report: all.html\n")


def test_the_first_line_that_differs_says_of_which_logs() -> None:
    text = summary_text(_analysis_of(alignment=_alignment_that_parts("real1.log", "said.log")), 120, terminal=False)
    assert "first difference besides numbers (real1.log, said.log):\n  real run (line 3): loss\n" in text


@pytest.mark.parametrize("width", [80, 120])
def test_the_first_line_that_differs_says_which_runs_of_a_session_it_is_of_and_whether_they_are_counted(
    width: int,
) -> None:
    real_runs, imagined_runs = seeds(["a\n"] * 2), [imagined("b\n", sample) for sample in range(2)]
    alignment = _alignment_that_parts(real_runs[0].label, imagined_runs[0].label)
    version = VersionAnalysis(
        program(), tuple(real_runs), tuple(imagined_runs), ComparisonResult((), alignment=alignment)
    )
    text = summary_text(replace(large_analysis(), versions=(version,), findings=()), width, terminal=False)
    assert (
        "first difference besides numbers, in two further runs (not counted above):\n"
        "  real run with seed 0 (line 3): loss\n"
        "  imagined sample 0 ends before this line\n"
    ) in text
    version = replace(version, real=version.real[:1], imagined=version.imagined[:1])
    text = summary_text(replace(large_analysis(), versions=(version,), findings=()), width, terminal=False)
    assert "first difference besides numbers, in these two runs:\n  real run with seed 0 " in text


def _alignment_that_parts(real: str, imagined: str) -> Alignment:
    return Alignment(real, imagined, (), (LineRef(real, 3, "loss", "stdout"), None))


def test_how_many_runs_are_needed_is_said_whole_and_findings_make_room() -> None:
    undecided = (
        "Whether numbers differ cannot be determined: "
        + "too few, " * 24
        + "it takes 39 real runs beside 1 imagined."
    )
    analysis = large_analysis()
    version = replace(analysis.versions[0], compared=replace(analysis.versions[0].compared, undecided=(undecided,)))
    text = summary_text(replace(analysis, versions=(version,)), 80, terminal=False)
    assert f"undecided: w{undecided[1:]}" in " ".join(text.split()) and "40 findings" in text
    assert len(text.splitlines()) <= 20


def test_real_runs_show_their_last_values_where_no_imagined_run_has_one() -> None:
    series_result = make_series(
        p=None, points=(1,), real=tuple((0.1 + seed / 100,) for seed in range(7)), imagined=((None,),) * 3
    )
    assert "0.1 to 0.16" in summary_text(
        replace(large_analysis(), versions=(make_version(of=(series_result,)),)), 120, terminal=False
    )


def test_a_row_shows_the_p_by_which_its_series_is_judged() -> None:
    series_results = make_series(), make_series("secondary", "acc", 0.2, p_adjusted=0.4)
    table = summary_text(replace(large_analysis(), versions=(make_version(of=series_results),)), 120, terminal=False)
    assert ".400" in table and ".200" not in table


def test_a_curve_has_its_own_row_and_runs_too_few_for_a_test_have_no_p() -> None:
    curve = make_series("secondary", "loss (train.py:4)", p=0.05)
    single_series = replace(
        curve,
        role="primary",
        name="last loss",
        p=1.0,
        n_real=1,
        n_imagined=1,
        real=curve.real[:1],
        imagined=((0.9, 0.4),),
    )
    text = summary_text(
        replace(large_analysis(), versions=(make_version(of=(single_series, curve)),)), 120, terminal=False
    ).splitlines()
    rows = {line.split("  ")[0]: line for line in text}
    assert rows["last loss"].rstrip().endswith("too few runs")
    assert (
        "0.01 to 1 " in rows["loss (train.py:4), all points"]
        and ".050 (adjusted)" in rows["loss (train.py:4), all points"]
    )
    assert verdict_on(make_version(of=(single_series,))).endswith(
        "Undecided whether the imagined run differs in the last loss: 1 real and 1 imagined value are too few for a "
        "test at the .020 level (lowest possible p: 1)."
    )
    tested_series = replace(make_series(p=0.31), n_imagined=1, n_real=49)
    assert "between 1 imagined run and 49 real runs" in verdict_on(make_version(of=(tested_series,)))


@pytest.mark.parametrize("show", [harmless, escape_invisible])
def test_whatever_breaks_a_line_or_has_no_shape_is_shown_by_its_number(show: Callable[[str], str]) -> None:
    assert show("a\tb\n") == "a\tb\n"
    for character in "\u2028\u2029\x1b\x85\u202e\u200b":
        assert character not in show(f"a{character}b")


def test_effects_fit_eighty_columns_with_the_side_before_the_number() -> None:
    real_outcomes, imagined_outcomes = (
        Outcomes((0.1234, 0.5678, None), 0.3456, -0.1),
        Outcomes((0.1234, 0.5678, None), 0.3456, 0.1),
    )
    effects = weigh_changes(lambda does, _expected: 1 + does)
    change = replace(
        effects.loss.effects[0],
        change="10 x hidden size",
        real=real_outcomes,
        imagined=imagined_outcomes,
        same_way=False,
    )
    file = io.StringIO()
    print_effects([replace(effects, loss=replace(effects.loss, effects=(change,)))], Console(file=file, width=80))
    (row,) = [line for line in file.getvalue().splitlines() if line.startswith("10 x hidden")]
    assert "↓ 0.346 (0.12-0.57) 2 of 3" in row and "↑ 0.346 (0.12-0.57) 2 of 3 ≠" in row


@pytest.mark.parametrize(
    ("value", "shown"), [(60000.0, "60000"), (123456, "123456"), (0.12345, "0.1235"), (-3.0, "−3"), (2e9, "2e+09")]
)
def test_whole_numbers_can_be_found_in_the_output(value: float, shown: str) -> None:
    assert format_number(value) == shown
