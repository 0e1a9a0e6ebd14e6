"""`gedanken compare` and `gedanken report`: every input is recognised by its content. No Docker, no model."""

import json
import os
import subprocess
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from builders import TRAIN, imagined, real
from conftest import GEDANKEN, Cli
from folders import IMAGINED, REAL, make_run
from scripted_runs import GOOD_PROGRAM, WriteReplies, scripted_replies, write_experiment

from gedanken.experiment.run_log import INTERRUPTED

FOREIGN = IMAGINED[1] + "well done\n"


def write_files(folder: Path, **texts: str) -> list[Path]:
    """Write a file for each keyword, and return their paths."""
    folder.mkdir(exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text)
    return [folder / name for name in texts]


def parse_comparison(completed: subprocess.CompletedProcess[str]) -> Any:
    assert completed.returncode == 0, completed.stderr
    return json.loads(completed.stdout)


def kinds(result: Any) -> list[str]:
    return sorted(finding["kind"] for finding in result["findings"])


def refusal(completed: subprocess.CompletedProcess[str]) -> str:
    assert (completed.returncode, completed.stdout) == (2, ""), completed.stderr
    assert "Traceback" not in completed.stderr and len(completed.stderr.strip().splitlines()) == 1
    return completed.stderr


def test_a_run_folder_alone_is_compared_with_itself(gedanken: Cli, tmp_path: Path) -> None:
    make_run(tmp_path / "a")
    result = parse_comparison(gedanken("compare", "a", "--json"))
    assert {"kind", "claim", "lines", "explained_by"} <= result["findings"][0].keys()
    assert {"verdict", "series", "sites", "alignment", "undecided", "notes"} <= result.keys()
    for series in result["series"]:
        assert {"name", "n_real", "n_imagined", "p", "crps", "spread_ratio", "program"} <= series.keys()


def test_real_runs_of_one_folder_beside_imagined_ones_of_another(gedanken: Cli, tmp_path: Path) -> None:
    make_run(tmp_path / "a", imagines=[])
    make_run(tmp_path / "b", imagines=[*IMAGINED[:3], FOREIGN])
    make_run(tmp_path / "both", imagines=[*IMAGINED[:3], FOREIGN])
    separate_result = parse_comparison(gedanken("compare", "a", "--imagined", "b", "--json"))
    joint_result = parse_comparison(gedanken("compare", "both", "--json"))
    assert Counter(kinds(separate_result)) <= Counter(kinds(joint_result)) and "line without a print" in kinds(
        separate_result
    )
    assert separate_result["title"] == "a compared with b"


def test_folders_without_a_program_in_common_are_refused(gedanken: Cli, tmp_path: Path) -> None:
    make_run(tmp_path / "a")
    make_run(tmp_path / "b")
    (tmp_path / "b" / "programs" / "train-v1.py").write_text("print(1)\n")
    assert "no version of a program in common" in refusal(gedanken("compare", "a", "--imagined", "b"))


def test_a_log_from_elsewhere_is_held_against_the_runs_of_a_folder(gedanken: Cli, tmp_path: Path) -> None:
    make_run(tmp_path / "a", imagines=[])
    write_files(tmp_path, said=FOREIGN)
    completed = gedanken("compare", "a", "--imagined", "said", "--json")
    assert "line without a print" in kinds(parse_comparison(completed))
    assert "the runs of train-v1 are compared" in completed.stderr


def test_outputs_of_a_run_folder_know_their_program_and_how_they_ended(gedanken: Cli, tmp_path: Path) -> None:
    make_run(tmp_path / "a", imagines=[*IMAGINED[:3], FOREIGN])
    outputs = sorted((tmp_path / "a" / "outputs").glob("line02-*"))
    real_outputs, imagined_outputs = (
        [path for path in outputs if world in path.name] for world in ("real", "imagined")
    )
    assert "line without a print" in kinds(
        parse_comparison(gedanken("compare", *real_outputs, "--imagined", *imagined_outputs, "--json"))
    )


def test_executions_as_json_and_logs_are_told_apart_by_what_they_hold(gedanken: Cli, tmp_path: Path) -> None:
    executions = {f"r{seed}": json.dumps(asdict(real(text, seed))) for seed, text in enumerate(REAL)}
    executions["said"] = json.dumps(asdict(imagined(FOREIGN)))
    write_files(tmp_path, **executions, log=FOREIGN, lines='{"loss": 0.3}\n{"loss": 0.2}\n')
    (tmp_path / "train.py").write_text(TRAIN)
    files = [f"r{seed}" for seed in range(8)]
    by_json, by_log = (
        parse_comparison(gedanken("compare", *files, "--imagined", name, "--program", "train.py", "--json"))
        for name in ("said", "log")
    )
    assert kinds(by_json) == kinds(by_log)
    completed = gedanken("compare", "said", "--imagined", "r0", "lines", "--json")
    assert "said says that a model imagined it, but is among the real runs" in completed.stderr
    assert parse_comparison(completed)["notes"]


def test_brought_files_are_called_by_their_names_each_by_its_own(gedanken: Cli, tmp_path: Path) -> None:
    text = "".join(f"{n} step\n" for n in range(3))
    (imagined_log,) = write_files(tmp_path / "x", **{"run\x1b[2J.log": text + "odd words\n"})
    (real_log,) = write_files(tmp_path / "y", **{"run\x1b[2J.log": text})
    result = parse_comparison(gedanken("compare", real_log, "--imagined", imagined_log, imagined_log, "--json"))
    labels = {line["source"] for finding in result["findings"] for line in finding["lines"]}
    assert labels and all("run" in label and "\x1b" not in label and "persona" not in label for label in labels)
    assert not labels & {real_log.name}  # both files have the same name, and both sides hold one of them


def test_what_comes_through_a_pipe_is_taken(tmp_path: Path) -> None:
    write_files(tmp_path, a="".join(REAL[:1]), b=FOREIGN)
    command = f"{' '.join(GEDANKEN)} compare <(sleep 0.2; cat a) --imagined <(cat b) --json"
    completed = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert parse_comparison(completed)["title"].endswith(("62", "61", "60"))


def test_bad_input_gets_one_line_that_says_what_to_do(gedanken: Cli, tmp_path: Path) -> None:
    good, empty, binary, blank = write_files(tmp_path, good=REAL[0], empty="", binary="a\0b", blank=" \n\n")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    make_run(tmp_path / "real only", imagines=[])
    for path, message in (
        (empty, "empty"),
        (blank, "empty"),
        (binary, "not a text file"),
        ("pipe", "empty"),
        ("none", "No such file"),
        ("folder", "neither a run folder"),
    ):
        assert message in refusal(gedanken("compare", path, "--imagined", good))
        assert message in refusal(gedanken("compare", good, "--imagined", path))
    assert "after --imagined" in refusal(gedanken("compare", good))
    assert "contains no imagined runs" in refusal(gedanken("compare", "real only"))
    assert "either one run folder or files" in refusal(gedanken("compare", "real only", good, "--imagined", good))
    write_files(tmp_path, **{"p.py": "print("})
    assert "p.py:1: not valid Python" in refusal(gedanken("compare", good, "--imagined", good, "--program", "p.py"))


def test_the_same_file_on_both_sides_is_compared_and_remarked_upon(gedanken: Cli, tmp_path: Path) -> None:
    write_files(tmp_path, a=REAL[0])
    completed = gedanken("compare", "a", "--imagined", "a")
    assert completed.returncode == 0 and "a is given both as a real and as an imagined run" in completed.stderr
    assert "no findings" in completed.stdout


def test_a_file_that_is_named_twice_and_copies_of_a_log_are_one_run(gedanken: Cli, tmp_path: Path) -> None:
    write_files(tmp_path, a=REAL[0], b=REAL[1], c=REAL[0], said=REAL[2])
    twice = gedanken("compare", "a", "b", "a", "--imagined", "said")
    assert "a was named more than once" in twice.stderr and "2 real runs" in twice.stdout
    copied = gedanken("compare", "a", "b", "c", "--imagined", "said")
    assert "c is byte for byte the same as a" in copied.stderr and "2 real runs" in copied.stdout


def test_programs_that_print_the_same_each_time_are_as_many_runs_as_there_are(gedanken: Cli, tmp_path: Path) -> None:
    write_files(tmp_path, a="3 files\n", b="3 files\n", said="3 files\n")
    assert "2 real runs" in gedanken("compare", "a", "b", "--imagined", "said").stdout


def test_html_goes_over_a_report_and_over_nothing_else(gedanken: Cli, tmp_path: Path) -> None:
    write_files(tmp_path, a=REAL[0], b=FOREIGN, mine="my thesis")
    for _again in range(2):
        completed = gedanken("compare", "a", "--imagined", "b", "--html", "page.html")
        assert completed.returncode == 0, completed.stderr
        assert completed.stdout.strip().endswith("full report: page.html")
    assert (tmp_path / "page.html").read_text().lower().startswith("<!doctype html>")
    for page, message in (("mine", "not a report"), ("/dev/null", "not a file"), ("none/page.html", "no folder")):
        assert message in refusal(gedanken("compare", "a", "--imagined", "b", "--html", page))
    assert (tmp_path / "mine").read_text() == "my thesis"


def test_a_report_is_made_anew_from_the_folder_and_follows_no_link(gedanken: Cli, tmp_path: Path) -> None:
    make_run(tmp_path / "run", outcome=INTERRUPTED)
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "run" / "report.html").symlink_to(tmp_path / "mine")
    completed = gedanken("report", "run", "--markdown")
    assert (completed.returncode, completed.stdout) == (0, "run/report.html\nrun/report.md\n"), completed.stderr
    assert (tmp_path / "mine").read_text() == "mine"
    assert (tmp_path / "run" / "report.md").read_text().startswith("# small\n")
    assert "not a run folder" in refusal(gedanken("report", "."))


@pytest.mark.docker
def test_a_run_writes_its_report_and_scored_once_more_finds_the_same(
    gedanken: Cli, scripted: WriteReplies, tmp_path: Path
) -> None:
    longer = GOOD_PROGRAM.replace("range(3)", "range(4)").replace("/3", "/4")
    task = {"layers": 2, "epochs": 3}
    script = [{"tell": "Write it.", "write": "train.py", "task": task}, "pwd", "python3 train.py"]
    script += [{"tell": "set the epochs to 4", "edit": "train.py", "task": {**task, "epochs": 4}}, "python3 train.py"]
    path = write_experiment(tmp_path, script=script, persona="ubuntu-18.04-4x3090")
    model = scripted(scripted_replies(GOOD_PROGRAM, edits=(longer,)))
    completed = gedanken("run", path, "--model", model, "--real", 2, "--imagined", 1, "--out", "out")
    assert completed.returncode == 0, completed.stderr
    assert completed.stdout.endswith("Full report (open it in a browser): out/report.html\n")
    assert len(completed.stdout.splitlines()) <= 20 + 6  # the summary, what it cost; a blank line, four in words
    findings = json.loads((tmp_path / "out" / "run.json").read_text())["findings"]
    comparison = parse_comparison(gedanken("compare", "out", "--json"))
    assert comparison["findings"] == findings and len(findings) > 5
    stored = json.loads((tmp_path / "out" / "comparison.json").read_text())
    assert stored == comparison


def test_an_execution_needs_no_more_than_four_keys_and_its_time_must_be_one(gedanken: Cli, tmp_path: Path) -> None:
    execution = {"command": "python3 train.py", "stdout": REAL[0], "exit_code": 0, "cause": "finished"}
    complete = json.dumps(execution)
    write_files(
        tmp_path, whole=complete, log=REAL[0], cut=complete[:-9], many=f"[{complete}]", lacks='{"stdout": "loss 1"}'
    )
    parse_comparison(gedanken("compare", "whole", "--imagined", "log", "--json"))
    for name in ("cut", "many", "lacks"):
        assert "neither a log nor a complete stored execution" in refusal(
            gedanken("compare", name, "--imagined", "log")
        )
    for seconds in ("NaN", "Infinity", "-1", "1e308"):
        write_files(tmp_path, odd=f'{complete[:-1]}, "seconds": {seconds}}}')
        assert "seconds" in refusal(gedanken("compare", "odd", "--imagined", "log", "--html", "page.html"))


def test_a_log_whose_lines_name_standard_output_is_no_execution(gedanken: Cli, tmp_path: Path) -> None:
    lines = [
        json.dumps({"log": f"round {index}: dev nll {1 / (index + 2):.4f}\n", "stream": "stdout"})
        for index in range(5)
    ]
    write_files(tmp_path, r="\n".join(lines), i="\n".join(lines[:3]))
    assert kinds(parse_comparison(gedanken("compare", "r", "--imagined", "i", "--json")))


def test_an_end_that_was_not_seen_is_no_failure(gedanken: Cli, tmp_path: Path) -> None:
    execution = {"command": "x", "stdout": REAL[0], "exit_code": None, "cause": "finished"}
    write_files(tmp_path, r=json.dumps(execution), i=json.dumps({**execution, "stdout": REAL[1], "exit_code": 0}))
    assert "exit status differs" not in kinds(parse_comparison(gedanken("compare", "r", "--imagined", "i", "--json")))


def test_imagined_takes_all_paths_that_follow_however_it_is_written(gedanken: Cli, tmp_path: Path) -> None:
    write_files(tmp_path, r=REAL[0], a=REAL[1], b=REAL[2])
    expected = parse_comparison(gedanken("compare", "r", "--imagined", "a", "b", "--json"))
    assert parse_comparison(gedanken("compare", "r", "--imagined=a", "b", "--json")) == expected
    assert "takes all paths that follow" in refusal(gedanken("compare", "--imagined", "a", "b"))


@pytest.mark.parametrize(
    ("named", "said"),
    [("nowhere", "nowhere: no such file or folder"), ("-", "name the imagined runs after --imagined")],
)
def test_what_cannot_be_compared_alone_is_told_by_what_is_missing(gedanken: Cli, named: str, said: str) -> None:
    completed = gedanken("compare", named, stdin="")
    assert completed.returncode == 2 and said in completed.stderr
