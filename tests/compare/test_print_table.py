"""The print table: each print of a program, and how often it printed in real and in imagined runs."""

from pathlib import Path

from builders import SHAPE, TRAIN, imagined, lines, program, real

from gedanken.analysis.inputs import compare_inputs
from gedanken.compare.parsed.print_table import print_table
from gedanken.compare.source.program_source import Source
from gedanken.experiment.execution import Cause

GOOD = lines([0.9, 0.4, 0.3])
PASSED = "shape of input passed through the network is torch.Size([64, 3, 32, 32])\n"


def test_each_print_has_its_words_its_line_and_its_place() -> None:
    rows = print_table(program(), [])
    assert [(row.program, row.words, row.line, row.in_forward) for row in rows] == [
        ("train-v1", "shape of input is {}", 17, True),
        ("train-v1", "Epoch {}/{} - loss: {} - acc: {}", 32, False),
    ]


def test_a_print_stands_in_the_innermost_function_around_it() -> None:
    source = "def forward(x):\n    def show():\n        print('a')\n    print('b')\nprint('c')\n"
    assert [site.function for site in Source(source).print_sites()] == ["show", "forward", ""]


def test_how_often_and_in_which_words_each_world_showed_a_print() -> None:
    runs = [
        real(SHAPE + GOOD, 0),
        real(SHAPE + GOOD, 1),
        imagined(PASSED * 3 + GOOD, 1),
        imagined(GOOD, 2),
    ]
    shape, epoch = print_table(program(), runs)
    assert shape.real.times == {"line01-train-v1-real-0": 1, "line01-train-v1-real-1": 1}
    assert shape.imagined.times == {"line01-train-v1-imagined-1": 3, "line01-train-v1-imagined-2": 0}
    assert [(wording.text, wording.times) for wording in shape.real.wordings] == [(SHAPE.strip(), 2)]
    assert [(wording.text, wording.times) for wording in shape.imagined.wordings] == [(PASSED.strip(), 3)]
    assert (shape.real.reworded, shape.imagined.reworded) == (0, 3)
    assert [(wording.text, wording.times) for wording in epoch.real.wordings] == [(GOOD.splitlines()[0], 6)]


def test_the_lines_of_a_run_that_was_cut_or_crashed_count_too_but_for_half_a_line() -> None:
    cut_run = imagined(SHAPE * 40 + SHAPE.strip(), cause=Cause.CUT, exit_code=None)
    runs = [real(SHAPE, cause=Cause.FAILED, exit_code=1), cut_run]
    shape, _epoch = print_table(program(), runs)
    assert list(shape.real.times.values()) == [1]
    assert list(shape.imagined.times.values()) == [40]


def test_a_program_that_cannot_be_parsed_has_no_table() -> None:
    assert print_table(program("def"), [real(TRAIN)]) == ()


def test_logs_that_somebody_brings_count_for_the_prints_of_the_program_they_are_said_to_be_of(tmp_path: Path) -> None:
    for name, text in (("real.log", SHAPE + GOOD), ("said.log", PASSED * 3 + GOOD), ("train.py", TRAIN)):
        (tmp_path / name).write_text(text)
    analysis = compare_inputs([tmp_path / "real.log"], [tmp_path / "said.log"], tmp_path / "train.py")
    shape, _epoch = analysis.prints
    assert (shape.real.times, shape.imagined.times) == ({"real.log": 1}, {"said.log": 3})
