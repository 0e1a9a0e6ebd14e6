"""Words that identify the machine of a run are masked. The rest of their lines is compared."""

import pytest
from test_constants import find_checks

from gedanken.compare.output.machine_names import is_machine_name
from gedanken.compare.output.masking import MASK, masked_line, masked_lines
from gedanken.compare.output.packages import LONG_VERSIONED, SHORT_VERSIONED
from gedanken.compare.output.word_search import word_predicate

OTHER_MACHINES = [
    ("device: NVIDIA A30-PCIE-24GB", "device: Tesla P40"),
    ("using V100", "using H100"),
    ("GPU 0: Quadro RTX 8000 (48 GB)", "GPU 0: GeForce GTX 1660 Ti (6 GB)"),
    ("CPU: Intel(R) Xeon(R) Gold 6230 CPU @ 2.10GHz", "CPU: AMD EPYC 7302P 16-Core Processor"),
    ("[host] AMD Ryzen 7 3700X 8-Core Processor", "[host] 12th Gen Intel(R) Core(TM) i9-12900K"),
    ("Using device: cuda", "Using device: cpu"),
    ("device(type='cuda', index=1)", "device(type='cpu')"),
    ("Training on cuda:1", "Training on mps"),
    ("system Linux-6.1.0-13-amd64-x86_64-with-glibc2.36", "system Darwin-22.6.0-arm64-arm-64bit"),
    ("Ubuntu 20.04.6 LTS, x86_64", "Debian GNU/Linux 12 (bookworm), aarch64"),
    ("device_ids: [0, 1, 2]", "device_ids: [0]"),
    ("CUDA_VISIBLE_DEVICES=4,5,6,7", "CUDA_VISIBLE_DEVICES=0"),
    ("numpy 1.24.3 torch 2.0.1", "numpy 1.26 torch 2.2.0+cpu"),
    ("cuda available: True", "cuda available: False"),
    ("Running on 2 GPUs", "Running on 1 GPU"),
    ("dashboard on :8265", "dashboard on :8270"),
    ("tensor_parallel=2 pp_size=3", "tensor_parallel=8 pp_size=1"),
    ("dp=4 pp=2", "dp=2 pp=8"),
    ("GOMAXPROCS: 12", "GOMAXPROCS: 24"),
    ("slots=6", "slots=3"),
    ("go=1.19", "go=1.23"),
]


@pytest.mark.parametrize(("really", "shown"), OTHER_MACHINES)
def test_another_machine_is_no_finding(really: str, shown: str) -> None:
    assert find_checks(really, shown) == [] == find_checks(really, shown, others=1)


@pytest.mark.parametrize(
    ("really", "shown", "check"),
    [
        ("Tesla V100, hidden 96", "Tesla V100, hidden 48", "constant line differs"),
        ("Using device: cuda, solver sgd", "Using device: cpu, solver adam", "literal differs"),
        ("Training ViT-B16 on cuda:1", "Training Swin-S on cuda:1", "literal differs"),
        ("num_slots=6", "num_slots=3", "constant line differs"),
        ("sizes of nodes: [96, 48]", "sizes of nodes: [96, 24]", "constant line differs"),
    ],
)
def test_the_rest_of_a_line_that_names_the_machine_is_compared(really: str, shown: str, check: str) -> None:
    assert find_checks(really, shown) == [check]


@pytest.mark.parametrize(
    "line",
    [
        "[cuda:0] step 3 loss 0.53",
        "gpu 0 loss 0.53 | cpu: 45% | gpu_mem 1.2",
        "tf=0.53 keras loss 0.3",
        "AMD auc 0.7 P@100 0.2",
        "T4 0.5 L4 0.4",
        "model=T5 nodes: [64, 32]",
        "nvidia/segformer-b0 on B32: loss 0.5",
    ],
)
def test_what_may_be_of_the_program_is_not_masked(line: str) -> None:
    assert masked_line(line) == line


def test_lines_are_masked_together_as_they_are_one_by_one() -> None:
    lines = [line for pair in OTHER_MACHINES for line in pair]
    assert masked_lines(lines, frozenset()) == [masked_line(line) for line in lines]
    assert sum(MASK in line for line in map(masked_line, lines)) > len(lines) / 2


@pytest.mark.parametrize("name", sorted(SHORT_VERSIONED | LONG_VERSIONED))
def test_the_version_of_each_package_is_masked(name: str) -> None:
    assert masked_line(f"{name} 1.22.333") == f"{name} {MASK}"
    assert masked_line(f"{name} 1.22") == (f"{name} {MASK}" if name in SHORT_VERSIONED else f"{name} 1.22")


def test_each_package_is_known_in_names_too() -> None:
    assert all(map(is_machine_name, filter(str.isalpha, SHORT_VERSIONED | LONG_VERSIONED)))


@pytest.mark.parametrize("filler", ["", "epoch 3 loss 0.5\n" * 2_000])
def test_a_word_is_found_in_a_text_of_any_length(filler: str) -> None:
    is_in_text = word_predicate(f"{filler}cuda:0\n{filler}gp ua pu")
    found_words = [word for word in ("cuda", "gpu", "epoch", "puu", "aa") if is_in_text(word)]
    assert found_words == (["cuda", "epoch"] if filler else ["cuda"])
