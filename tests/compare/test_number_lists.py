"""Lists of numbers, such as a shape: which of them are constant, and what their numbers are called."""

import random

import pytest
from test_constants import find_checks, log
from test_log_structure import compare_logs, structural_checks

from gedanken.compare.output.number_lists import index_in, number_lists
from gedanken.compare.output.transcript import VALUE


def named_numbers_in_lists(line: str) -> list[list[str]]:
    spans = [value.span() for value in VALUE.finditer(line)]
    return [
        [f"{line[slice(*spans[index])]}{index_in(number_list, index)}" for index in number_list.columns]
        for number_list in number_lists(line, spans)
    ]


@pytest.mark.parametrize(
    ("line", "lists"),
    [
        ("x: (3, 96, 64) y: [5 6]", [["3[0]", "96[1]", "64[2]"], ["5[0]", "6[1]"]]),
        ("pad ((1, 2), (3, 4))", [["1[0][0]", "2[0][1]", "3[1][0]", "4[1][1]"]]),
        ("{'a': (1, 2), 'b': [0.5, 3]}", [["1[0]", "2[1]"], ["0.5[0]", "3[1]"]]),
        ("Adam(lr=0.1, betas=(0.9, 0.99))", [["0.9[0]", "0.99[1]"]]),
        ("Net((3, 32), depth=4) (7,)", [["3[0]", "32[1]"], ["7[0]"]]),
        ("Conv(3, 64, kernel=(7, 5))", [["3[0]", "64[1]"], ["7[0]", "5[1]"]]),
        ("(None, 26, '32') {1, 2}", [["26[1]", "32[2]"], ["1[0]", "2[1]"]]),
        ("[5/10] (1-5) (3 s) (5) (1, 2] 3) [rank0] (3, 4", []),
        ("torch.Size([64, 1])", []),
    ],
)
def test_lists_of_numbers_are_found(line: str, lists: list[list[str]]) -> None:
    assert named_numbers_in_lists(line) == lists


@pytest.mark.parametrize(
    ("really", "shown"),
    [
        ("input shape: (3, 96, 64)", "input shape: (3, 96, 32)"),
        ("hidden units [48, 24]", "hidden units [48, 12]"),
        ("betas=(0.85, 0.995)", "betas=(0.85, 0.999)"),
        ("milestones: [20, 40, 70]", "milestones: [20, 50, 70]"),
        ("kernel=(3, 3), stride=(3, 3)", "kernel=(3, 3), stride=(3, 2)"),
        ("std=[0.229, 0.224, 0.225]", "std=[0.229, 0.244, 0.225]"),
        ("pads ((1, 2), (3, 4))", "pads ((1, 2), (3, 5))"),
        ("{'crop': (24, 32), 'lr': 0.1}", "{'crop': (24, 48), 'lr': 0.1}"),
        ("(5000, 28, 28)\n(800, 28, 28)", "(5000, 28, 28)\n(800, 32, 28)"),
        ("conv1 (None, 26, 26, 32)", "conv1 (None, 26, 24, 32)"),
        ("Conv(3, 64, kernel=7)", "Conv(3, 96, kernel=7)"),
        ("clip to [-1.0, 1.0]", "clip to [-1.0, 2.0]"),
        ("lrs ['1e-3', '1e-4']", "lrs ['1e-3', '3e-4']"),
        ("gain=-1.0", "gain=1.0"),
        ("bounds [-1.0, 1.0]", "bounds [-2.0, 1.0]"),
        ("rho = 0.97, tau=0.005", "rho = 0.97, tau=0.05"),
        ("lr 0.02\nmomentum 0.9\ndropout 0.1\nsplit [7, 3]", "lr 0.02\nmomentum 0.9\ndropout 0.1\nsplit [7, 2]"),
    ],
)
def test_a_wrong_number_of_a_list_is_told(really: str, shown: str) -> None:
    assert find_checks(really, shown) == ["constant line differs"]
    assert find_checks(really, really) == []


def test_a_wrong_number_of_a_list_in_every_epoch_is_told_of_one_log() -> None:
    logs = [log(seed, "\n".join(["patch (6, 6)"] * 6)) for seed in range(6)]
    assert structural_checks(compare_logs(logs[:5], [logs[5]])) == []
    assert structural_checks(compare_logs(logs[:5], [logs[5].replace("(6, 6)", "(6, 8)")])) == [
        "constant line differs"
    ]


@pytest.mark.parametrize(
    ("really", "shown"),
    [
        ("CUDA capability (8, 6)", "CUDA capability (7, 5)"),
        ("Python (3, 9, 2)", "Python (3, 12, 1)"),
        ("numpy version (1, 26)", "numpy version (1, 24)"),
        ("visible devices [0, 1]", "visible devices [2, 3]"),
        ("terminal (50, 132)", "terminal (24, 80)"),
        ("test acc [0.5, 1.0]", "test acc [0.5, 0.9]"),
    ],
)
def test_a_list_that_depends_on_the_machine_or_is_measured_is_no_constant(really: str, shown: str) -> None:
    assert find_checks(really, shown) == [] == find_checks(really, shown, others=1)


def test_lists_do_not_silence_other_constants() -> None:
    lists = "size (3, 5)\nbetas=(0.8, 0.9)\npad [1, 2]\nmean=[0.4, 0.5]\nlr 0.02\nmomentum 0.9"
    assert find_checks(lists, lists.replace("lr 0.02", "lr 0.05")) == ["constant line differs"]
    logs = [log(seed, lists) for seed in range(7)]
    result = compare_logs(logs, [log(seed, lists.replace("0.8, 0.9", "0.8, 0.95")) for seed in (20, 21, 22)])
    assert structural_checks(result) == [] and any("betas=(0.8, 0.95)" in reason for reason in result.undecided)


def test_a_list_whose_numbers_vary_is_no_constant() -> None:
    def text(seed: int) -> str:
        rng = random.Random(seed)
        return log(seed, f"histogram [{rng.randint(3, 5)}, 7]\norder {rng.sample(range(1, 6), 5)}")

    for start in range(0, 200, 10):
        result = compare_logs(
            *[[text(seed) for seed in range(start, start + 7)], [text(start + offset) for offset in (7, 8, 9)]]
        )
        assert "constant line differs" not in structural_checks(result)


def test_a_number_without_a_name_is_called_by_its_place_in_its_list() -> None:
    def text(seed: int) -> str:
        rng = random.Random(seed)
        return "".join(
            f"it {step}: val loss [{rng.random():.3f}, {rng.random():.3f}] per-class acc: "
            f"[{rng.random():.3f}, {rng.random():.3f}]\n"
            for step in range(8)
        )

    result = compare_logs([text(seed) for seed in range(7)], [text(seed) for seed in (20, 21, 22)])
    names = [series.name for series in result.series]
    assert {"val loss[1]", "per-class acc[0]", "per-class acc[1]"} <= set(names)
