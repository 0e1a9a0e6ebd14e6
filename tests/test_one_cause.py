"""One cause, one finding; and a verdict that says it in whole sentences."""

import io
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from rich.console import Console
from test_log_structure import compared

from gedanken.analysis.inputs import compare_inputs
from gedanken.compare.compare_runs import compare_runs
from gedanken.compare.results import Asked
from gedanken.compare.sentences import sentence
from gedanken.experiment.execution import Cause, Execution, Origin
from gedanken.report.summary import print_summary


def log(seed: int, *, nan_from: int = 99, last: float | None = None, notes: bool = True) -> str:
    random = Random(seed)
    lines = []
    for at in range(8):
        nll, norm = (1 / (at + 1) + random.gauss(0, 0.02) for _ in range(2))
        shown = ("nan", "nan") if at >= nan_from else (f"{nll:.4f}", f"{norm:.4f}")
        lines.append("step {} nll {} drift {}".format(at, *shown))
        if at in (2, 6) and (notes or at == 6):
            lines.append("wrote the shards")
    height = random.gauss(40, 0.5) if last is None else last
    return "\n".join([*lines, f"the summit lies at {height:.2f} feet", "finished"]) + "\n"


REAL = [log(seed) for seed in range(7)]
BY_CHANCE = ("primary endpoint differs", "series differs", "outlier")


def checks(*imagined: str, real: list[str] = REAL) -> list[str]:
    return [finding.check for finding in compared(real, imagined).findings]


def test_a_sample_that_is_another_one_is_a_copied_log_and_nothing_else() -> None:
    assert checks(log(20), log(20), log(21)) == ["log copied"]


def test_samples_that_repeat_each_other_in_part_are_told_beside_a_copy() -> None:
    rest = log(22).splitlines(keepends=True)
    most = "".join([*log(20).splitlines(keepends=True)[:-4], *rest[-4:]])
    assert "samples repeat each other" in checks(log(20), most, log(21))


@pytest.mark.parametrize("real_from", [4, 99])
def test_runs_that_end_in_nan_or_do_not_are_one_finding(real_from: int) -> None:
    real = [log(seed, nan_from=real_from) for seed in range(7)]
    other = 4 if real_from == 99 else 99
    assert checks(*(log(seed, nan_from=other) for seed in (20, 21, 22)), real=real) == ["primary endpoint differs"]


def named(*imagined: str, primary: str | None = None) -> list[tuple[str, str]]:
    def run(text: str, at: int, *, is_real: bool) -> Execution:
        origin, seed, sample = (Origin.CLAIMED, at, None) if is_real else (Origin.IMAGINED, None, at)
        return Execution("log", "", 0, Cause.FINISHED, 0.0, text, text, origin=origin, seed=seed, sample=sample)

    asked = Asked(primary, (("height", "lies at ([0-9.]+)"),))
    real = [run(text, at, is_real=True) for at, text in enumerate(REAL, 1)]
    result = compare_runs(
        None, real, [run(text, at, is_real=False) for at, text in enumerate(imagined, 1)], asked=asked
    )
    return [(finding.check, finding.subject) for finding in result.findings]


@pytest.mark.parametrize("primary", [None, "height"])
def test_a_metric_that_an_expression_names_is_told_where_one_run_lies_far_out(primary: str | None) -> None:
    assert named(log(20, last=71.0), log(21), log(22), primary=primary) == [("outlier", "last height")]


def test_a_metric_that_an_expression_names_is_no_false_alarm() -> None:
    assert named(log(20), log(21), log(22)) == []


def test_what_is_undecided_is_a_whole_sentence_and_stands_once(tmp_path: Path) -> None:
    for at, text in enumerate([*REAL, log(20, notes=False), log(21), log(22)]):
        (tmp_path / f"{at}.log").write_text(text)
    paths = [tmp_path / f"{at}.log" for at in range(10)]
    verdict = compare_inputs(paths[:7], paths[7:]).verdict
    assert verdict.startswith(
        "Undecided: whether “wrote the shards” is missing only by chance. The last nll does not differ significantly"
    )
    assert "…" not in verdict and verdict.count("shards") == 1


def test_a_verdict_without_a_metric_says_what_is_undecided_once(tmp_path: Path) -> None:
    texts = [f"reading a\nreading b\nrow {at}\n" for at in "cdefghi"] + ["reading a\nrow j\n"]
    for at, text in enumerate([*texts, "reading a\nreading b\nrow k\n"]):
        (tmp_path / f"{at}.log").write_text(text)
    paths = [tmp_path / f"{at}.log" for at in range(9)]
    verdict = compare_inputs(paths[:7], paths[7:]).verdict
    assert "…" not in verdict and verdict.count("Undecided") == verdict.count("Undecided: ") <= 2
    assert len(set(verdict.split(". "))) == len(verdict.split(". "))


def test_a_print_in_other_words_that_are_near_to_no_print_is_one_finding() -> None:
    other = [log(seed).replace("wrote the shards", "oxen plough fields") for seed in (20, 21, 22)]
    assert checks(*other) == ["line in no real log"]
    assert checks(log(20).replace("wrote the shards", "oxen plough fields"), log(21), log(22)) == [
        "line in no real log"
    ]


def test_a_print_that_lacks_beside_an_invented_line_is_two_findings() -> None:
    both = [
        log(seed).replace("the summit", "hills are high\nthe summit").replace("finished\n", "")
        for seed in (20, 21, 22)
    ]
    three = [text.replace("hills are high\n", "hills are high\n" * 3) for text in both]
    assert sorted(checks(*three)) == ["line in no real log", "print count differs"]


def test_logs_that_hold_no_number_that_chance_decides_are_no_copies() -> None:
    real = [f"reading a\nreading b\ntook {at} s\n" for at in range(11, 18)]
    assert checks("reading a\nreading b\ntook 31 s\n", "reading a\nreading b\ntook 31 s\n", real=real) == []


def curve(seed: int, spec: str, length: int = 12) -> str:
    random = Random(seed)
    heights = [f"round {at} height {500 - 400 / (at + 1) + random.gauss(0, 9):{spec}}\n" for at in range(length)]
    return "".join([*heights, f"weight {random.random():.4f}\n"])


@pytest.mark.parametrize("spec", [".0f", ".1f", ".2e"])
def test_a_copied_curve_of_few_digits_is_told_once(spec: str) -> None:
    real = [curve(seed, spec) for seed in range(7)]
    copies = ["".join([*real[at].splitlines(keepends=True)[:-1], f"weight 0.77{at}1\n"]) for at in range(3)]
    assert [one for one in checks(*copies, real=real) if one not in BY_CHANCE] == ["curve copied"]
    assert "curve copied" not in checks(*(curve(seed, spec) for seed in (20, 21, 22)), real=real)


def test_counts_that_chance_decides_once_are_no_copies() -> None:
    def steps(seed: int) -> str:
        width = 32 if seed % 3 else 48
        return "".join(
            f"round {at} rows {width * at + 7} mse {Random(f'{seed} {at}').random():.4f}\n" for at in range(9)
        )

    assert "curve copied" not in checks(steps(20), steps(21), steps(22), real=[steps(seed) for seed in range(7)])


def evaluations(seed: int, *, scores: int | None = None, count: int = 3, spec: str = ".3f") -> str:
    """Some evaluations; their scores are those of the run `scores`."""
    own, other = Random(seed), Random(f"scores {seed if scores is None else scores}")
    return "".join(
        f"pass {at} cost {3 / (at + 1) + own.gauss(0, 0.1):.3f}\nAP {20 + 6 * at + other.gauss(0, 0.4):{spec}}\n"
        for at in range(count)
    )


def test_three_evaluations_of_another_run_are_a_copy_where_they_have_digits_enough() -> None:
    def told(spec: str) -> list[str]:
        imagined = [evaluations(20 + at, scores=at, spec=spec) for at in range(3)]
        return checks(*imagined, real=[evaluations(seed, spec=spec) for seed in range(7)])

    assert [one for one in told(".3f") if one not in BY_CHANCE] == ["curve copied"]
    assert "curve copied" not in told(".0f")


def test_short_copies_in_every_log_are_told_where_one_of_them_could_be_chance() -> None:
    real = [evaluations(seed, spec=".1f") for seed in range(7)]
    copies = [evaluations(20 + at, scores=at, spec=".1f") for at in range(3)]
    own = [evaluations(seed, spec=".1f") for seed in (31, 32)]
    assert "curve copied" in checks(*copies, real=real)
    assert "curve copied" not in checks(copies[0], *own, real=real)


def test_copies_that_two_checks_find_in_two_logs_are_one_finding() -> None:
    def scored(scores: int) -> str:
        other = Random(f"scores {scores}")
        return "".join(f"pass {at} AP {other.random():.4f} AR {other.random():.1f}\n" for at in range(9))

    real = [scored(seed) for seed in range(7)]
    rounded = "".join(
        f"{line[:-3]}{Random(f'own {at}').random():.1f}\n" for at, line in enumerate(scored(1).splitlines())
    )
    ratios = "".join(
        f"{own.rpartition(' AR ')[0]} AR {their.rpartition(' AR ')[2]}\n"
        for own, their in zip(scored(30).splitlines(), scored(2).splitlines(), strict=True)
    )
    assert "numbers copied" in checks(rounded, real=real)
    told = [one for one in checks(rounded, ratios, scored(31), real=real) if one not in BY_CHANCE]
    assert told == ["numbers copied"]


def test_a_curve_that_goes_on_by_itself_after_many_points_of_another_run_is_a_copy() -> None:
    real = [evaluations(seed, count=14, spec=".1f") for seed in range(7)]
    begins = evaluations(20, scores=2, count=9, spec=".1f").splitlines(keepends=True)
    imagined = "".join([*begins, *evaluations(20, count=14, spec=".1f").splitlines(keepends=True)[len(begins) :]])
    result = compared(real, [imagined])
    (copied,) = [finding for finding in result.findings if finding.check == "curve copied"]
    assert copied.observed == "repeats 9 numbers in a row from real3, digit for digit"


def test_the_minutes_of_a_machine_that_is_as_fast_as_another_are_no_copy() -> None:
    def timed(seed: int) -> str:
        random = Random(seed)
        return "".join(
            f"tick {at} time {(at + 1) * (2 + seed % 20 / 10):.0f}m score {random.random():.4f}\n" for at in range(10)
        )

    assert "curve copied" not in checks(timed(23), timed(24), timed(31), real=[timed(seed) for seed in range(7)])


ROUNDS = ("the rinsing of plates took", "the kettle on the stove holds", "the drying of plates cost", "stacked")


def rounds(seed: int, lacking: str = "") -> str:
    random = Random(seed)
    return "".join(f"{words} {random.random():.4f}\n" for _at in range(5) for words in ROUNDS if words != lacking)


@pytest.mark.parametrize(
    ("check", "imagined", "words"),
    [
        (
            "print count differs",
            [rounds(20 + at, words) for at, words in enumerate(ROUNDS[:3])],
            ROUNDS[:3],
        ),
        (
            "literal differs",
            [
                rounds(20).replace("rinsing", "soaking"),
                rounds(21).replace("kettle", "bucket"),
                rounds(22).replace("plates cost", "plates left"),
            ],
            ("rinsing", "soaking", "kettle", "bucket", "cost", "left"),
        ),
    ],
)
def test_logs_that_each_have_another_fault_of_one_kind_are_one_finding_that_names_all(
    check: str, imagined: list[str], words: tuple[str, ...]
) -> None:
    result = compared([rounds(seed) for seed in range(7)], imagined)
    (found,) = [one for one in result.findings if one.check not in BY_CHANCE]
    assert found.check == check and found.runs == ("imagined1", "imagined2", "imagined3")
    assert all(word in sentence(found) for word in words), sentence(found)


def test_the_last_value_of_a_log_that_lacks_its_last_ones_is_no_outlier_besides() -> None:
    real = [evaluations(seed, count=8) for seed in range(7)]
    first = "".join(
        line
        for line in evaluations(20, count=8).splitlines(keepends=True)
        if not line.startswith("AP") or line.startswith("AP 2")
    )
    assert checks(first, evaluations(21, count=8), evaluations(22, count=8), real=real) == ["print count differs"]
    low = evaluations(20, count=8).replace("AP 6", "AP 2")
    assert checks(low, evaluations(21, count=8), evaluations(22, count=8), real=real) == ["outlier"]


def test_three_logs_that_each_lack_another_line_are_told_where_one_such_log_is_undecided() -> None:
    def ends(seed: int, lacking: str = "") -> str:
        said = ("vocabulary is ready", "weights are ready", "schedule is ready")
        shown = "".join(f"{words}\n" for words in said if words != lacking)
        return f"{shown}{rounds(seed)}"

    real = [ends(seed) for seed in range(7)]
    every = [ends(20, "vocabulary is ready"), ends(21, "weights are ready"), ends(22, "schedule is ready")]
    assert checks(*every, real=real) == ["print count differs"]
    one = compared(real, [every[0], ends(21), ends(22)])
    assert not one.findings and any("missing only by chance" in reason for reason in one.undecided)


def test_a_step_that_is_numbered_wrongly_is_no_gap_besides() -> None:
    def steps(seed: int, wrong: int = 0) -> str:
        random = Random(seed)
        return "".join(f"step {at + 50 * (at == wrong)} nll {random.random():.4f}\n" for at in range(100, 900, 100))

    real = [steps(seed) for seed in range(7)]
    imagined = [steps(seed, wrong=400) for seed in (20, 21, 22)]
    assert [one for one in checks(*imagined, real=real) if one not in BY_CHANCE] == ["constant line differs"]


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_screen_shows_whole_sentences_of_a_verdict(tmp_path: Path, width: int) -> None:
    long = "wrote the shards of the index to the shared disk of the second machine"
    texts = [text.replace("wrote the shards", long) for text in (*REAL, log(20, notes=False), log(21), log(22))]
    for at, text in enumerate(texts):
        (tmp_path / f"{at}.log").write_text(text)
    paths = [tmp_path / f"{at}.log" for at in range(10)]
    screen = io.StringIO()
    print_summary(compare_inputs(paths[:7], paths[7:]), Console(file=screen, width=width, highlight=False))
    shown = screen.getvalue().partition("main metric")[0].strip()
    assert shown.endswith(".") and "…" not in shown and long in " ".join(shown.split())


def epochs(seed: int, *, word: str = "Epoch", left_out: int | None = None, head: bool = True) -> str:
    random, text = Random(seed), ""
    for at in range(1, 9):
        text += f"{word} {at} of 8\n" if at != left_out and head else ""
        text += f"  dev_nll {1 / at + random.gauss(0, 0.02):.4f} dev_wer {2 / at + random.gauss(0, 0.02):.4f}\n"
    return text + "finished\n"


EPOCHS = [epochs(seed) for seed in range(7)]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (epochs(20, word="Epoch no"), "literal differs"),
        (epochs(20, word="A completely different heading:"), "line in no real log"),
        (epochs(20, left_out=4), "epochs silently missing"),
        (epochs(20, head=False), "epochs silently missing"),
    ],
)
def test_what_follows_from_a_print_that_names_epochs_is_no_further_finding(changed: str, told: str) -> None:
    assert checks(changed, epochs(21), epochs(22), real=EPOCHS) == [told]


def test_a_second_fault_of_another_log_is_told_beside_it() -> None:
    other = epochs(21).replace("finished", "ended well")
    found = checks(epochs(20, left_out=4), other, epochs(22), real=EPOCHS)
    assert sorted(found) == ["epochs silently missing", "line in no real log"]


def test_epochs_that_logs_leave_out_are_named_log_by_log_in_one_sentence() -> None:
    found = compared(EPOCHS, [epochs(20, left_out=4), epochs(21, left_out=6), epochs(22)]).findings
    assert [sentence(finding) for finding in found] == [
        "2 of 3 imagined runs leave out epochs without saying so: imagined1 leaves out epoch 4; imagined2 leaves out "
        "epoch 6; all real logs show 8 epochs."
    ]
    (alone,) = compared(EPOCHS, [epochs(20, left_out=4), epochs(21), epochs(22)]).findings
    assert sentence(alone) == "imagined1 leaves out epoch 4 without saying so; all real logs show 8 epochs."


def counted(seed: int, odd: int | None = None) -> str:
    """Rounds of which one is named in other words."""
    random = Random(seed)
    body = [f"Epoch {at}/8\ncost {1 / at + random.gauss(0, 0.02):.4f}" for at in range(1, 9)]
    if odd:
        body[odd - 1] = body[odd - 1].replace("Epoch", "Passage")
    return "\n".join([*body, "done"]) + "\n"


def numbered(seed: int, odd: int | None = None) -> str:
    random = Random(seed)
    body = [f"<{10 * at}> cost {1 / at + random.gauss(0, 0.02):.4f}" for at in range(1, 9)]
    if odd:
        body[odd - 1] = body[odd - 1].replace("cost", "fee")
    return "\n".join([*body, "done"]) + "\n"


@pytest.mark.parametrize("style", [counted, numbered])
def test_a_line_in_other_words_is_not_also_an_epoch_or_a_count_that_is_missing(style: Callable[..., str]) -> None:
    found = checks(style(20, 4), style(21, 4), style(22, 5), real=[style(seed) for seed in range(7)])
    assert len(found) == 1


@pytest.mark.parametrize(
    "word", ["... epochs 4-7 omitted ...", "[epochs 4 to 7 skipped]", "…", "(4 more epochs)", "# 16 lines not shown"]
)
@pytest.mark.parametrize("has_steps", [False, True])
def test_epochs_that_a_log_says_it_leaves_out_are_one_finding(word: str, has_steps: bool) -> None:
    def log(seed: int, left_out: range = range(0), extra: str = "") -> str:
        random, lines = Random(seed), []
        for at in range(1, 11):
            step = f"saved at step {at * 250}\n" if has_steps else "saved\n"
            shown = f"epoch {at} of 10\ntrain nll {3 / at + random.gauss(0, 0.1):.4f}\n{step}"
            lines.append(word + "\n" if at in left_out[:1] else shown if at not in left_out else "")
        return "".join([*lines, extra, "finished\n"])

    real = [log(seed) for seed in range(7)]
    assert checks(*(log(seed, range(4, 8)) for seed in (20, 21, 22)), real=real) == ["epochs declared as skipped"]
    assert checks(log(20, range(4, 8)), log(21), log(22), real=real) == ["epochs declared as skipped"]
    also = checks(*(log(seed, range(4, 8), "a new heading\n") for seed in (20, 21, 22)), real=real)
    assert sorted(also) == ["epochs declared as skipped", "line in no real log"]
    assert "line in no real log" in checks(*(log(seed, extra=f"{word}\n") for seed in (20, 21, 22)), real=real)
