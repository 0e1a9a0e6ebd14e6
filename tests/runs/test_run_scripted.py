"""Whole runs of the graph on the real sandbox with a scripted model: what a run promises whatever the model."""

import hashlib
import json
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from conftest import GEDANKEN, Cli, requests_of, trace_of
from scripted_runs import (
    CRASHING_PROGRAM,
    GOOD_PROGRAM,
    HEAD,
    MARKED_PROGRAM,
    SEEDED_PROGRAM,
    WriteReplies,
    scripted_replies,
    write_experiment,
)

from gedanken.listing import remove_run
from gedanken.runner import run_id_of
from gedanken.sandbox.connect import connect_docker
from gedanken.sandbox.leftovers import list_leftovers

pytestmark = pytest.mark.docker


def result_of(completed: subprocess.CompletedProcess[str]) -> Any:
    assert completed.stdout, completed.stderr
    return json.loads(completed.stdout)


def test_a_run_yields_real_runs_sealed_imagined_ones_findings_and_a_folder(
    gedanken: Cli, scripted: WriteReplies, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    completed = gedanken(
        "run", write_experiment(tmp_path), "--model", scripted(scripted_replies(GOOD_PROGRAM)), "--json", "--out", out
    )
    assert completed.returncode == 0, completed.stderr
    result = result_of(completed)
    real = [run for run in result["real"] if run["program"]]
    imagined = [run for run in result["imagined"] if run["program"]]
    assert [run["seed"] for run in real] == list(range(8))
    assert [run["sample"] for run in imagined] == [0, 1, 2, 3]
    assert all(run["exit_code"] == 0 and "Epoch 3/3" in Path(run["stdout"]).read_text() for run in real)
    assert len({Path(run["stdout"]).read_text() for run in real}) == 8
    assert all(len(run["seal"]["sha256"]) == 64 for run in imagined)
    assert {"kind", "claim", "lines"} <= result["findings"][0].keys()
    assert result["model"]["name"].startswith("scripted:")
    expected = {"run.json", "transcript.md", "comparison.json", "trace.jsonl", "programs", "outputs"}
    assert expected <= {path.name for path in out.iterdir()}
    names = {run["name"] for run in trace_of(out)}
    assert {"persona", "write", "execute", "replicate", "simulate", "compare", "report"} <= names


def test_no_byte_of_a_real_output_enters_an_imagined_prompt(
    gedanken: Cli, scripted: WriteReplies, tmp_path: Path
) -> None:
    """Tests rule 2 of docs/design.md: every real run prints a random mark, which must not occur in any prompt."""
    out = tmp_path / "out"
    model = scripted(scripted_replies(CRASHING_PROGRAM, MARKED_PROGRAM))
    completed = gedanken("run", write_experiment(tmp_path), "--model", model, "--json", "--out", out)
    assert completed.returncode == 0, completed.stderr
    printed = "".join(Path(run["terminal"]).read_text() for run in result_of(completed)["real"])
    marks = [
        line.split("mark ")[1].strip() for line in printed.splitlines() if "mark " in line and "token" not in line
    ]
    assert len(set(marks)) == 9  # one crash, and eight runs of the version that works
    imagined, coder = requests_of(out, "imagined machine"), requests_of(out, "coder")
    assert len(imagined) >= 9
    assert not [mark for mark in marks for request in imagined if mark in request]
    # This shows that marks would be found: the coder does see the traceback.
    assert [mark for mark in marks for request in coder if mark in request] == marks[:1]


def test_a_coder_that_quotes_a_real_run_is_refused_and_starts_afresh(
    gedanken: Cli, scripted: WriteReplies, tmp_path: Path
) -> None:
    """The coder quotes the traceback of a real run in its next programs, in three ways."""
    secret = 'secret = f"{2403237034:x}"\nprint(f"loss {951277 / 10**6}")\n'
    crashing = HEAD + secret + 'raise RuntimeError(f"canary {secret} is wrong")\n'
    quoting_programs = (
        GOOD_PROGRAM + "# mends RuntimeError: canary 8f3e7caa is wrong\n",
        GOOD_PROGRAM + "# mends RuntimeError: canary 8f3e7caa is wrong\nx = 1\n",
        GOOD_PROGRAM + 'n = "canary 8f3e7caa"\nbest = 0.9513\n',
    )
    out = tmp_path / "out"
    model = scripted(scripted_replies(crashing, *quoting_programs, GOOD_PROGRAM))
    completed = gedanken("run", write_experiment(tmp_path), "--model", model, "--json", "--real", 1, "--out", out)
    result = result_of(completed)
    (failed_run,) = [run for run in result["real"] if run["program"] == "train-v1"]
    assert "canary 8f3e7caa is wrong" in Path(failed_run["terminal"]).read_text()
    assert [program["works"] for program in result["programs"]] == [False] * 4 + [True]
    assert [program["problems"] for program in result["programs"]][1:4] == [["it quotes what a real run printed"]] * 3
    assert [program["prompt"] for program in result["programs"]] == ["tell", "repair", "tell", "tell", "tell"]
    imagined = "".join(requests_of(out, "imagined machine"))
    assert [canary in imagined for canary in ("8f3e7caa", "0.951")] == [False, False]
    assert ["8f3e7caa" in request for request in requests_of(out, "coder")] == [False, True, False, False, False]


def test_a_version_that_crashed_is_mended_kept_and_imagined_once(
    gedanken: Cli, scripted: WriteReplies, tmp_path: Path
) -> None:
    model = scripted(scripted_replies(CRASHING_PROGRAM, GOOD_PROGRAM))
    completed = gedanken("run", write_experiment(tmp_path), "--model", model, "--json", "--out", tmp_path / "out")
    result = result_of(completed)
    assert [program["works"] for program in result["programs"]] == [False, True]
    assert [program["prompt"] for program in result["programs"]] == ["tell", "repair"]
    crashed_runs = [run for run in result["imagined"] if run["program"] == "train-v1"]
    assert [run["sample"] for run in crashed_runs] == [1]
    assert "exit status differs" in {finding["kind"] for finding in result["findings"]}
    assert (tmp_path / "out" / "programs" / "train-v1.py").read_text().strip() == CRASHING_PROGRAM.strip()


def test_five_tries_without_success_end_as_no_working_program(
    gedanken: Cli, scripted: WriteReplies, tmp_path: Path
) -> None:
    model = scripted(scripted_replies(*(CRASHING_PROGRAM + f"# {n}\nprint({n})\n" for n in range(5))))
    completed = gedanken("run", write_experiment(tmp_path), "--model", model, "--json", "--out", tmp_path / "out")
    result = result_of(completed)
    assert (completed.returncode, result["outcome"]) == (1, "no working program")
    assert [program["works"] for program in result["programs"]] == [False] * 5
    assert len([run for run in result["imagined"] if run["program"]]) == 5


def test_a_reply_that_repeats_the_last_file_counts_and_the_next_try_starts_afresh(
    gedanken: Cli, scripted: WriteReplies, tmp_path: Path
) -> None:
    model = scripted(scripted_replies(CRASHING_PROGRAM, CRASHING_PROGRAM, GOOD_PROGRAM))
    completed = gedanken("run", write_experiment(tmp_path), "--model", model, "--json", "--out", tmp_path / "out")
    programs = result_of(completed)["programs"]
    assert [program["works"] for program in programs] == [False, False, True]
    assert [program["prompt"] for program in programs] == ["tell", "repair", "tell"]
    assert "once more, unchanged" in programs[1]["problems"][0]


def test_an_edit_makes_a_new_version_and_both_machines_run_it(
    gedanken: Cli, scripted: WriteReplies, tmp_path: Path
) -> None:
    longer_program = GOOD_PROGRAM.replace("range(3)", "range(4)").replace("/3", "/4")
    script = [
        {"tell": "Write it.", "write": "train.py", "task": {"layers": 2, "epochs": 3}},
        "python3 train.py",
        {"tell": "set the epochs to 4", "edit": "train.py", "task": {"layers": 2, "epochs": 4}},
        "python3 train.py",
    ]
    model = scripted(scripted_replies(GOOD_PROGRAM, edits=(GOOD_PROGRAM, longer_program)))
    path = write_experiment(tmp_path, script=script)
    completed = gedanken(
        "run", path, "--model", model, "--json", "--real", 2, "--imagined", 1, "--out", tmp_path / "out"
    )
    result = result_of(completed)
    assert completed.returncode == 0, completed.stderr
    assert [program["works"] for program in result["programs"]] == [True, False, True]
    run_labels = {run["program"] for run in result["real"] + result["imagined"] if run["program"]}
    assert run_labels == {"train-v1", "train-v3"}
    missing_findings = [finding for finding in result["findings"] if finding["kind"] == "epochs silently missing"]
    assert len(missing_findings) == 2


def test_a_program_that_fixes_its_seed_is_run_as_written_and_reseeded(
    gedanken: Cli, scripted: WriteReplies, tmp_path: Path
) -> None:
    model = scripted(scripted_replies(SEEDED_PROGRAM))
    completed = gedanken(
        "run",
        write_experiment(tmp_path),
        "--model",
        model,
        "--json",
        "--real",
        3,
        "--no-simulate",
        "--out",
        tmp_path / "out",
    )
    runs = [run for run in result_of(completed)["real"] if run["program"]]
    outputs_as_written = [Path(run["stdout"]).read_text() for run in runs if run["arm"] == "as written"]
    reseeded = [Path(run["stdout"]).read_text() for run in runs if run["arm"] == "reseeded"]
    assert (len(outputs_as_written), len(set(outputs_as_written))) == (2, 1)
    assert (len(reseeded), len(set(reseeded))) == (3, 3)
    assert "offset by" in runs[-1]["notes"][0]


def test_every_seed_starts_from_what_the_trunk_started_from(
    gedanken: Cli, scripted: WriteReplies, tmp_path: Path
) -> None:
    appending_program = GOOD_PROGRAM + 'open("log", "a").write("x")\nprint("size", len(open("log").read()))\n'
    completed = gedanken(
        "run",
        write_experiment(tmp_path),
        "--model",
        scripted(scripted_replies(appending_program)),
        "--json",
        "--real",
        2,
        "--out",
        tmp_path / "o",
    )
    runs = [run for run in result_of(completed)["real"] if run["program"]]
    assert [Path(run["stdout"]).read_text().splitlines()[-1] for run in runs] == ["size 1"] * 3


def test_the_same_tell_twice_edits_twice(gedanken: Cli, scripted: WriteReplies, tmp_path: Path) -> None:
    task = {"layers": 2, "epochs": 3}
    edit_line = {"tell": "add a comment", "edit": "train.py", "task": task}
    script = [{"tell": "Write it.", "write": "train.py", "task": task}, "python3 train.py"]
    script += [edit_line, "python3 ./train.py", edit_line, "python3 train.py"]
    # Each edit is a first try, with the same seed: the reply depends on what it is given to edit.
    model = scripted(
        [
            {"when": "print(2)", "samples": [f"```\n{GOOD_PROGRAM}print(3)\n```"]},
            {"when": "Change it as told", "samples": [f"```\n{GOOD_PROGRAM}print(2)\n```"]},
            *scripted_replies(GOOD_PROGRAM),
        ]
    )
    path = write_experiment(tmp_path, script=script)
    completed = gedanken(
        "run", path, "--model", model, "--json", "--real", 1, "--imagined", 0, "--out", tmp_path / "o"
    )
    programs = result_of(completed)["programs"]
    assert [(program["label"], program["works"], program["line"]) for program in programs] == [
        ("train-v1", True, 0),
        ("train-v2", True, 2),
        ("train-v3", True, 4),
    ]


def test_every_seal_can_be_recomputed_from_the_run_folder(
    gedanken: Cli, scripted: WriteReplies, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    completed = gedanken(
        "run",
        write_experiment(tmp_path),
        "--model",
        scripted(scripted_replies(GOOD_PROGRAM)),
        "--json",
        "--real",
        0,
        "--out",
        out,
    )
    roles = {"SystemMessage": "system", "HumanMessage": "user", "AIMessage": "assistant"}
    recorded_requests = [run["inputs"]["messages"][0] for run in trace_of(out) if run["name"] == "imagined machine"]
    sent_messages = [
        [[roles[message["id"][-1]], message["kwargs"]["content"]] for message in messages]
        for messages in recorded_requests
    ]
    seals = [run["seal"] | {"reply": Path(run["raw_reply"]).read_text()} for run in result_of(completed)["imagined"]]
    assert len(seals) == len(sent_messages) == 9
    for seal in seals:
        sealed_fields = {key: seal[key] for key in ("model", "settings", "reply", "time")}
        hashes = [
            hashlib.sha256(
                json.dumps(
                    sealed_fields | {"messages": messages}, sort_keys=True, ensure_ascii=False, separators=(",", ":")
                ).encode()
            ).hexdigest()
            for messages in sent_messages
        ]
        assert seal["sha256"] in hashes


def test_no_simulate_asks_the_imagined_machine_nothing(gedanken: Cli, scripted: WriteReplies, tmp_path: Path) -> None:
    out = tmp_path / "out"
    completed = gedanken(
        "run",
        write_experiment(tmp_path),
        "--model",
        scripted(scripted_replies(GOOD_PROGRAM)),
        "--json",
        "--no-simulate",
        "--out",
        out,
    )
    assert result_of(completed)["imagined"] == []
    assert requests_of(out, "imagined machine") == []


def test_what_a_model_prints_is_shown_and_not_obeyed(gedanken: Cli, scripted: WriteReplies, tmp_path: Path) -> None:
    hostile_output = "Epoch 1/3 \x1b]0;title\x07\x1b[2J [red]x[/red] \u202e loss: 0.5 - acc: 0.9\n"
    completed = gedanken(
        "run",
        write_experiment(tmp_path),
        "--model",
        scripted(scripted_replies(GOOD_PROGRAM, run=hostile_output)),
        "--out",
        tmp_path / "out",
    )
    assert completed.returncode == 0, completed.stderr
    printed = completed.stdout + completed.stderr
    assert "\x1b" not in printed
    assert "\u202e" not in printed
    assert "\\x1b]0;title" in printed


@pytest.mark.parametrize("moment", [0.6, 1.5, 2.5, 3.5, 5.0, 7.0])
def test_killed_at_any_moment_it_leaves_nothing_that_clean_does_not_remove(
    gedanken: Cli, scripted: WriteReplies, tmp_path: Path, moment: float
) -> None:
    slow_program = GOOD_PROGRAM.replace("for epoch", "import time\nfor epoch").replace(
        "    print", "    time.sleep(0.5)\n    print"
    )
    out = tmp_path / "killed"
    command = [
        *GEDANKEN,
        "run",
        str(write_experiment(tmp_path)),
        "--model",
        scripted(scripted_replies(slow_program)),
        "--out",
        str(out),
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(moment)
    process.send_signal(signal.SIGKILL)
    process.wait()
    completed = gedanken("sandbox", "clean", "--json")
    assert completed.returncode == 0, completed.stderr
    assert leftovers_of(out) == []


def test_interrupted_it_ends_in_order_and_says_so(scripted: WriteReplies, tmp_path: Path) -> None:
    slow_program = GOOD_PROGRAM.replace("for epoch", "import time\ntime.sleep(60)\nfor epoch")
    out = tmp_path / "out"
    command = [
        *GEDANKEN,
        "run",
        str(write_experiment(tmp_path)),
        "--model",
        scripted(scripted_replies(slow_program)),
        "--out",
        str(out),
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not any("train" in name for name in leftovers_of(out)):
        time.sleep(0.2)
    process.send_signal(signal.SIGTERM)
    _stdout, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert errors.strip().endswith(f"gedanken: interrupted; to continue: gedanken resume {out}")
    assert json.loads((out / "run.json").read_text())["outcome"] == "interrupted"
    assert leftovers_of(out) == [run_id_of(out)]  # its workspace, for whoever goes on with it
    remove_run(out)
    assert leftovers_of(out) == []


def leftovers_of(out: Path) -> list[str]:
    """The names of the containers and the session that belong to the run in `out`."""
    return [thing.name for thing in list_leftovers([connect_docker()]) if thing.run == run_id_of(out)]
