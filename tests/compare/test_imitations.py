"""A perfect imitation has no findings, whatever the program and its output look like."""

from dataclasses import replace

import pytest
from builders import SHAPE, TRACEBACK, TRAIN, find_differences, imagined, kinds, lines, program, seeds, with_exit_code
from hypothesis import given
from hypothesis import strategies as st

from gedanken.experiment.execution import Cause

GOOD = SHAPE + lines([0.99, 0.41, 0.32], [0.7, 0.88, 0.908])
SEEDED = "torch.manual_seed(0)\n" + TRAIN
LOOP = "for epoch in range(30):\n    "
QUIRKS: dict[str, tuple[str, list[str]]] = {
    "prints every tenth epoch": (
        LOOP + "if epoch % 10 == 0: print(f'Epoch {epoch} loss: {loss}')",
        ["Epoch 0 loss: 3\nEpoch 10 loss: 2\nEpoch 20 loss: 1\n"],
    ),
    "stops early, each seed at another epoch": (
        LOOP + "print(f'Epoch {epoch} loss: {loss}')",
        ["".join(f"Epoch {n} loss: 1\n" for n in range(end)) for end in (12, 15, 13)],
    ),
    "counts to the last index, as PyTorch's tutorial does": (
        LOOP + "print('Epoch {}/{}'.format(epoch, 30 - 1))",
        ["".join(f"Epoch {n}/29\n" for n in range(30))],
    ),
    "says its settings first": (
        LOOP + "print(f'Epoch {epoch}')\nprint('Epochs:', 30)",
        ["Epochs: 30\n" + "".join(f"Epoch {n}\n" for n in range(30))],
    ),
    "prints dots, and speaks of skipping": (
        LOOP + "print(f'Epoch {epoch}: skipping the scheduler')\n    print('... training')",
        ["... training\nEpoch 0: skipping the scheduler\n... training\nEpoch 1: skipping the scheduler\n"],
    ),
    "trains twice": (LOOP + "print(f'Epoch {epoch}')", ["Epoch 28\nEpoch 29\nEpoch 0\nEpoch 1\n"]),
    "counts hits, as PyTorch's MNIST example does": (
        "print(f'Test set: Average loss: {l:.4f}, Accuracy: {c}/{n} ({p:.0f}%)')",
        ["Test set: Average loss: 0.0508, Accuracy: 9829/10000 (98%)\n"],
    ),
    "has a loss below zero and an accuracy of 9829": ("print(f'loss: {l} acc: {a}')", ["loss: -2 acc: 9829\n"]),
    "adds its loss up": (LOOP + "print(f'loss: {l} acc: {a}')", ["loss: 1 acc: 0.5\nloss: 2 acc: 0.9\n"]),
    "diverges": ("print(f'loss: {l}')", ["loss: nan\n", "loss: 3\n", "loss: 4\n"]),
    "has the speech of its libraries in it": (
        "print(f'loss: {l}')",
        ["/lib/x.py:3: UserWarning: lr_scheduler\n  warnings.warn(\nEpoch 00003: reducing learning rate\nloss: 1\n"],
    ),
    "prints the time it took under a fixed seed": (
        "torch.manual_seed(0)\nprint(f'loss: {l:.1f} ({t:.1f}s)')\nprint(f'Training time: {t:.1f}')",
        [f"loss: 0.5 ({t}s)\nTraining time: {t}\n" for t in (0.1, 3.0, 55.5)],
    ),
    "cannot be parsed": (
        "print 'x'",
        ["  File \"/home/user/train.py\", line 1\n    print 'x'\n    ^^^\nSyntaxError: Missing parentheses\n"],
    ),
    "crashes in the handling of a crash": (
        TRAIN,
        [f"{TRACEBACK}\nDuring handling of the above exception\n\n{TRACEBACK}"],
    ),
    "fails with words of its own": ("sys.exit('no data')", ["no data\n"]),
    "prints nothing": ("pass", [""]),
}


@pytest.mark.parametrize(("source", "outputs"), QUIRKS.values(), ids=QUIRKS.keys())
def test_a_perfect_imitation_has_no_findings_though_the_program(source: str, outputs: list[str]) -> None:
    outputs = outputs if len(outputs) > 1 else outputs * 3
    real_runs = [with_exit_code(seed) for seed in seeds(outputs, seconds=0.5)]
    if "exit" in source:
        real_runs = [replace(run, exit_code=1, cause=Cause.FAILED) for run in real_runs]
    imagined_runs = [with_exit_code(imagined(text, sample)) for sample, text in enumerate(outputs)]
    assert find_differences(program(source), real_runs, imagined_runs) == ()


FRAGMENTS = [
    *GOOD.splitlines(True),
    "\n",
    "...\n",
    "Epoch 7/9",
    "loss: nan ",
    "acc: 12% ",
    "time 3 s\n",
    "val_loss -1\n",
    "x",
]


@given(st.sampled_from([TRAIN, SEEDED, "", "def"]), st.lists(st.sampled_from(FRAGMENTS)).map("".join) | st.text())
def test_equal_outputs_have_no_findings_whatever_they_are(source: str, text: str) -> None:
    real_runs = [with_exit_code(seed) for seed in seeds([text] * 3)]
    assert (
        find_differences(
            program(source), real_runs, [with_exit_code(imagined(text)), with_exit_code(imagined(text, 2))]
        )
        == ()
    )
    assert find_differences(None, real_runs, [with_exit_code(imagined(text))]) == ()


@given(
    st.sampled_from([TRAIN, SEEDED]),
    st.lists(st.sampled_from(["\n", "...\n", "time 3 s\n", "x loss 1\n"])),
    st.data(),
)
def test_an_imitation_is_as_perfect_wherever_the_token_limit_cuts_it(
    source: str, between: list[str], data: st.DataObject
) -> None:
    text = "".join(line + "".join(between) for line in GOOD.splitlines(True))
    cut_run = imagined(text[: data.draw(st.integers(0, len(text) - 1))])
    assert set(kinds(find_differences(program(source), seeds([text] * 3), [with_exit_code(cut_run, Cause.CUT)]))) <= {
        "epochs cut"
    }
