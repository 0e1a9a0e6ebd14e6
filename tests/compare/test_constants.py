"""Numbers that are the same in all real logs and are written with commas, a unit, an `x` or decimals."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_log_structure import compare_logs, structural_checks

from gedanken.compare.output.joined_numbers import joined_numbers, names_of_joined
from gedanken.compare.output.transcript import VALUE
from gedanken.compare.output.vocabulary import Role


def log(seed: int, head: str, rounds: int = 8) -> str:
    rng = random.Random(seed)
    return f"{head}\n" + "".join(
        f"round {round_number} nll {1 / (round_number + 1) + rng.gauss(0, 0.03):.4f}\n"
        for round_number in range(rounds)
    )


def find_checks(really: str, shown: str, real: int = 7, others: int = 3) -> list[str]:
    logs = [log(seed, really) for seed in range(real)]
    imagined = [log(20 + index, shown if index < others else really) for index in range(3)]
    return structural_checks(compare_logs(logs, imagined))


@pytest.mark.parametrize(
    ("really", "shown"),
    [
        ("9,876,543 weights to train", "9,312,543 weights to train"),
        ("Built a net of 1,048,576 parameters on 3 layers", "Built a net of 1,769,472 parameters on 3 layers"),
        ("corpus: 8,000 sentences", "corpus: 8,500 sentences"),
        ("encoder (6.3M params)", "encoder (7.9M params)"),
        ("Checkpoint size: 91.3MB", "Checkpoint size: 44.7MB"),
        ("4.5 M    Trainable params", "6.1 M    Trainable params"),
        ("crops of size 96x96", "crops of size 128x128"),
        ("window of 7 patches", "window of 5 patches"),
        ("optimizer: sgd, lr 0.02, momentum 0.9", "optimizer: sgd, lr 0.005, momentum 0.9"),
        ("learning_rate=3e-4", "learning_rate=1e-3"),
        ("hidden layers: 96-48-24", "hidden layers: 96-64-24"),
    ],
)
def test_a_constant_is_told_however_its_number_is_written(really: str, shown: str) -> None:
    assert find_checks(really, shown) == ["constant line differs"]
    assert find_checks(really, really) == []


@pytest.mark.parametrize("shown", ["lr 0.005, dropout 0.3", "lr 0.02, dropout 0.3, 6.3M params"])
def test_two_numbers_of_one_line_are_one_finding(shown: str) -> None:
    assert find_checks(shown, shown.replace("0.", "0.1").replace("6.3M", "7.4M")) == ["constant line differs"]


@pytest.mark.parametrize(
    ("really", "shown"),
    [
        ("hidden=96 depth=96", "hidden=96 depth=48"),
        ("3 stages, 3 blocks: kernel 3", "3 stages, 3 blocks: kernel 7"),
        ("lr=0.02 momentum=0.02", "lr=0.02 momentum=0.9"),
        ("inner size 2048, outer size 2048", "inner size 2048, outer size 1024"),
    ],
)
def test_equal_numbers_under_two_names_are_two_constants(really: str, shown: str) -> None:
    assert find_checks(really, shown) == ["constant line differs"]
    assert find_checks(really, really) == []


def test_a_constant_that_one_log_has_otherwise_is_undecided() -> None:
    logs = [log(seed, "lr 0.02") for seed in range(7)]
    result = compare_logs(logs, [log(20, "lr 0.005"), log(21, "lr 0.02"), log(22, "lr 0.02")])
    assert structural_checks(result) == [] and any("“lr 0.005”" in reason for reason in result.undecided)


def test_a_large_number_with_commas_is_told_of_one_log_as_without_them() -> None:
    assert find_checks("9,876,543 weights", "9,312,543 weights", real=5, others=1) == ["constant line differs"]
    assert find_checks("60,000 images", "12,500 images", real=5, others=1) == []


@pytest.mark.parametrize(
    ("really", "shown"),
    [
        ("peak memory 1.2GB", "peak memory 3.4GB"),
        ("memory: 8,192 MiB", "memory: 24,576 MiB"),
        ("cudnn version: 8.9", "cudnn version: 9.1"),
        ("free: 3.5G", "free: 7.5G"),
        ("speed: 1,250 tokens/s", "speed: 3,750 tokens/s"),
        ("Terminal of 132x43 characters", "Terminal of 100x30 characters"),
        ("Terminal size: 132 x 43", "Terminal size: 100 x 30"),
        ("main window: 1600x900", "main window: 1366x768"),
        ("screen width 1366", "screen width 1280"),
        ("cuDNN: 8401", "cuDNN: 8907"),
        ("CUDA capability: 7.5", "CUDA capability: 8.6"),
        ("capability of the device 7.5, driver 47082", "capability of the device 8.6, driver 52560"),
        ("68 SMs, 24 CPU cores, 48 threads", "82 SMs, 32 CPU cores, 64 threads"),
        ("PyTorch 2.3, scipy=1.13, tokenizers=0.19", "PyTorch 2.0, scipy=1.10, tokenizers=0.13"),
        ("{'numpy': 1.25, 'xgboost': 2.0}", "{'numpy': 1.22, 'xgboost': 1.7}"),
        ("packages: corelib=1.7 plotkit=3.2", "packages: corelib=1.5 plotkit=2.9"),
        ("[env] (3, 11, 4) (9, 0)", "[env] (3, 8, 2) (7, 5)"),
        ("device capability=(9, 0) driver=(550, 54)", "device capability=(7, 5) driver=(470, 82)"),
        ("master_port=23456 local_rank=2 world_size=8", "master_port=12399 local_rank=1 world_size=2"),
        ("numWorkers=12 nGPUs=8 num_nodes=3", "numWorkers=4 nGPUs=2 num_nodes=1"),
        ("group: 8 gpus on 2 nodes", "group: 4 gpus on 1 nodes"),
        ("found 48 CPU cores, disk=900, ram=192", "found 16 CPU cores, disk=250, ram=32"),
        ("process 0 of 8", "process 0 of 2"),
    ],
)
def test_what_depends_on_the_machine_is_no_constant(really: str, shown: str) -> None:
    assert find_checks(really, shown) == [] == find_checks(really, shown, others=1)


@pytest.mark.parametrize(
    ("really", "shown"),
    [
        ("gpus: 8", "gpus: 2"),
        ("mem 20.4G", "mem 9.7G"),
        ("port 23456 on 16 workers", "port 12399 on 4 workers"),
        ("numba 1.10", "numba 1.9"),
    ],
)
def test_what_depends_on_the_machine_is_no_constant_where_each_round_shows_it(really: str, shown: str) -> None:
    heads = [really] * 7 + [shown] * 3
    logs = [log(seed, "").replace("round", f"{line}\nround") for seed, line in enumerate(heads)]
    assert structural_checks(compare_logs(logs[:7], logs[7:])) == []


@pytest.mark.parametrize(
    ("really", "shown"),
    [
        ("torch_seed=17", "torch_seed=23"),
        ("lora_rank=32", "lora_rank=4"),
        ("momentum=0.9 gpus=8", "momentum=0.8 gpus=2"),
        ("scipy=1.13 hidden=96", "scipy=1.10 hidden=48"),
        ("[gpu] dropout=0.2", "[gpu] dropout=0.4"),
        ("on cuda: kernel shape (5, 5)", "on cuda: kernel shape (3, 3)"),
        ("INFO: depth=14", "INFO: depth=11"),
        ("num_envs=16", "num_envs=6"),
        ("process_noise=0.2", "process_noise=0.4"),
        ("nodes  hidden  lr\n    3      96  0.02", "nodes  hidden  lr\n    2      48  0.02"),
    ],
)
def test_what_the_program_sets_is_a_constant_beside_names_of_the_machine(really: str, shown: str) -> None:
    assert find_checks(really, shown) == ["constant line differs"]


def test_many_settings_do_not_silence_a_whole_number() -> None:
    settings = "lr 0.02\nmomentum 0.9\ndropout 0.1\nweight decay 0.05"
    assert find_checks(f"batch size 64\n{settings}", f"batch size 32\n{settings}") == ["constant line differs"]
    logs = [log(seed, f"batch size 64\n{settings}") for seed in range(7)]
    other_logs = [log(seed, f"batch size 64\n{settings.replace('0.02', '0.5')}") for seed in (20, 21, 22)]
    result = compare_logs(logs, other_logs)
    assert structural_checks(result) == [] and any("“lr 0.5”" in reason for reason in result.undecided)


def test_joined_numbers_are_found_with_their_names() -> None:
    line = "net: 25,557,032 parameters, 97.8MB, input 3x224x224; torch.Size([3,224]) 1,234.5 8x7B 1,2"
    joined = joined_numbers(line, [value.span() for value in VALUE.finditer(line)])
    assert [line[number.start : number.end] for number in joined] == ["25,557,032", "97.8MB", "3x224x224"]
    assert [number.columns for number in joined] == [(0, 1, 2), (3,), (4, 5, 6)]
    assert [named.role for named in names_of_joined(line, joined)][::2] == [Role.SETTING, Role.OTHER]


@pytest.mark.parametrize("shown", ["", "momentum 0.9, corpus of 91,734 sentences, on a cpu"])
def test_a_log_may_lack_a_line_of_settings(shown: str) -> None:
    head = "momentum 0.9, corpus of 91,734 sentences"
    logs = [log(seed, head) for seed in range(7)]
    missing = compare_logs(logs, [log(20, head), log(21, shown), log(22, head)])
    assert "constant line differs" not in structural_checks(missing)
    other_result = compare_logs(logs, [log(20, head.replace("734", "733")), log(21, shown), log(22, head)])
    assert "constant line differs" in structural_checks(other_result)


HEADS = (
    "lr=0.02 batch_size=2048",
    "vocab 50,257 and 12.5M params, crops of 96x96",
    "lr=0.02 batch_size=512",
    "torch.Size([64, 3]) and torch.Size([10])",
    "dropout 0.1, 1,234,567 weights, bias nan",
    "3 layers, 8 heads",
    "",
)


@st.composite
def small_logs(draw: st.DrawFn) -> str:
    heads = draw(st.lists(st.sampled_from(HEADS), max_size=3))
    text = log(draw(st.integers(0, 99)), "\n".join(heads), draw(st.integers(0, 6)))
    return text[: draw(st.one_of(st.just(len(text)), st.integers(0, len(text))))]


@settings(max_examples=60)
@given(
    st.lists(small_logs(), min_size=1, max_size=3),
    st.lists(small_logs(), min_size=1, max_size=4),
    st.sampled_from([HEADS[0], HEADS[1], HEADS[4], "\n".join(HEADS)]),
)
def test_no_set_of_small_logs_is_too_odd_to_be_compared(some: list[str], imagined: list[str], head: str) -> None:
    real_logs = [log(seed, head) for seed in range(7)]
    assert (
        compare_logs(real_logs, imagined)
        and compare_logs(some, imagined)
        and compare_logs(real_logs + some, imagined)
    )


@pytest.mark.parametrize(
    ("really", "shown"),
    [
        ("drop_path: 0.25", "drop_path: 0.4"),
        ("--moments 0.8 0.95", "--moments 0.8 0.99"),
        ("colsample_bylevel: 0.7, jitter: 0.3", "colsample_bylevel: 0.7, jitter: 0.6"),
        ("mixup:\n  - 0.4\n  - 0.15", "mixup:\n  - 0.4\n  - 0.35"),
    ],
)
def test_a_setting_of_any_name_at_the_head_is_a_constant(really: str, shown: str) -> None:
    assert find_checks(really, shown) == ["constant line differs"]
    assert find_checks(really, really) == []


@pytest.mark.parametrize(
    ("really", "shown"),
    [
        ("power_q = 0.25", "power_q = 0.75"),
        ("colsample 0.7", "colsample 0.4"),
        ("buffer of 2**14", "buffer of 2**16"),
        ("moments=.8/.95", "moments=.8/.99"),
        ("jitter within 0..3", "jitter within 0..5"),
    ],
)
def test_a_number_at_the_head_that_may_be_measured_is_undecided(really: str, shown: str) -> None:
    logs = [log(seed, really) for seed in range(7)]
    result = compare_logs(logs, [log(seed, shown) for seed in (20, 21, 22)])
    assert structural_checks(result) == []
    assert [reason for reason in result.undecided if f"“{shown}”" in reason]
    same = compare_logs(logs, [log(seed, really) for seed in (20, 21, 22)])
    assert not [reason for reason in same.undecided if "all 7 real" in reason.lower()]


@pytest.mark.parametrize(
    ("really", "shown"),
    [
        ("prepared the data: 0.4 s", "prepared the data: 1.3 s"),
        ("load_time: 0.4", "load_time: 1.3"),
        ("gpu_mem: 0.4", "gpu_mem: 1.3"),
        ("gpus:\n  - 0\n  - 1", "gpus:\n  - 2\n  - 5"),
        ("import 0.4s", "import 1.3s"),
    ],
)
def test_a_measured_number_at_the_head_is_not_judged(really: str, shown: str) -> None:
    logs = [log(seed, really) for seed in range(7)]
    result = compare_logs(logs, [log(seed, shown) for seed in (20, 21, 22)])
    assert structural_checks(result) == [] and not [
        reason for reason in result.undecided if "7 real runs show" in reason
    ]
