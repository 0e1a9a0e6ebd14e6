"""Oracles find what the source or the output itself shows to be impossible."""

import asyncio
import math
from itertools import pairwise
from typing import Any

import pytest
from builders import TRAIN, answer, imagined, kinds, program, real
from hypothesis import given
from hypothesis import strategies as st

from gedanken.compare.checks.fractions import is_rounding
from gedanken.compare.checks.oracles import ORACLES
from gedanken.compare.commands.answers import NVIDIA_SMI, compare_answers
from gedanken.compare.parsed.run_set import ParsedRun, RunSet
from gedanken.compare.sentences import format_finding
from gedanken.compare.source.network import network
from gedanken.compare.source.program_source import Source
from gedanken.experiment.finding import Finding

PRINTING_PROGRAM = (
    TRAIN + "print(f'Step {i} loss: {loss.item():.4f}')\nprint(sum(p.numel() for p in model.parameters()))\n"
)
TABLE = """\
| NVIDIA-SMI 470.57.02    Driver Version: 470.57.02    CUDA Version: 11.3     |
|   0  GeForce RTX 3090    Off  | 00000000:01:00.0 Off |                  N/A |
| 30%   33C    P2   120W / 350W |   1800MiB / 24268MiB |     64%      Default |
|   1  GeForce RTX 3090    Off  | 00000000:02:00.0 Off |                  N/A |
| 30%   33C    P8    20W / 350W |     10MiB / 24268MiB |      0%      Default |
| Processes:                                                                  |
|  GPU   GI   CI        PID   Type   Process name                  GPU Memory |
|    0   N/A  N/A      1234      C   python3                          1500MiB |
|    0   N/A  N/A       987      G   /usr/lib/xorg/Xorg                200MiB |
"""
WRONG_AND_RIGHT = {
    "parameters": [
        ("Total parameters: 235,146", "Total parameters: 50,890"),
        ("235146 trainable parameters", "50890 trainable parameters"),
        ("Parameters: 0.24M", "Parameters: 0.05M"),
        ("Number of parameters: 51.9k", "Number of parameters: 50.9k"),
    ],
    "first loss": [
        ("Step 0 loss: 0.4812", "Step 0 loss: 2.3107"),
        ("Step 0 loss: 6.2000", "Step 0 loss: 2.6107"),
        ("Epoch 1 [0/60000 (0%)] Loss: 0.7012", "Epoch 1 [0/60000 (0%)] Loss: 2.4012"),
        ("Initial loss: 1.2", "Initial loss: 2.29"),
    ],
    "steps": [
        ("Step 939/938", "Step 938/938"),
        ("Train Epoch: 1 [6400/60000 (21%)]", "Train Epoch: 1 [6400/60000 (11%)]"),
        ("[6400/60000 (11%)]\nStep 3/141", "[6400/60000 (11%)]\nStep 3/938"),
    ],
    "GPU table": [
        (TABLE.replace("1800MiB", "1600MiB"), TABLE),
        (TABLE.replace("   10MiB", "99999MiB"), TABLE),
        (TABLE.replace("64%", "104%"), TABLE),
        (TABLE.replace("120W", "999W"), TABLE.replace("120W", "355W")),
        (TABLE.replace("|    0   N/A", "|    2   N/A", 1), TABLE),
        (TABLE.replace("|   1  GeF", "|   0  GeF"), TABLE),
    ],
    "time": [
        (
            "Epoch 1/2 time: 4.2s\nEpoch 2/2 time: 4.1s\nTotal time: 5.0s",
            "Epoch 1/2 time: 4.2s\nEpoch 2/2 time: 4.1s\nTotal time: 8.3s",
        ),
        (
            "Epoch 1: took 40s\nEpoch 2: took 39s\nEpoch 3: took 41s\nTraining complete in 1m 2s",
            "Epoch 1: took 40s\nEpoch 2: took 39s\nEpoch 3: took 41s\nTraining complete in 2m 1s",
        ),
        (
            "Epoch 1: took 4s\nEpoch 2: took 3s\nEpoch 3: took 4s\nTraining took 9 minutes",
            "Epoch 1: took 4s\nEpoch 2: took 3s\nEpoch 3: took 4s\nTraining took 1 minute",
        ),
    ],
    "fractions": [
        ("Accuracy: 9712/10000 (98%)", "Accuracy: 9712/10000 (97%)"),
        ("Accuracy: 97.31% (9712/10000)", "Accuracy: 97.12% (9712/10000)"),
        ("Correct: 10001/10000", "Correct: 10000/10000"),
    ],
}
PAIRS = [pair for pairs in WRONG_AND_RIGHT.values() for pair in pairs]


def oracle_findings(
    *outputs: str, source: str = PRINTING_PROGRAM, real_outputs: tuple[str, ...] = ()
) -> list[Finding]:
    """The findings of the oracles on imagined outputs of a program; `real_outputs` are those of its real runs."""
    real_runs = tuple(ParsedRun(real(text, seed), ()) for seed, text in enumerate(real_outputs))
    imagined_runs = tuple(ParsedRun(imagined(text, sample), ()) for sample, text in enumerate(outputs, start=1))
    run_set = RunSet(program(source), Source(source), real_runs, imagined_runs, ("gpus",))
    return [finding for oracle in ORACLES for finding in oracle(run_set)]


@pytest.mark.parametrize(
    ("kind", "wrong"), [(kind, wrong_text) for kind, pairs in WRONG_AND_RIGHT.items() for wrong_text, _ in pairs]
)
def test_what_cannot_be_is_found_with_its_line(kind: str, wrong: str) -> None:
    findings = oracle_findings(f"Using cpu\n{wrong}\n")
    assert kinds(findings) == [f"oracle: {kind}"]
    assert findings[0].evidence[0].text in wrong.splitlines()
    assert findings[0].explained_by is None


@pytest.mark.parametrize("right", [right for _wrong, right in PAIRS])
def test_its_right_twin_is_not_found(right: str) -> None:
    assert oracle_findings(f"Using cpu\n{right}\n") == []


@pytest.mark.parametrize(("wrong", "right"), PAIRS)
def test_an_oracle_is_silent_where_a_real_run_breaks_it(wrong: str, right: str) -> None:
    assert oracle_findings(wrong, real_outputs=(right, wrong)) == []


def test_every_oracle_has_a_case() -> None:
    assert len(ORACLES) == len(WRONG_AND_RIGHT)


def test_both_numbers_are_named() -> None:
    (finding,) = oracle_findings("Total parameters: 235,146")
    assert "235,146" in format_finding(finding) and "50,890" in format_finding(finding)
    (finding,) = oracle_findings("Step 0 loss: 0.4812")
    assert "0.4812" in format_finding(finding) and "ln(10) = 2.30" in format_finding(finding)


def test_what_real_runs_count_to_is_what_an_epoch_has() -> None:
    real_outputs = ("[6400/9000 (71%)]\nStep 3/141\n",) * 3
    findings = oracle_findings("[6400/60000 (11%)]\nStep 3/938\n", real_outputs=real_outputs)
    assert [format_finding(finding).partition("; ")[2] for finding in findings] == [
        "an epoch really has 9000 images.",
        "an epoch really has 141 steps.",
    ]
    assert oracle_findings(real_outputs[0], real_outputs=real_outputs) == []


@pytest.mark.parametrize(
    "line",
    [
        "conv1.weight parameters: 320",
        "Non-trainable parameters: 0",
        "Hyperparameters: 3",
        "Epoch 1/3 - loss: 0.2000 - acc: 0.9000",
        "Step 0 val loss: 0.2",
        "Epoch 1 [60032/60000 (100%)]",
        "Epoch 1 [29984/60000 (100%)]",
        "Epoch 1: elapsed 4s\nEpoch 2: elapsed 8s\nTotal time: 8s",
        "Epoch 1: 4s\nEpoch 2: 8s\nTotal time: 8s",
        "Accuracy 0.97 at step 3/10 (31%)",
    ],
)
def test_what_may_mean_something_else_is_let_be(line: str) -> None:
    assert oracle_findings(line + "\n") == []


@pytest.mark.parametrize(
    "change",
    [
        ("model = Net()", "model = Net(); nn.init.zeros_(model.layers[1].weight)"),
        ("batch_size=64", "batch_size=4"),
        ("nn.CrossEntropyLoss()", "nn.CrossEntropyLoss(reduction='sum')"),
        ("nn.Linear(64, 10)", "nn.Linear(64, len(train_set.classes))"),
    ],
)
def test_the_first_loss_is_known_only_where_all_is_as_pytorch_has_it(change: tuple[str, str]) -> None:
    assert oracle_findings("Step 0 loss: 0.1", source=PRINTING_PROGRAM.replace(*change)) == []


def test_tables_of_an_ordinary_command_are_held_against_themselves() -> None:
    no_command = answer(NVIDIA_SMI, "bash: nvidia-smi: command not found\n", exit_code=127)
    wrong_answer = answer(NVIDIA_SMI, TABLE.replace("1800MiB", "1600MiB"), by_model=True)
    findings = compare_answers(no_command, wrong_answer, ("gpus",))
    assert [(finding.check, finding.explained_by) for finding in findings] == [
        ("exit status differs", "gpus"),
        ("oracle: GPU table", None),
    ]
    assert "1700 MiB of GPU 0, but only 1600 MiB in use" in format_finding(findings[1])


HEAD = "import torch, torch.nn as nn, torch.nn.functional as F\nWIDE = 32\nSIZES = [20, 30, 40]\n"
NETS = {
    "linear": ("model = nn.Linear(20, 3, bias=False)", 60),
    "sequential": ("model = nn.Sequential(nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 10)).to('cpu')", 50_890),
    "convolutions": (
        "model = nn.Sequential(nn.Conv2d(1, 8, 3), nn.BatchNorm2d(8), nn.Conv2d(8, 16, (3, 5), groups=4, bias=False),"
        " nn.ConvTranspose2d(16, 4, 2), nn.Conv1d(4, 4, kernel_size=3), nn.Conv3d(1, 2, 3),"
        " nn.ConvTranspose2d(8, 8, 3, 1, 1, 0, 4))",
        80 + 16 + 480 + 260 + 52 + 56 + 152,
    ),
    "norms": (
        "model = nn.Sequential(nn.LayerNorm(7), nn.LayerNorm([2, 3], elementwise_affine=False), nn.GroupNorm(2, 8),"
        " nn.BatchNorm1d(5, affine=False), nn.Embedding(100, 6))",
        14 + 16 + 600,
    ),
    "recurrent": (
        "model = nn.Sequential(nn.LSTM(5, 7, 2, bidirectional=True), nn.GRU(5, 7, bias=False), nn.RNN(3, 4))",
        2 * 4 * 7 * (5 + 7 + 2) + 2 * 4 * 7 * (14 + 7 + 2) + 3 * 7 * 12 + 4 * 9,
    ),
    "constants and defaults": (
        "class Net(nn.Module):\n    DEPTH = 3\n    def __init__(self, inside=WIDE, out=10):\n"
        "        super().__init__()\n"
        "        self.first = nn.Linear(inside, WIDE * 2)\n"
        "        self.rest = nn.ModuleList([nn.Linear(WIDE * 2, WIDE * 2) for _ in range(self.DEPTH)])\n"
        "        self.out = nn.Linear(WIDE * 2, out)\nmodel = Net(out=5)",
        33 * 64 + 3 * 65 * 64 + 65 * 5,
    ),
    "layers in a loop": (
        "class Net(nn.Module):\n    def __init__(self):\n        super(Net, self).__init__()\n        layers = []\n"
        "        for a, b in [(20, 30), (30, 40)]:\n"
        "            layers += [nn.Linear(a, b), nn.ReLU()]\n"
        "        self.body = nn.Sequential(*layers)\nmodel = Net()",
        21 * 30 + 31 * 40,
    ),
    "layers in a plain loop": (
        "class Net(nn.Module):\n    def __init__(self):\n        super(Net, self).__init__()\n        layers = []\n"
        "        for at in range(len(SIZES) - 1):\n"
        "            layers.append(nn.Linear(SIZES[at], SIZES[at + 1]))\n"
        "        self.body = nn.Sequential(*layers)\nmodel = Net()",
        21 * 30 + 31 * 40,
    ),
    "blocks, twice": (
        "class Block(nn.Module):\n    def __init__(self, width, skip=True):\n        super().__init__()\n"
        "        self.a = nn.Linear(width, width)\n        self.same = self.a\n"
        "        if skip:\n            self.b = nn.Linear(width, 1)\n"
        "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.one = Block(4)\n"
        "        self.two = Block(4, skip=False)\n        self.lost = [nn.Linear(9, 9)]\n"
        "        self.free = nn.Parameter(torch.zeros(3, 5))\nmodel = nn.DataParallel(Net())",
        25 + 20 + 15,
    ),
    "a method that makes layers": (
        "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.wide = 6\n"
        "        self.body = self._make(3)\n    def _make(self, n):\n        parts = []\n        for _ in range(n):\n"
        "            parts.append(nn.Linear(self.wide, 12))\n            self.wide = 12\n"
        "        return nn.Sequential(*parts)\nmodel = Net()",
        7 * 12 + 2 * 13 * 12,
    ),
    "a subclass": (
        "class A(nn.Module):\n    def __init__(self, n):\n        super().__init__()\n"
        "        self.a = nn.Linear(n, n)\n"
        "class B(A):\n    def __init__(self):\n        super().__init__(4)\n        self.b = nn.Linear(4, 2)\n"
        "model = B()",
        30,
    ),
    "activations": (
        "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.act = F.relu\n"
        "        self.fc = nn.Linear(3, 3)\n        nn.init.zeros_(self.fc.bias)\n"
        "        for m in self.modules():\n            pass\nmodel = Net()",
        12,
    ),
}
on_nets = pytest.mark.parametrize(("source", "count"), NETS.values(), ids=NETS.keys())


def count_parameters(source: str) -> int | None:
    net = network(Source(source))
    return net.parameters if net else None


@on_nets
def test_parameters_are_counted_from_the_source(source: str, count: int) -> None:
    assert count_parameters(HEAD + source) == count


@pytest.mark.parametrize("doubling", ["a.extend(a)", "a = a + a", "a = [*a, *a]", "a = a * 9"])
def test_a_list_that_grows_for_ever_is_not_followed(doubling: str) -> None:
    assert (
        count_parameters(
            "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        a = [1]\n"
            f"        for _ in range(60): {doubling}\n        self.fc = nn.Linear(3, len(a))\nmodel = Net()"
        )
        is None
    )


def test_as_many_layers_as_nobody_builds_are_no_burden() -> None:
    assert count_parameters(f"model = nn.LSTM(3, 4, {10**12})") == 4 * 4 * (3 + 4 + 2) + (10**12 - 1) * 4 * 4 * (
        4 + 4 + 2
    )


@pytest.mark.docker
def test_pytorch_counts_the_same(machine: Any) -> None:
    counted_nets = {name: pair for name, pair in NETS.items() if pair[1] is not None}
    script = "".join(
        f"{HEAD}{source}\nprint(sum(p.numel() for p in model.parameters()))\n" for source, _ in counted_nets.values()
    )
    machine.write("nets.py", script)
    execution = asyncio.run(machine.run("python3 nets.py"))
    assert execution.terminal.split() == [str(count) for _source, count in NETS.values()]


@pytest.mark.parametrize(
    "source",
    [
        "model = torchvision.models.resnet18(); model.fc = nn.Linear(512, 10)",
        "backbone = load()\nclass Net(nn.Module):\n    def __init__(self, b):\n        super().__init__()\n"
        "        self.b = b\n        self.fc = nn.Linear(3, 3)\nmodel = Net(backbone)",
        "model = nn.Linear(3, args.width)",
        "for width in (8, 16):\n    model = nn.Linear(3, width)",
        "wide = 3\nwide *= 2\nmodel = nn.Linear(wide, 1)",
        "teacher = nn.Linear(3, 3); student = nn.Linear(3, 1)",
        "model = nn.Linear(3, 3)\nfor p in model.parameters(): p.requires_grad = False",
        "model = nn.Sequential(nn.LazyLinear(3))",
        f"model = nn.Linear({10**400}, 3)",
        f"model = nn.LayerNorm([{10**12}] * 40)",
        "model = nn.Sequential(*[nn.Linear(9, 9) for _ in range(10 ** 12)])",
        "class A(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.a = A()\nmodel = A()",
    ],
)
def test_no_number_is_better_than_a_guess(source: str) -> None:
    assert count_parameters(HEAD + source) is None


@given(st.lists(st.integers(1, 300), min_size=2, max_size=6), st.booleans())
def test_a_right_count_is_never_called_wrong(sizes: list[int], bias: bool) -> None:
    layers = ", ".join(f"nn.Linear({a}, {b}, bias={bias})" for a, b in pairwise(sizes))
    count = sum((a + bias) * b for a, b in pairwise(sizes))
    source = f"{HEAD}model = nn.Sequential({layers})\nprint(sum(p.numel() for p in model.parameters()))\n"
    forms = [f"Total parameters: {count:,}", f"Parameters: {count / 1e6:.2f}M", f"Params: {count / 1000:.1f}K"]
    assert oracle_findings("\n".join([*forms, f"{count} parameters\n"]), source=source) == []


@given(st.integers(1, 70_000), st.integers(1, 512), st.booleans(), st.integers(1, 200))
def test_the_progress_of_a_right_run_is_never_called_wrong(images: int, batch: int, drop: bool, every: int) -> None:
    steps = images // batch if drop else math.ceil(images / batch)
    output = "".join(
        f"Train Epoch: 1 [{step * min(batch, images - step * batch)}/{images} ({100.0 * step / steps:.0f}%)]\n"
        f"Step {step + 1}/{steps}\n"
        for step in range(0, steps, max(every, steps // 50))
    )
    assert oracle_findings(output, source=TRAIN.replace("batch_size=64", f"batch_size={batch}")) == []


@given(
    st.lists(st.floats(0.01, 500), min_size=1, max_size=20),
    st.integers(0, 3),
    st.sampled_from(["Total time: {:.0f}s", "Training took {:.1f} s", "Total training time: {:.3f} seconds"]),
)
def test_the_times_of_a_right_run_are_never_called_wrong(epochs: list[float], digits: int, total: str) -> None:
    output = "".join(
        f"Epoch {number}/{len(epochs)} - time: {epoch:.{digits}f}s\n" for number, epoch in enumerate(epochs, start=1)
    )
    assert oracle_findings(output + total.format(sum(epochs) * 1.2) + "\n") == []


@given(st.integers(1, 100_000), st.floats(0, 1), st.integers(0, 4))
def test_a_right_accuracy_is_never_called_wrong(whole: int, share: float, digits: int) -> None:
    part = round(whole * share)
    percent = f"{100 * part / whole:.{digits}f}%"
    forms = [f"Accuracy: {part}/{whole} ({percent})", f"Acc: {percent} ({part}/{whole})"]
    assert oracle_findings("\n".join([*forms, f"accuracy {part / whole:.4f} ({part}/{whole})\n"])) == []


@given(st.integers(0, 10**6), st.integers(1, 10**6), st.integers(0, 6))
def test_a_decimal_is_rounded_or_cut_off(part: int, whole: int, digits: int) -> None:
    value = part / whole
    unit = 10.0**-digits
    assert is_rounding(f"{value:.{digits}f}", value)
    assert is_rounding(f"{math.floor(value / unit) * unit:.{digits}f}", value)
    assert not is_rounding(f"{value + 2 * unit:.{digits}f}", value)


HOSTILE = ["param", "1,", "9" * 300, "%", "(", "[1/", "|", "MiB", "W /", "epoch ", "1 s", "NVIDIA-SMI", "loss ", "\n"]
HOSTILE += ["accuracy", "#", "Step ", "1/2", "total ", "Processes", "|   0  A", " ", "\0", "²", "took "]


@given(st.lists(st.sampled_from(HOSTILE), max_size=60).map("".join))
def test_no_output_breaks_an_oracle(text: str) -> None:
    oracle_findings(text + "\n", real_outputs=("Using cpu\n",))


@pytest.mark.parametrize("unit", HOSTILE)
def test_a_hostile_output_is_read_in_no_time(unit: str) -> None:
    oracle_findings(f"NVIDIA-SMI\n|   0  A{unit * (100_000 // len(unit))}\n")
