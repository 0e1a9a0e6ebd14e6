"""Each kind of finding has the same name in every view, and a comparison of plain logs explains its rows."""

import ast
import json
import random
from pathlib import Path

from conftest import Cli

from gedanken.compare import sentences
from gedanken.compare.sentences import kind_label, kind_labels
from gedanken.experiment.finding import Finding

COMPARE = Path(__file__).parents[2] / "compare"


def _kinds_in_the_source() -> set[str]:
    """The kinds with which checks and oracles make their findings, read from their source."""
    kinds = set()
    for path in COMPARE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            kind_position = {"Finding": 0, "found": 0, "oracle": 1}.get(getattr(node.func, "id", ""))
            kind_argument = None if kind_position is None else node.args[kind_position]
            if isinstance(kind_argument, ast.Constant) and isinstance(kind_argument.value, str):
                kinds.add(kind_argument.value)
    return kinds


def test_every_kind_that_a_check_finds_has_its_words() -> None:
    kinds = _kinds_in_the_source()
    assert len(kinds) > 35
    assert kinds - sentences._KIND_LABELS.keys() == set()
    assert not any(word.isupper() and len(word) > 4 for kind in kinds for word in kind_label(kind).split())


def test_a_kind_of_a_plug_in_keeps_its_own_name() -> None:
    assert kind_labels([Finding("colours differ")]) == ["colours differ"]


def test_what_is_concerned_is_named_where_all_findings_agree_on_it() -> None:
    finding, other_finding = (Finding("epochs silently missing", (run,), which="4-6") for run in "ab")
    assert kind_labels([finding, other_finding]) == ["epochs silently left out (4-6)"]
    other_finding = Finding("epochs silently missing", which="9")
    assert kind_labels([finding, other_finding]) == ["epochs silently left out"]


def _log(path: Path, seed: int, *, skipped_epoch: int = 0) -> Path:
    lines = [
        f"epoch {epoch}/12: "
        + " ".join(f"{name} {(7 * seed + 3 * epoch + column) % 97 / 97:.5f}" for column, name in names)
        for epoch in range(1, 13)
        if epoch != skipped_epoch
        and (names := list(enumerate(("loss", "val_loss", "accuracy", "val_accuracy", "mae"))))
    ]
    path.write_text("\n".join(["start", *lines, "done"]) + "\n")
    return path


def test_a_comparison_of_logs_names_the_epoch_and_what_its_table_leaves_out(gedanken: Cli, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    for seed in range(5):
        _log(tmp_path / "real" / f"{seed}.log", seed)
    result = gedanken("compare", tmp_path / "real", "--imagined", _log(tmp_path / "said.log", 50, skipped_epoch=8))
    lines = result.stdout.splitlines()
    summary = " ".join(result.stdout.split())
    assert summary.count("epochs silently left out (epoch 8)") == 1  # in the verdict only
    assert any(
        line.split() == ["exit", "code", "not", "in", "the", "log", "not", "in", "the", "log"] for line in lines
    )
    assert "more series" in summary and "with --html FILE" in summary
    assert "unknown" not in summary and "all values" not in summary
    (undecided,) = [line for line in lines if line.startswith("undecided")]
    assert undecided.startswith("undecided: whether the imagined run differs in the last val_loss; a value ")
    assert "all tests share an error rate of 5%" in summary


def test_a_sentence_that_says_its_kind_again_stands_without_it(gedanken: Cli, tmp_path: Path) -> None:
    real = [_log(tmp_path / f"{seed}.log", seed) for seed in range(7)]
    imagined = [_log(tmp_path / f"said{seed}.log", seed, skipped_epoch=8) for seed in range(50, 53)]
    summary = " ".join(gedanken("compare", *real, "--imagined", *imagined).stdout.split())
    assert "3 of 3 imagined runs leave out epoch" in summary
    assert "without saying so: 3 of 3" not in summary


def test_the_curve_of_the_main_metric_is_not_counted_among_the_other_series(gedanken: Cli, tmp_path: Path) -> None:
    def log(name: str, start: float) -> Path:
        path = tmp_path / name
        rng = random.Random(name)
        path.write_text(
            "".join(
                f"epoch {epoch}: loss {start / epoch + rng.gauss(0, 0.01):.4f} "
                f"val_loss {start / epoch + rng.gauss(0.2, 0.01):.4f}\n"
                for epoch in range(1, 9)
            )
        )
        return path

    real = [log(f"real{seed}.log", 1.0) for seed in range(7)]
    imagined = [log(f"said{seed}.log", 3.0) for seed in range(3)]
    result = gedanken("compare", *real, "--imagined", *imagined, "--json")
    observed_by_kind = {finding["kind"]: finding["observed"] for finding in json.loads(result.stdout)["findings"]}
    assert "primary endpoint differs" in observed_by_kind
    assert observed_by_kind["series differs"].startswith("1 of 1 other series differs")
