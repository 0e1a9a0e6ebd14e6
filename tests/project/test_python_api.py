"""The Python API: where it can be called from, which arguments it accepts, and how its results are displayed."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from builders import imagined, real
from conftest import Cli
from folders import REAL, make_run
from langchain_core.language_models import BaseChatModel
from scripted_runs import GOOD_PROGRAM, scripted_replies, write_experiment

import gedanken
from gedanken.agents.scripted import ScriptedModel, ScriptedReply
from gedanken.experiment.blocking import wait_for
from gedanken.experiment.errors import Interrupted

HOSTILE = "<script>alert(1)</script>\x1b[31m&"


def constant_model(*texts: str) -> BaseChatModel:
    """A chat model with the same replies to all questions."""
    return ScriptedModel(rules=(ScriptedReply(when="", samples=texts),))


def coder_model() -> BaseChatModel:
    """A chat model that writes a working program and imagines its run."""
    return ScriptedModel(rules=tuple(ScriptedReply.model_validate(reply) for reply in scripted_replies(GOOD_PROGRAM)))


def test_dir_is_what_is_promised() -> None:
    assert dir(gedanken) == sorted(gedanken.__all__)
    assert all(getattr(gedanken, name).__doc__ for name in gedanken.__all__ if name != "__version__")


def test_compare_can_be_called_whatever_was_imported_before() -> None:
    for before in ("", "import gedanken.compare.compare_runs; ", "gedanken.load_run; "):
        program = (
            f"import gedanken; {before}from gedanken import compare; assert compare is gedanken.compare; compare([])"
        )
        result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
        assert "BadInput: name a run folder" in result.stderr.splitlines()[-1]


def test_a_machine_opens_with_with_where_a_loop_runs_and_where_none_does() -> None:
    def use() -> list[str]:
        with gedanken.ImaginedMachine(constant_model("one\n"), "ubuntu-18.04-4x3090") as machine:
            assert machine.name == "imagined"
            return [machine.run("ls").stdout, machine.run("ls").stdout]

    async def cell() -> list[str]:
        return use()

    assert use() == asyncio.run(cell()) == ["one\n", "one\n"]


def test_a_machine_remembers_between_blocking_calls() -> None:
    machine = gedanken.ImaginedMachine(constant_model("one\n"))
    with machine as opened_machine:
        opened_machine.run("ls")
        opened_machine.run("pwd")
    assert [turn.typed for turn in machine.session.stored] == ["ls", "pwd"]


def test_waiting_for_oneself_is_an_error_and_no_deadlock() -> None:
    async def wait_on_own_loop() -> None:
        wait_for(asyncio.sleep(0))

    with pytest.raises(RuntimeError, match="own event loop"):
        wait_for(wait_on_own_loop())


def test_what_is_no_chat_model_is_refused_by_its_type() -> None:
    with pytest.raises(gedanken.BadInput, match="dict is not a LangChain chat model"):
        gedanken.ImaginedMachine({}, "matched")  # type: ignore[arg-type]
    with pytest.raises(gedanken.BadInput, match="no persona is called nobody"):
        gedanken.ImaginedMachine("embedded", "nobody")


def test_a_bad_count_is_bad_input() -> None:
    with pytest.raises(gedanken.BadInput, match="real: Input should be greater"):
        gedanken.run("mnist", "embedded", real=-1)


def test_a_run_that_is_loaded_is_what_its_folder_holds(tmp_path: Path) -> None:
    written_log = make_run(tmp_path / "run")
    result = gedanken.load_run(tmp_path / "run")
    assert isinstance(result, gedanken.Analysis) and isinstance(result.log, gedanken.RunLog)
    assert [run.label for run in result.executions] == [run.label for run in written_log.executions]
    assert "a different value of the main metric" in result.verdict
    assert result.findings and result.folder == tmp_path / "run"
    assert len(repr(result)) < 600 and result.verdict in repr(result)
    assert len(repr(result.log)) < 200


def test_tables_are_the_same_in_both_libraries(tmp_path: Path) -> None:
    make_run(tmp_path / "run")
    result = gedanken.load_run(tmp_path / "run")
    for table_name in ("executions", "findings", "series"):
        pandas, polars = result.to_pandas(table_name), result.to_polars(table_name)
        assert list(pandas.columns) == polars.columns
        assert len(pandas) == len(polars) > 0
    runs = result.to_pandas()
    assert runs[runs["program"] == "train-v1"]["seed"].dropna().tolist() == list(range(8))
    assert result.log.to_polars()["seconds"].to_list() == runs["seconds"].tolist()
    series = result.to_polars("series").filter(role="primary", origin="imagined")
    assert series["value"].to_list() == [0.52, 0.54, 0.56]
    with pytest.raises(gedanken.BadInput, match="tables are executions, findings, series"):
        result.to_pandas("nosuch")  # type: ignore[arg-type]


def test_a_library_that_is_not_installed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_run(tmp_path / "run")
    result = gedanken.load_run(tmp_path / "run")
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(gedanken.BadInput, match=r"pip install 'gedanken\[pandas\]'"):
        result.to_pandas()


def test_a_notebook_shows_hostile_text_and_obeys_none_of_it(tmp_path: Path) -> None:
    make_run(tmp_path / "run", imagines=[text.replace("Epoch", HOSTILE) for text in REAL[:4]])
    html = gedanken.load_run(tmp_path / "run")._repr_html_()
    assert "&lt;script&gt;" in html
    assert "<script" not in html and "\x1b" not in html


def test_executions_of_machines_can_be_compared() -> None:
    real_runs = [real(text, seed) for seed, text in enumerate(REAL)]
    imagined_runs = [imagined(REAL[0].replace("Epoch 3/3", "Epoch 4/3"), sample) for sample in (1, 2)]
    result = gedanken.compare(real_runs, imagined_runs)
    assert {run.origin for run in result.executions} == {"real", "imagined"}
    assert result.findings
    with pytest.raises(gedanken.BadInput, match="int is not accepted; give a path"):
        gedanken.compare(real_runs, [1])  # type: ignore[list-item]


def test_a_run_is_compared_with_the_imagined_ones_of_another(tmp_path: Path) -> None:
    make_run(tmp_path / "a")
    make_run(tmp_path / "b", imagines=REAL[:4])
    result_a, result_b = (gedanken.load_run(tmp_path / name) for name in "ab")
    result = gedanken.compare(result_a, result_b.log)
    assert result.verdict == gedanken.compare(str(tmp_path / "a"), tmp_path / "b").verdict != result_a.verdict


def test_metrics_are_named_and_the_endpoint_chosen(tmp_path: Path) -> None:
    for seed in range(7):
        (tmp_path / f"{seed}.log").write_text(f"final score was {seed}.5\nother 0.5\n")
    (tmp_path / "said").write_text("final score was 99.5\nother 0.5\n")
    logs = sorted(tmp_path.glob("*.log"))
    result = gedanken.compare(logs, tmp_path / "said", primary="score", named={"score": "final score was ([0-9.]+)"})
    assert result.main_version and result.main_version.compared.endpoint
    assert "score" in result.main_version.compared.endpoint.name
    with pytest.raises(gedanken.BadInput, match="score"):
        gedanken.compare(logs, tmp_path / "said", named={"score": "("})


@pytest.mark.bubblewrap
def test_a_chat_model_is_run_and_only_python_can_go_on_with_it(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    script = str(write_experiment(tmp_path))

    async def cell() -> gedanken.Analysis:
        return gedanken.run(
            script, coder_model(), sandbox="bubblewrap", real=2, imagined=1, out="out", progress=False
        )

    result = asyncio.run(cell())
    assert result.folder and result.log.is_over
    assert json.loads((result.folder / "spec.json").read_text())["model"]["name"] == "python:ScriptedModel"
    assert (result.folder / "report.html").exists()
    call: Cli = request.getfixturevalue("gedanken")
    extend_result = call("extend", "out", "--imagined", "2")
    assert extend_result.returncode == 2 and "from Python" in extend_result.stderr
    resumed_result = gedanken.resume("out", coder_model(), progress=False)
    assert resumed_result.verdict == result.verdict


@pytest.mark.bubblewrap
def test_a_cancelled_run_ends_in_order_and_is_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    script = str(write_experiment(tmp_path))
    options: dict[str, Any] = {"sandbox": "bubblewrap", "real": 1, "imagined": 1, "progress": False}

    class Slow(ScriptedModel):
        """Does not reply to the training command; sets `asked` when it is typed."""

        asked: Any = None

        async def _astream(self, messages: Any, *arguments: Any, **keywords: Any) -> Any:
            if "python3 train.py" in messages[-1].text:
                self.asked.set()
                await asyncio.Event().wait()
            async for chunk in super()._astream(messages, *arguments, **keywords):
                yield chunk

    async def run_and_cancel() -> None:
        slow = Slow(rules=coder_model().rules, asked=asyncio.Event())  # type: ignore[attr-defined]
        task = asyncio.create_task(gedanken.arun(script, slow, out="out", **options))
        await slow.asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError) as error:
            await task
        assert isinstance(error.value.__cause__, Interrupted)

    asyncio.run(run_and_cancel())
    spec = json.loads(Path("out/spec.json").read_text())
    assert spec["model"]["name"] == "python:Slow"
    with pytest.raises(gedanken.BadInput, match="python:Slow"):
        gedanken.resume("out", coder_model(), progress=False)
    fast = type("Slow", (ScriptedModel,), {"__annotations__": {}})(rules=coder_model().rules)  # type: ignore[attr-defined]
    assert gedanken.resume(model=fast, progress=False, folder="out").log.is_over


def test_importing_it_takes_no_longer_than_a_tenth_of_a_second() -> None:
    program = "import time; began = time.process_time(); import gedanken; print(time.process_time() - began)"
    seconds = [float(subprocess.check_output([sys.executable, "-c", program], env={**os.environ})) for _ in range(3)]
    assert min(seconds) <= 0.1
