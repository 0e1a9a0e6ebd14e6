"""Each cause makes one finding, and the verdict consists of whole sentences."""

import io
from pathlib import Path
from random import Random

import pytest
from rich.console import Console
from test_log_structure import compare_logs

from gedanken.analysis.inputs import compare_inputs
from gedanken.compare.compare_runs import compare_runs
from gedanken.compare.results import ComparisonOptions
from gedanken.compare.sentences import format_finding
from gedanken.experiment.execution import Cause, Execution, Origin
from gedanken.report.summary import print_summary


def log(seed: int, *, nan_from: int = 99, last: float | None = None, notes: bool = True) -> str:
    rng = Random(seed)
    lines = []
    for step in range(8):
        nll, norm = (1 / (step + 1) + rng.gauss(0, 0.02) for _ in range(2))
        texts = ("nan", "nan") if step >= nan_from else (f"{nll:.4f}", f"{norm:.4f}")
        lines.append("step {} nll {} drift {}".format(step, *texts))
        if step in (2, 6) and (notes or step == 6):
            lines.append("wrote the shards")
    height = rng.gauss(40, 0.5) if last is None else last
    return "\n".join([*lines, f"the summit lies at {height:.2f} feet", "finished"]) + "\n"


REAL = [log(seed) for seed in range(7)]
BY_CHANCE = ("primary endpoint differs", "series differs", "outlier")


def checks(*imagined: str, real: list[str] = REAL) -> list[str]:
    return [finding.check for finding in compare_logs(real, imagined).findings]


def test_a_sample_that_is_another_one_is_a_copied_log_and_nothing_else() -> None:
    assert checks(log(20), log(20), log(21)) == ["log copied"]


def test_samples_that_repeat_each_other_in_part_are_told_beside_a_copy() -> None:
    other_lines = log(22).splitlines(keepends=True)
    mostly_repeated = "".join([*log(20).splitlines(keepends=True)[:-4], *other_lines[-4:]])
    assert "samples repeat each other" in checks(log(20), mostly_repeated, log(21))


@pytest.mark.parametrize("real_from", [4, 99])
def test_runs_that_end_in_nan_or_do_not_are_one_finding(real_from: int) -> None:
    real = [log(seed, nan_from=real_from) for seed in range(7)]
    imagined_from = 4 if real_from == 99 else 99
    assert checks(*(log(seed, nan_from=imagined_from) for seed in (20, 21, 22)), real=real) == [
        "primary endpoint differs"
    ]


def findings_with_expression(*imagined: str, primary: str | None = None) -> list[tuple[str, str]]:
    def run(text: str, number: int, *, is_real: bool) -> Execution:
        origin, seed, sample = (Origin.CLAIMED, number, None) if is_real else (Origin.IMAGINED, None, number)
        return Execution("log", "", 0, Cause.FINISHED, 0.0, text, text, origin=origin, seed=seed, sample=sample)

    options = ComparisonOptions(primary, (("height", "lies at ([0-9.]+)"),))
    real = [run(text, number, is_real=True) for number, text in enumerate(REAL, 1)]
    result = compare_runs(
        None, real, [run(text, number, is_real=False) for number, text in enumerate(imagined, 1)], asked=options
    )
    return [(finding.check, finding.subject) for finding in result.findings]


@pytest.mark.parametrize("primary", [None, "height"])
def test_a_metric_that_an_expression_names_is_told_where_one_run_lies_far_out(primary: str | None) -> None:
    assert findings_with_expression(log(20, last=71.0), log(21), log(22), primary=primary) == [
        ("outlier", "last height")
    ]


def test_a_metric_that_an_expression_names_is_no_false_alarm() -> None:
    assert findings_with_expression(log(20), log(21), log(22)) == []


def test_what_is_undecided_is_a_whole_sentence_and_stands_once(tmp_path: Path) -> None:
    for number, text in enumerate([*REAL, log(20, notes=False), log(21), log(22)]):
        (tmp_path / f"{number}.log").write_text(text)
    paths = [tmp_path / f"{number}.log" for number in range(10)]
    verdict = compare_inputs(paths[:7], paths[7:]).verdict
    assert verdict.startswith(
        "Undecided: whether “wrote the shards” is missing only by chance. The last nll does not differ significantly"
    )
    assert "…" not in verdict and verdict.count("shards") == 1


def test_a_verdict_without_a_metric_says_what_is_undecided_once(tmp_path: Path) -> None:
    texts = [f"reading a\nreading b\nrow {number}\n" for number in "cdefghi"] + ["reading a\nrow j\n"]
    for number, text in enumerate([*texts, "reading a\nreading b\nrow k\n"]):
        (tmp_path / f"{number}.log").write_text(text)
    paths = [tmp_path / f"{number}.log" for number in range(9)]
    verdict = compare_inputs(paths[:7], paths[7:]).verdict
    assert "…" not in verdict and verdict.count("Undecided") == verdict.count("Undecided: ") <= 2
    assert len(set(verdict.split(". "))) == len(verdict.split(". "))


def test_a_print_in_other_words_that_are_near_to_no_print_is_one_finding() -> None:
    reworded_logs = [log(seed).replace("wrote the shards", "oxen plough fields") for seed in (20, 21, 22)]
    assert checks(*reworded_logs) == ["line in no real log"]
    assert checks(log(20).replace("wrote the shards", "oxen plough fields"), log(21), log(22)) == [
        "line in no real log"
    ]


def test_a_print_that_lacks_beside_an_invented_line_is_two_findings() -> None:
    faulty_logs = [
        log(seed).replace("the summit", "hills are high\nthe summit").replace("finished\n", "")
        for seed in (20, 21, 22)
    ]
    logs_with_three_lines = [text.replace("hills are high\n", "hills are high\n" * 3) for text in faulty_logs]
    assert sorted(checks(*logs_with_three_lines)) == ["line in no real log", "print count differs"]


def test_logs_that_hold_no_number_that_chance_decides_are_no_copies() -> None:
    real = [f"reading a\nreading b\ntook {seconds} s\n" for seconds in range(11, 18)]
    assert checks("reading a\nreading b\ntook 31 s\n", "reading a\nreading b\ntook 31 s\n", real=real) == []


def height_curve(seed: int, spec: str, length: int = 12) -> str:
    rng = Random(seed)
    heights = [
        f"round {index} height {500 - 400 / (index + 1) + rng.gauss(0, 9):{spec}}\n" for index in range(length)
    ]
    return "".join([*heights, f"weight {rng.random():.4f}\n"])


@pytest.mark.parametrize("spec", [".0f", ".1f", ".2e"])
def test_a_copied_curve_of_few_digits_is_told_once(spec: str) -> None:
    real = [height_curve(seed, spec) for seed in range(7)]
    copies = ["".join([*real[seed].splitlines(keepends=True)[:-1], f"weight 0.77{seed}1\n"]) for seed in range(3)]
    assert [check for check in checks(*copies, real=real) if check not in BY_CHANCE] == ["curve copied"]
    assert "curve copied" not in checks(*(height_curve(seed, spec) for seed in (20, 21, 22)), real=real)


def test_counts_that_chance_decides_once_are_no_copies() -> None:
    def steps(seed: int) -> str:
        width = 32 if seed % 3 else 48
        return "".join(
            f"round {round_number} rows {width * round_number + 7} mse "
            f"{Random(f'{seed} {round_number}').random():.4f}\n"
            for round_number in range(9)
        )

    assert "curve copied" not in checks(steps(20), steps(21), steps(22), real=[steps(seed) for seed in range(7)])


def evaluations(seed: int, *, scores: int | None = None, count: int = 3, spec: str = ".3f") -> str:
    """A log of evaluations. `scores` is the seed of the scores; if it is None, the seed of the run is used."""
    cost_rng, score_rng = Random(seed), Random(f"scores {seed if scores is None else scores}")
    return "".join(
        f"pass {index} cost {3 / (index + 1) + cost_rng.gauss(0, 0.1):.3f}\nAP "
        f"{20 + 6 * index + score_rng.gauss(0, 0.4):{spec}}\n"
        for index in range(count)
    )


def test_three_evaluations_of_another_run_are_a_copy_where_they_have_digits_enough() -> None:
    def checks_of_copies(spec: str) -> list[str]:
        imagined = [evaluations(20 + seed, scores=seed, spec=spec) for seed in range(3)]
        return checks(*imagined, real=[evaluations(seed, spec=spec) for seed in range(7)])

    assert [check for check in checks_of_copies(".3f") if check not in BY_CHANCE] == ["curve copied"]
    assert "curve copied" not in checks_of_copies(".0f")


def test_short_copies_in_every_log_are_told_where_one_of_them_could_be_chance() -> None:
    real = [evaluations(seed, spec=".1f") for seed in range(7)]
    copies = [evaluations(20 + seed, scores=seed, spec=".1f") for seed in range(3)]
    own_logs = [evaluations(seed, spec=".1f") for seed in (31, 32)]
    assert "curve copied" in checks(*copies, real=real)
    assert "curve copied" not in checks(copies[0], *own_logs, real=real)


def test_copies_that_two_checks_find_in_two_logs_are_one_finding() -> None:
    def log_with_scores(scores: int) -> str:
        score_rng = Random(f"scores {scores}")
        return "".join(
            f"pass {index} AP {score_rng.random():.4f} AR {score_rng.random():.1f}\n" for index in range(9)
        )

    real = [log_with_scores(seed) for seed in range(7)]
    copied_scores = "".join(
        f"{line[:-3]}{Random(f'own {index}').random():.1f}\n"
        for index, line in enumerate(log_with_scores(1).splitlines())
    )
    copied_ratios = "".join(
        f"{own_line.rpartition(' AR ')[0]} AR {copied_line.rpartition(' AR ')[2]}\n"
        for own_line, copied_line in zip(
            log_with_scores(30).splitlines(), log_with_scores(2).splitlines(), strict=True
        )
    )
    assert "numbers copied" in checks(copied_scores, real=real)
    found_checks = [
        check
        for check in checks(copied_scores, copied_ratios, log_with_scores(31), real=real)
        if check not in BY_CHANCE
    ]
    assert found_checks == ["numbers copied"]


def test_a_curve_that_goes_on_by_itself_after_many_points_of_another_run_is_a_copy() -> None:
    real = [evaluations(seed, count=14, spec=".1f") for seed in range(7)]
    copied_lines = evaluations(20, scores=2, count=9, spec=".1f").splitlines(keepends=True)
    imagined = "".join(
        [*copied_lines, *evaluations(20, count=14, spec=".1f").splitlines(keepends=True)[len(copied_lines) :]]
    )
    result = compare_logs(real, [imagined])
    (finding,) = [finding for finding in result.findings if finding.check == "curve copied"]
    assert finding.observed == "repeats 9 numbers in a row from real3, digit for digit"


def test_the_minutes_of_a_machine_that_is_as_fast_as_another_are_no_copy() -> None:
    def timed(seed: int) -> str:
        rng = Random(seed)
        return "".join(
            f"tick {tick} time {(tick + 1) * (2 + seed % 20 / 10):.0f}m score {rng.random():.4f}\n"
            for tick in range(10)
        )

    assert "curve copied" not in checks(timed(23), timed(24), timed(31), real=[timed(seed) for seed in range(7)])


ROUND_LINES = ("the rinsing of plates took", "the kettle on the stove holds", "the drying of plates cost", "stacked")


def make_rounds(seed: int, missing_line: str = "") -> str:
    rng = Random(seed)
    return "".join(
        f"{line} {rng.random():.4f}\n" for _round in range(5) for line in ROUND_LINES if line != missing_line
    )


@pytest.mark.parametrize(
    ("check", "imagined", "words"),
    [
        (
            "print count differs",
            [make_rounds(20 + number, words) for number, words in enumerate(ROUND_LINES[:3])],
            ROUND_LINES[:3],
        ),
        (
            "literal differs",
            [
                make_rounds(20).replace("rinsing", "soaking"),
                make_rounds(21).replace("kettle", "bucket"),
                make_rounds(22).replace("plates cost", "plates left"),
            ],
            ("rinsing", "soaking", "kettle", "bucket", "cost", "left"),
        ),
    ],
)
def test_logs_that_each_have_another_fault_of_one_kind_are_one_finding_that_names_all(
    check: str, imagined: list[str], words: tuple[str, ...]
) -> None:
    result = compare_logs([make_rounds(seed) for seed in range(7)], imagined)
    (finding,) = [candidate for candidate in result.findings if candidate.check not in BY_CHANCE]
    assert finding.check == check and finding.runs == ("imagined1", "imagined2", "imagined3")
    assert all(word in format_finding(finding) for word in words), format_finding(finding)


def test_the_last_value_of_a_log_that_lacks_its_last_ones_is_no_outlier_besides() -> None:
    real = [evaluations(seed, count=8) for seed in range(7)]
    log_without_last = "".join(
        line
        for line in evaluations(20, count=8).splitlines(keepends=True)
        if not line.startswith("AP") or line.startswith("AP 2")
    )
    assert checks(log_without_last, evaluations(21, count=8), evaluations(22, count=8), real=real) == [
        "print count differs"
    ]
    log_with_low_last = evaluations(20, count=8).replace("AP 6", "AP 2")
    assert checks(log_with_low_last, evaluations(21, count=8), evaluations(22, count=8), real=real) == ["outlier"]


def test_three_logs_that_each_lack_another_line_are_told_where_one_such_log_is_undecided() -> None:
    def make_log(seed: int, missing_line: str = "") -> str:
        ready_lines = ("vocabulary is ready", "weights are ready", "schedule is ready")
        first_lines = "".join(f"{line}\n" for line in ready_lines if line != missing_line)
        return f"{first_lines}{make_rounds(seed)}"

    real = [make_log(seed) for seed in range(7)]
    imagined_logs = [
        make_log(20, "vocabulary is ready"),
        make_log(21, "weights are ready"),
        make_log(22, "schedule is ready"),
    ]
    assert checks(*imagined_logs, real=real) == ["print count differs"]
    comparison = compare_logs(real, [imagined_logs[0], make_log(21), make_log(22)])
    assert not comparison.findings and any("missing only by chance" in reason for reason in comparison.undecided)


def test_a_step_that_is_numbered_wrongly_is_no_gap_besides() -> None:
    def steps(seed: int, wrong_step: int = 0) -> str:
        rng = Random(seed)
        return "".join(
            f"step {step + 50 * (step == wrong_step)} nll {rng.random():.4f}\n" for step in range(100, 900, 100)
        )

    real = [steps(seed) for seed in range(7)]
    imagined = [steps(seed, wrong_step=400) for seed in (20, 21, 22)]
    assert [check for check in checks(*imagined, real=real) if check not in BY_CHANCE] == ["constant line differs"]


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_screen_shows_whole_sentences_of_a_verdict(tmp_path: Path, width: int) -> None:
    long_line = "wrote the shards of the index to the shared disk of the second machine"
    texts = [text.replace("wrote the shards", long_line) for text in (*REAL, log(20, notes=False), log(21), log(22))]
    for number, text in enumerate(texts):
        (tmp_path / f"{number}.log").write_text(text)
    paths = [tmp_path / f"{number}.log" for number in range(10)]
    screen = io.StringIO()
    print_summary(compare_inputs(paths[:7], paths[7:]), Console(file=screen, width=width, highlight=False))
    verdict = screen.getvalue().partition("main metric")[0].strip()
    assert verdict.endswith(".") and "…" not in verdict and long_line in " ".join(verdict.split())
