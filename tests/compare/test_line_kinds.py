"""Lines of two runs may differ in certain ways. All other differences are findings."""

import random

import pytest
from builders import find_differences, imagined, kinds, program, real, seeds

from gedanken.compare.compare_runs import compare_runs
from gedanken.compare.results import LineKind, SiteTally
from gedanken.compare.sentences import format_finding
from gedanken.compare.source.program_source import Source
from gedanken.compare.source.proof import proven_lines
from gedanken.experiment.execution import Cause

TRAIN = """\
import time, torch
EPOCHS = 8
BATCH = 64
print(f"Training for {EPOCHS} epochs, batch size {BATCH}")
print("Device:", torch.device("cpu"))
for epoch in range(EPOCHS):
    start = time.time()
    print(f"Epoch {epoch + 1}/{EPOCHS}")
    loss, hits = train()
    print(f"  train loss {loss:.4f}, hits {hits}")
    if loss < best:
        print("  best so far")
    print(f"  took {time.time() - start:.1f}s")
for step in range(3):
    print("step", step)
print("Training complete")
"""


def log(seed: int) -> str:
    """Make the output of `TRAIN`. Only the numbers of its training depend on the seed."""
    rng = random.Random(seed)
    text = "Training for 8 epochs, batch size 64\nDevice: cpu\n"
    for epoch in range(1, 9):
        loss = 1 / epoch + rng.uniform(0, 0.1)
        text += f"Epoch {epoch}/8\n  train loss {loss:.4f}, hits {rng.randrange(9000, 9999)}\n"
        text += "  best so far\n" if rng.random() < 0.5 else ""
        text += f"  took {rng.choice([0.1, 0.2])}s\n"
    return text + "step 0\nstep 1\nstep 2\nTraining complete\n"


REAL = [log(seed) for seed in range(7)]
LINES = log(99).splitlines(True)


def lines_without(text: str) -> str:
    return "".join(line for line in LINES if text not in line)


def line_index(text: str) -> int:
    return next(number for number, line in enumerate(LINES) if text in line)


def text_with_lines_swapped(first_index: int, second_index: int) -> str:
    lines = list(LINES)
    lines[first_index], lines[second_index] = lines[second_index], lines[first_index]
    return "".join(lines)


def text_with_epochs_swapped() -> str:
    third, fourth, fifth = (line_index(f"Epoch {epoch}/8") for epoch in (3, 4, 5))
    return "".join(LINES[:third] + LINES[fourth:fifth] + LINES[third:fourth] + LINES[fifth:])


FULL_TEXT = "".join(LINES)
TEXT_WITH_LINE_TWICE = "".join(
    line * (1 + (number == line_index("Epoch 4/8") + 1)) for number, line in enumerate(LINES)
)
DOCTORED = {
    "a line twice": (TEXT_WITH_LINE_TWICE, "print count differs"),
    "a last line twice": (FULL_TEXT + "Training complete\n", "print count differs"),
    "two epochs swapped": (text_with_epochs_swapped(), "contradiction"),
    "an epoch dropped": (
        "".join(LINES[: line_index("Epoch 4/8")] + LINES[line_index("Epoch 5/8") :]),
        "epochs silently missing",
    ),
    "a line dropped": (lines_without("Device"), "print count differs"),
    "the end missing": (lines_without("complete"), "print count differs"),
    "lines in another order": (
        text_with_lines_swapped(line_index("Training for"), line_index("Device")),
        "out of order",
    ),
    "a counter that counts otherwise": (FULL_TEXT.replace("Epoch 3/8", "Epoch 3/9"), "contradiction"),
    "a word changed": (FULL_TEXT.replace("train loss", "training loss"), "literal differs"),
    "a number rounded": (
        "".join(
            line.replace(line.split()[2], line.split()[2][:4] + ",") if "loss" in line else line for line in LINES
        ),
        "number format differs",
    ),
}
on_doctored_logs = pytest.mark.parametrize(("text", "kind"), DOCTORED.values(), ids=DOCTORED.keys())


@on_doctored_logs
def test_a_doctored_log_is_found_out_with_a_program(text: str, kind: str) -> None:
    assert kind in kinds(find_differences(program(TRAIN), seeds(REAL), [imagined(text)]))


@on_doctored_logs
def test_a_doctored_log_is_found_out_without_a_program(text: str, kind: str) -> None:
    assert kind in kinds(find_differences(None, seeds(REAL), [imagined(text)]))


def test_a_foreign_line_is_found_with_a_program_and_without() -> None:
    text = FULL_TEXT + "Saving everything to disk\n"
    assert kinds(find_differences(program(TRAIN), seeds(REAL), [imagined(text)])) == ["line without a print"]
    assert kinds(find_differences(None, seeds(REAL), [imagined(text)])) == ["line in no real log"]


@pytest.mark.parametrize("given", [program(TRAIN), None], ids=["program", "logs"])
def test_runs_that_are_real_have_no_finding_on_their_lines(given: object) -> None:
    for start in range(10, 100, 30):
        logs = [log(seed) for seed in range(start, start + 10)]
        assert (
            find_differences(
                given, seeds(logs[:7]), [imagined(text, sample) for sample, text in enumerate(logs[7:], 1)]
            )
            == ()
        )


def test_only_a_line_that_the_source_proves_is_an_error_by_itself() -> None:
    wrong_run = imagined(FULL_TEXT.replace("batch size 64", "batch size 128"))
    (finding,) = find_differences(program(TRAIN), [real(REAL[0])], [wrong_run])
    assert finding.check == "proven line differs"
    assert format_finding(finding).startswith(
        "According to its source, train-v1 prints “Training for 8 epochs, batch size 64” in every run"
    )
    assert find_differences(None, [real(REAL[0])], [wrong_run]) == ()


def test_a_counter_that_all_real_logs_agree_on_is_constant() -> None:
    rows = [
        [f"step {number} lr {number % 7} loss {random.Random(seed).random():.3f}\n" for number in range(9)]
        for seed in range(8)
    ]
    wrong_rows = list(rows[7])
    wrong_rows[4] = wrong_rows[4].replace("step 4", "step 5")
    findings = find_differences(None, seeds("".join(lines) for lines in rows[:7]), [imagined("".join(wrong_rows))])
    assert kinds(findings) == ["constant line differs"]


def test_a_number_that_is_mostly_the_same_may_differ() -> None:
    text = "best step: 10\nshare: 100.00\ntook 0.1s\n"
    other_text = "best step: 9\nshare: 99.72\ntook 0.2s\n"
    assert find_differences(None, seeds([text] * 7), [imagined(other_text)]) == ()


def test_a_line_that_only_some_real_logs_have_makes_new_lines_natural() -> None:
    texts = [text + ("a warning of one kind\n" if seed == 3 else "") for seed, text in enumerate(REAL)]
    assert find_differences(None, seeds(texts), [imagined(FULL_TEXT + "quite another remark\n")]) == ()


def test_one_real_log_cannot_show_how_much_real_runs_differ() -> None:
    (finding,) = find_differences(None, [real("a\nloss 1\n")], [imagined("a\nloss 1\nDone, saved everything!\n")])
    assert format_finding(finding).endswith("One real log cannot show how much real runs differ.")


def tally_of_site(words: str) -> SiteTally:
    comparison = compare_runs(
        program(TRAIN), seeds(REAL), [imagined(TEXT_WITH_LINE_TWICE), imagined(lines_without("complete"), 2)]
    )
    return next(site for site in comparison.sites if site.words.startswith(words))


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("Training for", LineKind.DETERMINISTIC),
        ("Epoch", LineKind.DETERMINISTIC),
        ("step", LineKind.DETERMINISTIC),
        ("Device", LineKind.ENVIRONMENT),
        ("took", LineKind.ENVIRONMENT),
        ("train loss", LineKind.STOCHASTIC),
        ("best so far", LineKind.STOCHASTIC),
    ],
)
def test_a_line_is_deterministic_only_where_the_source_proves_it(words: str, kind: LineKind) -> None:
    assert tally_of_site(words).kind == kind


def test_what_is_equal_in_all_real_runs_is_probably_deterministic() -> None:
    comparison = compare_runs(None, seeds(REAL), [imagined(FULL_TEXT)])
    assert {site.words: site.kind for site in comparison.sites}["Training complete"] == LineKind.PROBABLY


def test_every_line_of_a_print_is_accounted_for() -> None:
    loss, end = tally_of_site("train loss"), tally_of_site("Training complete")
    assert (loss.expected, loss.imagined, loss.exact, loss.too_many, loss.missing) == ((8, 8), (9, 8), 17, 1, 0)
    assert (end.line, end.real, end.imagined, end.missing) == (16, (1,) * 7, (1, 0), 1)


@pytest.mark.parametrize(
    "source",
    [
        "if loud:\n    print('x')",
        "try:\n    print('x')\nexcept E: pass",
        "while f():\n    print('x')",
        "for i in range(n):\n    print(i)",
        "for i in range(3):\n    if f(): break\n    print(i)",
        "n = 1\nn += f()\nprint(n)",
        "def f(n): pass\nprint(n)",
        "from x import *\nprint('x')",
        "def main():\n    if f(): return\n    print('x')\nmain()",
        "def main():\n    print('x')\nmain()\nmain()",
        "print(x)",
        "print('x', end=f())",
        "if f():\n    print('a', end=' ')\nprint('x')",
        "print('x', **how)",
        "import sys\nsys.stdout.write('loading ')\nprint('x')",
        "import sys\nsys.stdout.close()\nprint('x')",
        "import os\nos.write(1, b'loading ')\nprint('x')",
        "import contextlib\ncontextlib.redirect_stdout(f()).__enter__()\nprint('x')",
        "import os\nos.abort()\nprint('x')",
        "import os\nos.execv('/bin/true', ['x'])\nprint('x')",
        "while True:\n    pass\nprint('x')",
        "def wait():\n    while 1: f()\nwait()\nprint('x')",
        "print = f\nprint('x')",
        "print(f'{1:99999999}')",
        "print(f'{99999999999999:c}')",
        f"print('a' * -{10**30})",
        "console.print('x')",
        "match f():\n    case {'n': True, **rest}: pass\nrest = 3\nprint(rest)",
        "def f():\n    global i\n    i = 7\nfor i in range(3):\n    f()\n    print(i)",
        "import sys\nN = 3\nsys.modules[__name__].N = 4\nprint(N)",
        "import train\nN = 3\ntrain.N = 4\nprint(N)",
        "import sys\nsys.stdout = f()\nprint('x')",
        "def trange(n): return f(n)\nfor i in trange(3):\n    print(i)",
        "from bars import tqdm\nfor i in tqdm(range(3)):\n    print(i)",
        "range = f\nfor i in range(3):\n    print(i)",
        "if __name__ == 'other':\n    print('x')",
        "import sys\nsys.exit(0)\nprint('x')",
        "exit()\nprint('x')",
        "if f():\n    quit()\nprint('x')",
        "leave = os._exit\nleave(0)\nprint('x')",
        "raise ValueError\nprint('x')",
        "def stop():\n    raise SystemExit\nstop()\nprint('x')",
        "def say():\n    print(i)\ndef main():\n    for i in range(3):\n        say()\nmain()",
        "for a in range(1000):\n    for b in range(1000):\n        for c in range(1000):\n            f()\n"
        "            if a: print('x')",
        "\n".join(f"def f{number}():\n    f{number + 1}()" for number in range(3000))
        + "\ndef f3000():\n    print(1)\nf0()",
    ],
)
def test_where_there_is_a_doubt_nothing_is_proven(source: str) -> None:
    assert proven_lines(Source(source).tree) == {}


def test_what_is_proven_is_what_is_printed() -> None:
    source = (
        "N = 2\nNAME = 'net'\ndef main():\n    for e in range(1, N + 1):\n        print(f'Epoch {e:>3}/{N}', NAME)\n"
        "if __name__ == '__main__':\n    main()\n    print('=' * 3, N * 10, sep='')\n"
    )
    assert proven_lines(Source(source).tree) == {5: ("Epoch   1/2 net", "Epoch   2/2 net"), 8: ("===20",)}


def test_the_source_tells_how_often_where_no_real_run_came_to_its_end() -> None:
    source = "for i in range(3):\n    print('hello there again')\n"
    stopped_run = real("hello there again\n" * 3, 1, cause=Cause.TIMED_OUT, exit_code=None)
    comparison = compare_runs(program(source), [stopped_run], [imagined("hello there again\n" * 50)])
    assert kinds(comparison.findings) == ["print count differs"] and comparison.sites[0].expected == (3, 3)
    assert compare_runs(program(source), [stopped_run], [imagined("hello there again\n" * 3)]).findings == ()


def test_where_the_real_run_failed_nothing_behind_that_is_expected() -> None:
    source = "print('the start')\nundefined_name\nprint('the end is reached')\n"
    failed_run = real("the start\n", 1, cause=Cause.FAILED, exit_code=1)
    assert compare_runs(program(source), [failed_run], [imagined("the start\n")]).findings == ()
    findings = compare_runs(program(source), [failed_run], [imagined("the start\n" * 3)]).findings
    assert "print count differs" in kinds(findings)


def test_loops_that_print_nothing_are_no_bar_to_a_proof() -> None:
    source = (
        "from tqdm import trange\nfor a in range(1000):\n    for b in range(1000):\n        for c in range(1000):\n"
        "            x = 1\nfor e in trange(2):\n    print('at', e)\nprint('x')\nexit()\n"
    )
    assert proven_lines(Source(source).tree) == {7: ("at 0", "at 1"), 8: ("x",)}


def test_a_line_that_a_real_run_does_not_show_is_not_proven() -> None:
    source_program = program("leave()\nprint('start')\nprint(f'rounds: {3}')\n")
    runs = seeds(["start\n"] * 7)
    comparison = compare_runs(source_program, runs, [imagined("start\nrounds: 4\n")])
    assert "proven line differs" not in kinds(comparison.findings)
    assert {site.words: site.kind for site in comparison.sites}["rounds: {}"] != LineKind.DETERMINISTIC
