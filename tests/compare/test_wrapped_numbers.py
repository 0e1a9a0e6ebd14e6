"""A number that a program prints as an object, such as a tensor, is a number like any other."""

import random

import pytest
from test_log_structure import compare_logs, structural_checks

from gedanken.compare.output.compared_lines import ComparedLines
from gedanken.compare.output.transcript import Transcript

WRAPPED = [
    "tensor({}, device='mps:0', grad_fn=<MseLossBackward0>)",
    "tensor([{}], device='cuda:1', dtype=torch.float64)",
    "torch.tensor({}, device=device(type='cuda', index=0), requires_grad=True)",
    "tf.Tensor({}, shape=(), dtype=float64)",
    "<tf.Tensor: shape=(), dtype=float32, numpy={}>",
    "<tf.Variable 'mean:0' shape=() dtype=float32, numpy={}>",
    "Array({}, dtype=bfloat16, weak_type=True)",
    "DeviceArray({}, dtype=float32)",
    "array({}, dtype=float32)",
    "np.float16({})",
    "numpy.int64({})",
    "np.longdouble('{}')",
    "Decimal('{}')",
]


def compared_text(line: str) -> str:
    return ComparedLines(frozenset()).one(line)


@pytest.mark.parametrize("wrapped", WRAPPED)
@pytest.mark.parametrize("number", ["0.5321", "-1.5e-05", "nan", "-inf", "7"])
def test_a_single_number_in_an_object_compares_as_the_number(wrapped: str, number: str) -> None:
    assert compared_text(f"round 3 | error: {wrapped.format(number)}, ok") == f"round 3 | error: {number}, ok"


def test_whole_numbers_lose_the_dot_that_ends_them() -> None:
    assert (
        compared_text("error tensor(5.)") == "error 5"
        and compared_text("error Array(5.e-05, dtype=float32)") == "error 5e-05"
    )


@pytest.mark.parametrize(
    "line",
    [
        "error tensor([0.5, 0.6])",
        "error tensor(True)",
        "error tensor(1.5+2.j)",
        "tf.Tensor([0.5 0.6], shape=(2,), dtype=float32)",
        "<tf.Tensor: shape=(2,), dtype=float32, numpy=array([0.5, 0.6])>",
        "Dropout(p=0.5, inplace=False) np.sqrt(2) my_tensor(3) subarray(2)",
        "error Fraction(1, 2)",
    ],
)
def test_what_is_no_single_number_stays(line: str) -> None:
    assert compared_text(line) == line


def test_keys_are_sorted_and_labels_stand_above_as_with_bare_numbers() -> None:
    assert (
        compared_text("{'nll': np.float32(0.25), 'error': tensor(0.5, dtype=torch.half)}")
        == "{'error': 0.5, 'nll': 0.25}"
    )
    assert Transcript("Held-out error:\ntensor(0.5)\n", is_log=True).forms[1] == "Held-out error: #"


@pytest.mark.parametrize("wrapped", WRAPPED)
def test_all_lines_of_a_log_are_read_as_numbers(wrapped: str) -> None:
    values = [0.25 + index / 1000 for index in range(60)]
    bare_transcript = Transcript(
        "".join(f"round {index} error {value:.4f}\n" for index, value in enumerate(values)), is_log=True
    )
    text = "".join(f"round {index} error {wrapped.format(f'{value:.4f}')}\n" for index, value in enumerate(values))
    transcript = Transcript(text, is_log=True)
    assert transcript.forms == bare_transcript.forms and transcript.values.tolist() == bare_transcript.values.tolist()
    assert transcript.lines[0] == text.split("\n")[0], "what is shown is what was written"
    assert Transcript(text).compared(0) == transcript.lines[0], "a known program's lines stay"


def log(seed: int, wrapped: str, factor: float = 1) -> str:
    rng = random.Random(seed)
    values = [factor * (1 / (round_number + 1) + rng.gauss(0, 0.02)) for round_number in range(8)]
    return "".join(
        f"round {round_number} loss: {wrapped.format(f'{value:.4f}')}\n" for round_number, value in enumerate(values)
    )


@pytest.mark.parametrize("wrapped", WRAPPED)
def test_a_wrong_value_and_a_copy_are_found_in_objects_as_well(wrapped: str) -> None:
    real = [log(seed, wrapped) for seed in range(7)]
    wrong_result = compare_logs(real, [log(seed, wrapped, factor=5) for seed in range(20, 23)])
    assert [(finding.check, finding.runs) for finding in wrong_result.findings] == [
        ("primary endpoint differs", ("imagined1", "imagined2", "imagined3"))
    ]
    assert {series.name for series in wrong_result.series} == {"last loss", "loss"}
    copied_result = compare_logs(real, [real[3], log(20, wrapped), log(21, wrapped)])
    assert structural_checks(copied_result) == ["log copied"]
    assert structural_checks(compare_logs(real, [log(seed, wrapped) for seed in range(20, 23)])) == []
