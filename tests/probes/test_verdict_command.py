"""`gedanken verdict` judges stored answers, and its page shows every question with its answer."""

import json
from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from conftest import Cli
from folders import spec_of
from rich.console import Console

from benchmarks.verdict.subjects import design
from benchmarks.verdict.truths import BANK
from gedanken.agents.players.bank import Entry, read_bank
from gedanken.agents.players.player import Player
from gedanken.analysis.probe_verdict import verdict_of
from gedanken.cli.verdict import print_verdicts, with_distinct_names
from gedanken.compare.verdict.results import HYPOTHESES, Name
from gedanken.experiment.execution import Cause, Execution, Origin
from gedanken.experiment.probe_design import Question
from gedanken.experiment.probe_events import AnswerKept, ItemKept
from gedanken.experiment.run_log import ModelFacts
from gedanken.records.read_run import read_run
from gedanken.records.run_store import open_store
from gedanken.report.probe_page import probed_model, render_probes

MakeProbe = Callable[..., Path]
OPERATIONS = {"closed form", "python seed", "hash rounds"}


def reply_execution(text: str) -> Execution:
    return Execution(
        machine="imagined",
        command="python3 probe.py",
        exit_code=0,
        cause=Cause.FINISHED,
        seconds=1.0,
        stdout=text,
        terminal=text,
        origin=Origin.IMAGINED,
    )


@pytest.fixture
def asked(tmp_path: Path) -> MakeProbe:
    """A function that makes the folder of a probe in which a player answered a few kinds of operation."""

    def make_folder(player: Player, told: str | None = None) -> Path:
        bank = read_bank(BANK)
        folder = tmp_path / player.kinds[0]
        folder.mkdir()
        entries = [entry for entry in design(bank, 0) if entry.item.operation in OPERATIONS]
        with open_store(folder, spec_of(script=["ls"])) as store:
            store.record_model(ModelFacts(name=f"a model that {player.kinds[0]}"))
            store.keep_items([_stored_item(entry, told) for entry in entries])
            for entry in entries:
                text = told or player.answer(entry, bank)
                store.keep_answer(
                    AnswerKept(question=Question(entry.item.id, "direct"), execution=reply_execution(text))
                )
            store.finish("done")
        return folder

    return make_folder


def _stored_item(entry: Entry, tell: str | None) -> ItemKept:
    item = replace(entry.item, told=tell) if tell else entry.item
    return ItemKept(item=item, truth=entry.truth, rival=entry.rival)


def test_of_a_run_that_has_not_ended_it_is_said_that_answers_may_be_missing(gedanken: Cli, asked: MakeProbe) -> None:
    folder = asked(Player(("computes",)))
    complete_result = gedanken("verdict", folder)
    assert complete_result.returncode == 0 and "has not ended" not in complete_result.stderr
    log = folder / "log.jsonl"
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(lines[: len(lines) * 3 // 4]))
    result = gedanken("verdict", folder, "--json")
    assert result.returncode == 0
    assert f"{folder} has not ended, so only the answers that it has so far are judged" in result.stderr


def test_models_stand_side_by_side(gedanken: Cli, asked: MakeProbe, tmp_path: Path) -> None:
    runs = [asked(Player((kind,))) for kind in ("computes", "shortcut")]
    result = gedanken("verdict", *runs, "--json", "--html", tmp_path / "both.html")
    assert result.returncode == 0, result.stderr
    first_verdict, second_verdict = json.loads(result.stdout)["verdicts"]
    assert first_verdict["posterior"]["computes"] > 0.99 and second_verdict["posterior"]["shortcut"] > 0.9
    assert first_verdict["folder"] == str(runs[0]) and set(first_verdict["posterior"]) == set(HYPOTHESES)
    assert {operation["operation"] for operation in first_verdict["operations"]} == OPERATIONS
    page = (tmp_path / "both.html").read_text()
    assert page.count("<svg") == 2 * len(OPERATIONS)


def test_runs_of_one_model_are_told_apart_by_their_folders(asked: MakeProbe) -> None:
    verdict = verdict_of(read_run(asked(Player(("computes",)))), resamples=0)
    other_verdict = replace(verdict, model="another model")
    runs = [Path("runs/a"), Path("runs/b"), Path("runs/c")]
    names = [verdict.model for verdict in with_distinct_names(runs, [verdict, other_verdict, verdict])]
    assert names == ["a model that computes (runs/a)", "another model", "a model that computes (runs/c)"]


def test_a_line_tells_how_each_kind_of_operation_is_answered_and_how_far(asked: MakeProbe) -> None:
    verdict = verdict_of(read_run(asked(Player(("computes",), horizon=8))), resamples=0)
    console = Console(width=100, file=StringIO())
    print_verdicts([verdict], console)
    assert isinstance(console.file, StringIO)
    printed = console.file.getvalue()
    assert all(operation in printed for operation in OPERATIONS)
    assert "computes 0." in printed and "n 11 (" in printed
    assert "a model that computes: Behaves as one that computes, up to n = 11." in printed


@pytest.mark.parametrize("undetermined", ["all together", "one operation", "nothing"])
def test_a_number_beside_undetermined_is_said_to_be_no_name_once(asked: MakeProbe, undetermined: str) -> None:
    log = read_run(asked(Player(("computes",))))
    verdict_of_log = verdict_of(log, resamples=0)
    operations = tuple(replace(operation, name="computes", why="") for operation in verdict_of_log.operations)
    if undetermined == "one operation":
        operations = (replace(operations[0], name="undetermined", why="a reason"), *operations[1:])
    name: Name = "undetermined" if undetermined == "all together" else "computes"
    verdict = replace(verdict_of_log, name=name, why="a reason", operations=operations)
    console = Console(width=100, file=StringIO())
    print_verdicts([verdict, replace(verdict, model="another")], console)
    assert isinstance(console.file, StringIO)
    times = 0 if undetermined == "nothing" else 1
    assert console.file.getvalue().count("even 1.00 is not enough") == times
    assert render_probes([probed_model(log, verdict)]).count("even 1.00 is not enough") == times


def test_the_page_holds_every_question_with_its_answers_and_the_twins_as_pairs(asked: MakeProbe) -> None:
    log = read_run(asked(Player(("shortcut",))))
    page = render_probes([probed_model(log, verdict_of(log, resamples=0))])
    assert page.count("<summary>") == len({probed_item.item.pair or probed_item.item.id for probed_item in log.items})
    assert all(f"Program of {probed_item.item.id}" in page for probed_item in log.items)
    assert page.count("Hard twin answered as the rival") == 2  # hash rounds have no twins
    assert page == render_probes([probed_model(log, verdict_of(log, resamples=0))])


def test_what_was_answered_is_shown_and_not_obeyed(asked: MakeProbe) -> None:
    log = read_run(asked(Player(("computes",)), told="<script>alert(1)</script>\u202e"))
    page = render_probes([probed_model(log, verdict_of(log, resamples=0))])
    assert page.count("<script>") == 1
    assert "&lt;script&gt;alert(1)&lt;/script&gt;⟨U+202E⟩" in page


def test_a_report_of_a_probe_is_its_page(gedanken: Cli, asked: MakeProbe) -> None:
    folder = asked(Player(("computes",)))
    result = gedanken("report", folder)
    assert result.returncode == 0, result.stderr
    assert "computes, imitates, or takes a shortcut?" in (folder / "report.html").read_text()


def test_what_cannot_be_judged_is_one_line(gedanken: Cli, asked: MakeProbe, tmp_path: Path) -> None:
    folder = asked(Player(("computes",)))
    result = gedanken("verdict", folder, "--arm", "steps")
    assert result.returncode == 2 and "contains no answers in the arm “steps”, only in direct" in result.stderr
    (tmp_path / "none").mkdir()
    with open_store(tmp_path / "none", spec_of(script=["ls"])) as store:
        store.finish("done")
    result = gedanken("verdict", tmp_path / "none")
    assert result.returncode == 2 and "contains no answers to a probe" in result.stderr
    assert "Traceback" not in result.stderr


def test_twins_that_print_what_their_rivals_print_are_not_judged(asked: MakeProbe) -> None:
    log = read_run(asked(Player(("computes",))))
    hard_item = next(probed_item for probed_item in log.items if probed_item.item.role == "hard")
    changed_items = tuple(
        probed_item.model_copy(update={"rival": probed_item.truth}) if probed_item is hard_item else probed_item
        for probed_item in log.items
    )
    count_before, count_after = (
        verdict_of(probe_log, resamples=0).items for probe_log in (log, replace(log, items=changed_items))
    )
    assert count_after == count_before - 2
