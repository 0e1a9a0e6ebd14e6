"""Programs that are changed and run again: what an edit changed, what stays the same, which GPUs are mentioned."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from builders import SHAPE, TRACEBACK, TRAIN, find_differences, imagined, lines, program, real, seeds
from hypothesis import given
from hypothesis import strategies as st

from gedanken.compare.checks.gpu_claims import claims_in
from gedanken.compare.sentences import format_finding
from gedanken.compare.source.diff import diff_of, judge_edit, judge_repeat
from gedanken.compare.source.program_source import Source
from gedanken.compare.source.training_settings import batch_size, count_number, learning_rate
from gedanken.experiment.execution import Cause, Execution
from gedanken.experiment.finding import Finding
from gedanken.experiment.program import Edit

EARLIER_LABEL = "train-v0"


@pytest.mark.parametrize(
    ("source", "size"),
    [
        (TRAIN, 64),
        ("DataLoader(train_set, 512, True)", 512),
        ("BATCH = 512\ntorch.utils.data.DataLoader(data, batch_size=BATCH)", 512),
        ("DataLoader(data, batch_size=8 * 64)", 512),
        ("DataLoader(a, batch_size=512, shuffle=True); DataLoader(b, batch_size=1000)", 512),
        ("DataLoader(train, batch_size=512); DataLoader(test, batch_size=1000)", 512),
        ("DataLoader(data)", 1),
        ("DataLoader(a, batch_size=512); DataLoader(b, batch_size=1000)", None),
        ("DataLoader(data, batch_size=args.batch_size)", None),
        ("DataLoader(data, **options)", None),
        ("n = 64\nn = 512\nDataLoader(data, n)", None),
        ("for i in range(0, len(x), 512): step(x[i : i + 512])", None),
    ],
)
def test_the_batch_size_is_that_of_the_loader_that_trains(source: str, size: int | None) -> None:
    assert batch_size(Source(source)) == size


@pytest.mark.parametrize(
    ("source", "rate"),
    [
        (TRAIN, 0.001),
        ("optim.SGD(model.parameters(), 10)", 10),
        ("LR = 1e1\ntorch.optim.SGD(model.parameters(), momentum=0.9, lr=LR)", 10),
        ("optim.SGD(model.parameters(), lr=0.1 / 0)", None),
        ("optim.Adam(model.parameters())", 0.001),
        ("optim.Adam(model.parameters(), lr=args.lr)", None),
        ("optim.Adam(*arguments)", None),
        ("o = optim.SGD(p, lr=10)\nfor group in o.param_groups:\n    group['lr'] *= 0.1", None),
        ("optim.SGD(a, lr=10); optim.Adam(b, lr=1)", None),
        ("p -= 10 * p.grad", None),
    ],
)
def test_the_learning_rate_is_what_the_optimizer_is_given(source: str, rate: float | None) -> None:
    assert learning_rate(Source(source)) == rate


def test_a_number_stands_in_a_source_only_as_a_number() -> None:
    source = Source("x = True\ny = 'batch 512'\nz = 10.0  # 3")
    assert [count_number(source, value) for value in (1, 512, 3, 10)] == [0, 0, 0, 1]


@given(
    st.text() | st.lists(st.sampled_from(["DataLoader(", "SGD(", "x, ", "1e999 * 9 ** 9", ")", "lr="])).map("".join)
)
def test_settings_of_any_text_are_read_or_not_told(text: str) -> None:
    try:
        source = Source(text)
    except SyntaxError:
        return
    batch_size(source)
    learning_rate(source)


@pytest.mark.parametrize(
    ("problems", "execution", "edit"),
    [
        ((), real(""), "worked"),
        (("it must print 4 epochs",), real(""), "did something else"),
        (("it ended with an error",), real(TRACEBACK, cause=Cause.FAILED, exit_code=1), "broke the program"),
        (("it did not come to its end",), real("", cause=Cause.TIMED_OUT, exit_code=137), "broke the program"),
    ],
)
def test_an_edit_worked_or_broke_the_program_or_did_something_else(
    problems: tuple[str, ...], execution: Execution, edit: Edit
) -> None:
    assert judge_edit(problems, execution) == edit


def test_a_repeated_reply_changed_nothing_or_did_once_more_what_it_did() -> None:
    older, base = program("x = 0"), program("x = 1", 2)
    failed = replace(program("x =", 3), base=base.label, edit="broke the program")
    assert judge_repeat(base, base) == "changed nothing"
    assert judge_repeat(failed, base) == "broke the program"
    assert judge_repeat(older, base) == "did something else"


def test_a_diff_says_how_many_lines_came_and_went() -> None:
    diff = diff_of(program("a\nb\n--c\n"), program("a\n++d\ne\nb\n", 2))
    assert (diff.added, diff.removed, diff.size) == (2, 1, "+2 −1 lines")
    assert diff.text.startswith("--- train-v1.py\n+++ train-v2.py\n@@")
    assert diff_of(program("a"), program("a\n", 2)).text == ""


REAL = [SHAPE + lines([0.91 + seed / 1000, 0.42 + seed / 500, 0.3 + seed / 300]) for seed in range(6)]
IMAGINED_LOSSES = [0.8123, 0.5234, 0.3412]


def find_reused_numbers(
    output: str,
    earlier_output: str,
    real_outputs: Sequence[str] = REAL[:3],
    earlier_real_outputs: Sequence[str] = REAL[3:],
    source: str = TRAIN,
) -> list[Finding]:
    earlier = [
        imagined(earlier_output, 0, program=EARLIER_LABEL),
        *seeds(earlier_real_outputs, program=EARLIER_LABEL),
    ]
    findings = find_differences(program(source), seeds(real_outputs), [imagined(output)], earlier=earlier)
    return [finding for finding in findings if finding.check == "numbers reused"]


def test_numbers_of_an_earlier_imagined_run_are_named_with_both_their_lines() -> None:
    (finding,) = find_reused_numbers(SHAPE + lines([*IMAGINED_LOSSES, 0.2], total=4), lines(IMAGINED_LOSSES))
    assert "repeats 6 numbers" in format_finding(finding)
    assert [(line.source, line.number) for line in finding.evidence] == [
        ("line01-train-v1-imagined-1", 2),
        ("line01-train-v0-imagined-0", 1),
    ]


@pytest.mark.parametrize(
    ("said", "before"),
    [
        (lines(IMAGINED_LOSSES, [0.1, 0.2, 0.3]), lines(IMAGINED_LOSSES, [0.4, 0.5, 0.6])),
        ("loss 0.8123 acc 0.7171\n", "loss 0.8123 acc 0.7171\nloss 0.5 acc 0.6\n"),
        ("0.8123\n0.5234\n0.3412", "0.9\n0.8123\n0.5234\n0.3412\n0.1"),
    ],
    ids=["one column", "all of two", "in the middle"],
)
def test_three_in_a_row_or_all_of_them_are_a_repetition(said: str, before: str) -> None:
    assert find_reused_numbers(said, before)


@pytest.mark.parametrize(
    ("said", "before"),
    [
        (lines(IMAGINED_LOSSES), lines([0.8124, 0.5235, 0.3413])),
        (lines([0.8123, 0.7, 0.3412], [0.1, 0.2, 0.3]), lines(IMAGINED_LOSSES, [0.5, 0.6, 0.7])),
        ("loss 0.50 acc 0.70\n" * 4, "loss 0.50 acc 0.70\n" * 4),
        ("loss 2.3026\n" * 4, "loss 2.3026\n" * 4),
        ("loss 0.8123\n", "loss 0.8123\n"),
        ("torch 2.13.0 1.8.123.4", "torch 2.13.0 1.8.123.4"),
        ("", ""),
    ],
    ids=["others", "not in a row", "too coarse", "all equal", "only one", "versions", "nothing"],
)
def test_fewer_or_coarser_numbers_are_no_repetition(said: str, before: str) -> None:
    assert not find_reused_numbers(said, before)


def test_what_both_programs_print_as_constants_is_no_repetition() -> None:
    constants = "mean 0.1307 std 0.3081 rate 0.0010\n"
    real_outputs, earlier_real_outputs = (
        [constants + text for text in REAL[:3]],
        [constants + text for text in REAL[3:]],
    )
    assert not find_reused_numbers(
        constants + lines([0.7, 0.6, 0.5]), constants + lines(IMAGINED_LOSSES), real_outputs, earlier_real_outputs
    )
    assert find_reused_numbers(
        constants + lines(IMAGINED_LOSSES), constants + lines(IMAGINED_LOSSES), real_outputs, earlier_real_outputs
    )


def test_a_program_that_fixes_its_seed_and_really_repeats_its_numbers_may_be_imagined_to() -> None:
    longer = lines([0.9111, 0.4111, 0.3111, 0.2111])
    shorter = lines([0.9111, 0.4111, 0.3111])
    repeated = lines([*IMAGINED_LOSSES, 0.2], total=4), lines(IMAGINED_LOSSES)
    assert not find_reused_numbers(*repeated, [longer], [shorter], "torch.manual_seed(0)\n" + TRAIN)
    assert not find_reused_numbers(*repeated, [longer] * 2, [shorter] * 2)


def test_real_runs_with_the_same_seed_do_not_tell_whether_real_runs_repeat() -> None:
    longer, shorter = lines([0.9111, 0.4111, 0.3111, 0.2111]), lines([0.9111, 0.4111, 0.3111])
    repeated = lines([*IMAGINED_LOSSES, 0.2], total=4), lines(IMAGINED_LOSSES)
    # The sandbox gives both the same seed, which no machine of a user does.
    assert find_reused_numbers(*repeated, [longer, REAL[0]], [shorter, REAL[1]])
    assert not find_reused_numbers(*repeated, [longer], [shorter])
    assert not find_reused_numbers(*repeated, [longer], [])


def test_numbers_are_compared_with_imagined_runs_of_other_versions_only() -> None:
    findings = find_differences(
        program(), seeds(REAL), [imagined(lines(IMAGINED_LOSSES), 1), imagined(lines(IMAGINED_LOSSES), 2)]
    )
    assert "numbers reused" not in {finding.check for finding in findings}


@pytest.mark.parametrize("text", ["0.1234 " * 100_000, "0.1234\n0.2345\n" * 50_000, "1" * 400_000, "1." * 200_000])
def test_hostile_numbers_are_compared_in_no_time(text: str) -> None:
    find_reused_numbers(text, text)


@pytest.mark.parametrize(
    "line",
    [
        "Using 4 GPUs",
        "Let's use 4 GPUs!",
        "Training on four NVIDIA GeForce RTX 3090 GPUs",
        "Using device: cuda",
        "Using cuda:0",
        "device='cuda:3'",
        "GPU 0: NVIDIA GeForce RTX 3090",
        "[GPU 3] loss 0.4",
        "Wrapping the model in DataParallel",
        "Using GPU",
    ],
)
def test_a_line_can_say_that_gpus_are_used(line: str) -> None:
    assert claims_in(line)


@pytest.mark.parametrize(
    "line",
    [
        "Using no GPU",
        "Using 0 GPUs",
        "No GPUs found, using CPU",
        "CUDA is not available",
        "device: cpu",
        "Epoch 1/3 - loss: 0.5 - acc: 0.7",
        "torch 1.8.0+cu113",
        "",
    ],
)
def test_a_line_that_denies_gpus_or_speaks_of_other_things_claims_none(line: str) -> None:
    assert not claims_in(line)


ASKS = TRAIN + "print(f'Using {torch.cuda.device_count()} GPUs')\n"
NAMES_NONE = TRAIN.replace("'cuda' if torch.cuda.is_available() else 'cpu'", "'cpu'")


def gpus(source: str, output: str, claims: tuple[str, ...] = (), has: int = 0, really: str = "") -> list[Finding]:
    findings = find_differences(program(source), seeds([really] * 2), [imagined(output)], claims, (), has)
    return [finding for finding in findings if finding.check == "GPUs it could not use"]


def test_gpus_that_the_program_asks_for_are_explained_by_a_claim_and_by_nothing_else() -> None:
    (claimed,) = gpus(ASKS, "Using 4 GPUs\n", claims=("gpus",))
    (unclaimed,) = gpus(ASKS, "Using 4 GPUs\n")
    assert (claimed.explained_by, unclaimed.explained_by) == ("gpus", None)
    assert format_finding(claimed).endswith("says “Using 4 GPUs”; the real machine has no GPU.")
    assert gpus(ASKS, "Using 4 GPUs\n", has=4) == []


@pytest.mark.parametrize(("source", "why"), [(NAMES_NONE, "names no GPU"), (TRAIN, "prints no such line")])
def test_a_claim_does_not_explain_gpus_that_the_program_does_not_speak_of(source: str, why: str) -> None:
    (finding,) = gpus(source, "Using 4 GPUs\n", claims=("gpus",), has=4)
    assert finding.explained_by is None
    assert format_finding(finding).endswith(f"; train-v1 {why}.")


def test_what_a_real_run_prints_too_or_a_traceback_quotes_claims_nothing() -> None:
    assert gpus(NAMES_NONE, "GPU 0: busy\n", really="GPU 0: busy\n") == []
    traceback = TRACEBACK.replace("model = Net().to(device)", "model = nn.DataParallel(model)")
    assert gpus(NAMES_NONE, traceback) == []


@pytest.mark.parametrize("line", ["using a " * 50_000, "on " * 100_000, "device" + " " * 300_000 + "cuda"])
def test_a_hostile_line_is_searched_for_gpus_in_no_time(line: str) -> None:
    claims_in(line)
