"""Progress bars that are redrawn in place: only their last state counts, and findings name the line numbers that
an editor shows for the log.
"""

from pathlib import Path
from random import Random

import pytest

from gedanken.analysis.inputs import compare_inputs
from gedanken.compare.output.progress_bars import masked_bar, redrawn_lines
from gedanken.records.importers.terminal_text import final_screen_text


@pytest.mark.parametrize(
    ("drawn", "left"),
    [
        ("a\r\nb\r\n", "a\nb\n"),
        (" 10%|#  |\r 90%|## |\r100%|###|\ndone\n", "100%|###|\ndone\n"),
        ("\r 50%\r100%\n", "100%\n"),
        ("downloading 3 MB\r                \rdone\n", "done\n"),
        ("downloading 3 MB\r                \n", "downloading 3 MB\n"),
        ("1/9 [=>..]\x08\x08\x08\x08\r2/9 [==>.]\nend", "2/9 [==>.]\nend"),
        ("one\rtwo\r", "one\rtwo\r"),
        ("plain\n\ntext", "plain\n\ntext"),
    ],
)
def test_the_last_state_of_a_line_is_left(drawn: str, left: str) -> None:
    assert final_screen_text(drawn) == left


def test_a_bar_that_has_just_begun_is_one_too() -> None:
    bars = [
        f"   {'━' * filled} {received}/670.2 MB 3.1 MB/s eta 0:00:0{9 - filled}"
        for filled, received in ((1, 8.3), (4, 74.5))
    ]
    assert masked_bar(bars[0]) == masked_bar(bars[0].replace("━", "━━━"))
    assert redrawn_lines(bars) == {0}
    assert masked_bar("━ 3 files") is None and masked_bar("│ 3/4 │") is None


def log(seed: int, left_out: int | None = None) -> str:
    rng, text = Random(seed), "Collecting torch\n"
    states = rng.randrange(2, 9)
    text += "\r".join(
        f"  {'━' * percent_step}{' ' * (8 - percent_step)} {percent_step * 8.5:.1f}/68.0 MB "
        f"{rng.uniform(1, 9):.1f} MB/s"
        for percent_step in range(states)
    )
    text += f"\r  {'━' * 8} 68.0/68.0 MB {rng.uniform(1, 9):.1f} MB/s\n"
    for epoch in range(6):
        rows = [
            f"epoch {epoch} {'━' * percent_step}╺ {percent_step * 10:3d}% loss={rng.random():.3f}"
            for percent_step in range(rng.randrange(1, 9))
        ]
        if epoch != left_out:
            text += "\r".join(
                [*rows, f"epoch {epoch} {'━' * 10} 100% loss={1 / (epoch + 1) + rng.gauss(0, 0.02):.3f}"]
            )
            text += f"\n  dev nll: {1.1 / (epoch + 1) + rng.gauss(0, 0.02):.4f}\n"
    return text


def kinds_found(folder: Path, *imagined: str) -> list[str]:
    for number, text in enumerate([*map(log, range(7)), *imagined]):
        (folder / f"{number}.log").write_text(text, newline="")
    paths = [folder / f"{number}.log" for number in range(10)]
    findings = compare_inputs(paths[:7], paths[7:]).findings
    return [
        finding.check
        for finding in findings
        if finding.check not in ("primary endpoint differs", "series differs", "outlier")
    ]


def test_how_often_bars_were_drawn_is_nothing(tmp_path: Path) -> None:
    assert kinds_found(tmp_path, log(20), log(21), log(22)) == []


def test_an_epoch_of_a_bar_that_is_left_out_is_missing_and_no_early_end(tmp_path: Path) -> None:
    assert kinds_found(tmp_path, log(20, left_out=2), log(21), log(22)) == ["epochs silently missing"]


def test_an_invented_line_stands_at_the_number_that_an_editor_shows(tmp_path: Path) -> None:
    odd_log = log(20).replace("  dev nll", "rewinding the tape\n  dev nll", 1)
    assert kinds_found(tmp_path, odd_log, log(21), log(22)) == ["line in no real log"]
    (finding,) = (
        candidate
        for candidate in compare_inputs(
            [tmp_path / f"{number}.log" for number in range(7)], [tmp_path / "7.log"]
        ).findings
        if candidate.check == "line in no real log"
    )
    (line,) = finding.evidence
    assert (line.number, line.text) == (odd_log.split("\n").index("rewinding the tape") + 1, "rewinding the tape")
