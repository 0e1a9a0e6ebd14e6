"""A finding names lines of a stored text, and these lines are found in this text."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from builders import answer, imagined, program, real
from conftest import Cli
from folders import spec_of, write_run

from gedanken.analysis.analysis import Analysis, VersionAnalysis
from gedanken.analysis.analyze import analysis_of
from gedanken.cli.result_output import exit_code_of
from gedanken.compare.commands.answers import compare_answers
from gedanken.compare.compare_runs import compare_runs
from gedanken.compare.output.text_lines import without_control_sequences
from gedanken.experiment.execution import Cause, Execution
from gedanken.experiment.finding import LineRef
from gedanken.experiment.program import Program
from gedanken.experiment.run_log import RunLog
from gedanken.records.read_run import read_run
from gedanken.report.anchors import find_anchors
from gedanken.report.markdown import to_markdown
from gedanken.report.page import render
from gedanken.runner import RunResult

LOGS = program(
    """\
import logging
import sys

logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
log = logging.getLogger("train")
print("training starts")
for epoch in range(1, 31):
    log.info("epoch %d loss %.3f", epoch, 1 / epoch)
    if epoch % 10 == 0:
        print("saved a checkpoint", file=sys.stderr)
print("training ends")
"""
)
LIBRARY_LINES = ["/usr/lib/loader.py:12: UserWarning: slow\n", "  warnings.warn(slow)\n"]
BAR = "\rfetched 10%\rfetched 100%\n"
STDOUT = "training starts\ntraining ends\n"


def epochs(scale: float = 1.0, saved: str = "saved a checkpoint") -> list[str]:
    return [
        line
        for epoch in range(1, 31)
        for line in (f"INFO epoch {epoch} loss {scale / epoch:.3f}\n", *([f"{saved}\n"] if epoch % 10 == 0 else []))
    ]


def terminal(*middle_lines: str, text_above: str = "") -> str:
    return "".join([text_above, "training starts\n", *middle_lines, "training ends\n"])


TERMINAL_TEXTS = {
    "both streams apart": terminal(*epochs()),
    "libraries above": terminal(*epochs(), text_above="".join(LIBRARY_LINES)),
    "libraries between": terminal(*epochs()[:7], *LIBRARY_LINES, *epochs()[7:], *LIBRARY_LINES),
    "a bar": terminal(*epochs()[:7], BAR, *epochs()[7:], text_above=BAR),
    "colours": terminal(*epochs(), text_above="\x1b[31mred\x1b[0m\n"),
    "mixed within a line": terminal(*epochs()).replace("training starts\n", "traini" + "WARN" + "ng starts\n"),
    "nothing on standard error": STDOUT,
}
IMAGINED = terminal(*epochs(1.5, "wrote a checkpoint"), "something else\n").replace("ends", "is over")


@pytest.fixture(params=TERMINAL_TEXTS)
def kept(request: pytest.FixtureRequest) -> Analysis:
    """The analysis of a program that logs to standard error, for each way in which a terminal can show its output."""
    stdout = STDOUT if request.param != "a bar" else STDOUT.replace("starts\n", "starts\n\rstep 1\rstep 2\n")
    terminal_text = TERMINAL_TEXTS[request.param].replace(STDOUT, stdout)
    real_runs = tuple(real(stdout, seed, terminal=terminal_text) for seed in range(4))
    imagined_runs = (imagined(IMAGINED, 0), imagined(IMAGINED.replace("1.500", "9.999"), 1))
    return analyze_runs(LOGS, real_runs, imagined_runs)


def analyze_runs(
    version_program: Program, real_runs: tuple[Execution, ...], imagined_runs: tuple[Execution, ...]
) -> Analysis:
    result = compare_runs(version_program, real_runs, imagined_runs)
    version = VersionAnalysis(version_program, real_runs, imagined_runs, result)
    return analysis_of(
        RunLog("logs", None, (version_program,), (*real_runs, *imagined_runs)), [version], result.findings
    )


def refs_of_findings(analysis: Analysis) -> list[LineRef]:
    refs = [ref for finding in analysis.findings for ref in finding.evidence]
    return refs + [
        ref for version in analysis.versions if version.compared.alignment for ref in _diverging_refs(version)
    ]


def _diverging_refs(version: VersionAnalysis) -> list[LineRef]:
    assert version.compared.alignment
    return [ref for ref in version.compared.alignment.diverges_at or () if ref]


def test_each_line_of_a_finding_is_in_the_text_that_it_names(kept: Analysis) -> None:
    texts = {execution.label: execution for execution in kept.log.executions}
    refs = [ref for ref in refs_of_findings(kept) if ref.counted_in != "source"]
    assert refs
    for ref in refs:
        lines = texts[ref.source].text("terminal" if ref.counted_in == "terminal" else "stdout").splitlines()
        assert without_control_sequences(lines[ref.number - 1]) == ref.text


def test_the_page_marks_the_lines_that_findings_name(kept: Analysis) -> None:
    page = render(kept)
    anchors = find_anchors(kept)
    pointers = [pointer for anchor in anchors.findings for pointer in anchor.pointers]
    assert pointers and all(pointer.place for pointer in pointers)
    for pointer in pointers:
        row = re.search(f'id="{pointer.place}"[^>]*>(.*?)(?=</div>)', page, re.DOTALL)
        assert row is not None, pointer
        assert _plain(pointer.text) in _plain(re.sub(r"<[^>]*>", "", row[1])), pointer


def _plain(text: str) -> str:
    return "".join(letter for letter in text if letter.isalnum())


def test_the_blocks_hold_every_line_of_both_texts_once(kept: Analysis) -> None:
    (case,) = kept.versions
    alignment = case.compared.alignment
    assert alignment
    real_text, imagined_text = case.real[0].text(alignment.real_counted_in), case.imagined[0].stdout
    for side, text in (("real", real_text), ("imagined", imagined_text)):
        spans = [getattr(block, side) for block in alignment.blocks]
        assert [index for start, end in spans for index in range(start, end)] == list(range(len(text.splitlines())))


def test_markdown_shows_the_first_difference_where_it_is(kept: Analysis) -> None:
    numbered_lines = re.findall(r"^> +(\d+)  (.*)$", to_markdown(kept), re.MULTILINE)
    refs = [ref for version in kept.versions for ref in _diverging_refs(version)]
    assert [(int(number), _plain(text)) for number, text in numbered_lines] == [
        (ref.number, _plain(ref.text)) for ref in refs
    ]


def test_what_libraries_say_is_on_the_page_and_compared_with_nothing() -> None:
    real_runs = tuple(real(STDOUT, seed, terminal=TERMINAL_TEXTS["libraries between"]) for seed in range(4))
    analysis = analyze_runs(LOGS, real_runs, (imagined(terminal(*epochs()), 0),))
    page = render(analysis)
    assert page.count("on standard error, not compared") == 2 * len(LIBRARY_LINES)
    alignment = analysis.versions[0].compared.alignment
    assert alignment and {block.mark for block in alignment.blocks} == {"alike", "aside"}


def test_a_run_that_was_cut_keeps_its_numbers() -> None:
    terminal_text = "".join([*LIBRARY_LINES, "training starts\n", *epochs()[:20], "INFO epo"])
    real_runs = (real("training starts\n", 1, terminal=terminal_text, cause=Cause.TIMED_OUT, exit_code=None),)
    analysis = analyze_runs(LOGS, real_runs, (imagined(IMAGINED),))
    render(analysis)
    assert all(ref.text for ref in refs_of_findings(analysis))
    (case,) = analysis.versions
    assert case.compared.alignment and case.compared.alignment.blocks[0].mark == "aside"


@pytest.mark.parametrize(("ours", "theirs"), [("\n\nLinux 5\n", "Linux 6\n"), ("Linux 5\n", "\n\n\nLinux 6\n")])
def test_an_answer_with_blank_lines_above_is_pointed_at_where_it_stands(ours: str, theirs: str) -> None:
    real_answer, imagined_answer = answer("uname", ours), answer("uname", theirs, by_model=True)
    (finding,) = compare_answers(real_answer, imagined_answer, ())
    texts = {real_answer.label: real_answer.terminal, imagined_answer.label: imagined_answer.stdout}
    assert len(finding.evidence) == 2
    for ref in finding.evidence:
        assert texts[ref.source].splitlines()[ref.number - 1] == ref.text


def test_where_an_execution_comes_from_is_said_and_never_guessed() -> None:
    numbered_run = replace(real("a\n"), sample=3)
    assert not numbered_run.imagined
    assert imagined("a\n").imagined


def test_both_commands_make_the_page_of_a_program_that_logs_to_standard_error(gedanken: Cli, tmp_path: Path) -> None:
    runs = [real(STDOUT, seed, terminal=TERMINAL_TEXTS["libraries between"]) for seed in range(3)]
    write_run(tmp_path / "run", spec_of(), [replace(LOGS, works=True)], [*runs, imagined(IMAGINED, 0)])
    for command in (["report", "run"], ["compare", "run", "--html", "page.html"]):
        result = gedanken(*command)
        assert (result.returncode, "Error" in result.stderr) == (0, False), result.stderr
    for page in ("run/report.html", "page.html"):
        assert "on standard error, not compared" in (tmp_path / page).read_text()


def test_a_reply_is_kept_apart_from_what_is_left_of_it(tmp_path: Path) -> None:
    """Folders of earlier versions store the raw reply as `terminal`, and their executions have no `origin`."""
    fenced_run = imagined("a\n", 0, raw_reply="```\na\n```")
    log = write_run(tmp_path / "run", spec_of(), [LOGS], [fenced_run, real("a\n", 0, terminal="warned\na\n")])
    assert set(read_run(tmp_path / "run").executions) == set(log.executions)
    (tmp_path / "run/log.jsonl").unlink()
    run = json.loads((tmp_path / "run/run.json").read_text())
    (entry,) = run["imagined"]
    entry["terminal"] = entry.pop("raw_reply")
    for execution in (entry, *run["real"]):
        del execution["origin"]
    (tmp_path / "run/run.json").write_text(json.dumps(run))
    assert set(read_run(tmp_path / "run").executions) == set(log.executions)


def test_a_run_without_its_report_says_so_by_its_exit_code(tmp_path: Path) -> None:
    finished_log, failed_log = RunLog("small", outcome="done"), RunLog("small", outcome="no working program")
    assert [exit_code_of(RunResult(log, None, None)) for log in (finished_log, failed_log)] == [5, 1]
    assert exit_code_of(RunResult(finished_log, None, tmp_path / "report.html")) == 0
