"""Edits that do not change what a program does, and how they change what a model imagines that it prints."""

import ast
import io
import json
import re
from collections.abc import Callable
from contextlib import redirect_stdout
from importlib import resources
from pathlib import Path

import pytest
from builders import LOOP_PROGRAM, imagined, real
from conftest import Cli
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from gedanken.compare.invariance import EditedVersion, compare_edits, format_invariance_verdict
from gedanken.compare.source.program_source import Source
from gedanken.experiment.execution import Cause, Execution
from gedanken.probes.semantics_preserving_edits import is_same_when_run, semantics_preserving_edits, watched_line
from gedanken.probing.semantics_preserving_edits import EditsProbe, Question, print_probe

SHAPE_ONCE = (resources.files("gedanken.probes") / "programs" / "shape_once.py").read_text()
EDITS = [
    "as it is",
    "comment removed",
    "comment contradicted",
    "no blank line",
    "more blank lines",
    "variables renamed",
]
STATEMENTS = st.sampled_from(
    [
        "total = 1",
        "total += len(str(total))",
        "other = [total for total in range(3)]",
        "text = f'{total:>4} {total!r} {[one for one in (1, 2)]}'",
        "text = '''once\n\n  # once'''",
        "print('total', total)  # print it once",
        "# only once",
        "",
        "print(text)\n\n",
        "print(f'{total=}', sep='')",
        "def add(total, more=2):\n    # once\n    print(total, more)\n\n    return total + more",
        "total = add(total, more=3)",
        "class Box:\n    total = 5\n    def get(self, extra):\n        got = self.total + extra\n        return got",
        "print(Box().get(total), Box.total)",
        "for über in range(2):\n    print('ä', über, total); print('once')",
        "import math as total_maths\nprint(total_maths.floor(total))",
        "try:\n    total / 0\nexcept ZeroDivisionError as wrong:\n    print(wrong)",
        "print((lambda total: total * 2)(total), [total := 4], total)",
    ]
)
PROGRAMS = st.lists(STATEMENTS, max_size=9).map(
    lambda lines: "\n".join(["total = 0", "text = ''", *lines, "print(total, text)"]) + "\n"
)


def output_and_error(source: str) -> str:
    """What a program prints, followed by the name of the error that ends it."""
    page = io.StringIO()
    try:
        with redirect_stdout(page):
            exec(compile(source, "tiny", "exec"), {"__name__": "__main__"})
    except Exception as error:  # a program may use what it never made
        return page.getvalue() + type(error).__name__
    return page.getvalue()


def test_the_article_s_program_can_be_edited_in_five_ways() -> None:
    edits = semantics_preserving_edits(SHAPE_ONCE)
    assert list(edits) == EDITS
    assert "once" not in edits["comment removed"]
    assert "# print the shape of input every time\n" in edits["comment contradicted"]
    assert "x.shape)\n        x =" in edits["no blank line"]
    assert "x.shape)\n\n\n\n\n        x =" in edits["more blank lines"]
    assert "def forward(self, v1):" in edits["variables renamed"]
    assert "self.fc1(v1)" in edits["variables renamed"]
    assert "epoch {v" in edits["variables renamed"]
    watched_text = SHAPE_ONCE.splitlines()[(watched_line(SHAPE_ONCE) or 0) - 1]
    assert watched_text.strip() == 'print("shape of input is", x.shape)'


@given(PROGRAMS)
def test_a_neutral_edit_keeps_the_tree(source: str) -> None:
    for name, text in semantics_preserving_edits(source).items():
        assert is_same_when_run(source, text)
        if name != "variables renamed":
            assert ast.dump(ast.parse(source)) == ast.dump(ast.parse(text))


@given(PROGRAMS)
def test_a_neutral_edit_prints_the_same_when_it_runs(source: str) -> None:
    printed = output_and_error(source)
    for text in semantics_preserving_edits(source).values():
        assert output_and_error(text) == printed


@given(st.text(), st.text())
def test_any_two_texts_are_the_same_when_run_or_not(one: str, other: str) -> None:
    assert is_same_when_run(one, other) == is_same_when_run(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x = 1; print(x)", "x = 2; print(x)"),
        ("x = 1; print(x)", "x = 1; max(x)"),
        ("x = 1; y = 2; print(x, y)", "x = 1; x = 2; print(x, x)"),
        ("x = 1; y = 2; print(x, y)", "z = 1; y = 2; print(x, y)"),
        ("def f(a): print(a)\nf(a=1)", "def f(b): print(b)\nf(a=1)"),
        ("class A:\n    x = 1\nprint(A.x)", "class A:\n    y = 1\nprint(A.x)"),
        ("import os\nprint(os)", "import os as x\nprint(x)"),
        ("x = 1; print(f'{x=}')", "y = 1; print(f'{y=}')"),
        ("x = 1; print(locals())", "y = 1; print(locals())"),
        ("x = 1; print(x)", "print = 1; print(print)"),
        ("x = 1.0", "x = 1"),
        ("x = 0.0", "x = -0.0"),
        ("x = 1", "x = ("),
    ],
)
def test_what_runs_otherwise_is_told_apart(one: str, other: str) -> None:
    assert not is_same_when_run(one, other)


def test_programs_that_differ_in_names_comments_and_blanks_are_the_same() -> None:
    assert is_same_when_run("x = 1  # one\n\n\nprint(f'{x:>3}', x)", "y = 1\nprint(f'{y:>3}', y)")


def make_edited(
    edit: str, reply: str, *samples: str, source: str = LOOP_PROGRAM, second_reply: str | None = None
) -> EditedVersion:
    real_output = "it is 0\nit is 1\nit is 2\n"
    sample_runs = tuple(imagined(text, number) for number, text in enumerate(samples, start=1))
    return EditedVersion(
        edit, source, real(real_output, 1), imagined(reply, 0), imagined(second_reply or reply, 0), sample_runs
    )


def test_an_edit_that_changes_what_is_printed_shows_that_the_model_was_reading() -> None:
    original = make_edited("as it is", "it is 0\n")
    edited_program = make_edited(
        "comment removed",
        "it is 0\nit is 1\nit is 2\n",
        source=semantics_preserving_edits(LOOP_PROGRAM)["comment removed"],
    )
    reports = compare_edits([original, edited_program], watched=0)
    assert [report.imagined for report in reports] == ["the same", "lines differ"]
    assert reports[1].differs_at == ("", "it is 1")
    print_tables = [(report.prints[0].real, report.prints[0].imagined) for report in reports]
    assert [[*prints.times.values()] for row in print_tables for prints in row] == [[3], [1], [3], [3]]
    verdict = format_invariance_verdict(reports, watched=0)
    assert verdict.startswith(
        "1 of 1 edits changed the imagined output, although they do not affect what is executed (1 of these edits"
    )


@pytest.mark.parametrize(
    ("said", "imagined"),
    [
        ("loss 0.43\nit is 0\n", "the same"),
        ("\nloss 0.43\nit is 0 \n", "the same"),
        ("loss 0.44\nit is 0\n", "numbers differ"),
        ("loss nothing\nit is 0\n", "lines differ"),
        ("it is 0\nloss 0.43\n", "lines differ"),
        ("loss 0.43\n\nit is 0\n", "lines differ"),
        ("loss 0.43\nit is 0\nit is 0\n", "lines differ"),
        ("loss 0.43\nit really is 0\n", "lines differ"),
    ],
)
def test_numbers_that_change_are_told_apart_from_lines_that_change(said: str, imagined: str) -> None:
    edits = [make_edited("as it is", "loss 0.43\nit is 0\n"), make_edited("no blank line", said)]
    reports = compare_edits(edits, watched=0)
    assert reports[1].imagined == imagined
    words_by_result = {
        "the same": "None of 1",
        "numbers differ": "0 of these edits changed lines",
        "lines differ": "1 of these edits changed lines",
    }
    assert words_by_result[imagined] in format_invariance_verdict(reports, watched=0)


def test_that_no_edit_changes_anything_proves_nothing() -> None:
    reports = compare_edits(
        [make_edited("as it is", "it is 0\n"), make_edited("no blank line", "it is 0\n\n")], watched=0
    )
    assert "does not prove" in format_invariance_verdict(reports, watched=0)


def test_a_server_that_does_not_repeat_itself_is_not_held_against_the_model() -> None:
    reports = compare_edits(
        [make_edited("as it is", "a"), make_edited("no blank line", "b", second_reply="c")], watched=0
    )
    assert format_invariance_verdict(reports, watched=0).startswith(
        "No edit can be judged. Edits left out because the server"
    )


def test_an_edit_that_really_prints_something_else_is_left_out() -> None:
    different_edit = EditedVersion(
        "no blank line", LOOP_PROGRAM, real("other\n", 1), imagined("b", 0), imagined("b", 0), ()
    )
    reports = compare_edits([make_edited("as it is", "a"), different_edit], watched=0)
    assert not reports[1].really_same
    assert "left out because the output differs in real runs: 1." in format_invariance_verdict(reports, watched=0)


def test_the_share_of_samples_that_print_once_leaves_out_what_a_cut_leaves_open() -> None:
    def sample(text: str, number: int, cut_texts: bool) -> Execution:
        return imagined(text, number, cause=Cause.CUT, exit_code=None) if cut_texts else imagined(text, number)

    complete_texts = [(text, False) for text in ("it is 7\n", "it really is 7\n")]
    cut_texts = [(text, True) for text in ("it is 7\nit is", "it is 7\nit is 8\nit")]
    sample_runs = tuple(
        sample(text, number, is_cut) for number, (text, is_cut) in enumerate(complete_texts + cut_texts, start=1)
    )
    original = EditedVersion(
        "as it is", LOOP_PROGRAM, real("it is 0\n", 1), imagined("", 0), imagined("", 0), sample_runs
    )
    (report,) = compare_edits([original], watched=0)
    assert (report.once.successes, report.once.trials, report.cut) == (2, 3, 2)
    trunk, *samples = report.prints[0].imagined.times.values()
    assert (trunk, samples, report.prints[0].imagined.reworded) == (0, [1, 1, 1, 2], 1)


def test_what_a_model_printed_can_do_nothing_to_the_screen() -> None:
    hostile = make_edited("no blank line", "\x1b]0;mine\x07[red]it is", "it \x1b[2J is 4")
    edits = (make_edited("as it is", "it is 0\n"), hostile)
    reports = compare_edits(edits, watched=0)
    question = Question("mine.py", {edit.edit: edit.source for edit in edits}, watched=0)
    probe = EditsProbe(
        {"name": "m"},
        "docker",
        {"dataset": "none"},
        question,
        edits,
        reports,
        format_invariance_verdict(reports, watched=0),
    )
    page = io.StringIO()
    print_probe(probe, Console(file=page, force_terminal=True, width=120))
    assert not any(control in page.getvalue() for control in ("\x1b]", "\x1b[2J", "\x07"))
    assert "[red]it is" in page.getvalue()


def test_the_tables_fit_on_a_terminal_of_80_columns() -> None:
    edits = semantics_preserving_edits(SHAPE_ONCE)
    output = "shape of input is torch.Size([64, 3, 32, 32])\n" * 16 + "epoch 1 loss 0.43 accuracy 0.70\n"
    edited_programs = tuple(make_edited(edit, output, *[output] * 4, source=source) for edit, source in edits.items())
    reports = compare_edits(edited_programs, watched=0)
    verdict = format_invariance_verdict(reports, watched=0)
    question = Question("mine.py", edits, watched=0)
    page = io.StringIO()
    print_probe(
        EditsProbe({"name": "m"}, "docker", {"dataset": "none"}, question, edited_programs, reports, verdict),
        Console(file=page, width=80),
    )
    lines = [line.strip() for line in page.getvalue().splitlines()]
    assert [re.split("  +", line) for line in lines if line.startswith(EDITS[2])] == [
        [EDITS[2], "the same", "the same", "0 of 4 (.00 to .49)", "0"],
        [EDITS[2], "0", "16", "16, 16, 16, 16", "0"],
        [EDITS[2], "0", "1", "1, 1, 1, 1", "0"],
    ]


@pytest.mark.parametrize(
    ("text", "why"),
    [("print(", "not valid Python"), ("x = 1\n", "nothing to compare")],
)
def test_a_program_that_tells_nothing_ends_with_2(gedanken: Cli, tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "mine.py").write_text(text)
    result = gedanken("probe", "edits", "--program", "mine.py")
    assert result.returncode == 2 and why in result.stderr


@pytest.mark.docker
def test_every_edit_really_prints_the_same_bytes_and_is_imagined_beside_that(
    gedanken: Cli, scripted: Callable[..., str], tmp_path: Path
) -> None:
    shape = "shape of input is torch.Size([64, 3, 32, 32])\n"
    epochs = "epoch 1 loss 2.3010 accuracy 0.1230\nepoch 2 loss 2.2870 accuracy 0.1470\n"
    # The program is no part of the last message: all that a scripted model can do is say the same of every edit.
    model = scripted([{"when": "python3 train.py", "samples": [shape + epochs, shape * 2 + epochs]}])
    run_result = gedanken(
        "probe", "edits", "--samples", 2, "--model", model, "--sandbox", "docker", "--out", "edits.json"
    )
    assert run_result.returncode == 0, run_result.stderr
    assert "None of 5 edits" in run_result.stdout
    result = json.loads((tmp_path / "edits.json").read_text())
    assert [report["edit"] for report in result["reports"]] == EDITS
    assert [report["really_same"] for report in result["reports"]] == [True] * 6
    assert len({edit["real"]["stdout"] for edit in result["edited"]}) == 1
    first_report = result["reports"][0]
    counts = [[*site[world]["times"].values()] for site in first_report["prints"] for world in ("real", "imagined")]
    assert counts == [[16], [1, 2, 1], [2], [2, 2, 2]]
    assert first_report["once"][:2] == [1, 2]


def test_the_packaged_program_prints_where_the_source_says() -> None:
    assert [site.words for site in Source(SHAPE_ONCE).print_sites()] == [
        "shape of input is {}",
        "epoch {} loss {} accuracy {}",
    ]
