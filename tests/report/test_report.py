"""The report is one small file that contains the verdict and all results."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from builders import imagined, program, real
from pages import IMAGINED, REAL, align, make_analysis, make_series_result, text
from parsed_page import HOSTILE_TEXTS, ParsedPage

from gedanken.analysis.analysis import Analysis, VersionAnalysis
from gedanken.analysis.inputs import compare_inputs
from gedanken.compare.results import Alignment, Block, ComparisonResult
from gedanken.experiment.finding import LineRef
from gedanken.experiment.format import escape_invisible, truncate
from gedanken.experiment.persona import Fact
from gedanken.experiment.run_log import RunLog, RunSetup
from gedanken.report.curves import value_range
from gedanken.report.page import render
from gedanken.report.transcripts import mark_differing_words


@pytest.fixture(scope="module")
def page() -> str:
    return render(make_analysis())


def test_every_link_leads_to_a_place_on_the_page_and_no_place_is_there_twice(page: str) -> None:
    parsed = ParsedPage(page)
    assert len(set(parsed.ids)) == len(parsed.ids)
    assert {link[1:] for link in parsed.links} <= set(parsed.ids)
    assert all(link.startswith("#") for link in parsed.links)


def test_the_verdict_comes_first_and_all_that_was_asked_found_and_measured_is_there(page: str) -> None:
    page_text = ParsedPage(page).text
    order = [
        'class="verdict"',
        'id="glance"',
        'id="findings"',
        'id="c1"',
        'id="asked"',
        'id="programs"',
        'id="runs"',
        'id="again"',
    ]
    places = [page.index(part) for part in order]
    assert places == sorted(places)
    for part in ("Ubuntu 18.04", "claimed", "scripted:replies.yaml", "docker", "temperature", "passed through"):
        assert part in page_text
    for part in (
        ".008",
        "none: zero variance",
        "0.54 [0.21, 0.98]",
        "0.128 [0.081, 0.169]",
        "explained by a false fact in the persona",
    ):
        assert part in page_text
    assert "gedanken run mnist --model scripted:replies.yaml --persona ubuntu-18.04-4x3090" in page_text
    assert "--limit memory_mib=4096" in page_text


def test_a_finding_links_to_its_lines_and_each_line_back_to_it(page: str) -> None:
    findings = re.findall(r'<li id="(f\d+)"(.*?)</ul>', page, re.DOTALL)
    links = [(name, place) for name, body in findings for place in re.findall(r'href="#(s\d+-\d+)"', body)]
    assert len(links) == 4
    for name, place in links:
        line = page[page.index(f'id="{place}"') :]
        assert f'href="#{name}"' in line[: line.index("</div>")]


def test_the_same_input_makes_the_same_page(page: str) -> None:
    assert render(make_analysis()) == page


def test_nothing_is_styled_or_scripted_outside_what_the_policy_names(page: str) -> None:
    for tag, attributes in ParsedPage(page).elements:
        assert "style" not in attributes, tag
        assert not [name for name in attributes if name.startswith("on")], tag
    assert page.count("<style>") == page.count("<script>") == 1
    assert "default-src &#39;none&#39;" in page
    assert "http" not in re.sub(r"http-equiv|http://www.w3.org/2000/svg", "", page)


def hostile_analysis(is_huge: bool = True) -> Analysis:
    """An analysis with hostile text wherever a model or a program can put text."""
    hostile_text = "".join(HOSTILE_TEXTS)
    output = text([*HOSTILE_TEXTS, *(["x" * 10_000_000] if is_huge else [])])
    analysis = make_analysis(
        text(REAL) + output,
        output + text(IMAGINED),
        source=replace(program(hostile_text + "\n" + output[:100_000]), told=hostile_text, problems=(hostile_text,)),
        title=hostile_text,
        series=[
            make_series_result(hostile_text, axis=hostile_text),
            make_series_result(hostile_text, role="secondary", p=None, why_no_p=hostile_text),
        ],
        setup=RunSetup(hostile_text, persona=hostile_text, facts=(Fact(hostile_text, hostile_text, "claimed"),)),
        verdict=hostile_text,
    )
    case = analysis.versions[0]
    sites = tuple(replace(site, words=hostile_text) for site in case.compared.sites)
    findings = tuple(
        replace(finding, check=hostile_text, observed=hostile_text, explained_by=hostile_text)
        for finding in case.compared.findings
    )
    comparison = replace(case.compared, sites=sites, findings=findings, undecided=(hostile_text,))
    runs = tuple(replace(run, command=hostile_text, notes=(hostile_text,)) for run in case.imagined)
    answers = (
        real(output, command=hostile_text, program=None),
        imagined(output, 0, command=hostile_text, program=None),
    )
    return replace(
        analysis,
        versions=(replace(case, compared=comparison, imagined=runs),),
        findings=findings,
        log=replace(analysis.log, executions=(*answers, *analysis.log.executions)),
    )


def test_nothing_that_was_printed_becomes_markup_or_steers_the_page() -> None:
    page = render(hostile_analysis())
    assert len(page) < 2_000_000
    parsed = ParsedPage(page)
    assert not {"img", "b"} & {tag for tag, attributes in parsed.elements if attributes.get("src")}
    assert [tag for tag, _attributes in parsed.elements].count("script") == 1
    assert not [name for _tag, attributes in parsed.elements for name in attributes if name.startswith("on")]
    assert "\u202e" not in page and "\x1b" not in page
    assert "⟨U+202E⟩" in page and "⟨U+001B⟩" in page
    assert "… (9,999,600 more characters)" in parsed.text
    assert "$\\frac{" in parsed.text and "{{ 7 * 7 }}" in parsed.text
    assert all(re.fullmatch(r"[a-z0-9-]+", name) for name in parsed.ids)
    assert all(re.fullmatch(r"#[a-z0-9-]+", link) for link in parsed.links)


def test_what_is_hidden_is_shown_and_what_is_long_says_how_much_is_left_out() -> None:
    assert escape_invisible("a\u202eb\x07\ud800\u2028") == "a⟨U+202E⟩b⟨U+0007⟩⟨U+D800⟩⟨U+2028⟩"
    assert escape_invisible("häuser\t1\n") == "häuser\t1\n"
    assert truncate("x" * 1000) == "x" * 400 + " … (600 more characters)"


def test_a_reworded_line_has_the_other_words_marked_and_only_those() -> None:
    real_pieces, imagined_pieces = mark_differing_words(REAL[0], IMAGINED[0])
    assert [piece.text for piece in real_pieces if piece.differs] == []
    assert "".join(piece.text for piece in imagined_pieces if piece.differs).split() == [
        "passed",
        "through",
        "the",
        "network",
    ]


def test_a_comparison_of_a_million_lines_is_a_small_page_that_has_its_first_divergence() -> None:
    lines = [f"step {number} loss {1 / number:.6f}" for number in range(1, 1_000_001)]
    imagined_lines = [*lines[:700_000], "and so on", *lines[700_001:]]
    real_run, imagined_run = real(text(lines), 1), imagined(text(imagined_lines), 1)
    spans = [("alike", 0, 700_000), ("reworded", 700_000, 700_001), ("alike", 700_001, 1_000_000)]
    blocks = tuple(Block(mark, (start, end), (start, end)) for mark, start, end in spans)  # type: ignore[arg-type]
    first_difference = (
        LineRef(real_run.label, 700_001, lines[700_000], "stdout"),
        LineRef(imagined_run.label, 700_001, "and so on", "stdout"),
    )
    alignment = Alignment(real_run.label, imagined_run.label, blocks, first_difference)
    result = ComparisonResult((), (), (make_series_result(points=1_000_000),), alignment)
    version = VersionAnalysis(None, (real_run,), (imagined_run,), result)
    page = render(Analysis(RunLog("long", executions=(real_run, imagined_run)), (version,), (), "It diverges."))
    assert len(page.encode()) < 1_000_000
    assert "and so on" in page
    assert "rows in the same words, left out here" in page
    assert 'class="row reworded diverges opens"' in page


def test_a_value_far_off_leaves_the_real_band_to_be_seen() -> None:
    import numpy as np

    low, high = value_range(np.array([[0.1, 0.2]]), np.array([[1e9, float("nan")]]))
    assert -0.1 < low < 0.1 and 0.2 < high < 1


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e308, -1e308, 0.0])
def test_no_value_stops_the_report(value: float) -> None:
    series = make_series_result(imagined=((value,) * 12,), n_imagined=1)
    assert "loss (train.py:28)" in render(
        make_analysis(series=[series, make_series_result(points=1, role="secondary")])
    )


def test_brought_logs_without_a_program_and_without_a_difference_have_a_page() -> None:
    real_run, imagined_run = real(text(REAL), 1), imagined(text(REAL), 1)
    version = VersionAnalysis(
        None, (real_run,), (imagined_run,), ComparisonResult((), alignment=align(real_run, imagined_run))
    )
    page = render(Analysis(RunLog("a.log, b.log"), (version,), (), "No difference was found."))
    assert "No difference." in page and "Set-up" not in page.split("Side by side")[1]


def test_a_supplied_log_shows_no_exit_code_no_duration_and_no_seed(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.log" for number in range(4)]
    for number, path in enumerate(paths):
        path.write_text(f"epoch 1 loss 0.9{number}\nepoch 2 loss 0.5{number}\n")
    page = render(compare_inputs(paths[:3], paths[3:]))
    assert "not in the log" in page and "exit 0" not in page
    assert "together took" not in page and "A seal is" not in page
    assert f"{paths[0].name}</td>" not in page.partition('data-l="Seed"')[2]
    assert "together took" in render(make_analysis()) and "finished, exit 0" in render(make_analysis())
